//! A topic read once, from where it begins to its end as of now: for tools that look back, never on the path of a decision.

use std::time::{Duration, Instant};

use kernel::codec::Datum;
use kernel::{Record, wire};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{Message, Offset, TopicPartitionList};

use super::Access;
use super::drain::passes;
use crate::schemas::{Schemas, Unresolved};

/// A broker that says nothing for this long ends a scan.
const PATIENCE: Duration = Duration::from_secs(30);
/// One poll.
const POLL: Duration = Duration::from_millis(500);

/// What a scan read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    /// Records that were handed on.
    pub records: u64,
    /// Records that could not be read as what the topic holds: left out, as a processor would park them.
    pub unreadable: u64,
}

/// Hands every record of `R`'s topic, as a `read_committed` consumer sees it, to `each`; partition by partition, each in offset order.
/// It joins no group and commits nothing. At most `most` records are read.
///
/// # Errors
/// One sentence: no broker, no topic, no registry, or more records than `most`.
pub fn scan<R: Record>(
    access: &Access,
    schemas: &mut impl Schemas,
    most: u64,
    mut each: impl FnMut(R),
) -> Result<Scanned, String> {
    let topic = R::TOPIC.name;
    let failed = |error: KafkaError| format!("{topic}: {error}: is a broker at {}?", access.brokers);
    let mut config = access.consumer(&format!("{}.scan", access.group), "read_committed");
    let consumer: BaseConsumer = config.set("enable.partition.eof", "true").create().map_err(failed)?;
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).map_err(failed)?;
    let partitions = metadata.topics().first().map_or(&[][..], |topic| topic.partitions());
    if partitions.is_empty() {
        return Err(format!("there is no topic {topic}: create the topics with `tripo schemas topics`"));
    }
    let mut scanned = Scanned::default();
    for partition in partitions {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition.id(), Offset::Beginning).map_err(failed)?;
        consumer.assign(&list).map_err(failed)?;
        let mut heard = Instant::now();
        loop {
            let message = match consumer.poll(POLL) {
                Some(Ok(message)) => message,
                Some(Err(KafkaError::PartitionEOF(ended))) if ended == partition.id() => break,
                // The end of a partition that was read before.
                Some(Err(KafkaError::PartitionEOF(_))) => continue,
                Some(Err(error)) if !passes(&error) => return Err(failed(error)),
                Some(Err(_)) | None if heard.elapsed() < PATIENCE => continue,
                Some(Err(error)) => return Err(failed(error)),
                None => return Err(format!("{topic}: nothing was read for {} s", PATIENCE.as_secs())),
            };
            heard = Instant::now();
            if scanned.records + scanned.unreadable >= most {
                return Err(format!(
                    "{topic}: more than {most} records: keep less, or look at a copy of a shorter time"
                ));
            }
            match message.payload().map(|value| read(value, schemas)).transpose()? {
                Some(Some(record)) => {
                    scanned.records += 1;
                    each(record);
                }
                Some(None) => scanned.unreadable += 1,
                None => {}
            }
        }
    }
    Ok(scanned)
}

/// A record; none where the value is none.
fn read<R: Record>(value: &[u8], schemas: &mut impl Schemas) -> Result<Option<R>, String> {
    let Ok((id, bytes)) = wire::split(value) else { return Ok(None) };
    match schemas.by_id(id) {
        Ok(schema) => Ok(Datum { bytes, schema: &schema }.read().ok()),
        Err(Unresolved::Unknown(_)) => Ok(None),
        Err(Unresolved::Away(why)) => Err(why),
    }
}
