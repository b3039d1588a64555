//! A week of learning, a policy a day: what the price that it leads to leaves lying against the one that knows the truth.

use kernel::Rules;
use kernel::contract::{FareItems, QuotePrice};
use pricing::fit::{Observed, learn, locals, section};
use pricing::{BUILT_IN, LOCAL_MAX, Policy};

use crate::street::{DAILY, Seen, Street};
use crate::{each, runs};

/// Days of learning.
const WEEK: i64 = 7;
/// Prices that the one who knows looks at.
const PRICES: i64 = 201;
/// What may be left lying of the best revenue. On average it is half of it at most,
const MOST: f64 = 0.03;
/// and in one market of so many, chance may have told a slope so wrong that it is more; of fewer in none.
const BEYOND: usize = 20;
/// San Francisco in winter.
const UTC_OFFSET_MINUTES: i32 = -480;

/// The built-in policy, but revenue alone counts, and no market is its own.
fn revenue_alone() -> String {
    let weights = [("profit = 5_000", "profit = 0"), ("revenue = 3_000", "revenue = 10_000")];
    let others = [("riders = 1_000", "riders = 0"), ("operations = 1_000", "operations = 0")];
    weights.iter().chain(&others).fold(BUILT_IN.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

/// A policy with what was learned in the place of its demand.
fn with_demand(text: &str, demand: &str) -> String {
    let begin = text.find("[demand]").unwrap();
    let end = begin + text[begin..].find("\n[").unwrap();
    format!("{}{demand}{}", &text[..begin], &text[end..])
}

fn metered(items: &FareItems) -> i64 {
    items.base + items.distance + items.time + items.tier + items.least
}

fn start(price: &QuotePrice) -> f64 {
    let items = &price.items;
    let fare = metered(items) + items.surge + items.competitor;
    // The built-in caps.
    let most = (2 * metered(items)).min(100_000);
    fare.clamp(metered(items) / 2, most) as f64
}

/// True revenue of a quote: as it was asked, as it would be asked without exploration, and of the best price in the same band and caps.
fn revenues(seen: &Seen) -> [f64; 3] {
    let (price, observed) = (seen.quoted.price.as_ref().unwrap(), seen.observed());
    let start = start(price);
    let of = |fare: f64| fare * seen.accepts((fare / start).ln());
    let (metered, band) = (metered(&price.items) as f64, 0.2);
    let (low, high) = ((start * (1.0 - band)).max(metered / 2.0), (start * (1.0 + band)).min(metered * 2.0));
    let prices = (0..PRICES).map(|at| low + (high - low) * at as f64 / (PRICES - 1) as f64);
    let best = prices.map(of).fold(0.0, f64::max);
    [of(start * observed.log_price().exp()), of(price.chosen.fare_minor as f64), best]
}

/// Shares of the best revenue that are left lying: before anything was learned, and after the week, with exploration and without. In
/// markets of odd seeds who asks while there is surge wants it more, or less.
fn week(seed: u64) -> [f64; 3] {
    let mut street = Street::new(seed);
    if seed.is_multiple_of(2) {
        street.truth.keen = 0.0;
    }
    let text = revenue_alone();
    let mut policy = Policy::parse(&text).unwrap();
    let mut all: Vec<Observed> = Vec::new();
    let mut first = 0.0;
    for day in 0..=WEEK {
        let mut sums = [0.0; 3];
        street.day(day, DAILY, &policy, |seen| {
            all.push(seen.observed());
            if day == 0 || day == WEEK {
                sums.iter_mut().zip(revenues(&seen)).for_each(|(sum, one)| *sum += one);
            }
        });
        let regrets = [0, 1].map(|at| 1.0 - sums[at] / sums[2]);
        if day == 0 {
            first = regrets[0];
        } else if day == WEEK {
            return [first, regrets[0], regrets[1]];
        }
        let learned = learn(&all).unwrap_or_else(|why| panic!("seed {seed}, day {day}: {why}"));
        let rows = locals(&all, &learned, UTC_OFFSET_MINUTES, LOCAL_MAX);
        let demand = section(None, &learned, &rows, UTC_OFFSET_MINUTES);
        policy =
            Policy::parse(&with_demand(&text, &demand)).unwrap_or_else(|why| panic!("seed {seed}: {why}\n{demand}"));
    }
    unreachable!("the week has an end")
}

#[test]
fn after_a_week_of_learning_hardly_any_revenue_is_left_lying() {
    let count = runs(10);
    let all = each(count, week);
    for (seed, one) in all.iter().enumerate() {
        let [before, after, chosen] = one.map(|share| share * 100.0);
        println!("market {seed}: {before:.2} % before, {after:.2} % after, {chosen:.2} % without exploration");
    }
    for (name, odd) in [("surge says nothing of who asks", false), ("surge says who asks", true)] {
        let of: Vec<&[f64; 3]> =
            all.iter().zip(0..).filter(|(_, seed)| (seed % 2 == 1) == odd).map(|(one, _)| one).collect();
        let mean = |at: usize| of.iter().map(|one| one[at]).sum::<f64>() / of.len() as f64 * 100.0;
        let worst = of.iter().map(|one| one[1]).fold(0.0, f64::max) * 100.0;
        println!(
            "{} markets, {name}: of the best revenue {:.2} % is left lying before anything is learned, {:.2} % after a week, {worst:.2} % in the worst",
            of.len(),
            mean(0),
            mean(1)
        );
        let beyond = of.iter().filter(|one| one[1] > MOST).count();
        assert!(
            mean(1) <= MOST / 2.0 * 100.0 && beyond * BEYOND <= of.len(),
            "{name}: {} on average, {worst} in the worst",
            mean(1)
        );
    }
}
