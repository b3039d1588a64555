//! The choice among prices: what each would bring to four who want different things, and the one that the weights prefer.
//!
//! - profit: acceptance x what the platform keeps;
//! - revenue: acceptance x fare;
//! - riders: the mean of `ln(1 + exp(u))`, `u` the log odds of acceptance: what the choice is worth to them (the inclusive value of a
//!   logit, McFadden 1978), so that price and wait both count;
//! - operations: the driver's pay an hour of the ride x the share of free drivers that acceptance puts to use.
//!
//! Each is measured against its best on the grid, millionths, in integers: so a decision is the same on every machine.

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
    let (least, most) = (ground.bounds.0, ground.bounds.1.max(ground.bounds.0));
    let half = (GRID / 2) as i64;
    let at = |place: i64| ground.fare + share(ground.fare, ground.band_bps.clamp(0, WHOLE) * place / half);
    let mut fares: Vec<i64> = (-half..=half).map(|place| at(place).clamp(least, most)).collect();
    fares.dedup();
    fares
}

/// What the four have of a price.
type Values = [f64; 4];

/// A price, and what does not depend on the slope of demand.
struct Fixed {
    fare: i64,
    log_price: f64,
    /// What the platform keeps, what the driver has an hour.
    kept: f64,
    hourly: f64,
}

/// Chooses among the prices of [`grid`].
pub fn choose(ground: &Ground, demand: &Demand, weights: &Weights) -> Choice {
    let prices: Vec<Fixed> = grid(ground).into_iter().map(|fare| fixed(ground, fare)).collect();
    let count = prices.len().min(GRID);
    let weights = weights.map(|weight| weight.clamp(0, WHOLE));
    // Sums over the slopes: a mean's share of the best mean is a sum's share of the best sum.
    let mut sums = [(0.0, [0.0; 4]); GRID];
    let mut scores = [[0.0; GRID]; POINTS];
    for (scored, slope) in scores.iter_mut().zip(demand.slopes()) {
        let worth = worth(ground, demand, (slope, &prices[..count]));
        for (sum, (accepts, values)) in sums.iter_mut().zip(&worth) {
            sum.0 += accepts;
            sum.1.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        }
        let scale = scales(worth[..count].iter().map(|(_, values)| values), 1.0);
        let factors = [0, 1, 2, 3].map(|of| scale[of] * weights[of] as f64);
        for (score, (_, values)) in scored.iter_mut().zip(&worth) {
            *score = values.iter().zip(factors).map(|(value, factor)| value.max(0.0) * factor).sum();
        }
    }
    let scale = scales(sums[..count].iter().map(|(_, values)| values), PART);
    // What is below nothing is nothing; halves go up.
    let part = |values: &Values| [0, 1, 2, 3].map(|of| (values[of].max(0.0) * scale[of] + 0.5) as i64);
    let parts: Vec<[i64; 4]> = sums[..count].iter().map(|(_, values)| part(values)).collect();
    let score = |values: &[i64; 4]| values.iter().zip(weights).map(|(value, weight)| value * weight).sum::<i64>();
    let totals: Vec<i64> = parts.iter().map(score).collect();
    let chosen = first_best(totals.iter().copied());
    // The chosen one itself counts as worse than any.
    let others = totals.iter().enumerate().map(|(place, total)| if place == chosen { -1 } else { *total });
    let next = first_best(others);
    let behind = (totals[chosen] - totals[next]).saturating_mul(PART as i64) / totals[chosen].max(1);
    let best_of = |scored: &[f64; GRID]| first_best(scored[..count].iter().copied());
    let alike = scores.iter().filter(|scored| scored[chosen] >= scored[best_of(scored)] * ALIKE).count() as i64;
    let point = |place: usize| Point {
        fare: prices[place].fare,
        accepts: (sums[place].0 / POINTS as f64 * PART + 0.5) as i64,
        values: parts[place],
    };
    let (steep, flat) = (prices[best_of(&scores[POINTS - 1])].fare, prices[best_of(&scores[0])].fare);
    Choice {
        best: point(chosen),
        runner_up: (count > 1).then(|| (point(next), behind)),
        pareto: frontier(&parts, chosen).into_iter().map(point).collect(),
        interval: (steep.min(flat), steep.max(flat)),
        confidence_bps: alike * WHOLE / POINTS as i64,
        bound: chosen == 0 || chosen + 1 == count,
    }
}

fn fixed(ground: &Ground, fare: i64) -> Fixed {
    let take = share(fare, ground.take_bps);
    let log_price = libm::log(fare.max(1) as f64 / ground.fare.max(1) as f64);
    let hourly = (fare - take) as f64 * 60.0 / ground.busy_min.max(1.0);
    Fixed { fare, log_price, kept: (take + ground.fixed) as f64, hourly }
}

/// Acceptance at each price, and what the four have of it, for one slope of demand.
fn worth(ground: &Ground, demand: &Demand, (slope, prices): (f64, &[Fixed])) -> [(f64, Values); GRID] {
    let mut worth = [(0.0, [0.0; 4]); GRID];
    // What the choice is worth to riders grows, as the price falls, by acceptance: its integral, by trapezoids between prices that
    // are a hundredth apart or so, spares a logarithm for each. A test says how far off that is.
    let mut last: Option<(f64, f64, f64)> = None;
    for (one, price) in worth.iter_mut().zip(prices).rev() {
        let accepts = demand.accepts(slope, price.log_price, ground.wait_min);
        let riders = match last {
            None => -libm::log((1.0 - accepts).max(1e-12)),
            Some((dearer, above, riders)) => riders + (accepts + above) / 2.0 * slope * (dearer - price.log_price),
        };
        last = Some((price.log_price, accepts, riders));
        let used = (ground.load * accepts).min(1.0);
        *one = (accepts, [accepts * price.kept, accepts * price.fare as f64, riders, price.hourly * used]);
    }
    worth
}

/// By what each of the four is multiplied so that its best is `whole`; nothing where nothing is above nothing.
fn scales<'a>(values: impl Iterator<Item = &'a Values>, whole: f64) -> Values {
    let mut bests = [0.0_f64; 4];
    values.for_each(|value| bests.iter_mut().zip(value).for_each(|(best, value)| *best = best.max(*value)));
    bests.map(|best| if best > 0.0 { whole / best } else { 0.0 })
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
    let beats = |a: &[i64; 4], b: &[i64; 4]| a != b && a.iter().zip(b).all(|(a, b)| a >= b);
    let beaten = |place: usize| {
        let (own, (cheaper, dearer)) = (&parts[place], (&parts[..place], &parts[place + 1..]));
        // What is dearer is worth less to riders, or as much: it beats only where it is as much.
        cheaper.iter().any(|other| beats(other, own))
            || dearer.iter().take_while(|other| other[RIDERS] == own[RIDERS]).any(|other| beats(other, own))
    };
    let all: Vec<usize> = (0..parts.len()).filter(|place| *place == chosen || !beaten(*place)).collect();
    if all.len() <= PARETO {
        return all;
    }
    let mut some: Vec<usize> = (0..PARETO - 1).map(|at| all[at * (all.len() - 1) / (PARETO - 2)]).collect();
    some.push(chosen);
    some.sort_unstable();
    some.dedup();
    some
}
