//! Joining the group, and who lives in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread::sleep,
    time::{Duration, Instant},
};

use rdkafka::{consumer::Consumer, error::KafkaError};

use super::{KafkaLog, fence::Fencing};

/// How long one look at the members waits: before we join, and while partitions are decided.
const LOOK: Duration = Duration::from_secs(2);
const GLANCE: Duration = Duration::from_millis(300);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(100);
/// Less than any session lasts.
const RECENT: Duration = Duration::from_millis(500);
/// The broker looks so often for transactions whose time is over.
const SCAN: Duration = Duration::from_secs(10);

/// Who is, and who was, in the group, by transactional id.
#[derive(Default)]
pub(super) struct Peers {
    alive: BTreeSet<String>,
    /// Gone, and they may have left a transaction open; since when.
    dead: BTreeMap<String, Instant>,
    /// Gone, and whatever they left open was ended, when.
    fenced: BTreeMap<String, Instant>,
    /// Who is being fenced.
    pub(super) fencing: Option<Fencing>,
}

impl Peers {
    /// Who is there now; who is gone for longer than `open` has no transaction open any more.
    fn seen(&mut self, now: BTreeSet<String>, open: Duration) {
        let gone = self.alive.difference(&now).map(|id| (id.clone(), Instant::now()));
        self.dead.extend(gone);
        self.dead.retain(|id, since| !now.contains(id) && since.elapsed() < open);
        self.alive = now;
    }

    pub(super) fn lives(&self, id: &str) -> bool {
        self.alive.contains(id)
    }

    /// The next to be fenced: who died last.
    pub(super) fn dead(&self) -> Option<String> {
        self.dead.iter().max_by_key(|(_, since)| **since).map(|(id, _)| id.clone())
    }

    pub(super) fn fenced(&mut self, id: &str) {
        self.dead.remove(id);
        self.fenced.retain(|_, since| since.elapsed() < RECENT);
        self.fenced.insert(id.to_owned(), Instant::now());
    }

    /// Nobody waits for it any more.
    pub(super) fn unfence(&mut self) {
        self.fencing = None;
    }

    pub(super) fn forget(&mut self, id: &str) {
        self.dead.remove(id);
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
    fn is_alive(&self, id: &str) -> Result<bool, KafkaError> {
        Ok(self.members(LOOK)?.contains(id))
    }

    /// Members of the group that are ours by their names. Asked by a client that does not fetch: it would wait for its fetch.
    fn members(&self, wait: Duration) -> Result<BTreeSet<String>, KafkaError> {
        let list = self.stable.fetch_group_list(Some(&self.access.group), wait)?;
        let ours = list.groups().iter().filter(|group| group.name() == self.access.group);
        let members = ours.flat_map(|group| group.members()).map(|member| member.client_id().to_owned());
        let named = format!("{}.", self.access.group);
        Ok(members.filter(|id| id.starts_with(&named)).collect())
    }

    /// Asks who is in the group now. False: it is not answered, or not to be believed. Who asks is a member, and a broker that is not
    /// the group's coordinator any more may answer with nobody.
    pub(super) fn look_round(&mut self) -> bool {
        let own = self.access.transactional_id();
        match self.members(GLANCE) {
            Ok(members) if members.contains(&own) => {
                self.peers.seen(members, self.access.transaction + SCAN);
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Duration = Duration::from_secs(600);

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn who_was_seen_and_is_gone_is_fenced_once() {
        let mut peers = Peers::default();
        peers.seen(set(&["a", "b", "c"]), OPEN);
        assert_eq!(peers.dead(), None);
        peers.seen(set(&["a", "c"]), OPEN);
        std::thread::sleep(Duration::from_millis(2));
        peers.seen(set(&["a"]), OPEN);
        assert_eq!(peers.dead().as_deref(), Some("c"), "who died last");
        peers.fenced("c");
        assert_eq!(peers.dead().as_deref(), Some("b"));
        peers.fenced("b");
        peers.seen(set(&["a"]), OPEN);
        assert!(peers.dead().is_none() && peers.is_fenced("b"));
        peers.seen(set(&["a", "b"]), OPEN);
        assert!(peers.lives("b"));
    }

    #[test]
    fn who_came_back_or_is_long_gone_is_not_fenced() {
        let mut peers = Peers::default();
        peers.seen(set(&["a", "b"]), OPEN);
        peers.seen(set(&["a"]), OPEN);
        peers.seen(set(&["a", "b"]), OPEN);
        assert_eq!(peers.dead(), None);
        peers.seen(set(&["a"]), OPEN);
        peers.seen(set(&["a"]), Duration::ZERO);
        assert_eq!(peers.dead(), None);
        peers.seen(set(&["a", "b"]), OPEN);
        peers.seen(set(&["a"]), OPEN);
        peers.forget("b");
        assert!(peers.dead().is_none() && !peers.is_fenced("b"), "who could not be fenced is tried where he is named");
    }
}
