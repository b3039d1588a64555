//! Whatever is learned, no price leaves its caps, and no rider gains by crossing a street.

use std::collections::BTreeMap;
use std::sync::Arc;

use devkit::sim::Rng;
use kernel::contract::{FareItems, Point, QuoteInputs, Service, Tier};
use kernel::{Millis, Processor, Rules, Turn, geo};
use pricing::quoting::{Output, Seen, View};
use pricing::{BUILT_IN, Policy, Quoting};
use tests::quote;

use crate::each;
use crate::street::MARKET;

/// Policies, and quotes by each: a million together.
const POLICIES: usize = 50;
const QUOTES: usize = 20_000;

/// Caps of a policy that is drawn, as its text has them.
struct Drawn {
    policy: Policy,
    floor_bps: i64,
    ceiling_bps: i64,
    most: i64,
}

fn draw(rng: &mut Rng) -> Drawn {
    let (floor_bps, ceiling_bps) = (rng.upto(10_000), 10_000 + rng.upto(15_000));
    let most = [100, 900, 5_000, 100_000, 10_000_000_000][rng.below(5)];
    let slope = [0.05, 1.0, 3.0, 9.0, 20.0][rng.below(5)];
    let changes = [
        ("floor_bps = 5_000", format!("floor_bps = {floor_bps}")),
        ("ceiling_bps = 20_000", format!("ceiling_bps = {ceiling_bps}")),
        ("most = 100_000", format!("most = {most}")),
        ("odds = 0.9", format!("odds = {}", rng.upto(4) - 2)),
        ("slope = 3.0", format!("slope = {slope}")),
        ("error = 1.0", format!("error = {}", rng.upto(3))),
        ("band_bps = 2_000", format!("band_bps = {}", rng.upto(5_000))),
        ("share_bps = 1_000", "share_bps = 5_000".to_owned()),
        ("profit = 5_000", format!("profit = {}", rng.upto(10_000))),
        ("riders = 1_000", format!("riders = {}", 1 + rng.upto(2_000))),
        ("surge = 0.0", format!("surge = {}", rng.upto(10) - 5)),
    ];
    let text = changes.iter().fold(BUILT_IN.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    Drawn { policy: Policy::parse(&text).unwrap(), floor_bps, ceiling_bps, most }
}

fn inputs(rng: &mut Rng, policy: &Policy) -> QuoteInputs {
    let sometimes =
        |rng: &mut Rng, of: u32, low: i64, high: i64| rng.chance(of).then(|| (low + rng.upto(high - low)) as i32);
    let surge_bps = rng.upto(15_000) as i32;
    QuoteInputs {
        distance_m: rng.upto(60_000),
        duration_s: 1 + rng.upto(7_200),
        service: *rng.pick(&[Service::Standard, Service::Xl]),
        tier: *rng.pick(&[None, Some(Tier::Bronze), Some(Tier::Platinum)]),
        demand: rng.below(30) as i32,
        supply: rng.below(30) as i32,
        wait_ms: 60_000 * rng.below(15) as i32,
        competitor_bps: sometimes(rng, 3_000, 1_000, 30_000),
        emergency_bps: sometimes(rng, 3_000, 10_000, 15_000),
        rider_facts: kernel::contract::RiderFacts::Found,
        loyalty_bps: sometimes(rng, 3_000, 0, 2_000),
        ..quote::plain(policy, MARKET, (1, 0), surge_bps)
    }
}

fn metered(items: &FareItems) -> i64 {
    items.base + items.distance + items.time + items.tier + items.least
}

/// Whether a fare breaks a cap, by more than the half of a minor unit that a product is rounded by; a ceiling is stronger than a floor.
fn broken(items: &FareItems, emergency_bps: Option<i32>, drawn: &Drawn) -> bool {
    let metered = metered(items);
    let fare = metered + items.surge + items.competitor + items.optimum + items.capped;
    let above = |bps: i64| 2 * (fare * 10_000 - metered * bps) > 10_000;
    let dear = above(drawn.ceiling_bps) || fare > drawn.most || emergency_bps.is_some_and(|bps| above(bps.into()));
    let held = fare == drawn.most;
    dear || (2 * (metered * drawn.floor_bps - fare * 10_000) > 10_000 && !held)
}

#[test]
fn of_a_million_quotes_none_breaks_a_cap() {
    let found = each(POLICIES, |seed| {
        let mut rng = Rng::new(seed);
        let drawn = draw(&mut rng);
        let (mut priced_count, mut capped, mut breaches) = (0, 0, 0);
        for number in 0..QUOTES {
            let inputs = inputs(&mut rng, &drawn.policy);
            let emergency_bps = inputs.emergency_bps;
            let quoted = quote::priced(MARKET, (&format!("{seed}-{number}"), 0), inputs, &drawn.policy);
            let price = quoted.price.as_ref().unwrap_or_else(|| panic!("seed {seed}, quote {number}: {quoted:?}"));
            priced_count += 1;
            capped += u64::from(!price.caps.is_empty());
            breaches += u64::from(broken(&price.items, emergency_bps, &drawn));
        }
        [priced_count, capped, breaches]
    });
    let sum = |at: usize| found.iter().map(|one| one[at]).sum::<u64>();
    println!("{} quotes by {POLICIES} policies, {} of them held by a cap: {} breaches", sum(0), sum(1), sum(2));
    assert_eq!((sum(0), sum(2)), (1_000_000, 0));
    assert!(sum(1) > 10_000, "caps are reached");
}

/// Minutes of the day in which a crowd comes and goes.
const MINUTES: i64 = 1_440;

#[test]
fn on_a_day_of_crowds_neighbours_never_differ_by_more_than_a_step() {
    let policy = Policy::default();
    let mut rng = Rng::new(7);
    let mut view = View::default();
    let centre = geo::cell(Point { lat_e6: 37_780_000, lng_e6: -122_410_000 });
    let mut cells = vec![centre];
    (1..=5).for_each(|ring| geo::ring(centre, ring, &mut cells));
    let (mut asked, mut widest, mut quickest, mut highest) = (BTreeMap::<i64, i64>::new(), 0, 0, 0);
    for minute in 0..MINUTES {
        let now = minute * 60_000;
        // Every half an hour the crowd is elsewhere.
        let crowd = cells[(minute / 30 * 37 % cells.len() as i64) as usize];
        for number in 0..14 {
            let cell = if rng.chance(7_000) { crowd } else { *rng.pick(&cells) };
            let ride = format!("{minute}-{number}");
            Quoting::observe(&mut view, MARKET, Seen::Requested { ride, at: now, cell }, usize::MAX);
            let (driver, free) = (format!("d{}", rng.below(60)), Some(*rng.pick(&cells)));
            Quoting::observe(&mut view, MARKET, Seen::Located { driver, at: now, free }, usize::MAX);
        }
        let (asks, facts, cut): (Vec<Arc<_>>, Vec<Arc<_>>, _) = (Vec::new(), Vec::new(), Vec::new());
        let turn = Turn::<Quoting> {
            market: MARKET.to_owned(),
            number: minute,
            now: Millis(now),
            asks,
            facts,
            cut,
            stale: false,
            riders: Default::default(),
        };
        for output in Quoting::decide(&turn, &view, &policy) {
            if let Output::Taken(taken) = &output {
                asked.clear();
                asked.extend(taken.cells.iter().map(|one| (one.cell, i64::from(one.surge_bps))));
                let moved = taken.cells.iter().map(|one| (one.surge_bps - one.before_bps).abs());
                quickest = moved.fold(quickest, i32::max);
            }
            Quoting::evolve(&mut view, &output);
        }
        let mut ring = Vec::new();
        for (cell, surge) in &asked {
            ring.clear();
            geo::ring(*cell as u64, 1, &mut ring);
            let of = |other: &u64| asked.get(&(*other as i64)).copied().unwrap_or(0);
            widest = ring.iter().map(|other| surge - of(other)).fold(widest, i64::max);
            highest = highest.max(*surge);
        }
    }
    println!(
        "{MINUTES} minutes: surge up to {highest} bps, neighbours differ by {widest} at most, a minute moves {quickest} at most, of 1000 that each may"
    );
    assert!(highest > 3_000, "the crowds are felt: {highest}");
    assert!(widest <= 1_000 && quickest <= 1_000, "{widest}, {quickest}");
}
