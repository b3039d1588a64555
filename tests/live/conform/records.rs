//! Producing and consuming without transactions.

use std::time::{Duration, Instant};

use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};

use super::clients::*;

/// For records of years ago, which retention would drop at once.
const KEPT: &[(&str, &str)] = &[("retention.ms", "-1")];

pub(super) fn a_topic_is_created_with_its_partitions(broker: &str) -> Verdict {
    topic(broker, 4, &[]).map(|_| ())
}

pub(super) fn producing_creates_a_topic(broker: &str) -> Verdict {
    let topic = unique("auto");
    let producer = producer(broker, &[])?;
    send(&producer, &topic, 0..10)?;
    producer.flush(WAIT)?;
    let metadata = producer.client().fetch_metadata(Some(&topic), WAIT)?;
    let partitions = metadata.topics().first().map_or(0, |topic| topic.partitions().len());
    ensure!(partitions == 4, "{partitions} partitions instead of 4");
    Ok(())
}

pub(super) fn a_partition_keeps_its_order(broker: &str) -> Verdict {
    let topic = topic(broker, 4, &[])?;
    store(broker, &topic, 0..2000)?;
    let consumer = consumer(broker, &unique("group"), "read_committed")?;
    consumer.subscribe(&[&topic])?;
    let numbers = drain(&consumer, 2000, WAIT)?;
    ensure!(numbers.iter().copied().eq(0..2000), "{} numbers, not 2000 in order", numbers.len());
    Ok(())
}

pub(super) fn an_idempotent_producer_writes_each_record_once(broker: &str) -> Verdict {
    let topic = topic(broker, 1, &[])?;
    let producer = producer(broker, &[("enable.idempotence", "true")])?;
    send(&producer, &topic, 0..5000)?;
    producer.flush(WAIT)?;
    let watermarks = producer.client().fetch_watermarks(&topic, 0, WAIT)?;
    ensure!(watermarks == (0, 5000), "watermarks {watermarks:?}");
    Ok(())
}

pub(super) fn every_compression_comes_back(broker: &str) -> Verdict {
    for codec in ["gzip", "snappy", "lz4", "zstd"] {
        let topic = topic(broker, 1, &[])?;
        let producer = producer(broker, &[("compression.type", codec), ("linger.ms", "20")])?;
        send(&producer, &topic, 0..300)?;
        producer.flush(WAIT)?;
        let read = read(broker, &topic, "read_committed", 300)?;
        ensure!(read.len() == 300, "{codec}: {} of 300", read.len());
    }
    Ok(())
}

pub(super) fn headers_keys_and_times_are_kept(broker: &str) -> Verdict {
    let topic = topic(broker, 1, KEPT)?;
    let producer = producer(broker, &[])?;
    let headers = OwnedHeaders::new().insert(Header { key: "ce_id", value: Some("42") });
    let record = BaseRecord::to(&topic).key("k").payload("7").timestamp(1_700_000_000_123).headers(headers);
    producer.send(record).map_err(|(error, _)| error)?;
    producer.flush(WAIT)?;
    let consumer = consumer(broker, &unique("group"), "read_committed")?;
    consumer.assign(&single(&topic, Offset::Beginning))?;
    let begun = Instant::now();
    loop {
        ensure!(begun.elapsed() < WAIT, "nothing came");
        let Some(message) = consumer.poll(Duration::from_millis(50)).transpose()? else { continue };
        let header = message.headers().map(|headers| headers.get(0).key == "ce_id");
        let time = message.timestamp().to_millis();
        ensure!(message.key() == Some(b"k") && header == Some(true), "key or header is not what was sent");
        ensure!(time == Some(1_700_000_000_123), "time {time:?}");
        return Ok(());
    }
}

pub(super) fn a_group_resumes_where_it_committed(broker: &str) -> Verdict {
    let (topic, group) = (topic(broker, 1, &[])?, unique("group"));
    store(broker, &topic, 0..100)?;
    {
        let first = consumer(broker, &group, "read_committed")?;
        first.subscribe(&[&topic])?;
        let numbers = drain(&first, 100, WAIT)?;
        ensure!(numbers.len() == 100, "{} of 100", numbers.len());
        first.commit(&single(&topic, Offset::Offset(40)), CommitMode::Sync)?;
    }
    let second = consumer(broker, &group, "read_committed")?;
    second.subscribe(&[&topic])?;
    let numbers = drain(&second, 60, WAIT)?;
    ensure!(numbers.iter().copied().eq(40..100), "resumed at {:?} with {}", numbers.first(), numbers.len());
    Ok(())
}

pub(super) fn a_time_is_found_exactly(broker: &str) -> Verdict {
    for codec in ["none", "lz4"] {
        let topic = topic(broker, 1, KEPT)?;
        let producer = producer(broker, &[("compression.type", codec), ("linger.ms", "20")])?;
        for second in 0..10 {
            let record = BaseRecord::to(&topic).partition(0).key("k").payload("1");
            let record = record.timestamp(1_700_000_000_000 + second * 1000);
            producer.send(record).map_err(|(error, _)| error)?;
        }
        producer.flush(WAIT)?;
        let consumer = consumer(broker, &unique("group"), "read_committed")?;
        let asked = [(1_700_000_004_500, Offset::Offset(5)), (1_700_000_009_001, Offset::End), (0, Offset::Offset(0))];
        for (time, wanted) in asked {
            let found = consumer.offsets_for_times(single(&topic, Offset::Offset(time)), WAIT)?;
            let found = found.find_partition(&topic, 0).map(|element| element.offset());
            ensure!(found == Some(wanted), "{codec}: time {time} is at {found:?}, not {wanted:?}");
        }
    }
    Ok(())
}

pub(super) fn records_are_deleted_up_to_an_offset(broker: &str) -> Verdict {
    let topic = topic(broker, 1, &[])?;
    store(broker, &topic, 0..100)?;
    let (admin, options) = admin(broker)?;
    let mut until = TopicPartitionList::new();
    until.add_partition_offset(&topic, 0, Offset::Offset(50))?;
    block_on(admin.delete_records(&until, &options))?;
    let watermarks = admin.inner().fetch_watermarks(&topic, 0, WAIT)?;
    ensure!(watermarks == (50, 100), "watermarks {watermarks:?}");
    Ok(())
}

pub(super) fn a_topic_is_deleted(broker: &str) -> Verdict {
    let topic = topic(broker, 1, &[])?;
    let (admin, options) = admin(broker)?;
    for result in block_on(admin.delete_topics(&[&topic], &options))? {
        result.map_err(|(name, code)| format!("{name}: {code}"))?;
    }
    let again = block_on(admin.delete_topics(&[&topic], &options))?;
    ensure!(again.iter().all(Result::is_err), "deleted twice");
    Ok(())
}
