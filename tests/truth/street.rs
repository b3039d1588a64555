//! A market whose demand is known: riders ask at every hour and place, are priced by the real core, and accept by a logit that drifts and
//! is shaken.

use devkit::sim::Rng;
use kernel::contract::{Point, PriceQuoted, QuoteInputs};
use kernel::geo;
use pricing::Policy;
use pricing::fit::Observed;
use tests::quote;

pub(crate) const MARKET: &str = "sf";
/// Quotes of a day.
pub(crate) const DAILY: usize = 20_000;
/// Monday 2 November 2026, midnight in San Francisco.
const DAWN: i64 = 1_793_606_400_000;
const DAY_MS: i64 = 86_400_000;
/// A shock lasts a quarter of an hour.
const SHOCK_MS: i64 = 900_000;
/// Minutes that riders wait on average, as they are drawn.
const WAIT_MIN: f64 = 4.25;
/// Basis points of surge, on average.
const SURGE_BPS: f64 = 2_000.0;

/// How riders decide: log odds = odds + what a place, a time and surge add - slope ln(price/start) - wait x minutes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Truth {
    pub(crate) odds: f64,
    pub(crate) slope: f64,
    pub(crate) wait: f64,
    /// Log odds for each unit of surge beyond its mean: who asks when all ask wants it more.
    pub(crate) keen: f64,
    /// Standard deviation of the shocks, log odds.
    pub(crate) shock: f64,
    /// Standard deviation of what cells add: odds, and slope.
    pub(crate) places: (f64, f64),
    /// What each day adds: odds, and a share of the slope.
    pub(crate) drift: (f64, f64),
}

impl Truth {
    /// A market with a conversion of 0.5 to 0.8 and an elasticity of -0.5 to -2.5, that drifts and is shaken.
    pub(crate) fn draw(rng: &mut Rng) -> Truth {
        let (conversion, elasticity) = (within(rng, 0.5, 0.8), within(rng, 0.5, 2.5));
        let wait = within(rng, 0.0, 0.1);
        Truth {
            odds: (conversion / (1.0 - conversion)).ln() + wait * WAIT_MIN,
            slope: elasticity / (1.0 - conversion),
            wait,
            keen: within(rng, -1.0, 3.0),
            shock: 0.3,
            places: (0.2, 0.0),
            drift: (within(rng, -0.03, 0.03), within(rng, -0.02, 0.02)),
        }
    }
}

pub(crate) fn within(rng: &mut Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * unit(rng)
}

pub(crate) fn unit(rng: &mut Rng) -> f64 {
    (rng.draw() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Nearly normal: the sum of twelve, less six.
fn normal(rng: &mut Rng) -> f64 {
    (0..12).map(|_| unit(rng)).sum::<f64>() - 6.0
}

/// A place, with what it adds.
struct Cell {
    id: u64,
    odds: f64,
    steeper: f64,
}

/// A quote, and what only the street knows of it.
pub(crate) struct Seen {
    pub(crate) quoted: PriceQuoted,
    pub(crate) accepted: bool,
    /// True log odds at the start price, its wait and its moment.
    pub(crate) odds: f64,
    /// True slope.
    pub(crate) slope: f64,
}

impl Seen {
    /// As learning sees it.
    pub(crate) fn observed(&self) -> Observed {
        Observed::of(&self.quoted, self.accepted).unwrap()
    }

    /// The true share who accept at a price, by its logarithm against the start price.
    pub(crate) fn accepts(&self, log_price: f64) -> f64 {
        1.0 / (1.0 + (self.slope * log_price - self.odds).exp())
    }
}

pub(crate) struct Street {
    pub(crate) truth: Truth,
    rng: Rng,
    cells: Vec<Cell>,
    asked: u64,
    seed: u64,
}

impl Street {
    pub(crate) fn new(seed: u64) -> Street {
        let mut rng = Rng::new(seed);
        let truth = Truth::draw(&mut rng);
        Street::with(seed, truth)
    }

    pub(crate) fn with(seed: u64, truth: Truth) -> Street {
        let mut rng = Rng::new(!seed);
        let cell = |number: i32| {
            let place = Point { lat_e6: 37_700_000 + number % 6 * 15_000, lng_e6: -122_500_000 + number / 6 * 15_000 };
            let (odds, steeper) = (truth.places.0 * normal(&mut rng), truth.places.1 * normal(&mut rng));
            Cell { id: geo::cell(place), odds, steeper }
        };
        let cells = (0..30).map(cell).collect();
        Street { truth, rng, cells, asked: 0, seed }
    }

    /// So many ask on a day and are priced by `policy`; each is shown as it is answered.
    pub(crate) fn day(&mut self, day: i64, count: usize, policy: &Policy, mut shown: impl FnMut(Seen)) {
        let mut shock = (i64::MIN, 0.0);
        for number in 0..count as i64 {
            let at = DAWN + day * DAY_MS + number * DAY_MS / count as i64;
            if at / SHOCK_MS != shock.0 {
                shock = (at / SHOCK_MS, self.truth.shock * normal(&mut self.rng));
            }
            shown(self.ask((day, at, shock.1), policy));
        }
    }

    fn ask(&mut self, (day, at, shock): (i64, i64, f64), policy: &Policy) -> Seen {
        let rng = &mut self.rng;
        let cell = &self.cells[rng.below(self.cells.len())];
        let rush = [7, 8, 9, 17, 18, 19].contains(&((at - DAWN) / 3_600_000 % 24));
        let surge_bps = rng.upto(if rush { 9_000 } else { 2_300 }) as i32;
        let rings = rng.below(4) as i32;
        let distance_m = 1_000 + rng.upto(14_000);
        let inputs = QuoteInputs {
            distance_m,
            duration_s: distance_m * (120 + rng.upto(180)) / 1_000,
            demand: rng.below(12) as i32,
            supply: rng.below(12) as i32,
            wait_ms: 120_000 + 90_000 * rings,
            competitor_bps: rng.chance(3_000).then(|| 9_000 + rng.upto(2_000) as i32),
            ..quote::plain(policy, MARKET, (cell.id, at), surge_bps)
        };
        self.asked += 1;
        let id = format!("{}-{}", self.seed, self.asked);
        let quoted = quote::priced(MARKET, (&id, at), inputs, policy);
        let truth = &self.truth;
        let surge = f64::from(surge_bps) - SURGE_BPS;
        let mut seen = Seen {
            accepted: false,
            odds: truth.odds + truth.drift.0 * day as f64 + cell.odds + shock + truth.keen * surge / 1e4
                - truth.wait * (2.0 + 1.5 * f64::from(rings)),
            slope: (truth.slope + cell.steeper) * (1.0 + truth.drift.1 * day as f64),
            quoted,
        };
        seen.accepted = unit(&mut self.rng) < seen.accepts(seen.observed().log_price());
        seen
    }
}
