//! The topics, read from where they begin to their end as of now.

use std::collections::BTreeSet;
use std::time::Duration;

use kernel::codec::Datum;
use kernel::contract::{
    DriverChanged, DriverReleased, FareCaptured, MatchDecided, Place, PriceQuoted, QuoteRequested, RecordParked,
    RideProgressed, RideRequested, RiderChanged, TurnTaken,
};
use kernel::{Millis, Record, wire};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};

use super::{Auditor, Limits, Verdict};

/// A broker that says nothing for this long ends the audit.
const PATIENCE: Duration = Duration::from_secs(30);

/// Audits the topics at `brokers` (`host:port`, comma separated), from where they begin to their end as of now. What retention has trimmed
/// is not audited, nor what hangs on it; [`Verdict::notes`] says so.
///
/// # Errors
/// What could not be read, or that the log is too long for `limits`; never a broken law, which is in the verdict.
pub fn audit(brokers: &str, limits: Limits) -> Result<Verdict, String> {
    let mut auditor = Auditor::new(limits.garbage);
    auditor.quotes.late = limits.late_consent;
    let reader = Reader { consumer: consumer(brokers)?, entries: limits.entries };
    reader.each::<DriverChanged>(&mut auditor, |auditor, _, record| {
        // What cannot be read is no profile, and no hand-over: nobody may act on it.
        if let Ok(profile) = record {
            auditor.changed(&profile);
        }
        Ok(())
    })?;
    reader.all::<RiderChanged>(&mut auditor, |auditor, heard, record| {
        match record {
            Some(Ok(known)) => auditor.rider(&heard.place, heard.written, &known.rider, Some(&known)),
            None => auditor.rider(&heard.place, heard.written, &heard.key, None),
            // What cannot be read says nothing of anybody.
            Some(Err(_)) => {}
        }
        Ok(())
    })?;
    reader.each::<DriverReleased>(&mut auditor, |auditor, place, record| {
        if let Ok(released) = record {
            auditor.released(place, &released);
        }
        Ok(())
    })?;
    reader.each::<RideRequested>(&mut auditor, |auditor, place, record| {
        match record {
            Ok(request) => auditor.requested(place, &request),
            Err(_) => auditor.unreadable(place),
        }
        Ok(())
    })?;
    reader.each::<RideProgressed>(&mut auditor, |auditor, place, record| {
        // What cannot be read is no acceptance; that it was parked is the worker's own affair.
        if let Ok(fact) = record {
            auditor.progressed(place, &fact);
        }
        Ok(())
    })?;
    reader.each::<QuoteRequested>(&mut auditor, |auditor, place, record| {
        auditor.asked(place, record.ok().as_ref());
        Ok(())
    })?;
    reader.each::<RecordParked>(&mut auditor, |auditor, _, record| {
        auditor.parked(&record?);
        Ok(())
    })?;
    reader.each::<MatchDecided>(&mut auditor, |auditor, place, record| {
        auditor.decided(place, &record?);
        Ok(())
    })?;
    reader.each::<TurnTaken>(&mut auditor, |auditor, place, record| {
        auditor.taken(place, record?);
        Ok(())
    })?;
    reader.all::<PriceQuoted>(&mut auditor, |auditor, heard, record| match record {
        Some(quoted) => {
            auditor.quoted(&heard.place, heard.written, &quoted?);
            Ok(())
        }
        None => Ok(()),
    })?;
    reader.each::<FareCaptured>(&mut auditor, |auditor, place, record| {
        auditor.captured(place, &record?);
        Ok(())
    })?;
    Ok(auditor.verdict())
}

struct Reader {
    consumer: BaseConsumer,
    /// See [`Limits::entries`].
    entries: usize,
}

impl Reader {
    /// Gives every record of `R`'s topic that has a value to `feed`, each partition in offset order.
    fn each<R: Record>(&self, auditor: &mut Auditor, feed: Feed<R>) -> Result<(), String> {
        self.all::<R>(auditor, |auditor, heard, value| {
            value.map_or(Ok(()), |record| feed(auditor, &heard.place, record))
        })
    }

    /// The same with those that have none, and with what else was heard of each.
    fn all<R: Record>(
        &self,
        auditor: &mut Auditor,
        feed: impl Fn(&mut Auditor, &Heard, Option<Result<R, String>>) -> Result<(), String>,
    ) -> Result<(), String> {
        let topic = R::TOPIC.name;
        let mut open = self.assign::<R>(auditor)?;
        while !open.is_empty() {
            let message = match self.consumer.poll(PATIENCE) {
                Some(Ok(message)) => message,
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    open.remove(&partition);
                    continue;
                }
                Some(Err(error)) => return Err(format!("audit of {topic}: {error}: is the broker up?")),
                None => return Err(format!("audit of {topic}: nothing read for {} s", PATIENCE.as_secs())),
            };
            // What came after a partition's end is of another audit; its end is told again after it.
            if !open.contains(&message.partition()) {
                continue;
            }
            let heard = Heard::of(&message);
            feed(auditor, &heard, message.payload().map(decode))
                .map_err(|error| format!("audit: {topic}/{}@{}: {error}", heard.place.partition, heard.place.offset))?;
            if auditor.entries() > self.entries {
                let bound = self.entries;
                return Err(format!("audit: more than {bound} entries: raise Limits::entries or audit a shorter log"));
            }
        }
        Ok(())
    }

    /// Assigns all partitions of `R`'s topic from their beginning; which there are.
    fn assign<R: Record>(&self, auditor: &mut Auditor) -> Result<BTreeSet<i32>, String> {
        let topic = R::TOPIC.name;
        let failed = |error: KafkaError| format!("audit of {topic}: {error}: is the broker up?");
        let metadata = self.consumer.fetch_metadata(Some(topic), PATIENCE).map_err(failed)?;
        let partitions = metadata.topics().first().map_or(&[][..], |topic| topic.partitions());
        if partitions.is_empty() {
            return Err(format!("audit: there is no topic {topic}: create the topics first"));
        }
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for partition in partitions {
            let (first, _) = self.consumer.fetch_watermarks(topic, partition.id(), PATIENCE).map_err(failed)?;
            // Compaction takes nothing that a newer record does not say.
            if R::TOPIC.cleanup != "compact" {
                auditor.begins(topic, partition.id(), first);
            }
            list.add_partition_offset(topic, partition.id(), Offset::Beginning).map_err(failed)?;
        }
        self.consumer.assign(&list).map_err(failed)?;
        Ok(partitions.iter().map(|partition| partition.id()).collect())
    }
}

/// A record beside its value.
struct Heard {
    place: Place,
    /// When the broker stored it.
    written: Millis,
    /// Its key, if that is text.
    key: String,
}

impl Heard {
    fn of(message: &impl Message) -> Heard {
        let (partition, offset) = (message.partition(), message.offset());
        let key = message.key().and_then(|key| std::str::from_utf8(key).ok()).unwrap_or_default();
        Heard {
            place: Place { topic: message.topic().to_owned(), partition, offset },
            written: Millis(message.timestamp().to_millis().unwrap_or_default()),
            key: key.to_owned(),
        }
    }
}

/// What a topic's records do to the auditor; an error ends the audit.
type Feed<R> = fn(&mut Auditor, &Place, Result<R, String>) -> Result<(), String>;

fn decode<R: Record>(value: &[u8]) -> Result<R, String> {
    let (_, bytes) = wire::split(value).map_err(|error| format!("not in the wire format: {error:?}"))?;
    Datum { bytes, schema: R::schema() }.read()
}

fn consumer(brokers: &str) -> Result<BaseConsumer, String> {
    ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "auditor")
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("fetch.queue.backoff.ms", "5")
        .set("fetch.wait.max.ms", "20")
        .set("queued.max.messages.kbytes", "16384")
        .create()
        .map_err(|error| format!("audit: {error}"))
}
