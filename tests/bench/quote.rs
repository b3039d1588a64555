//! What one quote costs on one core, from memory: fare table, caps, 41 prices under seven slopes of demand, what none beats, and all items.
//! Beside its floor, taken in the same run: the acceptance of those prices alone.
//!
//! `cargo bench -p tests --bench quote`

use std::hint::black_box;
use std::time::Instant;

use pricing::{Asked, Caps, Demand, Explore, GRID, Plan, Rates, Trip, WHOLE, quote};

const ROUNDS: usize = 7;
const QUOTES: i64 = 20_000;
/// Microseconds.
const TARGET: f64 = 10.0;

const RATES: Rates = Rates {
    base: 255,
    km: 175_000,
    minute: 35_000,
    least: 700,
    tier_bps: WHOLE,
    booking: 200,
    take_bps: 2_500,
    driver_bps: 7_000,
    tax_bps: 887,
};
const PLAN: Plan<'_> = Plan {
    rates: RATES,
    surge_base: 1_200,
    competitor_bps: (5_000, 1_000),
    loyalty_bps: 1_000,
    caps: Caps::DOUBLE,
    band_bps: 2_000,
    weights: [4, 2, 2, 2],
    cost: 60,
    explore: Explore { salt: "bench", share_bps: 2_000, step_bps: 500 },
};

fn main() {
    let (mut quotes, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        quotes.push(each(|number| {
            drop(black_box(quote(&PLAN, &asked(number, &format!("quote-{number}"))).expect("a price")))
        }));
        floors.push(each(|number| {
            black_box(acceptance(number));
        }));
    }
    let (us, floor) = (median(&mut quotes), median(&mut floors));
    let met = if us <= TARGET { "met" } else { "NOT MET" };
    println!(
        "a quote {us:.2} us, {:.2} x the acceptance of {GRID} prices under seven slopes ({floor:.2} us); at most {TARGET} us: {met}; medians of {ROUNDS} rounds of {QUOTES}",
        us / floor
    );
}

/// Microseconds that one of many takes.
fn each(what: impl Fn(i64)) -> f64 {
    let begun = Instant::now();
    (0..QUOTES).for_each(what);
    begun.elapsed().as_secs_f64() * 1e6 / QUOTES as f64
}

/// Another trip each time.
fn asked(number: i64, id: &str) -> Asked<'_> {
    Asked {
        quote: id,
        trip: Trip { distance_m: 800 + number % 97 * 150, duration_s: 200 + number % 89 * 20, tolls: number % 3 * 347 },
        surge_bps: number % 7 * 500,
        competitor_bps: (number % 2 == 0).then_some(9_000 + number % 11 * 200),
        loyalty_bps: number % 5 * 100,
        emergency_bps: None,
        demand: demand(number),
        wait_min: (number % 10) as f64,
        load: 0.1 * (number % 15) as f64,
    }
}

fn demand(number: i64) -> Demand {
    Demand { odds: 1.0, slope: 2.0 + 0.1 * (number % 13) as f64, error: 0.3, wait: 0.05 }
}

/// The least: who accepts, at each price, under each slope.
fn acceptance(number: i64) -> f64 {
    let demand = demand(number);
    let one = |slope: f64| (0..GRID).map(|at| demand.accepts(slope, 0.01 * (at as f64 - 20.0), 4.0)).sum::<f64>();
    demand.slopes().into_iter().map(one).sum()
}

/// The median; the values are sorted.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
