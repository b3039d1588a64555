//! Joining the group, and who lives in it.

use std::{
    collections::{BTreeMap, BTreeSet},
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

/// Less than any session lasts.
const RECENT: Duration = Duration::from_millis(500);
/// Members that are remembered at most.
const REMEMBERED: usize = 1_000;

/// Who is, and who was, in the group, by transactional id.
#[derive(Default)]
pub(super) struct Peers {
    alive: BTreeSet<String>,
    /// Gone, and they may have left a transaction open.
    dead: BTreeSet<String>,
    /// Gone, and whatever they left open was ended, when.
    fenced: BTreeMap<String, Instant>,
}

impl Peers {
    fn seen(&mut self, now: BTreeSet<String>) {
        let gone: Vec<String> = self.alive.difference(&now).cloned().collect();
        self.dead.extend(gone);
        self.dead.retain(|id| !now.contains(id));
        while self.dead.len() > REMEMBERED {
            self.dead.pop_first();
        }
        self.alive = now;
    }

    pub(super) fn lives(&self, id: &str) -> bool {
        self.alive.contains(id)
    }

    pub(super) fn dead(&self) -> Vec<String> {
        self.dead.iter().cloned().collect()
    }

    pub(super) fn fenced(&mut self, id: &str) {
        self.dead.remove(id);
        self.fenced.retain(|_, since| since.elapsed() < RECENT);
        self.fenced.insert(id.to_owned(), Instant::now());
    }

    /// Whether what it left open was ended so lately that it cannot have come back and died again: that takes a session.
    pub(super) fn is_fenced(&self, id: &str) -> bool {
        self.fenced.get(id).is_some_and(|since| since.elapsed() < RECENT)
    }
}

impl KafkaLog {
    /// Joins the group; partitions arrive by `Log::poll`. A member of our name that was killed is awaited to be expelled.
    /// Does nothing more once `stop` is set.
    ///
    /// # Errors
    /// One sentence when a member of our name lives, or the client refuses.
    pub fn join(&mut self, stop: &AtomicBool) -> Result<(), String> {
        let (instance, group) = (self.access.instance.clone(), self.access.group.clone());
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
        let _ = self.committer();
        let group = &self.access.group;
        self.work.subscribe(&[self.work_topic]).map_err(|error| format!("cannot join group {group}: {error}"))
    }

    /// Whether the owner of a transactional id is a member of the group: a client's id is its transactional id.
    fn is_alive(&mut self, id: &str) -> Result<bool, KafkaError> {
        self.look_round()?;
        Ok(self.peers.lives(id))
    }

    /// Asks who is in the group now.
    pub(super) fn look_round(&mut self) -> Result<(), KafkaError> {
        let list = self.tails.fetch_group_list(Some(&self.access.group), LOOK)?;
        let ours = list.groups().iter().filter(|group| group.name() == self.access.group);
        let members = ours.flat_map(|group| group.members());
        self.peers.seen(members.map(|member| member.client_id().to_owned()).collect());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn who_was_seen_and_is_gone_is_fenced_once() {
        let mut peers = Peers::default();
        peers.seen(set(&["a", "b"]));
        assert!(peers.dead().is_empty());
        peers.seen(set(&["a"]));
        assert_eq!(peers.dead(), ["b"]);
        peers.fenced("b");
        peers.seen(set(&["a"]));
        assert!(peers.dead().is_empty() && peers.is_fenced("b"));
        peers.seen(set(&["a", "b"]));
        assert!(peers.lives("b"));
        peers.seen(set(&[]));
        assert_eq!(peers.dead(), ["a", "b"]);
    }
}
