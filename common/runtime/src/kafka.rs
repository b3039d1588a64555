//! The log in production: Kafka through librdkafka.
//!
//! A worker has four clients and a producer: the group's consumer of the work topic, a consumer of the tails with an
//! assignment of our own, two that only ask for offsets (as one who reads committed, and as one who reads uncommitted, to see
//! a predecessor's open transaction), and the transactional producer, on a thread of its own. All other
//! calls block the worker's thread.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use kernel::{Millis, Processor, Record, contract::StateKept};
use rdkafka::{
    ClientContext, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer, ConsumerContext, ConsumerGroupMetadata, Rebalance},
    error::KafkaError,
    message::Headers,
};

use crate::{
    log::{Fault, Log, Polled, Raw, Start, Stretch, Transaction},
    tails,
};

mod access;
mod commit;
mod drain;
mod fence;
mod flush;
mod fold;
mod follow;
mod generation;
mod history;
mod kept;
mod keys;
mod members;
mod offsets;
mod reason;
mod scan;
mod send;
mod takeover;
mod write;

pub use access::{Access, Calls, Fetch, Sasl, Security, Tls};
use commit::Committer;
use drain::drain;
pub(crate) use fold::Fold;
use follow::Followed;
pub use history::{History, Told};
use keys::Keys;
use members::Peers;
use offsets::{offsets, reached};
use reason::{Quiet, Reason, away};
pub use scan::Scanned;
use takeover::Settling;

/// After so many records of the tails the work topic is looked at, so that neither starves the other.
const FAIR: u32 = 64;

/// Between two looks at who is in the group.
const LOOK: Duration = Duration::from_secs(2);
/// So many calls that never return end the process.
const HUNG: u32 = 8;

/// What the group told us, in order.
#[derive(Clone, Default)]
struct Group {
    told: Arc<Mutex<VecDeque<Polled>>>,
    reason: Reason,
    /// Something was told that the worker does not know yet.
    news: Arc<AtomicBool>,
    /// It was rebalanced since it was asked who is in it.
    changed: Arc<AtomicBool>,
}

impl ClientContext for Group {
    // The worker says what is wrong, once; the client's own lines would repeat it.
    fn log(&self, _: rdkafka::config::RDKafkaLogLevel, _: &str, _: &str) {}

    fn error(&self, _: KafkaError, reason: &str) {
        self.reason.heard(reason);
    }
}

impl ConsumerContext for Group {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(list) = rebalance {
            self.push(Polled::Revoked(partitions(list)));
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(list) = rebalance {
            // Paused until it is taken over; a record that slips through is ignored by the worker.
            if consumer.pause(list).is_ok() {
                self.push(Polled::Assigned(partitions(list)));
            }
        }
    }
}

impl Group {
    fn push(&self, polled: Polled) {
        self.changed.store(true, SeqCst);
        if !matches!(&polled, Polled::Assigned(list) | Polled::Revoked(list) if list.is_empty()) {
            self.told.lock().unwrap_or_else(PoisonError::into_inner).push_back(polled);
            self.news.store(true, SeqCst);
        }
    }

    fn is_empty(&self) -> bool {
        !self.news.load(SeqCst)
    }

    fn pop(&self) -> Option<Polled> {
        // Asked before every record.
        if self.is_empty() {
            return None;
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let first = told.pop_front();
        self.news.store(!told.is_empty(), SeqCst);
        first
    }
}

fn partitions(list: &TopicPartitionList) -> Vec<i32> {
    list.elements().iter().map(|element| element.partition()).collect()
}

/// Kafka as one worker sees it.
pub struct KafkaLog {
    access: Access,
    processor: &'static str,
    work_topic: &'static str,
    /// Topics whose open transactions block a successor.
    outputs: Vec<&'static str>,
    market_tails: Vec<(&'static str, Option<Millis>)>,
    global_tails: Vec<&'static str>,
    names: Vec<&'static str>,
    keys: Keys,
    group: Group,
    reason: Reason,
    /// A record that was polled together with a rebalance.
    late: Option<Raw>,
    work: BaseConsumer<Group>,
    tails: BaseConsumer<Quiet>,
    /// For questions alone: one that also fetches would wait for its fetch before it is answered.
    stable: BaseConsumer<Quiet>,
    uncommitted: BaseConsumer<Quiet>,
    committer: Option<Committer>,
    /// Committers whose call never returned: each holds a client of its own for the life of the process.
    hung: u32,
    /// Why a transaction could not even begin.
    refused: Option<Fault>,
    counts: BTreeMap<&'static str, i32>,
    followed: BTreeMap<(&'static str, i32), Followed>,
    resumed: BTreeSet<i32>,
    held: BTreeSet<(&'static str, i32)>,
    settling: BTreeMap<i32, Settling>,
    peers: Peers,
    /// When it was last asked who is in the group.
    looked: Instant,
    fairness: u32,
    /// The tails had nothing to say; so many records of the work topic until they are asked again.
    rest: u32,
}

impl KafkaLog {
    /// Makes the clients; no member of the group before [`KafkaLog::join`].
    ///
    /// # Errors
    /// One sentence when a client cannot be made.
    pub fn open<P: Processor>(access: Access) -> Result<KafkaLog, String> {
        let reason = Reason::default();
        let (group, quiet) = (Group { reason: reason.clone(), ..Group::default() }, || Quiet(reason.clone()));
        let fail = |error: KafkaError| format!("cannot start a Kafka client for {}: {error}", access.brokers);
        let work: BaseConsumer<Group> = access.member().create_with_context(group.clone()).map_err(fail)?;
        let own = format!("{}.tails", access.group);
        let tails = access.consumer(&own, "read_committed").create_with_context(quiet()).map_err(fail)?;
        let stable = access.asker(&own, "read_committed").create_with_context(quiet()).map_err(fail)?;
        let uncommitted = access.asker(&access.group, "read_uncommitted").create_with_context(quiet()).map_err(fail)?;
        let market = tails::of::<P>().filter(|tail| tail.reach == kernel::Reach::Market);
        let global = tails::of::<P>().filter(|tail| tail.reach == kernel::Reach::Global);
        let mut names = vec![P::WORK.name, StateKept::TOPIC.name];
        names.extend(tails::of::<P>().map(|tail| tail.topic.name));
        let mut outputs: Vec<_> = P::OUTPUTS.iter().map(|topic| topic.name).collect();
        outputs.push(StateKept::TOPIC.name);
        outputs.sort_unstable();
        outputs.dedup();
        Ok(KafkaLog {
            processor: P::NAME,
            work_topic: P::WORK.name,
            outputs,
            market_tails: market.map(|tail| (tail.topic.name, tail.horizon)).collect(),
            global_tails: global.map(|tail| tail.topic.name).collect(),
            names,
            keys: Keys::default(),
            group,
            reason,
            late: None,
            work,
            tails,
            stable,
            uncommitted,
            committer: None,
            hung: 0,
            refused: None,
            counts: BTreeMap::new(),
            followed: BTreeMap::new(),
            resumed: BTreeSet::new(),
            held: BTreeSet::new(),
            settling: BTreeMap::new(),
            peers: Peers::default(),
            looked: Instant::now(),
            fairness: 0,
            rest: 0,
            access,
        })
    }

    /// Pauses, or lets flow, those of the given that we read.
    fn flow<'a>(&self, what: impl Iterator<Item = &'a (&'static str, i32)>, flow: bool) -> Result<(), Fault> {
        let (mut work, mut tails) = (TopicPartitionList::new(), TopicPartitionList::new());
        for (topic, partition) in what {
            if *topic == self.work_topic && self.resumed.contains(partition) {
                work.add_partition(topic, *partition);
            } else if self.followed.contains_key(&(*topic, *partition)) {
                tails.add_partition(topic, *partition);
            }
        }
        if work.count() > 0 {
            if flow { self.work.resume(&work) } else { self.work.pause(&work) }.map_err(away)?;
        }
        if tails.count() > 0 {
            if flow { self.tails.resume(&tails) } else { self.tails.pause(&tails) }.map_err(away)?;
        }
        Ok(())
    }

    /// The record as the worker takes it; borrows no more of us, for a consumer of ours lends the message.
    fn record(names: &[&'static str], keys: &mut Keys, message: &rdkafka::message::BorrowedMessage<'_>) -> Option<Raw> {
        let topic = *names.iter().find(|name| **name == message.topic())?;
        Some(Raw {
            topic,
            partition: message.partition(),
            offset: message.offset(),
            appended: Millis(message.timestamp().to_millis().unwrap_or_default()),
            key: message.key().map(|key| keys.share(key)),
            value: message.payload().map(<[u8]>::to_vec),
            headers: message.headers().map(headers).unwrap_or_default(),
        })
    }

    fn next_tail(&mut self) -> Result<Option<Polled>, Fault> {
        match drain(Duration::ZERO, |wait| self.tails.poll(wait)).map_err(away)? {
            None => Ok(None),
            Some(message) => {
                let raw = KafkaLog::record(&self.names, &mut self.keys, &message);
                drop(message);
                if let Some(Raw { topic, partition, .. }) = &raw
                    && let Some(followed) = self.followed.get_mut(&(*topic, *partition))
                {
                    followed.heard();
                }
                Ok(raw.map(Polled::Record))
            }
        }
    }

    fn next_work(&mut self, wait: Duration) -> Result<Option<Polled>, Fault> {
        let message = drain(wait, |wait| self.work.poll(wait)).map_err(away);
        let polled = message.map(|message| {
            message.and_then(|message| KafkaLog::record(&self.names, &mut self.keys, &message).map(Polled::Record))
        });
        // A rebalance that this poll served comes before the record that it brought.
        match self.told() {
            None => polled,
            Some(told) => {
                if let Ok(Some(Polled::Record(raw))) = polled {
                    self.late = Some(raw);
                }
                Ok(Some(told))
            }
        }
    }

    /// What the group, the tails, or the work topic has to say.
    fn next(&mut self, wait: Duration) -> Result<Option<Polled>, Fault> {
        if let Some(told) = self.told() {
            return Ok(Some(told));
        }
        if let Some(raw) = self.late.take() {
            return Ok(Some(Polled::Record(raw)));
        }
        self.fairness = self.fairness.wrapping_add(1);
        if self.rest > 0 {
            self.rest -= 1;
        } else if !self.fairness.is_multiple_of(FAIR) {
            match self.next_tail()? {
                Some(polled) => return Ok(Some(polled)),
                None => self.rest = FAIR,
            }
        }
        if let Some(polled) = self.next_work(Duration::ZERO)? {
            return Ok(Some(polled));
        }
        self.rest = 0;
        match self.next_tail()? {
            Some(polled) => Ok(Some(polled)),
            None if wait.is_zero() => Ok(None),
            None => self.next_work(wait),
        }
    }

    /// What the group told us and the worker does not know yet.
    fn told(&mut self) -> Option<Polled> {
        let told = self.group.pop()?;
        if let Polled::Assigned(partitions) | Polled::Revoked(partitions) = &told {
            for partition in partitions {
                self.resumed.remove(partition);
                if matches!(told, Polled::Revoked(_)) {
                    self.settled_or_lost(*partition);
                }
            }
        }
        Some(told)
    }
}

impl Log for KafkaLog {
    type Member = ConsumerGroupMetadata;

    fn poll(&mut self, wait: Duration) -> Result<Option<Polled>, Fault> {
        let polled = self.next(wait);
        self.reason.explain(polled, &self.access)
    }

    fn hold(&mut self, held: &BTreeSet<(&'static str, i32)>) -> Result<(), Fault> {
        if *held != self.held {
            self.flow(held.difference(&self.held), false)?;
            self.flow(self.held.difference(held), true)?;
            self.held.clone_from(held);
        }
        Ok(())
    }

    fn settle(&mut self, partition: i32) -> Result<Option<Start>, Fault> {
        let start = self.take_over(partition);
        self.reason.explain(start, &self.access)
    }

    fn follow(&mut self, stretches: &[Stretch]) -> Result<(), Fault> {
        let mut list = TopicPartitionList::new();
        for stretch in
            stretches.iter().filter(|stretch| !self.followed.contains_key(&(stretch.topic, stretch.partition)))
        {
            list.add_partition_offset(stretch.topic, stretch.partition, Offset::Offset(stretch.from)).map_err(away)?;
        }
        if list.count() == 0 {
            return Ok(());
        }
        self.tails.incremental_assign(&list).map_err(away)?;
        // Nothing was polled since: a position that the client has now is one of an earlier assignment.
        let reported = self.tails.position().or_else(|error| {
            self.tails.incremental_unassign(&list).map_err(away)?;
            Err(away(error))
        })?;
        for stretch in stretches {
            let stale = reported.find_partition(stretch.topic, stretch.partition);
            let stale = stale.and_then(|element| reached(&element));
            let at = (stretch.topic, stretch.partition);
            self.followed.entry(at).or_insert_with(|| Followed::anew(stale));
        }
        // The client may remember a pause of an earlier assignment.
        self.tails.resume(&list).map_err(away)?;
        let held = stretches.iter().map(|stretch| (stretch.topic, stretch.partition));
        let held: Vec<_> = held.filter(|at| self.held.contains(at)).collect();
        self.flow(held.iter(), false)
    }

    fn resume(&mut self, partition: i32, offset: i64) -> Result<(), Fault> {
        let mut list = TopicPartitionList::new();
        list.add_partition(self.work_topic, partition);
        if !self.held.contains(&(self.work_topic, partition)) {
            self.work.resume(&list).map_err(away)?;
        }
        // After the resume: it is the seek that wakes the client's fetching.
        self.work.seek(self.work_topic, partition, Offset::Offset(offset), self.access.calls.call).map_err(away)?;
        self.resumed.insert(partition);
        Ok(())
    }

    fn unfollow(&mut self, what: &[(&'static str, i32)]) -> Result<(), Fault> {
        let mut list = TopicPartitionList::new();
        for (topic, partition) in what.iter().filter(|at| self.followed.contains_key(*at)) {
            list.add_partition(topic, *partition);
        }
        if list.count() > 0 {
            self.tails.incremental_unassign(&list).map_err(away)?;
        }
        what.iter().for_each(|at| {
            self.followed.remove(at);
        });
        Ok(())
    }

    fn positions(&mut self) -> Result<Vec<(&'static str, i32, i64)>, Fault> {
        let mut positions = Vec::with_capacity(self.followed.len() + self.resumed.len());
        for element in self.tails.position().map_err(away)?.elements() {
            let Some(topic) = self.names.iter().find(|name| **name == element.topic()) else { continue };
            let at = (*topic, element.partition());
            let next = self.followed.get_mut(&at).and_then(|followed| followed.trusted(reached(&element)));
            positions.extend(next.map(|next| (at.0, at.1, next)));
        }
        for element in self.work.position().map_err(away)?.elements() {
            // A paused partition has a position that is not ours yet.
            if let Some(next) = reached(&element).filter(|_| self.resumed.contains(&element.partition())) {
                positions.push((self.work_topic, element.partition(), next));
            }
        }
        Ok(positions)
    }

    fn ends(&mut self, of: &[(&'static str, i32)]) -> Result<Vec<i64>, Fault> {
        // Only to know whom to fence should he die.
        if self.group.changed.load(SeqCst) && self.looked.elapsed() >= LOOK && generation::is_member(&self.work) {
            self.looked = Instant::now();
            let told = self.look_round();
            self.group.changed.fetch_and(!told, SeqCst);
        }
        let ends = offsets((&self.stable, self.access.calls.offsets), of, Offset::End);
        self.reason.explain(ends, &self.access)
    }

    fn firsts(&mut self, of: &[(&'static str, i32)]) -> Result<Vec<i64>, Fault> {
        let firsts = offsets((&self.stable, self.access.calls.offsets), of, Offset::Beginning);
        self.reason.explain(firsts, &self.access)
    }

    fn member(&mut self) -> Option<ConsumerGroupMetadata> {
        // A rebalance that the worker does not know of yet makes what it has in hand void.
        if !self.group.is_empty() {
            return None;
        }
        // The broker would accept the metadata of a consumer that is no member, and it would fence nothing.
        generation::is_member(&self.work).then(|| self.work.group_metadata()).flatten()
    }

    fn send(&mut self, transaction: &Arc<Transaction>, member: ConsumerGroupMetadata) {
        self.refused = self.begin(transaction, member).err();
    }

    fn underway(&mut self) -> bool {
        self.refused.is_none() && self.committer.as_mut().is_some_and(Committer::underway)
    }

    fn commit(&mut self) -> Result<(), Fault> {
        if let Some(fault) = self.refused.take() {
            return Err(fault);
        }
        let outcome = self.committer()?.wait();
        if matches!(outcome, Err(Fault::Unknown(_)))
            && let Some(committer) = self.committer.take()
            && committer.leave()
        {
            self.hung += 1;
            if self.hung >= HUNG {
                return Err(Fault::Broken(format!(
                    "{HUNG} calls of the Kafka client never returned: start the process again"
                )));
            }
        }
        outcome
    }

    fn partitions(&mut self, topic: &'static str) -> Result<i32, Fault> {
        // Asked by the tails' client: it knows the leaders when it begins to follow.
        let metadata = self.tails.fetch_metadata(Some(topic), self.access.calls.call).map_err(away);
        let metadata = self.reason.explain(metadata, &self.access)?;
        let count = metadata.topics().first().map_or(0, |topic| topic.partitions().len());
        match i32::try_from(count) {
            Ok(count) if count > 0 => {
                self.counts.insert(topic, count);
                Ok(count)
            }
            _ => Err(Fault::Away(format!("topic {topic} does not exist: create it with `tripo schemas topics`"))),
        }
    }
}

fn headers(all: &rdkafka::message::BorrowedHeaders) -> Vec<(String, Option<Vec<u8>>)> {
    all.iter().map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect()
}
