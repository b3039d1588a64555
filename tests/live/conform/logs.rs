//! What a topic's configuration does to its log.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rdkafka::Timestamp;
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{ClientConfig, ClientContext};

use super::clients::*;

/// Rolls segments at once, so that a real broker compacts soon.
const COMPACTED: &[(&str, &str)] = &[
    ("cleanup.policy", "compact"),
    ("segment.ms", "200"),
    ("min.cleanable.dirty.ratio", "0.01"),
    ("delete.retention.ms", "500"),
];

/// Values by key, a transaction each; `None` aborts.
fn transact(producer: &BaseProducer, topic: &str, records: &[(&str, Option<&str>)], commit: bool) -> Verdict {
    producer.begin_transaction()?;
    for (key, value) in records {
        put(producer, topic, Some(key), *value)?;
    }
    if commit {
        producer.commit_transaction(WAIT)?;
    } else {
        producer.flush(WAIT)?;
        producer.abort_transaction(WAIT)?;
    }
    Ok(())
}

pub(super) fn compaction_keeps_the_last_committed_of_a_key(broker: &str) -> Verdict {
    let topic = topic(broker, 1, COMPACTED)?;
    let producer = transactional(broker, &unique("id"))?;
    for round in 0..20 {
        let value = round.to_string();
        transact(&producer, &topic, &[("a", Some(&value)), ("b", Some(&value))], true)?;
    }
    transact(&producer, &topic, &[("b", None), ("c", Some("1"))], true)?;
    transact(&producer, &topic, &[("a", Some("aborted")), ("d", Some("aborted"))], false)?;
    // A real broker compacts what lies before the segment it writes to, and a tombstone goes once a later pass saw it.
    let begun = Instant::now();
    let mut last = decided_end(broker, &topic)?;
    loop {
        let read = read(broker, &topic, "read_committed", last)?;
        let of = |key: &str| -> Vec<(i64, Option<String>)> {
            let found = read.iter().filter(|record| record.key.as_deref() == Some(key));
            found.map(|record| (record.offset, record.value.clone())).collect()
        };
        ensure!(read.iter().all(|record| record.value.as_deref() != Some("aborted")), "an aborted record is visible");
        ensure!(of("a").last() == Some(&(57, Some("19".to_owned()))), "last of a: {:?}", of("a").last());
        ensure!(of("c") == [(61, Some("1".to_owned()))], "c: {:?}", of("c"));
        if of("a").len() == 1 && of("b").is_empty() {
            return Ok(());
        }
        ensure!(begun.elapsed() < Duration::from_secs(40), "not compacted: a {:?} b {:?}", of("a"), of("b"));
        std::thread::sleep(Duration::from_millis(400));
        transact(&producer, &topic, &[("roll", Some("1"))], true)?;
        last = decided_end(broker, &topic)?;
    }
}

pub(super) fn compaction_spares_an_open_transaction(broker: &str) -> Verdict {
    let topic = topic(broker, 1, COMPACTED)?;
    let (open, other) = (transactional(broker, &unique("id"))?, transactional(broker, &unique("id"))?);
    transact(&other, &topic, &[("a", Some("0"))], true)?; // Offset 0, marker 1.
    decided_end(broker, &topic)?; // Or the next record could come before the marker.
    open.begin_transaction()?;
    put(&open, &topic, Some("a"), Some("open"))?; // Offset 2.
    open.flush(WAIT)?;
    for _ in 0..8 {
        std::thread::sleep(Duration::from_millis(300));
        transact(&other, &topic, &[("a", Some("later"))], true)?;
    }
    open.commit_transaction(WAIT)?;
    let read = read(broker, &topic, "read_committed", decided_end(broker, &topic)?)?;
    let values: Vec<&str> = read.iter().filter_map(|record| record.value.as_deref()).collect();
    ensure!(values.last() == Some(&"later"), "the newest value is {values:?}");
    ensure!(read.iter().all(|record| record.offset != 2 || record.value.as_deref() == Some("open")), "read {read:?}");
    Ok(())
}

/// Remembers how deliveries ended.
struct Deliveries(std::sync::Mutex<Vec<Result<Timestamp, RDKafkaErrorCode>>>);

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        use rdkafka::Message;
        let told = match result {
            Ok(message) => Ok(message.timestamp()),
            Err((error, _)) => Err(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown)),
        };
        held(&self.0).push(told);
    }
}

/// Sends one record and says how its delivery ended.
fn deliver(
    broker: &str,
    topic: &str,
    (key, value): (Option<&str>, &str),
    time: Option<i64>,
) -> Result<Result<Timestamp, RDKafkaErrorCode>, Fault> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", broker).set("message.max.bytes", "5000000").set("log_level", "0");
    let producer: BaseProducer<Deliveries> = config.create_with_context(Deliveries(Default::default()))?;
    let mut record = BaseRecord::<str, str>::to(topic).partition(0).payload(value);
    if let Some(key) = key {
        record = record.key(key);
    }
    if let Some(time) = time {
        record = record.timestamp(time);
    }
    producer.send(record).map_err(|(error, _)| error)?;
    producer.flush(WAIT)?;
    let told = held(&producer.context().0).pop();
    Ok(told.ok_or("no delivery report")?)
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

pub(super) fn a_log_append_time_topic_sets_the_time(broker: &str) -> Verdict {
    let topic = topic(broker, 1, &[("message.timestamp.type", "LogAppendTime")])?;
    let before = now();
    // Neither the past nor the future of a producer counts.
    for time in [1_200_000_000_000, now() + 7_200_000] {
        let told = deliver(broker, &topic, (Some("k"), "v"), Some(time))?;
        let appended = told.map_err(|code| format!("not delivered: {code}"))?.to_millis().unwrap_or(0);
        ensure!((before..=now()).contains(&appended), "the producer is told {appended}");
    }
    let read = read(broker, &topic, "read_committed", 2)?;
    ensure!(read.len() == 2, "{} of 2 records", read.len());
    for record in read {
        let Timestamp::LogAppendTime(time) = record.time else { return Err(format!("time {:?}", record.time).into()) };
        ensure!((before..=now()).contains(&time), "the consumer reads {time}");
    }
    Ok(())
}

pub(super) fn a_time_far_ahead_is_refused(broker: &str) -> Verdict {
    let topic = topic(broker, 1, &[])?;
    let told = deliver(broker, &topic, (Some("k"), "v"), Some(now() + 7_200_000))?;
    ensure!(told == Err(RDKafkaErrorCode::InvalidTimestamp), "{told:?}");
    let told = deliver(broker, &topic, (Some("k"), "v"), Some(now() + 1_800_000))?;
    ensure!(told.is_ok(), "{told:?}");
    Ok(())
}

pub(super) fn a_batch_over_the_limit_is_refused(broker: &str) -> Verdict {
    let topic = topic(broker, 1, &[("max.message.bytes", "2000")])?;
    let told = deliver(broker, &topic, (Some("k"), &"v".repeat(1_500)), None)?;
    ensure!(told.is_ok(), "{told:?}");
    let told = deliver(broker, &topic, (Some("k"), &"v".repeat(2_500)), None)?;
    ensure!(told == Err(RDKafkaErrorCode::MessageSizeTooLarge), "{told:?}");
    Ok(())
}

pub(super) fn a_record_without_key_is_refused_where_compacted(broker: &str) -> Verdict {
    let topic = topic(broker, 1, &[("cleanup.policy", "compact")])?;
    let told = deliver(broker, &topic, (None, "v"), None)?;
    ensure!(told == Err(RDKafkaErrorCode::InvalidRecord), "{told:?}");
    let told = deliver(broker, &topic, (Some("k"), "v"), None)?;
    ensure!(told.is_ok(), "{told:?}");
    Ok(())
}

pub(super) fn a_topic_tells_its_configuration(broker: &str) -> Verdict {
    let set = [
        ("cleanup.policy", "compact,delete"),
        ("retention.ms", "123456"),
        ("max.message.bytes", "524288"),
        ("message.timestamp.type", "LogAppendTime"),
        ("compression.type", "zstd"),
    ];
    let topic = topic(broker, 2, &set)?;
    let config = topic_config(broker, &topic)?;
    let defaults = [("delete.retention.ms", "86400000"), ("min.compaction.lag.ms", "0"), ("retention.bytes", "-1")];
    for (key, value) in set.into_iter().chain(defaults) {
        let found = config.get(key).map(String::as_str);
        ensure!(found == Some(value), "{key} is {found:?}, not {value}");
    }
    let refused = self::topic(broker, 1, &[("retention.ms", "soon")]);
    ensure!(refused.is_err(), "a retention.ms of soon was taken");
    let refused = self::topic(broker, 1, &[("no.such.key", "1")]);
    ensure!(refused.is_err(), "an unknown key was taken");
    Ok(())
}

pub(super) fn what_is_too_old_is_dropped(broker: &str) -> Verdict {
    let topic = topic(broker, 1, &[("retention.ms", "1000"), ("segment.ms", "200")])?;
    store(broker, &topic, 0..10)?;
    let producer = producer(broker, &[])?;
    let begun = Instant::now();
    while producer.client().fetch_watermarks(&topic, 0, WAIT)? != (10, 10) {
        ensure!(begun.elapsed() < WAIT, "still there after {:?}", begun.elapsed());
        std::thread::sleep(Duration::from_millis(100));
    }
    let read = read(broker, &topic, "read_committed", 0)?;
    ensure!(read.is_empty(), "read {read:?}");
    Ok(())
}
