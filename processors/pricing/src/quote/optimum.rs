//! The choice among prices: what each would bring to four who want different things, and the one that the weights prefer.
//!
//! - profit: acceptance x what the platform keeps;
//! - revenue: acceptance x fare;
//! - riders: the mean of `ln(1 + exp(u))`, `u` the log odds of acceptance: what the choice is worth to them (the inclusive value of a
//!   logit, McFadden 1978), so that price and wait both count;
//! - operations: the driver's pay an hour of the ride x the share of free drivers that acceptance puts to use.
//!
//! Each is measured against its best on the grid, millionths, in integers: so a decision is the same on every machine.

use super::curve::{LANES, Lanes, Taken, curve, logs};
use super::demand::{Demand, POINTS};
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

/// What the four have of a price, under each slope of demand.
type Values = [Lanes; 4];

/// Chooses among the prices of [`grid`].
pub fn choose(ground: &Ground, demand: &Demand, weights: &Weights) -> Choice {
    let (fares, count) = fares(ground);
    let fares = &fares[..count];
    let weights = weights.map(|weight| weight.clamp(0, WHOLE));
    let logs = logs(ground.fare, fares);
    let curve = curve(demand, ground.wait_min, &logs[..count]);
    let mut worth = [[[0.0; LANES]; 4]; GRID];
    worth.iter_mut().zip(&curve).zip(fares).for_each(|((worth, taken), fare)| *worth = values(ground, taken, *fare));
    let worth = &worth[..count];
    let scores = scores(worth, weights);
    let parts = parts(worth);
    let parts = &parts[..count];
    let score = |values: &[i64; 4]| values.iter().zip(weights).map(|(value, weight)| value * weight).sum::<i64>();
    let mut totals = [0; GRID];
    totals.iter_mut().zip(parts).for_each(|(total, part)| *total = score(part));
    let chosen = first_best(totals[..count].iter().copied());
    // The chosen one itself counts as worse than any.
    let others = totals[..count].iter().enumerate().map(|(place, total)| if place == chosen { -1 } else { *total });
    let next = first_best(others);
    let behind = (totals[chosen] - totals[next]).saturating_mul(PART as i64) / totals[chosen].max(1);
    let best = |lane: usize| first_best(scores[..count].iter().map(|lanes| lanes[lane]));
    let alike = (0..POINTS).filter(|lane| scores[chosen][*lane] >= scores[best(*lane)][*lane] * ALIKE).count() as i64;
    let point = |place: usize| Point {
        fare: fares[place],
        accepts: (sum(&curve[place].accepts) / POINTS as f64 * PART + 0.5) as i64,
        values: parts[place],
    };
    let (steep, flat) = (fares[best(POINTS - 1)], fares[best(0)]);
    Choice {
        best: point(chosen),
        runner_up: (count > 1).then(|| (point(next), behind)),
        pareto: frontier(parts, chosen).into_iter().map(point).collect(),
        interval: (steep.min(flat), steep.max(flat)),
        confidence_bps: alike * WHOLE / POINTS as i64,
        bound: chosen == 0 || chosen + 1 == count,
    }
}

/// What the four have of one price.
fn values(ground: &Ground, taken: &Taken, fare: i64) -> Values {
    let take = share(fare, ground.take_bps);
    let (kept, hourly) = ((take + ground.fixed) as f64, (fare - take) as f64 * 60.0 / ground.busy_min.max(1.0));
    let used = taken.accepts.map(|accepts| less(ground.load * accepts, 1.0));
    let of = |factor: f64| taken.accepts.map(|accepts| accepts * factor);
    [of(kept), of(fare as f64), taken.riders, used.map(|used| used * hourly)]
}

/// The score of each price under each slope: values against their best under it, weighted.
fn scores(worth: &[Values], weights: Weights) -> [Lanes; GRID] {
    let mut bests = [[0.0; LANES]; 4];
    for values in worth {
        for (bests, values) in bests.iter_mut().zip(values) {
            bests.iter_mut().zip(values).for_each(|(best, value)| *best = more(*best, *value));
        }
    }
    // Nothing where nothing is above nothing.
    let factor = |(best, weight): (Lanes, i64)| best.map(|best| if best > 0.0 { weight as f64 / best } else { 0.0 });
    let factors = [0, 1, 2, 3].map(|of| factor((bests[of], weights[of])));
    let mut scores = [[0.0; LANES]; GRID];
    for (scores, values) in scores.iter_mut().zip(worth) {
        for (values, factors) in values.iter().zip(&factors) {
            for (score, (value, factor)) in scores.iter_mut().zip(values.iter().zip(factors)) {
                *score += more(*value, 0.0) * factor;
            }
        }
    }
    scores
}

/// What the four have of each price, whatever the slope: sums over the slopes, millionths of the best sum.
fn parts(worth: &[Values]) -> [[i64; 4]; GRID] {
    let mut sums = [[0.0; 4]; GRID];
    let mut bests = [0.0_f64; 4];
    for (sums, values) in sums.iter_mut().zip(worth) {
        *sums = [0, 1, 2, 3].map(|of| sum(&values[of]));
        bests.iter_mut().zip(sums).for_each(|(best, sum)| *best = more(*best, *sum));
    }
    let scales = bests.map(|best| if best > 0.0 { PART / best } else { 0.0 });
    // What is below nothing is nothing; halves go up.
    sums.map(|sums| [0, 1, 2, 3].map(|of| (more(sums[of], 0.0) * scales[of] + 0.5) as i64))
}

/// The sum over all slopes; the last lane stands for none.
fn sum(lanes: &Lanes) -> f64 {
    let [a, b, c, d, e, f, g, _] = lanes;
    ((a + b) + (c + d)) + ((e + f) + g)
}

/// The greater one; unlike the library's it needs no care for what is no number.
fn more(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// The lesser one.
fn less(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// The place of the best; of equal ones the first, which is the cheapest.
fn first_best<T: PartialOrd>(scores: impl Iterator<Item = T>) -> usize {
    let mut best: Option<(usize, T)> = None;
    for (place, score) in scores.enumerate() {
        if best.as_ref().is_none_or(|(_, known)| score > *known) {
            best = Some((place, score));
        }
    }
    best.map_or(0, |(place, _)| place)
}

/// The places of which no other is at least as good for all four and better for one: the chosen one, the ends, and what lies evenly
/// between them.
fn frontier(parts: &[[i64; 4]], chosen: usize) -> Vec<usize> {
    let mut all = [0; GRID];
    let mut count = 0;
    // The most of each among the cheaper.
    let mut most = [-1; 4];
    for (place, own) in parts.iter().enumerate() {
        // Who has more of something than all cheaper ones is beaten by none of them.
        let new = [0, 1, RIDERS + 1].iter().any(|of| own[*of] > most[*of]);
        let stands = (new || !beaten_by_cheaper(parts, place)) && !beaten_by_dearer(parts, place);
        if place == chosen || stands {
            all[count] = place;
            count += 1;
        }
        most.iter_mut().zip(own).for_each(|(most, own)| *most = (*most).max(*own));
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
fn beats(a: &[i64; 4], b: &[i64; 4]) -> bool {
    a != b && a.iter().zip(b).all(|(a, b)| a >= b)
}

/// The nearest cheaper ones first: they are the most alike.
fn beaten_by_cheaper(parts: &[[i64; 4]], place: usize) -> bool {
    parts[..place].iter().rev().any(|other| beats(other, &parts[place]))
}

/// What is dearer is worth less to riders, or as much: it beats only where it is as much.
fn beaten_by_dearer(parts: &[[i64; 4]], place: usize) -> bool {
    let own = &parts[place];
    parts[place + 1..].iter().take_while(|other| other[RIDERS] == own[RIDERS]).any(|other| beats(other, own))
}
