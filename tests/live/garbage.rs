//! Garbage of every kind between sound records: each piece is parked once with its cause and its bytes, the rest flows.

use std::collections::BTreeMap;

use embedded::{Broker, Config, Registry};
use kernel::contract::{Cause, MatchDecided, Outcome, RecordParked, RideRequested, TOPICS};
use kernel::{Record, codec, wire};
use runtime::{Schemas, Time, topics};

use crate::client::Client;
use crate::journey::{DAWN, MARKET, PARTITIONS, ping, profile, request, start, tick};

/// Topics that matching reads, and the key that their garbage carries.
const READ: [(&str, &str); 6] = [
    ("ride.requested", MARKET),
    ("ride.progressed", MARKET),
    ("driver.located", MARKET),
    ("driver.released", MARKET),
    ("market.ticked", MARKET),
    // Of no driver who counts: compaction would put the garbage in the place of his profile.
    ("driver.changed", "nobody"),
];

/// A piece of garbage: its key, its bytes, and why it must be parked.
type Piece = (Vec<u8>, Vec<u8>, Cause);

fn pieces(topic: &str, key: &str, registry: &runtime::registry::Registry) -> Vec<Piece> {
    let framed = |bytes: &[u8]| {
        let mut value = Vec::new();
        wire::start(registry.id_of(topic).unwrap(), &mut value);
        value.extend_from_slice(bytes);
        value
    };
    let key = key.as_bytes().to_vec();
    vec![
        (key.clone(), b"{\"json\":true}".to_vec(), Cause::WrongMagic),
        (key.clone(), vec![0, 0], Cause::WrongMagic),
        (key.clone(), vec![0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3], Cause::UnknownSchema),
        (key.clone(), vec![0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3], Cause::UnknownSchema),
        (key.clone(), framed(&[]), Cause::Undecodable),
        // A string that says it is 2^62 bytes long.
        (key.clone(), framed(&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]), Cause::Undecodable),
        (key, vec![0; 300 * 1024], Cause::Oversized),
    ]
}

/// Well formed Avro that breaks the contract.
fn breaches(registry: &runtime::registry::Registry) -> Vec<Piece> {
    let framed = |request: &RideRequested| {
        let mut value = Vec::new();
        wire::start(registry.id_of(RideRequested::TOPIC.name).unwrap(), &mut value);
        codec::encode(request, &mut value).unwrap();
        value
    };
    let mut far = request("far", DAWN + 900);
    far.pickup.lat_e6 = 91_000_000;
    let mut nameless = request("", DAWN + 900);
    nameless.rider = "x".repeat(65);
    let mut elsewhere = request("elsewhere", DAWN + 900);
    elsewhere.market = "arcadia".to_owned();
    let key = MARKET.as_bytes().to_vec();
    vec![
        (key.clone(), framed(&far), Cause::OutOfRange),
        (key.clone(), framed(&nameless), Cause::OutOfRange),
        (key.clone(), framed(&elsewhere), Cause::Misplaced),
        (key.clone(), framed(&request("old", DAWN - 90_000_000)), Cause::TooOld),
        (key, [framed(&request("more", DAWN + 900)), vec![7]].concat(), Cause::Undecodable),
    ]
}

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
    let mut sent: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut values = BTreeMap::new();
    let mut publish = |topic: &'static str, (key, value, cause): Piece| {
        *sent.entry((topic, name(cause))).or_default() += 1;
        values.insert(value.clone(), cause);
        client.raw(topic, &key, &value);
    };
    for (topic, key) in READ {
        pieces(topic, key, client.registry()).into_iter().for_each(|piece| publish(topic, piece));
    }
    let breaches = breaches(client.registry());
    let count = READ.len() * pieces("ride.requested", MARKET, client.registry()).len() + breaches.len();
    breaches.into_iter().for_each(|piece| publish("ride.requested", piece));
    client.publish(&request("two", DAWN + 1_000));
    client.until(|all: &[MatchDecided]| all.iter().any(|one| one.ride == "two").then_some(()));
    client.until(|all: &[RecordParked]| (all.len() >= count).then_some(()));
    service.stop().unwrap();
    // A successor parks nothing again.
    let service = begin("second");
    client.publish(&request("three", DAWN + 1_500));
    client.until(|all: &[MatchDecided]| all.iter().any(|one| one.ride == "three").then_some(()));
    service.stop().unwrap();
    let mut found: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let parked = client.all::<RecordParked>();
    for record in &parked {
        let (topic, _) = READ.iter().find(|(topic, _)| *topic == record.place.topic).unwrap();
        *found.entry((topic, name(record.cause))).or_default() += 1;
        assert_eq!(
            values.get(&record.value),
            Some(&record.cause),
            "the bytes are the original ones: {}",
            record.detail
        );
        assert!(!record.detail.is_empty() && !record.detail.contains('\n'), "{:?}", record.detail);
    }
    assert_eq!(found, sent);
    let first = |ride: &str| {
        client.all::<MatchDecided>().iter().filter(|one| one.ride == ride && one.revision == Some(0)).count()
    };
    assert_eq!(["one", "two", "three"].map(first), [1, 1, 1]);
    assert!(client.all::<MatchDecided>().iter().any(|one| one.outcome == Outcome::Offered));
    let verdict = devkit::auditor::audit(broker.address(), devkit::auditor::Limits::default()).unwrap();
    assert!(verdict.clean(), "{verdict:#?}");
}

fn name(cause: Cause) -> &'static str {
    match cause {
        Cause::WrongMagic => "wrong magic",
        Cause::UnknownSchema => "unknown schema",
        Cause::Undecodable => "undecodable",
        Cause::OutOfRange => "out of range",
        Cause::Misplaced => "misplaced",
        Cause::TooOld => "too old",
        Cause::Oversized => "oversized",
        _ => "other",
    }
}
