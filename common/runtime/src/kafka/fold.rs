//! The client of a projection: reads a topic from where the store says, parks what cannot be read, and commits how far it came.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use kernel::{Record, Topic, contract::RecordParked};
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer},
    error::KafkaError,
    producer::{BaseProducer, BaseRecord, Producer},
};

use super::{Access, KafkaLog, Keys, Quiet, Reason, away, drain, flush::flush};
use crate::{
    log::{Fault, Raw},
    store::Positions,
};

/// Longest wait for one partition's ends.
const ENDS: Duration = Duration::from_secs(2);

/// A reader of one topic that is placed by key.
pub(crate) struct Fold {
    access: Access,
    topic: &'static Topic,
    /// Alone it reads all partitions, as a member of no group.
    alone: bool,
    consumer: BaseConsumer<Quiet>,
    producer: Option<BaseProducer<Quiet>>,
    keys: Keys,
    reason: Reason,
    /// Partitions that are read from where the store says; for each what a predecessor dealt with.
    adopted: BTreeMap<i32, i64>,
}

impl Fold {
    /// Makes the client, and joins the group unless it is to read alone.
    ///
    /// # Errors
    /// One sentence when the client cannot be made, or the topic is not there.
    pub(crate) fn open(access: Access, topic: &'static Topic, alone: bool) -> Result<Fold, Fault> {
        let reason = Reason::default();
        let config = if alone { access.consumer(&access.group, "read_committed") } else { access.member() };
        let consumer: BaseConsumer<Quiet> = config.create_with_context(Quiet(reason.clone())).map_err(away)?;
        let fold = Fold {
            access,
            topic,
            alone,
            consumer,
            producer: None,
            keys: Keys::default(),
            reason,
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

    /// Partitions that are ours now: those that came and those that went since the last look.
    pub(crate) fn moved(&mut self) -> Result<(BTreeSet<i32>, BTreeSet<i32>), Fault> {
        let ours: BTreeSet<i32> = super::partitions(&self.consumer.assignment().map_err(away)?).into_iter().collect();
        let came = ours.iter().copied().filter(|partition| !self.adopted.contains_key(partition)).collect();
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
            self.adopted.insert(*partition, dealt.unwrap_or(0).max(0));
        }
        Ok(())
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
        let raw = KafkaLog::record(&[self.topic.name], &mut self.keys, &message);
        Ok(raw.filter(|raw| self.adopted.contains_key(&raw.partition)))
    }

    /// Whether a predecessor parked what lies there, or went past it.
    pub(crate) fn dealt_with(&self, raw: &Raw) -> bool {
        self.adopted.get(&raw.partition).is_some_and(|dealt| raw.offset < *dealt)
    }

    fn list(&self, read: &Positions) -> Result<TopicPartitionList, Fault> {
        let mut list = TopicPartitionList::new();
        for (partition, offset) in read {
            list.add_partition_offset(self.topic.name, *partition, Offset::Offset(*offset)).map_err(away)?;
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
        let parked = self.transact(records, read).map_err(|error| {
            self.producer = None;
            away(error)
        });
        self.reason.explain(parked, &self.access)
    }

    fn transact(&mut self, records: &[(i32, Vec<u8>, Vec<u8>)], read: &Positions) -> Result<(), KafkaError> {
        let calls = self.access.calls;
        let list = self.list(read).map_err(|_| KafkaError::Canceled)?;
        let member = self.consumer.group_metadata().ok_or(KafkaError::Canceled)?;
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
            self.adopted.entry(*partition).and_modify(|dealt| *dealt = (*dealt).max(*next));
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
