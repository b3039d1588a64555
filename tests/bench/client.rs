//! Raw clients: what the floors move records with, and what fills topics and looks at them.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode::QueueFull};
use rdkafka::producer::{BaseProducer, BaseRecord};

/// Longest wait for an answer of the broker.
pub(crate) const CALL: Duration = Duration::from_secs(30);

/// A configuration for a client of `brokers`.
fn config(brokers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("log_level", "3");
    config
}

/// A consumer's configuration that lets a full queue fetch on soon.
pub(crate) fn consumer(brokers: &str, group: &str) -> ClientConfig {
    let mut config = config(brokers);
    config
        .set("group.id", group)
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .set("queued.max.messages.kbytes", "65536")
        .set("fetch.queue.backoff.ms", "5");
    config
}

/// A producer's configuration; `linger` in milliseconds.
pub(crate) fn producer(brokers: &str, linger: &str) -> ClientConfig {
    let mut config = config(brokers);
    config
        .set("enable.idempotence", "true")
        .set("linger.ms", linger)
        .set("batch.num.messages", "10000")
        .set("queue.buffering.max.messages", "500000");
    config
}

/// Hands a record to the client, waiting while its queue is full.
pub(crate) fn put(producer: &BaseProducer, topic: &str, partition: i32, (key, value): (&[u8], &[u8])) {
    let mut record = BaseRecord::to(topic).partition(partition).key(key).payload(value);
    loop {
        match producer.send(record) {
            Ok(()) => return,
            Err((KafkaError::MessageProduction(QueueFull), back)) => {
                producer.poll(Duration::from_millis(1));
                record = back;
            }
            Err((error, _)) => panic!("{topic}: {error}"),
        }
    }
}
