//! Taking a partition over: nothing is decided before all that a predecessor wrote is visible.

use std::time::{Duration, Instant};

use kernel::{Record, contract::StateKept};
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::Consumer,
    error::{KafkaError, RDKafkaErrorCode},
};

use super::{KafkaLog, away, fence::Ended, offsets::offsets};
use crate::{
    log::{Fault, Start, Stretch},
    seat::deleted,
};

/// How long a predecessor may take to finish by itself before a look is taken at whether it lives.
const GRACE: Duration = Duration::from_millis(50);
/// Between two such looks.
const PAUSE: Duration = Duration::from_millis(250);
/// How long one look for committed offsets waits: a pending one is not answered. Who has not looked at the predecessor yet does so soon.
pub(super) const LOOK: Duration = Duration::from_millis(300);
const GLANCE: Duration = Duration::from_millis(100);

/// A partition on its way to us.
pub(super) struct Settling {
    /// Ends of our own output as one who reads uncommitted saw them; what lies before was written by a predecessor.
    ends: Option<Vec<i64>>,
    /// A look was taken at whether the predecessor lives.
    looked: bool,
    /// Nothing is left to fence, and when to try again until then.
    fenced: bool,
    due: Instant,
}

/// Whether we may not ask.
fn forbidden(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{ClusterAuthorizationFailed, GroupAuthorizationFailed, TopicAuthorizationFailed};
    let codes = [ClusterAuthorizationFailed, GroupAuthorizationFailed, TopicAuthorizationFailed];
    error.rdkafka_error_code().is_some_and(|code| codes.contains(&code))
}

impl KafkaLog {
    pub(super) fn take_over(&mut self, partition: i32) -> Result<Option<Start>, Fault> {
        self.pause(partition)?;
        // First our own transaction, if its outcome is unknown: a new producer of the same id ends it.
        self.committer()?;
        let fresh = Settling { ends: None, looked: false, fenced: false, due: Instant::now() + GRACE };
        self.settling.entry(partition).or_insert(fresh);
        let Some(committed) = self.settled(partition)? else {
            if self.settling.get(&partition).is_some_and(|known| !known.fenced && Instant::now() >= known.due) {
                let ended = self.fence(partition);
                if let Some(settling) = self.settling.get_mut(&partition) {
                    settling.fenced = ended == Ended::Yes;
                    settling.due = Instant::now() + if ended == Ended::Soon { Duration::ZERO } else { PAUSE };
                    settling.looked = true;
                }
            }
            return Ok(None);
        };
        let start = self.start(partition, &committed)?;
        self.settled_or_lost(partition);
        Ok(Some(start))
    }

    /// A partition is not on its way to us any more; once none is, nobody is fenced either.
    pub(super) fn settled_or_lost(&mut self, partition: i32) {
        self.settling.remove(&partition);
        if self.settling.is_empty() {
            self.peers.unfence();
        }
    }

    /// The committed offsets, once no transaction of a predecessor is open.
    fn settled(&mut self, partition: i32) -> Result<Option<TopicPartitionList>, Fault> {
        let Some(committed) = self.committed(partition)? else { return Ok(None) };
        let outputs: Vec<_> = self.outputs.iter().map(|topic| (*topic, partition)).collect();
        let wait = self.access.calls.offsets;
        let Some(settling) = self.settling.get_mut(&partition) else { return Ok(None) };
        if settling.ends.is_none() {
            settling.ends = Some(offsets((&self.uncommitted, wait), &outputs, Offset::End)?);
        }
        let stable = offsets((&self.stable, wait), &outputs, Offset::End)?;
        let settled = settling.ends.iter().flatten().zip(&stable).all(|(end, stable)| stable >= end);
        Ok(settled.then_some(committed))
    }

    fn pause(&mut self, partition: i32) -> Result<(), Fault> {
        let mut list = TopicPartitionList::new();
        list.add_partition(self.work_topic, partition);
        self.resumed.remove(&partition);
        self.work.pause(&list).map_err(away)
    }

    /// Committed offsets of the work topic and the tails; `None` while a transaction that moves them is open.
    ///
    /// # Errors
    /// What waiting does not mend.
    fn committed(&self, partition: i32) -> Result<Option<TopicPartitionList>, Fault> {
        let looked = self.settling.get(&partition).is_some_and(|settling| settling.looked);
        let committed = match self.work.committed_offsets(self.asked(partition), if looked { LOOK } else { GLANCE }) {
            Ok(committed) => committed,
            Err(error) if forbidden(&error) => return Err(away(error)),
            Err(_) => return Ok(None),
        };
        for element in committed.elements() {
            match element.error() {
                Ok(()) => {}
                Err(error) if forbidden(&error) => {
                    let (group, topic) = (&self.access.group, element.topic());
                    return Err(Fault::Away(format!("no committed offset of {topic} for group {group}: {error}")));
                }
                // What was not answered is not what was never committed.
                Err(_) => return Ok(None),
            }
        }
        Ok(Some(committed))
    }

    fn asked(&self, partition: i32) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        list.add_partition(self.work_topic, partition);
        list.add_partition(StateKept::TOPIC.name, partition);
        for (topic, _) in &self.market_tails {
            list.add_partition(topic, partition);
        }
        for topic in &self.global_tails {
            let work = self.counts.get(self.work_topic).copied().unwrap_or(1);
            let count = self.counts.get(topic).copied().unwrap_or(1);
            (0..count).filter(|other| other % work == partition).for_each(|other| {
                list.add_partition(topic, other);
            });
        }
        list
    }

    fn start(&self, partition: i32, committed: &TopicPartitionList) -> Result<Start, Fault> {
        let mut at = vec![(StateKept::TOPIC.name, partition)];
        at.extend(self.market_tails.iter().map(|(topic, _)| (*topic, partition)));
        for topic in &self.global_tails {
            at.extend((0..self.counts.get(topic).copied().unwrap_or(1)).map(|other| (*topic, other)));
        }
        at.push((self.work_topic, partition));
        let wait = self.access.calls.offsets;
        let first = offsets((&self.stable, wait), &at, Offset::Beginning)?;
        let ends = offsets((&self.stable, wait), &at, Offset::End)?;
        let of = |topic: &str, other: i32| match committed.find_partition(topic, other).map(|found| found.offset()) {
            Some(Offset::Offset(offset)) => Some(offset),
            _ => None,
        };
        for ((topic, other), end) in at.iter().zip(&ends) {
            if let Some(offset) = of(topic, *other).filter(|offset| offset > end) {
                return Err(Fault::Away(format!(
                    "group {} committed offset {offset} of {topic}/{other}, which ends at {end}: the topic was created anew, \
                     reset the group's offsets",
                    self.access.group
                )));
            }
        }
        // The first of all is what is kept.
        if of(self.work_topic, partition).is_none() && ends.first() > first.first() && self.keeps_state(partition)? {
            return Err(Fault::Away(format!(
                "group {} has no offset of {}/{partition}, where {} keeps state: use the group that wrote it, or start \
                 from empty topics",
                self.access.group, self.work_topic, self.processor
            )));
        }
        let lost = self.mourn(&at, &first, of);
        let mut stretches = Vec::with_capacity(at.len());
        let work = first.last().copied().unwrap_or(0);
        for (((topic, other), first), end) in at.into_iter().zip(first).zip(ends) {
            if topic == self.work_topic {
                continue;
            }
            let done = of(topic, other).unwrap_or(first).max(first);
            let horizon = self.market_tails.iter().find(|(tail, _)| *tail == topic).map(|(_, horizon)| *horizon);
            let from = match horizon {
                Some(None) => done,
                Some(Some(span)) => self.since(topic, other, committed, span)?.map_or(first, |from| from.min(done)),
                None => first, // Kept state and global tails are read whole.
            };
            stretches.push(Stretch { topic, partition: other, from: from.max(first), committed: done, end });
        }
        Ok(Start { work: of(self.work_topic, partition).unwrap_or(work).max(work), stretches, lost })
    }

    /// Says what retention deleted before anybody read it: nothing is lost silently. How many offsets that are.
    fn mourn(&self, at: &[(&'static str, i32)], first: &[i64], of: impl Fn(&str, i32) -> Option<i64>) -> i64 {
        let mut lost = 0;
        let decided = |topic: &str| {
            topic == self.work_topic || self.market_tails.iter().any(|(tail, span)| *tail == topic && span.is_none())
        };
        for ((topic, partition), first) in at.iter().zip(first).filter(|((topic, _), _)| decided(topic)) {
            if let Some(committed) = of(topic, *partition).filter(|committed| committed < first) {
                lost += first - committed;
                deleted(self.processor, (topic, *partition), (committed, *first));
            }
        }
        lost
    }

    /// The offset of the first record stored within `span` before the newest that the predecessor had read.
    fn since(
        &self,
        topic: &'static str,
        partition: i32,
        committed: &TopicPartitionList,
        span: kernel::Millis,
    ) -> Result<Option<i64>, Fault> {
        let told = committed.find_partition(self.work_topic, partition);
        let newest = told.as_ref().and_then(|told| told.metadata().split(' ').next()?.parse::<i64>().ok());
        let Some(newest) = newest else { return Ok(None) };
        let from = offsets(
            (&self.stable, self.access.calls.offsets),
            &[(topic, partition)],
            Offset::Offset((newest - span.0).max(0)),
        )?;
        Ok(from.first().copied().filter(|from| *from >= 0).or(Some(i64::MAX)))
    }
}
