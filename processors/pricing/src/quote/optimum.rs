//! The choice among prices: what each would bring to four who want different things, and the one that the weights prefer.
//!
//! - profit: acceptance x what the platform keeps;
//! - revenue: acceptance x fare;
//! - riders: the mean of `ln(1 + exp(u))`, `u` the log odds of acceptance: what the choice is worth to them (the inclusive value of a
//!   logit, McFadden 1978), so that price and wait both count;
//! - operations: the driver's pay an hour of the ride x the share of free drivers that acceptance puts to use.
//!
//! Each is measured against its best on the grid, millionths, in integers: so a decision is the same on every machine.
#![allow(clippy::needless_range_loop)] // Lanes of several arrays at once: of iterators the compiler makes slower code.

use super::curve::{LANES, Lanes, Taken, curve, logs};
use super::demand::{Demand, POINTS};
use super::wide;
use crate::money::{WHOLE, share};

/// Prices that are compared, most.
pub const GRID: usize = 41;
/// Prices that are told, most.
pub const PARETO: usize = 5;
/// The place of riders among the four.
const RIDERS: usize = 2;
/// Of a value's best.
const PART: f64 = 1e6;
/// A price is as good as the best where it has so much of its score.
const ALIKE: f64 = 0.99;

/// What counts how much, 0 to 10,000 each; only their proportion matters. Profit, revenue, riders, operations.
pub type Weights = [i64; 4];

/// What the choice rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ground {
    /// The fare that table, surge and competitors come to, minor units: `p0` of the demand.
    pub fare: i64,
    /// Least and most fare that caps leave.
    pub bounds: (i64, i64),
    /// How far from `fare` prices are looked for, basis points.
    pub band_bps: i64,
    /// The platform's share of the fare, basis points.
    pub take_bps: i64,
    /// What a ride brings the platform beside its share, less what it costs: minor units.
    pub fixed: i64,
    /// Minutes until a driver is there.
    pub wait_min: f64,
    /// Minutes that the ride takes a driver, the way to the rider included.
    pub busy_min: f64,
    /// Requests for each free driver.
    pub load: f64,
}

/// A price, and what it brings: millionths of the best on the grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Point {
    /// Fare, minor units.
    pub fare: i64,
    /// Share of riders who accept, millionths.
    pub accepts: i64,
    /// Profit, revenue, riders, operations.
    pub values: [i64; 4],
}

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The price.
    pub best: Point,
    /// The next best by the weights, and how much worse it is in millionths of the best's score; `None`: there is one price only.
    pub runner_up: Option<(Point, i64)>,
    /// Prices of which none is better for all four, by fare, the chosen one among them.
    pub pareto: Vec<Point>,
    /// What would be chosen if demand were as steep, and as flat, as it may be: its 1/14 and 13/14 quantiles.
    pub interval: (i64, i64),
    /// Share of what demand may be for which the chosen price is within a hundredth of the best score, basis points.
    pub confidence_bps: i64,
    /// No price inside is best: the bound decides.
    pub bound: bool,
}

/// The prices that are compared: evenly over the band, inside the bounds, each once, upwards.
pub fn grid(ground: &Ground) -> Vec<i64> {
    let (fares, count) = fares(ground);
    fares[..count].to_vec()
}

/// The same without a list of its own: so many of them count.
#[inline(always)]
fn fares(ground: &Ground) -> ([i64; GRID], usize) {
    let (least, most) = (ground.bounds.0, ground.bounds.1.max(ground.bounds.0));
    let half = (GRID / 2) as i64;
    let band = ground.band_bps.clamp(0, WHOLE);
    let (mut fares, mut count) = ([0; GRID], 0);
    for place in -half..=half {
        let fare = (ground.fare + share(ground.fare, band * place / half)).clamp(least, most);
        if count == 0 || fares[count - 1] != fare {
            fares[count] = fare;
            count += 1;
        }
    }
    (fares, count)
}

/// What a price is to the four beside who accepts it.
#[derive(Clone, Copy, Default)]
struct Terms {
    /// What the platform keeps of a ride, minor units.
    kept: f64,
    fare: f64,
    /// The driver's pay an hour of the ride, minor units.
    hourly: f64,
}

/// What the four have of a price, under each slope of demand.
type Values = [Lanes; 4];

/// The same of a price whatever the slope, millionths of the best: whole numbers, and so are their weighted sums, below 2^53, which a
/// float holds exactly. So what is compared is as exact as integers, and several are compared at once.
type Parts = [f64; 4];

/// Chooses among the prices of [`grid`].
pub fn choose(ground: &Ground, demand: &Demand, weights: &Weights) -> Choice {
    wide::choose(ground, demand, weights)
}

/// The choice, compiled into whoever calls it; see [`wide`].
#[inline(always)]
pub(super) fn chosen(ground: &Ground, demand: &Demand, weights: &Weights) -> Choice {
    let (fares, count) = fares(ground);
    let fares = &fares[..count];
    let weights = weights.map(|weight| weight.clamp(0, WHOLE) as f64);
    let logs = logs(ground.fare, fares);
    let curve = curve(demand, ground.wait_min, &logs[..count]);
    let curve = &curve[..count];
    let mut terms = [Terms::default(); GRID];
    for (terms, fare) in terms.iter_mut().zip(fares) {
        *terms = of_fare(ground, *fare);
    }
    let terms = &terms[..count];
    let (parts, bests) = parts(ground, curve, terms);
    let parts = &parts[..count];
    let totals = totals(parts, weights);
    let chosen = first_best(&totals[..count], count);
    // The chosen one itself counts as worse than any.
    let next = first_best(&totals[..count], chosen);
    let ahead = (totals[chosen] - totals[next]) as i64;
    let behind = ahead.saturating_mul(PART as i64) / (totals[chosen] as i64).max(1);
    let sure = sure(ground, (curve, terms), (bests, weights), chosen);
    let point = |place: usize| Point {
        fare: fares[place],
        accepts: (sum(&curve[place].accepts) / POINTS as f64 * PART + 0.5) as i64,
        values: parts[place].map(|part| part as i64),
    };
    let (steep, flat) = (fares[sure.steep], fares[sure.flat]);
    Choice {
        best: point(chosen),
        runner_up: (count > 1).then(|| (point(next), behind)),
        pareto: frontier(parts, chosen).into_iter().map(point).collect(),
        interval: (steep.min(flat), steep.max(flat)),
        confidence_bps: sure.alike * WHOLE / POINTS as i64,
        bound: chosen == 0 || chosen + 1 == count,
    }
}

#[inline(always)]
fn of_fare(ground: &Ground, fare: i64) -> Terms {
    let take = share(fare, ground.take_bps);
    let hourly = (fare - take) as f64 * 60.0 / more(ground.busy_min, 1.0);
    Terms { kept: (take + ground.fixed) as f64, fare: fare as f64, hourly }
}

/// What the four have of one price.
#[inline(always)]
fn values(load: f64, taken: &Taken, terms: &Terms) -> Values {
    let mut values = [[0.0; LANES]; 4];
    for lane in 0..LANES {
        let accepts = taken.accepts[lane];
        values[0][lane] = accepts * terms.kept;
        values[1][lane] = accepts * terms.fare;
        values[2][lane] = taken.riders[lane];
        values[3][lane] = less(load * accepts, 1.0) * terms.hourly;
    }
    values
}

/// What the four have of each price, whatever the slope: sums over the slopes, millionths of the best sum; and the best that each has
/// under each slope.
#[inline(always)]
fn parts(ground: &Ground, curve: &[Taken], terms: &[Terms]) -> ([Parts; GRID], Values) {
    let mut bests = [[0.0; LANES]; 4];
    let mut sums = [[0.0; 4]; GRID];
    let mut most = [0.0_f64; 4];
    for ((sums, taken), terms) in sums.iter_mut().zip(curve).zip(terms) {
        let values = values(ground.load, taken, terms);
        for of in 0..4 {
            for lane in 0..LANES {
                bests[of][lane] = more(bests[of][lane], values[of][lane]);
            }
            sums[of] = sum(&values[of]);
            most[of] = more(most[of], sums[of]);
        }
    }
    let scales = most.map(|best| if best > 0.0 { PART / best } else { 0.0 });
    for parts in &mut sums {
        for of in 0..4 {
            // What is below nothing is nothing; halves go up.
            parts[of] = floor(more(parts[of], 0.0) * scales[of] + 0.5);
        }
    }
    (sums, bests)
}

/// How sure a choice is.
struct Sure {
    /// The place of the best price where demand is as flat as it may be; of equal ones the cheapest.
    flat: usize,
    /// The same where it is as steep.
    steep: usize,
    /// Slopes under which the chosen price is nearly as good as the best.
    alike: i64,
}

/// Scores each price under each slope: values against their best under it, weighted.
#[inline(always)]
fn sure(
    ground: &Ground,
    (curve, terms): (&[Taken], &[Terms]),
    (bests, weights): (Values, [f64; 4]),
    chosen: usize,
) -> Sure {
    let mut factors = [[0.0; LANES]; 4];
    for of in 0..4 {
        for lane in 0..LANES {
            // Nothing where nothing is above nothing.
            let best = bests[of][lane];
            factors[of][lane] = if best > 0.0 { weights[of] / best } else { 0.0 };
        }
    }
    let mut scores = [[0.0; LANES]; GRID];
    let mut best = [-1.0; LANES];
    for (scores, (taken, terms)) in scores.iter_mut().zip(curve.iter().zip(terms)) {
        let values = values(ground.load, taken, terms);
        for lane in 0..LANES {
            let part = |of: usize| more(values[of][lane], 0.0) * factors[of][lane];
            scores[lane] = ((part(0) + part(1)) + part(2)) + part(3);
            best[lane] = more(best[lane], scores[lane]);
        }
    }
    let scores = &scores[..curve.len()];
    let first = |lane: usize| scores.iter().position(|scores| scores[lane] >= best[lane]).unwrap_or(0);
    let alike = (0..POINTS).filter(|lane| scores[chosen][*lane] >= best[*lane] * ALIKE).count() as i64;
    Sure { flat: first(0), steep: first(POINTS - 1), alike }
}

/// The score of each price: its parts, weighted.
#[inline(always)]
fn totals(parts: &[Parts], weights: [f64; 4]) -> [f64; GRID] {
    let mut totals = [0.0; GRID];
    for (total, parts) in totals.iter_mut().zip(parts) {
        let [a, b, c, d] = [0, 1, 2, 3].map(|of| parts[of] * weights[of]);
        *total = (a + b) + (c + d);
    }
    totals
}

/// The whole part of what is not below zero and far below 2^52: the library's own is a call, or takes them one by one.
#[inline(always)]
fn floor(of: f64) -> f64 {
    // From here on a float has no fraction: adding it rounds, to the nearest.
    const WHOLES: f64 = 4_503_599_627_370_496.0;
    let near = of + WHOLES - WHOLES;
    if near > of { near - 1.0 } else { near }
}

/// The sum over all slopes; the last lane stands for none.
#[inline(always)]
fn sum(lanes: &Lanes) -> f64 {
    let [a, b, c, d, e, f, g, _] = lanes;
    ((a + b) + (c + d)) + ((e + f) + g)
}

/// The greater one; unlike the library's it needs no care for what is no number.
#[inline(always)]
fn more(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// The lesser one.
#[inline(always)]
fn less(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// The place of the best but for one; of equal ones the first, which is the cheapest.
#[inline(always)]
fn first_best(totals: &[f64], without: usize) -> usize {
    let (mut best, mut at) = (-1.0, 0);
    for (place, total) in totals.iter().enumerate() {
        if *total > best && place != without {
            (best, at) = (*total, place);
        }
    }
    at
}

/// The places of which no other is at least as good for all four and better for one: the chosen one, the ends, and what lies evenly
/// between them.
#[inline(always)]
fn frontier(parts: &[Parts], chosen: usize) -> Vec<usize> {
    let mut all = [0; GRID];
    let mut count = 0;
    // The most of each among the cheaper.
    let mut most = [-1.0; 4];
    for (place, own) in parts.iter().enumerate() {
        // Who has more of something than all cheaper ones is beaten by none of them.
        let new = [0, 1, RIDERS + 1].iter().any(|of| own[*of] > most[*of]);
        let stands = (new || !beaten_by_cheaper(parts, place)) && !beaten_by_dearer(parts, place);
        if place == chosen || stands {
            all[count] = place;
            count += 1;
        }
        most.iter_mut().zip(own).for_each(|(most, own)| *most = more(*most, *own));
    }
    let all = &all[..count];
    if all.len() <= PARETO {
        return all.to_vec();
    }
    let mut some: Vec<usize> = (0..PARETO - 1).map(|at| all[at * (all.len() - 1) / (PARETO - 2)]).collect();
    some.push(chosen);
    some.sort_unstable();
    some.dedup();
    some
}

/// Whether one price is at least as good as another for all four, and better for one.
#[inline(always)]
fn beats(a: &Parts, b: &Parts) -> bool {
    a != b && a.iter().zip(b).all(|(a, b)| a >= b)
}

/// The nearest cheaper ones first: they are the most alike.
#[inline(always)]
fn beaten_by_cheaper(parts: &[Parts], place: usize) -> bool {
    parts[..place].iter().rev().any(|other| beats(other, &parts[place]))
}

/// What is dearer is worth less to riders, or as much: it beats only where it is as much.
#[inline(always)]
fn beaten_by_dearer(parts: &[Parts], place: usize) -> bool {
    let own = &parts[place];
    parts[place + 1..].iter().take_while(|other| other[RIDERS] == own[RIDERS]).any(|other| beats(other, own))
}
