//! Fares on a real Kafka: processes are killed while they capture, every end of a ride has one fate, and quotes are honoured.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use embedded::Registry;
use kernel::Rules;
use kernel::contract::{
    CaptureOutcome, FareBasis, FareCaptured, PriceQuoted, Progress, QuoteRequested, RideProgressed, RideRequested,
    Service, TOPICS,
};
use pricing::{Policy, recapture};
use runtime::topics;

use crate::binary::Running;
use crate::client::Client;
use crate::demo::alone;
use crate::journey::{MARKET, PARTITIONS, request};
use crate::servers;

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

fn asked(ride: &str, market: &str, quote: Option<String>) -> RideRequested {
    RideRequested { market: market.to_owned(), quote, service: Service::Standard, tier: None, ..request(ride, now()) }
}

fn quote(ride: &RideRequested) -> QuoteRequested {
    QuoteRequested {
        quote: ride.quote.clone().unwrap(),
        at: ride.at,
        market: ride.market.clone(),
        rider: ride.rider.clone(),
        pickup: ride.pickup,
        dropoff: ride.dropoff,
        service: ride.service,
        tier: ride.tier,
        distance_m: Some(3_400),
        duration_s: Some(720),
        tolls_minor: None,
    }
}

fn completed(ride: &RideRequested) -> RideProgressed {
    RideProgressed {
        event: format!("{}-end", ride.ride),
        at: now(),
        market: ride.market.clone(),
        ride: ride.ride.clone(),
        revision: None,
        driver: Some("dan".to_owned()),
        progress: Progress::Completed,
        by: None,
        why: None,
        charged_minor: None,
        paid_minor: None,
        currency: None,
        distance_m: Some(3_500),
        duration_s: Some(780),
        tolls_minor: None,
        wait_s: None,
        payment: None,
        bill: None,
    }
}

#[test]
fn processes_that_capture_are_killed_and_each_end_has_one_fate() {
    let _alone = alone();
    let Some(kafka) = servers::kafka() else { return };
    let registry = Registry::start(0, None).unwrap();
    topics::ensure(kafka.address(), &TOPICS, topics::Layout { partitions: Some(PARTITIONS), replication: 1 }).unwrap();
    let client = Client::new(kafka.address(), registry.url(), PARTITIONS);
    let start = |what: &str, name: &str| {
        Running::start(
            &["run", what, "--brokers", kafka.address(), "--registry", registry.url(), "--instance", name],
            &[],
        )
    };
    let mut desk = start("quoting", "desk");
    let (mut first, mut second) = (start("capturing", "one"), start("capturing", "two"));
    [&mut desk, &mut first, &mut second].into_iter().for_each(Running::becomes_ready);
    let markets = [MARKET, "bern", "oslo", "rome"];
    let mut ends = 0;
    let mut promised = BTreeSet::new();
    for round in 0..4 {
        let quoted = |number: usize| (!number.is_multiple_of(3)).then(|| format!("q{round}-{number}"));
        let rides = (0..40).map(|number| asked(&format!("r{round}-{number}"), markets[number % 4], quoted(number)));
        let rides: Vec<RideRequested> = rides.collect();
        rides.iter().filter(|ride| ride.quote.is_some()).for_each(|ride| client.publish(&quote(ride)));
        rides.iter().for_each(|ride| client.publish(ride));
        promised.extend(rides.iter().filter(|ride| ride.quote.is_some()).map(|ride| ride.ride.clone()));
        let wanted = promised.len();
        client.until(|all: &[PriceQuoted]| (all.len() >= wanted).then_some(()));
        for (number, ride) in rides.iter().enumerate() {
            let end = completed(ride);
            client.publish(&end);
            ends += 1;
            // Whoever publishes at least once says it twice.
            if number % 10 == 0 {
                client.publish(&end);
                ends += 1;
            }
            if number == 20 {
                // Dropped, it is killed.
                match round % 2 {
                    0 => first = start("capturing", &format!("one-{round}")),
                    _ => second = start("capturing", &format!("two-{round}")),
                }
            }
        }
    }
    let all = client.until(|all: &[FareCaptured]| (all.len() >= ends).then(|| all.to_vec()));
    once(&all, ends, &promised);
    for process in [desk, first, second] {
        let (status, said) = process.stop();
        assert_eq!(status, Some(0), "{said:#?}");
    }
}

/// Each end one fate, each ride one fare, each fare the same when it is captured again, each promise kept.
fn once(all: &[FareCaptured], ends: usize, promised: &BTreeSet<String>) {
    let policy = Policy::parse(pricing::BUILT_IN).unwrap();
    assert_eq!(all.len(), ends);
    let mut outcomes: BTreeMap<&str, Vec<CaptureOutcome>> = BTreeMap::new();
    let mut causes = BTreeSet::new();
    for one in all {
        outcomes.entry(&one.ride).or_default().push(one.outcome);
        let cause = one.cause.clone().unwrap();
        assert!(causes.insert((cause.partition, cause.offset)), "answered twice: {one:?}");
        assert_eq!(recapture(one, &policy).as_ref(), Ok(one));
        if let Some(fare) = &one.fare {
            let basis = if promised.contains(&one.ride) { FareBasis::Quote } else { FareBasis::Table };
            assert_eq!(fare.basis, basis, "{one:?}");
        }
    }
    assert_eq!(outcomes.len(), 160);
    for (ride, outcomes) in outcomes {
        let captured = outcomes.iter().filter(|outcome| **outcome == CaptureOutcome::Captured).count();
        assert_eq!(captured, 1, "{ride}: {outcomes:?}");
    }
}
