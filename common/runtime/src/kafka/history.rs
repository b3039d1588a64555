//! A topic read from where it begins to its end as of now, once, as a `read_committed` consumer sees it: for whoever learns from it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use kernel::{Record, codec::Datum, wire};
use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, RDKafkaErrorCode},
};

use super::{Access, Quiet, Reason, drain::passes};
use crate::log::Fault;
use crate::registry::{self, Registry};
use crate::schemas::{Schemas, Unresolved};
use crate::topics::reason::explain;

/// So long nothing may come before it is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// One record.
#[derive(Debug)]
pub struct Told<R> {
    /// Its partition.
    pub partition: i32,
    /// Whether retention has taken records from the beginning of the partition.
    pub trimmed: bool,
    /// The record, or why it cannot be read.
    pub record: Result<R, String>,
}

/// A reader of whole topics. It belongs to no group and commits nothing.
pub struct History {
    consumer: BaseConsumer<Quiet>,
    registry: Registry,
    access: Access,
    reason: Reason,
}

impl History {
    /// Opens the connections; nothing is asked yet.
    ///
    /// # Errors
    /// One sentence: what of the settings cannot be used.
    pub fn open(access: Access, registry: &registry::Access) -> Result<History, String> {
        let mut config = access.consumer("tripo.history", "read_committed");
        config.set("enable.partition.eof", "true");
        let reason = Reason::default();
        let created = config.create_with_context(Quiet(reason.clone()));
        let consumer = created.map_err(|error| explain(&error.to_string(), &access))?;
        Ok(History { consumer, registry: Registry::open(registry)?, access, reason })
    }

    /// Gives every record of `R`'s topic to `feed`, each partition in offset order; an error of it ends the reading.
    ///
    /// # Errors
    /// One sentence: what could not be read, or what `feed` says.
    pub fn each<R: Record>(&mut self, mut feed: impl FnMut(Told<R>) -> Result<(), String>) -> Result<(), String> {
        let topic = R::TOPIC.name;
        let firsts = self.assign(topic)?;
        // An end is told again whenever records came after it, so which partitions still run is kept, not how many.
        let mut open: BTreeSet<i32> = firsts.iter().map(|(partition, _)| *partition).collect();
        let mut heard = Instant::now();
        while !open.is_empty() {
            let message = match self.consumer.poll(Duration::from_millis(200)) {
                Some(Ok(message)) => message,
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    open.remove(&partition);
                    continue;
                }
                Some(Err(error)) if !passes(&error) => return Err(self.failed(topic, &error)),
                Some(Err(_)) | None if heard.elapsed() < PATIENCE => continue,
                Some(Err(error)) => return Err(self.failed(topic, &error)),
                None => {
                    return Err(format!("{topic}: nothing was read for {} s: is the broker up?", PATIENCE.as_secs()));
                }
            };
            heard = Instant::now();
            if !open.contains(&message.partition()) {
                continue;
            }
            let Some(value) = message.payload() else { continue };
            let trimmed = firsts.iter().any(|(partition, first)| *partition == message.partition() && *first > 0);
            let record = read(&mut self.registry, value)?;
            feed(Told { partition: message.partition(), trimmed, record })?;
        }
        Ok(())
    }

    /// Takes all partitions from their beginning: each with its first offset.
    fn assign(&self, topic: &str) -> Result<Vec<(i32, i64)>, String> {
        let failed = |error: KafkaError| self.failed(topic, &error);
        let patience = self.access.calls.call;
        let metadata = self.consumer.fetch_metadata(Some(topic), patience).map_err(failed)?;
        let partitions = metadata.topics().first().map_or(&[][..], |topic| topic.partitions());
        if partitions.is_empty() {
            return Err(format!("there is no topic {topic}: `tripo schemas topics` creates it"));
        }
        let (mut list, mut firsts) = (TopicPartitionList::with_capacity(partitions.len()), Vec::new());
        for partition in partitions {
            let first = self.first(topic, partition.id()).map_err(failed)?;
            list.add_partition_offset(topic, partition.id(), Offset::Beginning).map_err(failed)?;
            firsts.push((partition.id(), first));
        }
        self.consumer.assign(&list).map_err(failed)?;
        Ok(firsts)
    }

    /// The first offset of a partition. One that was just made, or changes hands, has no leader for a moment.
    fn first(&self, topic: &str, partition: i32) -> Result<i64, KafkaError> {
        let begun = Instant::now();
        loop {
            match self.consumer.fetch_watermarks(topic, partition, self.access.calls.call) {
                Ok((first, _)) => return Ok(first),
                Err(error) if leaderless(&error) && begun.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
                Err(error) => return Err(error),
            }
        }
    }

    fn failed(&self, topic: &str, error: &KafkaError) -> String {
        match self.reason.explain(Err::<(), Fault>(Fault::Away(error.to_string())), &self.access) {
            Err(Fault::Away(why)) => format!("{topic} cannot be read {why}"),
            _ => format!("{topic} cannot be read: {error}"),
        }
    }
}

/// Whether a partition has no leader that answers for it now.
fn leaderless(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{LeaderNotAvailable, NotLeaderForPartition, UnknownTopicOrPartition};
    let code = error.rdkafka_error_code();
    code.is_some_and(|code| matches!(code, LeaderNotAvailable | NotLeaderForPartition | UnknownTopicOrPartition))
}

/// A record by the schema that it was written by. A registry that is away is an error; one that knows no such schema is not.
fn read<R: Record>(registry: &mut Registry, value: &[u8]) -> Result<Result<R, String>, String> {
    let (id, bytes) = match wire::split(value) {
        Ok(split) => split,
        Err(unframed) => return Ok(Err(format!("no wire format: {unframed:?}"))),
    };
    match registry.by_id(id) {
        Ok(schema) => Ok(Datum { bytes, schema: &schema }.read()),
        Err(Unresolved::Unknown(why)) => Ok(Err(why)),
        Err(Unresolved::Away(why)) => Err(why),
    }
}
