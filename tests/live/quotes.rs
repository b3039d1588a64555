//! Quotes on a real Kafka: processes are killed while they price, and every request has one fate.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use embedded::Registry;
use kernel::Rules;
use kernel::contract::{MarketSampled, PriceQuoted, QuoteOutcome, QuoteRequested, Service, TOPICS, TurnTaken};
use pricing::{Policy, requote};
use runtime::topics;

use crate::binary::Running;
use crate::client::Client;
use crate::demo::alone;
use crate::journey::{MARKET, PARTITIONS, ping, request};
use crate::servers;

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

fn quoting(brokers: &str, registry: &str, name: &str) -> Running {
    Running::start(&["run", "quoting", "--brokers", brokers, "--registry", registry, "--instance", name], &[])
}

fn ask(quote: &str, market: &str) -> QuoteRequested {
    let of = request(quote, now());
    QuoteRequested {
        quote: quote.to_owned(),
        at: of.at,
        market: market.to_owned(),
        rider: of.rider,
        pickup: of.pickup,
        dropoff: of.dropoff,
        service: Service::Standard,
        tier: None,
        distance_m: None,
        duration_s: None,
        tolls_minor: None,
    }
}

/// Waits until every quote is answered: the answers, by id.
fn answers(client: &Client, wanted: usize) -> Vec<PriceQuoted> {
    client.until(|all: &[PriceQuoted]| {
        let answered: BTreeSet<&str> = all.iter().map(|one| one.quote.as_str()).collect();
        (answered.len() >= wanted).then(|| all.to_vec())
    })
}

#[test]
fn processes_that_price_are_killed_and_each_request_has_one_fate() {
    let _alone = alone();
    let Some(kafka) = servers::kafka() else { return };
    let registry = Registry::start(0, None).unwrap();
    topics::ensure(kafka.address(), &TOPICS, topics::Layout { partitions: Some(PARTITIONS), replication: 1 }).unwrap();
    let client = Client::new(kafka.address(), registry.url(), PARTITIONS);
    let start = |name: &str| quoting(kafka.address(), registry.url(), name);
    let (mut first, mut second) = (start("one"), start("two"));
    first.becomes_ready();
    second.becomes_ready();
    (0..3).for_each(|driver| client.publish(&ping(&format!("d{driver}"), now(), 37_780_000)));
    let markets = [MARKET, "bern", "oslo", "rome"];
    let mut asked = 0;
    for round in 0..4 {
        for number in 0..60 {
            let quote = ask(&format!("q{round}-{number}"), markets[number % markets.len()]);
            client.publish(&quote);
            asked += 1;
            // Whoever publishes at least once says it twice.
            if number % 10 == 0 {
                client.publish(&quote);
                asked += 1;
            }
            if number == 30 {
                // Dropped, it is killed.
                match round % 2 {
                    0 => first = start(&format!("one-{round}")),
                    _ => second = start(&format!("two-{round}")),
                }
            }
        }
    }
    let all = answers(&client, 240);
    let all = client.until(|now: &[PriceQuoted]| (now.len() >= asked.max(all.len())).then(|| now.to_vec()));
    once(&all, asked);
    emergency(&client);
    for process in [first, second] {
        let (status, said) = process.stop();
        assert_eq!(status, Some(0), "{said:#?}");
    }
}

/// Each request one answer, each id one price, each price the same when it is made again.
fn once(all: &[PriceQuoted], asked: usize) {
    let policy = Policy::parse(pricing::BUILT_IN).unwrap();
    assert_eq!(all.len(), asked);
    let mut outcomes: BTreeMap<&str, Vec<QuoteOutcome>> = BTreeMap::new();
    let mut causes = BTreeSet::new();
    for one in all {
        outcomes.entry(&one.quote).or_default().push(one.outcome);
        let cause = one.cause.clone().unwrap();
        assert!(causes.insert((cause.partition, cause.offset)), "answered twice: {one:?}");
        assert_eq!(requote(one, &policy).as_ref(), Ok(one));
    }
    for (quote, outcomes) in outcomes {
        let priced = outcomes.iter().filter(|outcome| **outcome == QuoteOutcome::Quoted).count();
        assert_eq!(priced, 1, "{quote}: {outcomes:?}");
    }
    let supply = |one: &&PriceQuoted| one.market == MARKET && one.inputs.as_ref().is_some_and(|seen| seen.supply == 3);
    assert!(all.iter().any(|one| supply(&one)), "the drivers were seen");
}

/// An emergency is in force for whoever asks after it was published.
fn emergency(client: &Client) {
    let (cell, competitor_bps, traffic_bps, weather, event) = (None, Some(9_000), None, None, None);
    let (market, emergency) = (MARKET.to_owned(), Some(true));
    client.publish(&MarketSampled { market, at: now(), cell, competitor_bps, traffic_bps, weather, event, emergency });
    client.publish(&ask("held", MARKET));
    let held = client.until(|all: &[PriceQuoted]| all.iter().find(|one| one.quote == "held").cloned());
    let inputs = held.inputs.as_ref().unwrap();
    assert_eq!((inputs.emergency_bps, inputs.competitor_bps), (Some(10_000), Some(9_000)), "{held:?}");
    let turn = client.until(|all: &[TurnTaken]| {
        all.iter().find(|turn| turn.market == MARKET && turn.turn == held.turn && turn.processor == "quoting").cloned()
    });
    assert!(turn.cut.iter().any(|cut| cut.topic == "market.sampled" && cut.offset > 0), "{turn:?}");
}
