//! A ride from its request to its end, over two instances of the worker, on the embedded broker and on Apache Kafka.

use std::sync::Arc;

use embedded::{Broker, Config, Registry};
use kernel::Rules;
use kernel::contract::{
    Cause, DriverChanged, DriverLocated, DriverStatus, MarketTicked, MatchDecided, Outcome, Point, Progress,
    RecordParked, RideProgressed, RideRequested, Service as Kind, TOPICS, TurnTaken, Vehicle,
};
use matching::{Matching, Policy};
use runtime::{Pace, Service, Settings, Time, kafka::Access, service, topics};

use crate::{client::Client, servers};

pub(crate) const MARKET: &str = "utopia";
/// Partitions of the market topics.
pub(crate) const PARTITIONS: i32 = 3;
/// Event time at which the story begins, milliseconds.
pub(crate) const DAWN: i64 = 1_795_000_000_000;

#[test]
fn a_ride_reaches_its_end_over_two_instances_on_the_embedded_broker() {
    let broker = Broker::start(Config::default()).unwrap();
    journey(broker.address());
}

#[test]
fn a_ride_reaches_its_end_over_two_instances_on_apache_kafka() {
    let Some(kafka) = servers::kafka() else { return };
    journey(kafka.address());
}

/// Nothing arrives after the request: time alone takes the offer back.
#[test]
fn living_time_withdraws_an_offer_that_nobody_answers() {
    let broker = Broker::start(Config::default()).unwrap();
    let registry = Registry::start(0, None).unwrap();
    topics::ensure(broker.address(), &TOPICS, topics::Layout { partitions: Some(PARTITIONS), replication: 1 }).unwrap();
    let client = Client::new(broker.address(), registry.url(), PARTITIONS);
    let hasty = matching::BUILT_IN.replace("answer_s = 20", "answer_s = 3");
    let service = start((broker.address(), registry.url()), "living", Time::Live, &hasty);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    client.publish(&profile("near"));
    client.publish(&ping("near", now, 37_781_000));
    client.publish(&request("one", now));
    let offered = decided(&client, "one", Outcome::Offered);
    let withdrawn = decided(&client, "one", Outcome::Withdrawn);
    assert!((3_000..7_000).contains(&(withdrawn.at - offered.at)), "{} ms later", withdrawn.at - offered.at);
    service.stop().unwrap();
}

fn instance(brokers: &str, registry: &str, name: &str) -> Service {
    start((brokers, registry), name, Time::Log { speed: 1_000 }, matching::BUILT_IN)
}

pub(crate) fn start((brokers, registry): (&str, &str), name: &str, time: Time, policy: &str) -> Service {
    let access = Access { group: "matching".to_owned(), instance: name.to_owned(), ..Access::from(brokers) };
    let pace = Pace { time, ..Pace::default() };
    let settings = Settings { access, workers: 1, pace, grace: service::GRACE };
    let policy = Arc::new(Policy::parse(policy).unwrap());
    let url = registry.to_owned();
    let schemas = move || {
        let mut registry = runtime::registry::Registry::new(&url)?;
        registry.register(&TOPICS).map_err(|failure| failure.to_string())?;
        Ok(registry)
    };
    Service::start::<Matching, _, _>(&settings, policy, schemas).unwrap()
}

fn place(lat_e6: i32) -> Point {
    Point { lat_e6, lng_e6: -122_400_000 }
}

pub(crate) fn profile(driver: &str) -> DriverChanged {
    DriverChanged {
        driver: driver.to_owned(),
        at: DAWN,
        registered_market: MARKET.to_owned(),
        market: MARKET.to_owned(),
        active: true,
        tier: None,
        vehicle: Vehicle::Sedan,
        rating_bps: 9_500,
        reliability_bps: 9_900,
    }
}

pub(crate) fn ping(driver: &str, at: i64, lat_e6: i32) -> DriverLocated {
    DriverLocated {
        driver: driver.to_owned(),
        at,
        market: MARKET.to_owned(),
        place: place(lat_e6),
        heading_deg: None,
        speed_kmh: None,
        status: DriverStatus::Free,
    }
}

pub(crate) fn request(ride: &str, at: i64) -> RideRequested {
    RideRequested {
        ride: ride.to_owned(),
        at,
        market: MARKET.to_owned(),
        rider: "rider".to_owned(),
        pickup: place(37_780_000),
        dropoff: place(37_760_000),
        service: Kind::Standard,
        tier: None,
        quote: None,
    }
}

fn fact(progress: Progress, at: i64, decided: &MatchDecided) -> RideProgressed {
    RideProgressed {
        event: format!("{progress:?}-{at}"),
        at,
        market: MARKET.to_owned(),
        ride: decided.ride.clone(),
        revision: decided.revision,
        driver: decided.driver.clone(),
        progress,
        by: None,
        why: None,
        charged_minor: None,
        paid_minor: None,
        currency: None,
        distance_m: None,
        duration_s: None,
        tolls_minor: None,
        wait_s: None,
        payment: None,
        bill: None,
    }
}

pub(crate) fn tick(client: &Client, at: i64) {
    client.publish(&MarketTicked { market: MARKET.to_owned(), at });
}

fn decided(client: &Client, ride: &str, outcome: Outcome) -> MatchDecided {
    let wanted =
        |all: &[MatchDecided]| all.iter().rev().find(|one| one.ride == ride && one.outcome == outcome).cloned();
    client.until(wanted)
}

fn journey(brokers: &str) {
    let registry = Registry::start(0, None).unwrap();
    topics::ensure(brokers, &TOPICS, topics::Layout { partitions: Some(PARTITIONS), replication: 1 }).unwrap();
    let client = Client::new(brokers, registry.url(), PARTITIONS);
    let first = instance(brokers, registry.url(), "first");
    client.publish(&profile("near"));
    client.publish(&profile("far"));
    client.publish(&ping("near", DAWN, 37_781_000));
    client.publish(&ping("far", DAWN, 37_790_000));
    client.publish(&request("one", DAWN + 1_000));
    let offered = decided(&client, "one", Outcome::Offered);
    assert_eq!((offered.revision, offered.driver.as_deref()), (Some(0), Some("near")));
    assert_eq!(offered.runner_up.as_ref().map(|other| other.driver.as_str()), Some("far"));

    // The first instance ends; the second rebuilds what it knew from the log.
    first.stop().unwrap();
    let second = instance(brokers, registry.url(), "second");
    client.publish(&fact(Progress::Accepted, DAWN + 3_000, &offered));
    let assigned = decided(&client, "one", Outcome::Assigned);
    assert_eq!((assigned.revision, assigned.driver.as_deref()), (Some(1), Some("near")));
    client.publish(&request("one", DAWN + 4_000));
    let duplicate = decided(&client, "one", Outcome::Duplicate);
    assert_eq!(duplicate.of, Some(offered.decision.clone()));
    client.publish(&request("two", DAWN + 5_000));
    assert_eq!(decided(&client, "two", Outcome::Offered).driver.as_deref(), Some("far"), "near is taken");
    client.raw("ride.requested", MARKET.as_bytes(), b"{\"ride\":\"three\"}");
    let parked = client.until(|all: &[RecordParked]| all.first().cloned());
    assert_eq!(parked.cause, Cause::WrongMagic);

    // Nobody answers: time alone withdraws the offer, and there is nobody else.
    (6..60).step_by(6).for_each(|second| tick(&client, DAWN + second * 1_000));
    decided(&client, "two", Outcome::Withdrawn);
    client.publish(&fact(Progress::Completed, DAWN + 61_000, &assigned));
    let closed = decided(&client, "one", Outcome::Closed);
    assert_eq!(closed.revision, Some(2));
    client.publish(&ping("near", DAWN + 61_500, 37_781_000));
    tick(&client, DAWN + 63_000);
    let again = client.until(|all: &[MatchDecided]| {
        all.iter().find(|one| one.ride == "two" && one.driver.as_deref() == Some("near")).cloned()
    });
    assert_eq!(again.outcome, Outcome::Offered, "near is free again");
    second.stop().unwrap();
    audited(brokers, &client);
}

/// The independent reader agrees, and every turn decided again from its own record gives the same bytes.
fn audited(brokers: &str, client: &Client) {
    let verdict = devkit::auditor::audit(brokers, devkit::auditor::Limits::default()).unwrap();
    assert!(verdict.clean(), "{verdict:#?}");
    let policy = Policy::parse(matching::BUILT_IN).unwrap();
    let decided = client.all::<MatchDecided>();
    let turns = client.all::<TurnTaken>();
    assert!(!turns.is_empty());
    for turn in &turns {
        let again = matching::redecide(std::slice::from_ref(turn), &policy).unwrap();
        let mut written = decided.iter().filter(|one| one.turn == turn.turn);
        for one in again {
            assert_eq!(Some(&one), written.next());
        }
        assert_eq!(written.next(), None);
    }
}
