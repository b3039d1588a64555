//! A client of the topics, as an upstream and a downstream engineer would write one.

use std::time::{Duration, Instant};

use kernel::{Record, codec, codec::Datum, contract::TOPICS, partition, wire};
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    producer::{BaseProducer, BaseRecord, Producer},
};
use runtime::{Schemas, registry::Registry};

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(90);

/// Publishes, and reads what was decided.
pub(crate) struct Client {
    brokers: String,
    partitions: i32,
    registry: Registry,
    producer: BaseProducer,
}

impl Client {
    /// A client of a cluster whose market topics have `partitions` partitions.
    pub(crate) fn new(brokers: &str, registry: &str, partitions: i32) -> Client {
        let mut registry = Registry::new(registry).unwrap();
        registry.register(&TOPICS).unwrap();
        let mut config = ClientConfig::new();
        let producer = config.set("bootstrap.servers", brokers).set("linger.ms", "0").create().unwrap();
        Client { brokers: brokers.to_owned(), partitions, registry, producer }
    }

    /// Publishes a record where the contract places it, and waits until the broker has it.
    pub(crate) fn publish<R: Record>(&self, record: &R) {
        let mut value = Vec::new();
        wire::start(self.registry.id_of(R::TOPIC.name).unwrap(), &mut value);
        codec::encode(record, &mut value).unwrap();
        self.raw(R::TOPIC.name, record.key(), &value);
    }

    /// Publishes records where the contract places them, and waits until the broker has all.
    pub(crate) fn publish_all<R: Record>(&self, records: &[R]) {
        for record in records {
            let mut value = Vec::new();
            wire::start(self.registry.id_of(R::TOPIC.name).unwrap(), &mut value);
            codec::encode(record, &mut value).unwrap();
            let partition = partition::of(record.key(), self.partitions);
            let sent = BaseRecord::to(R::TOPIC.name).partition(partition).key(record.key()).payload(&value);
            self.producer.send(sent).map_err(|(e, _)| e).unwrap();
        }
        self.producer.flush(PATIENCE).unwrap();
    }

    /// Publishes bytes as they are.
    pub(crate) fn raw(&self, topic: &str, key: &[u8], value: &[u8]) {
        let known = TOPICS.iter().find(|known| known.name == topic).unwrap();
        let count = if known.placed_by == kernel::PlacedBy::Key { known.partitions } else { self.partitions };
        let partition = partition::of(key, count);
        self.producer
            .send(BaseRecord::to(topic).partition(partition).key(key).payload(value))
            .map_err(|(e, _)| e)
            .unwrap();
        self.producer.flush(PATIENCE).unwrap();
    }

    /// Forgets a key of a compacted topic.
    pub(crate) fn tombstone(&self, topic: &str, key: &[u8]) {
        let known = TOPICS.iter().find(|known| known.name == topic).unwrap();
        let record = BaseRecord::<[u8], [u8]>::to(topic).partition(partition::of(key, known.partitions)).key(key);
        self.producer.send(record).map_err(|(e, _)| e).unwrap();
        self.producer.flush(PATIENCE).unwrap();
    }

    /// All records of a topic as of now, as a `read_committed` consumer sees them, partition by partition.
    pub(crate) fn all<R: Record>(&self) -> Vec<R> {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("group.id", "reader")
            .set("isolation.level", "read_committed");
        let consumer: BaseConsumer =
            config.set("fetch.wait.max.ms", "20").set("enable.partition.eof", "true").create().unwrap();
        let metadata = consumer.fetch_metadata(Some(R::TOPIC.name), PATIENCE).unwrap();
        let mut open = metadata.topics()[0].partitions().len();
        let mut list = TopicPartitionList::new();
        for partition in 0..open {
            list.add_partition_offset(R::TOPIC.name, partition as i32, Offset::Beginning).unwrap();
        }
        consumer.assign(&list).unwrap();
        let mut records = Vec::new();
        while open > 0 {
            match consumer.poll(PATIENCE).expect("the broker answers") {
                Err(rdkafka::error::KafkaError::PartitionEOF(_)) => open -= 1,
                polled => {
                    let message = polled.unwrap();
                    let Some(value) = message.payload() else { continue };
                    let (_, bytes) = wire::split(value).unwrap();
                    records.push(Datum { bytes, schema: R::schema() }.read().unwrap());
                }
            }
        }
        records
    }

    /// Reads a topic again and again until it holds what is wanted.
    #[track_caller]
    pub(crate) fn until<R: Record + std::fmt::Debug, T>(&self, wanted: impl Fn(&[R]) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            let records = self.all::<R>();
            if let Some(found) = wanted(&records) {
                return found;
            }
            let last = &records[records.len().saturating_sub(5)..];
            assert!(begun.elapsed() < PATIENCE, "not within {PATIENCE:?}; the last of {}: {last:#?}", records.len());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
