//! Levels: how much more or less is asked for than the table says.

use std::collections::BTreeMap;

use super::{Forecast, Memory};

/// Counted and expected, both forgotten alike.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sum {
    counted: f64,
    expected: f64,
}

impl Sum {
    fn add(&mut self, keep: f64, counted: f64, expected: f64) {
        self.counted = self.counted * keep + counted;
        self.expected = self.expected * keep + expected;
    }

    fn level(&self, prior: i64) -> f64 {
        let prior = prior as f64;
        (self.counted + prior) / (self.expected + prior).max(1e-9)
    }
}

/// What was counted against what was expected: of the market over days, over hours beside that, and of each place over days beside both.
///
/// Each is the mean of a gamma-Poisson filter with a discount: a rate's gamma has counted and expected as its two numbers, both shrink by the
/// same share each quarter, and a prior of mean 1 stands beside them (Smith and Miller, A non-Gaussian state space model, JRSS B 48, 1986). It is
/// the Poisson case of an exponentially weighted average.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Levels {
    market: f64,
    hours: f64,
    days: Sum,
    recent: Sum,
    places: BTreeMap<u64, (Sum, f64)>,
}

impl Levels {
    /// As the table says.
    pub fn new() -> Levels {
        Levels { market: 1.0, hours: 1.0, ..Levels::default() }
    }

    /// Learns what a quarter brought by place; a place that is not named was not asked for. Every quarter in its turn, each once, those
    /// in which nobody asked too.
    pub fn learn(&mut self, table: &Forecast, quarter: i64, counts: &BTreeMap<u64, u32>) {
        let Memory { market_days, market_hours, place_days, market_prior, place_prior } = table.memory;
        let expected: f64 = table.places.keys().map(|place| table.at_place(*place, quarter)).sum();
        let counted = f64::from(counts.values().sum::<u32>());
        let (market, all) = (self.market, self.market * self.hours);
        self.days.add(kept(market_days), counted, expected);
        self.recent.add(kept(market_hours), counted, expected * market);
        for place in table.places.keys() {
            let (sum, level) = self.places.entry(*place).or_insert((Sum::default(), 1.0));
            let counted = f64::from(counts.get(place).copied().unwrap_or(0));
            sum.add(kept(place_days), counted, table.at_place(*place, quarter) * all);
            *level = sum.level(place_prior);
        }
        self.market = self.days.level(market_prior);
        self.hours = self.recent.level(market_prior);
    }

    /// The level of a place, 1 where nothing is known.
    pub fn of(&self, place: u64) -> f64 {
        self.market * self.hours * self.places.get(&place).map_or(1.0, |(_, level)| *level)
    }
}

/// What is left after a quarter of something of which half is gone after `half` of them.
fn kept(half: i64) -> f64 {
    libm::exp2(-1.0 / half.max(1) as f64)
}
