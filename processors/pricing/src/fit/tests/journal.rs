//! Refused is who let the lock expire; what is not known yet, or not any more, is left out and counted.

use kernel::contract::{Point, PriceQuoted, QuoteInputs, QuoteOutcome, RideRequested, Service};

use crate::fit::{Journal, Observed, Settled};
use crate::{Policy, requote};
use kernel::Rules;

/// A quote at a second, priced by the built-in policy; its lock holds 300 s.
pub(super) fn quote(id: &str, second: i64) -> PriceQuoted {
    let inputs = QuoteInputs {
        distance_m: 3_400,
        duration_s: 720,
        tolls_minor: 0,
        estimated: false,
        service: Service::Standard,
        tier: None,
        cell: 1,
        demand: 1,
        supply: 1,
        wait_ms: 120_000,
        surge_bps: 0,
        competitor_bps: None,
        emergency_bps: None,
        rider_facts: kernel::contract::RiderFacts::Absent,
        rider_place: None,
        loyalty: None,
        loyalty_bps: None,
        odds_e6: 900_000,
        slope_e6: 3_000_000,
        error_e6: 1_000_000,
        wait_e6: 50_000,
    };
    let policy = Policy::default();
    let asked = PriceQuoted {
        quote: id.to_owned(),
        at: second * 1_000,
        market: "sf".to_owned(),
        outcome: QuoteOutcome::Unknown,
        refusal: None,
        price: None,
        inputs: Some(inputs),
        cause: None,
        turn: 0,
        row: 0,
        policy_version: policy.version(),
        policy_hash: policy.hash().to_owned(),
        stale: false,
    };
    requote(&asked, &policy).unwrap()
}

fn ride(quote: Option<&str>, second: i64) -> RideRequested {
    let place = Point { lat_e6: 0, lng_e6: 0 };
    RideRequested {
        ride: format!("ride-{second}"),
        at: second * 1_000,
        market: "sf".to_owned(),
        rider: "ann".to_owned(),
        pickup: place,
        dropoff: place,
        service: Service::Standard,
        tier: None,
        quote: quote.map(str::to_owned),
    }
}

fn settle(quotes: &[PriceQuoted], rides: &[RideRequested], trimmed: bool) -> Settled<i64> {
    let mut journal = Journal::of(0..i64::MAX);
    let keep = |quoted: &PriceQuoted| Observed::of(quoted, false).map(|one| one.at / 1_000);
    quotes.iter().for_each(|one| journal.quoted(0, one, keep));
    rides.iter().for_each(|one| journal.requested((0, trimmed), one));
    journal.settle()
}

#[test]
fn a_quote_is_accepted_by_a_ride_within_its_lock_and_refused_without_one() {
    let quotes = [quote("in", 0), quote("late", 1), quote("none", 2), quote("end", 400)];
    let rides =
        [ride(Some("in"), 300), ride(Some("late"), 302), ride(None, 5), ride(Some("in"), 301), ride(Some("x"), 3)];
    let settled = settle(&quotes, &rides, false);
    let mut found = settled.quotes.clone();
    found.sort_unstable();
    assert_eq!(found, [(0, true), (1, false), (2, false)]);
    assert_eq!(settled.left_out.into_iter().collect::<Vec<_>>(), [("whose lock held still at the end of the log", 1)]);
}

#[test]
fn a_lock_that_holds_still_is_left_out_though_it_was_used() {
    let settled = settle(&[quote("a", 0), quote("b", 300)], &[ride(Some("a"), 10)], false);
    assert_eq!((settled.quotes, settled.left_out.values().sum::<u64>()), (vec![], 2));
}

#[test]
fn where_retention_took_rides_the_quotes_of_before_are_left_out() {
    let quotes = [quote("old", 0), quote("new", 2_000), quote("end", 9_000)];
    let rides: Vec<RideRequested> = (1_000..1_200).map(|second| ride(None, second)).collect();
    assert_eq!(settle(&quotes, &rides, false).quotes.len(), 2);
    let settled = settle(&quotes, &rides, true);
    assert_eq!(settled.quotes, [(2_000, false)]);
    assert_eq!(settled.left_out.get("from before the rides that are kept"), Some(&1));
}

#[test]
fn what_has_no_price_is_left_out_and_what_lies_outside_the_span_is_not_counted() {
    let refused = PriceQuoted { outcome: QuoteOutcome::Refused, price: None, ..quote("refused", 5) };
    let mut journal = Journal::of(1_000..10_000);
    let keep = |quoted: &PriceQuoted| Observed::of(quoted, false);
    for one in [&quote("before", 0), &refused, &quote("in", 2), &quote("after", 10), &quote("end", 9_000)] {
        journal.quoted(0, one, keep);
    }
    assert_eq!(journal.len(), 1);
    let settled = journal.settle();
    assert_eq!(settled.left_out.into_iter().collect::<Vec<_>>(), [("without a price", 1)]);
    assert_eq!(settled.quotes.len(), 1, "time came far beyond its lock");
}

#[test]
fn an_observation_tells_the_start_price_the_choice_and_the_draw_apart() {
    let one = (0..10_000)
        .map(|number| quote(&format!("q{number}"), 0))
        .find(|one| one.price.as_ref().is_some_and(|price| price.explored_bps == 500));
    let one = one.unwrap();
    let (price, found) = (one.price.as_ref().unwrap(), Observed::of(&one, true).unwrap());
    let items = &price.items;
    let start = items.base + items.distance + items.time;
    assert_eq!(items.surge + items.competitor + items.tier + items.least + items.capped, 0);
    assert!((found.chosen - libm::log(price.chosen.fare_minor as f64 / start as f64)).abs() < 1e-12);
    assert!((found.log_price() - libm::log((start + items.optimum) as f64 / start as f64)).abs() < 1e-12);
    assert!((found.moved - libm::log(1.05)).abs() < 1e-3 && found.drawn == 0.05 && found.propensity == 0.05);
}
