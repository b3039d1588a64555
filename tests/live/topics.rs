//! Topics are created as the contract has them, and refused where they differ.

use embedded::{Broker, Config};
use kernel::contract::TOPICS;
use kernel::{PlacedBy, Topic};
use runtime::topics::{Layout, Outcome, ensure};

use crate::servers;

/// `market.ticked` as somebody else would have it.
static OTHER: Topic = Topic {
    name: "market.ticked",
    schema: "",
    partitions: 7,
    placed_by: PlacedBy::Market,
    cleanup: "compact",
    retention_ms: -1,
    max_message_bytes: 2_000_000,
    compression: Some("zstd"),
};

#[test]
fn the_embedded_broker_has_the_contracts_topics() {
    let broker = Broker::start(Config::default()).unwrap();
    topics_are_the_contracts(broker.address());
}

#[test]
fn apache_kafka_has_the_contracts_topics() {
    let Some(kafka) = servers::kafka() else { return };
    topics_are_the_contracts(kafka.address());
}

fn topics_are_the_contracts(brokers: &str) {
    let layout = Layout { partitions: Some(3), replication: 1 };
    let (first, rest) = TOPICS.split_at(1);
    let outcomes = |topics: &[&'static Topic]| {
        let outcomes = ensure(brokers, topics, layout).unwrap();
        outcomes.into_iter().map(|(_, outcome)| outcome).collect::<Vec<_>>()
    };
    assert_eq!(outcomes(first), [Outcome::Created]);
    let mut wanted = vec![Outcome::Created; TOPICS.len()];
    wanted[0] = Outcome::Kept;
    assert_eq!(outcomes(&TOPICS), wanted);
    assert!(outcomes(rest).iter().all(|outcome| *outcome == Outcome::Kept));

    let sentences = ensure(brokers, &[&OTHER], Layout { partitions: None, replication: 1 }).unwrap_err();
    let differences: Vec<&str> = sentences.lines().filter_map(|line| line.split(", wanted").next()).collect();
    let wanted = [
        "market.ticked: partitions is 3",
        "market.ticked: cleanup.policy is delete",
        "market.ticked: retention.ms is 86400000",
        "market.ticked: max.message.bytes is 1048576",
        "market.ticked: compression.type is producer",
    ];
    assert_eq!(differences, wanted, "{sentences}");
}
