//! Tests against servers: the embedded ones always, the real ones where they can be started.

mod conform;
mod registry;
mod topics;
mod servers;

use embedded::{Broker, Config};

/// What the embedded broker does not do, as its README lists it.
const DIFFERENCES: &[&str] = &["members_share_by_the_consumer_protocol"];

#[test]
fn the_embedded_broker_differs_from_kafka_only_where_its_readme_says_so() {
    let broker = Broker::start(Config::default()).unwrap();
    let faults = conform::run("embedded broker", broker.address());
    let failed: Vec<&str> = faults.keys().copied().collect();
    assert_eq!(failed, DIFFERENCES, "{faults:#?}");
}

#[test]
fn apache_kafka_passes_every_check() {
    let Some(kafka) = servers::kafka() else { return };
    let faults = conform::run("Apache Kafka", kafka.address());
    assert!(faults.is_empty(), "{faults:#?}");
}
