//! Markets of a bench, one in each partition, and what is published of them.

use kernel::{Record, codec, partition, wire};
use rdkafka::producer::BaseProducer;

use crate::client;

/// A market of each partition.
pub(crate) fn markets(partitions: i32) -> Vec<String> {
    let of = |wanted: i32| {
        let mut names = (100..1_000).map(|number| format!("market-{number}"));
        names.find(|name| partition::of(name.as_bytes(), partitions) == wanted).expect("a name")
    };
    (0..partitions).map(of).collect()
}

/// Publishes a record by the schema `id`, in the place of its key among so many partitions.
pub(crate) fn publish<R: Record>((producer, id): (&BaseProducer, u32), record: &R, partitions: i32) {
    let mut value = Vec::with_capacity(256);
    wire::start(id, &mut value);
    codec::encode(record, &mut value).expect("it is sound");
    let home = partition::of(record.key(), partitions);
    client::put(producer, R::TOPIC.name, home, (record.key(), &value));
}
