//! The client of a projection: reads a topic from where the store says, parks what cannot be read, and commits how far it came.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use kernel::{Record, Topic, contract::RecordParked};
use rdkafka::{
    ClientContext, Offset, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, ConsumerGroupMetadata, Rebalance},
    error::KafkaError,
    producer::{BaseProducer, BaseRecord, Producer},
};

use super::{Access, Followed, KafkaLog, Keys, Quiet, Reason, away, drain, flush::flush, generation, reached};
use crate::{
    log::{Fault, Raw},
    store::Positions,
};

/// Longest wait for one partition's ends.
const ENDS: Duration = Duration::from_secs(2);
/// How long one call to abort lasts, and how long failures are then served.
const ABORT: (Duration, Duration) = (Duration::from_millis(500), Duration::from_millis(50));

/// A client that remembers why it is in trouble, and how often the group gave or took partitions.
#[derive(Clone, Default)]
struct Mover {
    reason: Reason,
    moves: Arc<AtomicU64>,
}

impl ClientContext for Mover {
    // The projection says what is wrong, once; the client's own lines would repeat it.
    fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {}

    fn error(&self, _: KafkaError, reason: &str) {
        self.reason.heard(reason);
    }
}

impl ConsumerContext for Mover {
    fn pre_rebalance(&self, _: &BaseConsumer<Mover>, _: &Rebalance<'_>) {
        self.moves.fetch_add(1, SeqCst);
    }
}

/// A partition that is read from where the store says.
struct Adopted {
    /// What a predecessor dealt with, or we parked: everything before it.
    dealt: i64,
    followed: Followed,
}

/// A reader of one topic that is placed by key.
pub(crate) struct Fold {
    access: Access,
    topic: &'static Topic,
    /// Alone it reads all partitions, as a member of no group.
    alone: bool,
    consumer: BaseConsumer<Mover>,
    /// How often the group had moved partitions when the step began.
    moves: u64,
    producer: Option<BaseProducer<Quiet>>,
    keys: Keys,
    reason: Reason,
    /// Who we were in the group when the step began; `None`: no member.
    member: Option<ConsumerGroupMetadata>,
    adopted: BTreeMap<i32, Adopted>,
}

impl Fold {
    /// Makes the client, and joins the group unless it is to read alone.
    ///
    /// # Errors
    /// One sentence when the client cannot be made, or the topic is not there.
    pub(crate) fn open(access: Access, topic: &'static Topic, alone: bool) -> Result<Fold, Fault> {
        let reason = Reason::default();
        let config = if alone { access.consumer(&access.group, "read_committed") } else { access.member() };
        let mover = Mover { reason: reason.clone(), ..Mover::default() };
        let consumer: BaseConsumer<Mover> = config.create_with_context(mover).map_err(away)?;
        let fold = Fold {
            access,
            topic,
            alone,
            consumer,
            moves: 0,
            producer: None,
            keys: Keys::default(),
            reason,
            member: None,
            adopted: BTreeMap::new(),
        };
        let joined = match alone {
            true => fold.assign(),
            false => fold.consumer.subscribe(&[topic.name]).map_err(away),
        };
        fold.reason.explain(joined, &fold.access).map(|()| fold)
    }

    /// How many partitions a topic has.
    pub(crate) fn partitions(&self, topic: &'static Topic) -> Result<i32, Fault> {
        let found = self.consumer.fetch_metadata(Some(topic.name), self.access.calls.call).map_err(away);
        let found = self.reason.explain(found, &self.access)?;
        match found.topics().first().map_or(0, |topic| topic.partitions().len()) {
            0 => {
                Err(Fault::Away(format!("topic {} does not exist: create it with `tripo schemas topics`", topic.name)))
            }
            count => Ok(i32::try_from(count).unwrap_or(i32::MAX)),
        }
    }

    fn assign(&self) -> Result<(), Fault> {
        let mut list = TopicPartitionList::new();
        for partition in 0..self.partitions(self.topic)? {
            list.add_partition_offset(self.topic.name, partition, Offset::Beginning).map_err(away)?;
        }
        self.consumer.assign(&list).map_err(away)
    }

    /// A step begins: whoever takes what is read from here on for his own writes as the member that he is now.
    pub(crate) fn begin(&mut self) {
        // The broker would accept the metadata of a consumer that is no member, and it would fence nothing.
        let member = !self.alone && generation::is_member(&self.consumer);
        self.member = member.then(|| self.consumer.group_metadata()).flatten();
        self.moves = self.moves();
    }

    fn moves(&self) -> u64 {
        self.consumer.context().moves.load(SeqCst)
    }

    /// Partitions that are ours now: those that came and those that went since the last look. Where the group moved any since the step
    /// began, all that are ours came: one may have been another's in between, who read and parked.
    pub(crate) fn moved(&mut self) -> Result<(BTreeSet<i32>, BTreeSet<i32>), Fault> {
        let ours: BTreeSet<i32> = super::partitions(&self.consumer.assignment().map_err(away)?).into_iter().collect();
        let moved = self.moves() != self.moves;
        let came = ours.iter().copied().filter(|partition| moved || !self.adopted.contains_key(partition)).collect();
        let went = self.adopted.keys().copied().filter(|partition| !ours.contains(partition)).collect();
        self.adopted.retain(|partition, _| ours.contains(partition));
        Ok((came, went))
    }

    /// Reads these partitions on from where the store says.
    pub(crate) fn adopt(&mut self, came: &BTreeSet<i32>, read: &Positions) -> Result<(), Fault> {
        let mut list = TopicPartitionList::new();
        came.iter().for_each(|partition| {
            list.add_partition(self.topic.name, *partition);
        });
        let committed = match self.alone {
            true => list,
            false => self.consumer.committed_offsets(list, self.access.calls.call).map_err(away)?,
        };
        for partition in came {
            let (first, end) = self.ends(*partition)?;
            let from = read.get(partition).copied().unwrap_or(0).max(first);
            if from > end {
                let name = self.topic.name;
                return Err(Fault::Halted(format!(
                    "the store read {name}/{partition} to {from}, and it ends at {end}: the topic was made anew, so empty the store"
                )));
            }
            self.consumer
                .seek(self.topic.name, *partition, Offset::Offset(from), self.access.calls.call)
                .map_err(away)?;
            let dealt = committed.find_partition(self.topic.name, *partition).and_then(|found| found.offset().to_raw());
            // What lies behind the end is of an earlier topic of that name.
            let dealt = dealt.filter(|dealt| (0..=end).contains(dealt)).unwrap_or(0);
            // Nothing was polled since the seek: a position that the client has now is one of before.
            let stale = self.reported()?.get(partition).copied();
            self.adopted.insert(*partition, Adopted { dealt, followed: Followed::anew(stale) });
        }
        Ok(())
    }

    /// Positions as the client reports them.
    fn reported(&self) -> Result<Positions, Fault> {
        let list = self.consumer.position().map_err(away)?;
        let elements = list.elements();
        Ok(elements.iter().filter_map(|element| Some((element.partition(), reached(element)?))).collect())
    }

    /// Before which offset all was polled of each partition: markers, aborted records and what compaction took included.
    pub(crate) fn positions(&mut self) -> Result<Positions, Fault> {
        let reported = self.reported()?;
        let adopted = self.adopted.iter_mut();
        let trusted = adopted.filter_map(|(partition, adopted)| {
            Some((*partition, adopted.followed.trusted(reported.get(partition).copied())?))
        });
        Ok(trusted.collect())
    }

    /// First offset and end of a partition.
    pub(crate) fn ends(&self, partition: i32) -> Result<(i64, i64), Fault> {
        let ends = self.consumer.fetch_watermarks(self.topic.name, partition, ENDS).map_err(away);
        self.reason.explain(ends, &self.access)
    }

    /// Partitions that are read.
    pub(crate) fn adopted(&self) -> impl Iterator<Item = i32> {
        self.adopted.keys().copied()
    }

    /// Everything is read again from where the store says.
    pub(crate) fn forget(&mut self) {
        self.adopted.clear();
    }

    /// The next record of a partition that was adopted.
    pub(crate) fn poll(&mut self, wait: Duration) -> Result<Option<Raw>, Fault> {
        let polled = drain(wait, |wait| self.consumer.poll(wait)).map_err(away);
        let Some(message) = self.reason.explain(polled, &self.access)? else { return Ok(None) };
        let Some(raw) = KafkaLog::record(&[self.topic.name], &mut self.keys, &message) else { return Ok(None) };
        Ok(self.adopted.get_mut(&raw.partition).map(|adopted| {
            adopted.followed.heard();
            raw
        }))
    }

    /// Whether a predecessor parked what lies there, or went past it.
    pub(crate) fn dealt_with(&self, raw: &Raw) -> bool {
        self.adopted.get(&raw.partition).is_some_and(|adopted| raw.offset < adopted.dealt)
    }

    /// What the group is told: never less than it was, or poison that was parked would be parked once more.
    fn list(&self, read: &Positions) -> Result<TopicPartitionList, Fault> {
        let mut list = TopicPartitionList::new();
        for (partition, offset) in read {
            let dealt = self.adopted.get(partition).map_or(0, |adopted| adopted.dealt);
            let offset = Offset::Offset(dealt.max(*offset));
            list.add_partition_offset(self.topic.name, *partition, offset).map_err(away)?;
        }
        Ok(list)
    }

    /// Tells the group how far the store came, for those who watch it.
    pub(crate) fn commit(&self, read: &Positions) -> Result<(), Fault> {
        match self.alone || read.is_empty() {
            true => Ok(()),
            false => self.consumer.commit(&self.list(read)?, CommitMode::Async).map_err(away),
        }
    }

    /// Parks records and commits how far was read, both or neither: so none is parked twice.
    pub(crate) fn park(&mut self, records: &[(i32, Vec<u8>, Vec<u8>)], read: &Positions) -> Result<(), Fault> {
        if self.member.is_none() {
            return Err(Fault::Away(format!("no member of group {} at the moment", self.access.group)));
        }
        let parked = self.transact(records, read).map_err(|error| {
            // Left open, it would hold up the readers of the topic until the broker ends it.
            if let Some(producer) = self.producer.take() {
                abort(&producer, self.access.calls.call);
            }
            away(error)
        });
        self.reason.explain(parked, &self.access)
    }

    fn transact(&mut self, records: &[(i32, Vec<u8>, Vec<u8>)], read: &Positions) -> Result<(), KafkaError> {
        let calls = self.access.calls;
        let list = self.list(read).map_err(|_| KafkaError::Canceled)?;
        let member = self.member.take().ok_or(KafkaError::Canceled)?;
        if self.producer.is_none() {
            let id = self.access.transactional_id();
            let made: BaseProducer<Quiet> =
                self.access.producer(&id).create_with_context(Quiet(self.reason.clone()))?;
            made.init_transactions(calls.call)?;
            self.producer = Some(made);
        }
        let producer = self.producer.as_ref().ok_or(KafkaError::Canceled)?;
        producer.begin_transaction()?;
        for (partition, key, value) in records {
            let record =
                BaseRecord::to(RecordParked::TOPIC.name).partition(*partition).key(&key[..]).payload(&value[..]);
            producer.send(record).map_err(|(error, _)| error)?;
        }
        flush(producer, calls.commit)?;
        producer.send_offsets_to_transaction(&list, &member, calls.call)?;
        producer.commit_transaction(calls.commit)?;
        for (partition, next) in read {
            self.adopted.entry(*partition).and_modify(|adopted| adopted.dealt = adopted.dealt.max(*next));
        }
        Ok(())
    }

    /// Leaves the group; what was committed is told before.
    pub(crate) fn leave(self, until: Instant) {
        self.consumer.unsubscribe();
        // The client leaves while it is polled.
        while Instant::now() < until && !self.alone && self.consumer.assignment().is_ok_and(|ours| ours.count() > 0) {
            let _ = self.consumer.poll(Duration::from_millis(20));
        }
    }
}

/// Aborts what is open, as far as that is possible. Each record that was not sent must be served as failed before it can go on.
fn abort(producer: &BaseProducer<Quiet>, most: Duration) {
    let begun = Instant::now();
    while producer.abort_transaction(ABORT.0).is_err_and(|error| retriable(&error)) && begun.elapsed() < most {
        producer.poll(ABORT.1);
    }
}

fn retriable(error: &KafkaError) -> bool {
    matches!(error, KafkaError::Transaction(cause) if cause.is_retriable())
}
