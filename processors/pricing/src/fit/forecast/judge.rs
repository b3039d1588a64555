//! How well a table foretells days that it did not see.

use std::collections::BTreeMap;

use super::Log;
use super::log::DAY;
use crate::forecast::{Forecast, Levels, QUARTERS};

/// What is foretold is as many quarters ahead of what is known: the last of the next hour.
pub const LEAD: i64 = 4;

/// Parts of its own long mean that are tried beside last week's, hundredths.
const MIXED: [f64; 11] = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// Poisson deviance of each, mean over all places and quarters of the days judged; less is better.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deviance {
    /// Table and levels, an hour ahead.
    pub model: f64,
    /// The table alone.
    pub table: f64,
    /// The place's count in the same hour of the week before, a quarter of it, with so much of the place's mean beside it as is best for it on the very days
    /// judged (without any, one request where none was a week before would be infinitely wrong).
    pub last_week: f64,
    /// The part of the mean that was best for it.
    pub mixed: f64,
    /// The same with a hundredth of the mean: nearly as it was, but never infinitely wrong.
    pub plain: f64,
    /// Each place's mean.
    pub place_mean: f64,
    /// One mean of all places.
    pub global_mean: f64,
    /// Places times quarters.
    pub judged: u64,
    /// Requests in them.
    pub requests: u64,
}

/// Twice the log likelihood that a Poisson of mean `expected` lacks against one of mean `counted`.
pub fn deviance(counted: f64, expected: f64) -> f64 {
    let expected = expected.max(1e-9);
    let surprise = if counted > 0.0 { counted * libm::log(counted / expected) } else { 0.0 };
    2.0 * (surprise - (counted - expected))
}

/// Judges a table by the days from `cut` to `to`, in their order; levels learn from `from` on, and never what lies less than
/// [`LEAD`] quarters before what they foretell. Last week's counts are those of the days judged too, where they are a week old.
pub fn judge(log: &Log, table: &Forecast, (from, cut, to): (i64, i64, i64)) -> Deviance {
    let place = |cell| table.place(cell);
    let at = |quarter: i64| log.at(quarter, place);
    let count = |counts: &BTreeMap<u64, u32>, place: &u64| f64::from(counts.get(place).copied().unwrap_or(0));
    let seen = ((cut - from) * DAY) as f64;
    let mut means: BTreeMap<u64, f64> = table.places.keys().map(|place| (*place, 0.0)).collect();
    for quarter in from * DAY..cut * DAY {
        at(quarter).iter().for_each(|(place, count)| *means.entry(*place).or_default() += f64::from(*count) / seen);
    }
    let global = means.values().sum::<f64>() / means.len().max(1) as f64;
    let mut levels = Levels::new();
    let mut found = [0.0; 4];
    let mut last = [0.0; MIXED.len()];
    let (mut judged, mut requests) = (0_u64, 0.0);
    for quarter in from * DAY..to * DAY {
        if quarter - LEAD >= from * DAY {
            levels.learn(table, quarter - LEAD, &at(quarter - LEAD));
        }
        if quarter < cut * DAY {
            continue;
        }
        let now = at(quarter);
        let hour = (quarter - QUARTERS as i64).div_euclid(4) * 4;
        let week: Vec<_> = (hour..hour + 4).map(at).collect();
        for (place, mean) in &means {
            let counted = count(&now, place);
            let plain = table.at_place(*place, quarter);
            let expected = [plain * levels.of(*place), plain, *mean, global];
            found.iter_mut().zip(expected).for_each(|(sum, expected)| *sum += deviance(counted, expected));
            let before = week.iter().map(|counts| count(counts, place)).sum::<f64>() / 4.0;
            let mixed = |part: f64| before * (1.0 - part) + mean * part;
            last.iter_mut().zip(MIXED).for_each(|(sum, part)| *sum += deviance(counted, mixed(part)));
            judged += 1;
            requests += counted;
        }
    }
    let of = |sum: f64| sum / judged.max(1) as f64;
    let (best, mixed) = last.iter().zip(MIXED).min_by(|a, b| a.0.total_cmp(b.0)).map_or((0.0, 0.0), |(a, b)| (*a, b));
    let [model, table, place_mean, global_mean] = found.map(of);
    let last_week = of(best);
    Deviance {
        model,
        table,
        last_week,
        mixed,
        plain: of(last[0]),
        place_mean,
        global_mean,
        judged,
        requests: requests as u64,
    }
}
