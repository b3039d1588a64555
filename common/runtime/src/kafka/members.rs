//! Joining the group, and who lives in it.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread::sleep,
    time::{Duration, Instant},
};

use rdkafka::{consumer::Consumer, error::KafkaError};

use super::KafkaLog;

/// How long one look at the members waits.
const LOOK: Duration = Duration::from_secs(2);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(100);

impl KafkaLog {
    /// Joins the group; partitions arrive by `Log::poll`. A member of our name that was killed is awaited to be expelled.
    /// Does nothing more once `stop` is set.
    ///
    /// # Errors
    /// One sentence when a member of our name lives, or the client refuses.
    pub fn join(&mut self, stop: &AtomicBool) -> Result<(), String> {
        let (instance, group) = (&self.access.instance, &self.access.group);
        let expelled = Instant::now() + self.access.session + Duration::from_secs(1);
        while !stop.load(Relaxed) {
            match self.is_alive(&self.access.transactional_id()) {
                Ok(true) if Instant::now() > expelled => {
                    return Err(format!("instance {instance} is alive in group {group}: choose another --instance"));
                }
                // Who lives cannot be told: the transactional id still fences one of the two.
                Err(_) if Instant::now() > expelled => break,
                Ok(true) | Err(_) => sleep(PAUSE),
                Ok(false) => break,
            }
        }
        if stop.load(Relaxed) {
            return Ok(());
        }
        // A member that lives has no open transaction of an earlier life: who takes a partition over relies on it. Where it
        // fails, our first take-over tries again.
        let _ = self.producer();
        let group = &self.access.group;
        self.work.subscribe(&[self.work_topic]).map_err(|error| format!("cannot join group {group}: {error}"))
    }

    /// Whether the owner of a transactional id is a member of the group: a client's id is its transactional id.
    pub(super) fn is_alive(&self, id: &str) -> Result<bool, KafkaError> {
        let list = self.tails.fetch_group_list(Some(&self.access.group), LOOK)?;
        let ours = list.groups().iter().filter(|group| group.name() == self.access.group);
        Ok(ours.flat_map(|group| group.members()).any(|member| member.client_id() == id))
    }
}
