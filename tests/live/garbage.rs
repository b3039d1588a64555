//! Garbage of every kind between sound records: each piece is parked once with its cause and its bytes, the rest flows.

use std::collections::BTreeMap;
use std::time::Duration;

use devkit::garbage::{HOSTILE, Kind, Maker, Piece, TARGETS};
use embedded::{Broker, Config, Registry};
use kernel::contract::{Cause, MatchDecided, Outcome, Place, RecordParked, TOPICS};
use kernel::{Millis, Topic};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use runtime::{Time, topics};

use crate::client::Client;
use crate::journey::{DAWN, MARKET, PARTITIONS, ping, profile, request, start, tick};

#[test]
fn every_piece_of_garbage_is_parked_once_and_the_rest_flows_also_over_a_restart() {
    let broker = Broker::start(Config::default()).unwrap();
    let registry = Registry::start(0, None).unwrap();
    topics::ensure(broker.address(), &TOPICS, topics::Layout { partitions: Some(PARTITIONS), replication: 1 }).unwrap();
    let client = Client::new(broker.address(), registry.url(), PARTITIONS);
    let begin = |name| {
        let at = (broker.address(), registry.url());
        start(at, name, Time::Log { speed: 1_000 }, matching::BUILT_IN)
    };
    let service = begin("first");
    client.publish(&profile("near"));
    client.publish(&ping("near", DAWN, 37_781_000));
    tick(&client, DAWN);
    client.publish(&request("one", DAWN + 500));
    client.until(|all: &[MatchDecided]| all.iter().any(|one| one.ride == "one").then_some(()));
    let sent = publish(broker.address(), registry.url());
    client.publish(&request("two", DAWN + 1_000));
    client.until(|all: &[MatchDecided]| all.iter().any(|one| one.ride == "two").then_some(()));
    client.until(|all: &[RecordParked]| (all.len() >= sent.len()).then_some(()));
    service.stop().unwrap();
    // A successor parks nothing again.
    let service = begin("second");
    client.publish(&request("three", DAWN + 1_500));
    client.until(|all: &[MatchDecided]| all.iter().any(|one| one.ride == "three").then_some(()));
    service.stop().unwrap();
    parked_once(&sent, &client.all::<RecordParked>());
    let first = |ride: &str| {
        client.all::<MatchDecided>().iter().filter(|one| one.ride == ride && one.revision == Some(0)).count()
    };
    assert_eq!(["one", "two", "three"].map(first), [1, 1, 1]);
    assert!(client.all::<MatchDecided>().iter().any(|one| one.outcome == Outcome::Offered));
    let verdict = devkit::auditor::audit(broker.address(), devkit::auditor::Limits::default()).unwrap();
    assert!(verdict.clean(), "{verdict:#?}");
}

/// What was published, by its name: no two pieces are the same.
type Sent = BTreeMap<(&'static str, Kind), Piece>;

/// Publishes one piece of every kind on every topic.
fn publish(brokers: &str, registry: &str) -> Sent {
    let mut registry = runtime::registry::Registry::new(registry).unwrap();
    let all: Vec<&'static Topic> = TOPICS.into_iter().chain(HOSTILE).collect();
    let ids = registry.register(&all).unwrap();
    let mut maker = Maker::new(&ids, PARTITIONS, 1);
    let producer: BaseProducer = ClientConfig::new().set("bootstrap.servers", brokers).create().unwrap();
    let mut sent = Sent::new();
    for topic in TARGETS {
        for kind in Kind::ALL.into_iter().filter(|kind| kind.fits(topic)) {
            let piece = maker.piece(kind, topic, MARKET, Millis(DAWN + 900)).unwrap();
            let record: BaseRecord<'_, [u8], [u8]> =
                BaseRecord::to(topic.name).partition(piece.partition).key(&piece.key);
            let record = match &piece.value {
                Some(value) => record.payload(&value[..]),
                None => record,
            };
            producer.send(record).map_err(|(error, _)| error).unwrap();
            sent.insert((topic.name, kind), piece);
        }
    }
    producer.flush(Duration::from_secs(30)).unwrap();
    sent
}

/// Every piece was parked once, with its cause and its bytes, and nothing else was.
fn parked_once(sent: &Sent, parked: &[RecordParked]) {
    let mut open: Vec<(&(&str, Kind), &Piece)> = sent.iter().collect();
    for record in parked {
        let RecordParked { place: Place { topic, partition, .. }, cause, detail, value, key, .. } = record;
        let is = |piece: &Piece| {
            let same = piece.topic.name == topic && piece.partition == *partition && key.as_ref() == Some(&piece.key);
            same && piece.kind.cause() == *cause && piece.value == *value
        };
        let found = open.iter().position(|(_, piece)| is(piece));
        let found = found.unwrap_or_else(|| panic!("{cause:?} of {topic}/{partition} was not sent so: {detail}"));
        open.remove(found);
        assert!(!detail.is_empty() && !detail.contains('\n'), "{detail:?}");
    }
    let missing: Vec<(&str, Kind, Cause)> =
        open.iter().map(|((topic, kind), _)| (*topic, *kind, kind.cause())).collect();
    assert!(missing.is_empty(), "not parked: {missing:?}");
}
