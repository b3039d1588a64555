//! From counts to a table.

use std::collections::{BTreeMap, BTreeSet};

use kernel::geo;

use super::judge::judge;
use super::log::DAY;
use super::{DAYS_LEAST, DAYS_MAX, Log, Unlearned};
use crate::forecast::{COARSEST, FINEST, Forecast, HOURS, Memory, PLACES_MAX, Place, QUARTERS, hour, of_week, place};

/// Days at the end of those seen by which knobs are chosen: a third, and at most so many.
const TRIED: i64 = 14;
/// Days without which the week is not known.
const WEEK: i64 = 7;

/// How much a table believes what it counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knobs {
    /// A place of its own was asked for so many times a day, a hundredth each, least.
    pub least: i64,
    /// A day counts half after so many.
    pub half_life_days: i64,
    /// So many weeks of a working day's mean, or a weekend's, stand beside what each day of the week had.
    pub week_prior: i64,
    /// So many requests of the market's profile stand beside each hour of a place.
    pub hour_prior: i64,
    /// How levels follow.
    pub memory: Memory,
}

impl Default for Knobs {
    fn default() -> Knobs {
        let memory = Memory { market_days: 288, market_hours: 4, place_days: 672, market_prior: 20, place_prior: 20 };
        Knobs { least: 100, half_life_days: 28, week_prior: 2, hour_prior: 10, memory }
    }
}

/// Learns a table with these knobs from a log's days.
///
/// # Errors
/// [`Unlearned`].
pub fn learn(log: &Log, (from, to): (i64, i64), knobs: &Knobs) -> Result<Forecast, Unlearned> {
    enough(log, (from, to))?;
    let seen = log.between(from, to);
    let weight = |day: i64| libm::exp2((day - to) as f64 / knobs.half_life_days.max(1) as f64);
    let weights: Vec<f64> = (from..to).map(weight).collect();
    let of_day = |quarter: i64| weights[(quarter.div_euclid(DAY) - from) as usize];
    let profile = profile(&seen, (from, to), knobs, of_day);
    let known = places(&seen, to - from, knobs);
    let mut counted: BTreeMap<u64, Vec<f64>> = known.iter().map(|place| (*place, vec![0.0; HOURS])).collect();
    for (quarter, cell, count) in seen.each() {
        if let Some(hours) = counted.get_mut(&place(cell, |place| known.contains(&place))) {
            hours[hour(quarter)] += f64::from(count) * of_day(quarter);
        }
    }
    let mut market = vec![0.0; HOURS];
    (from * DAY..to * DAY).for_each(|quarter| market[hour(quarter)] += profile[of_week(quarter)] * of_day(quarter));
    let whole: f64 = counted.values().flatten().sum();
    let expected: f64 = market.iter().sum();
    let mut rows: BTreeMap<u64, (f64, Vec<f64>)> = BTreeMap::new();
    for (place, hours) in counted {
        let share = hours.iter().sum::<f64>() / whole.max(1e-9);
        let (hours, market) = (smooth(&hours), smooth(&market));
        let prior = knobs.hour_prior as f64;
        let shape = hours.iter().zip(&market).map(|(n, m)| (n + prior) / (m * whole / expected * share + prior));
        rows.insert(place, (share, shape.collect()));
    }
    // All places together are the market, at each hour.
    let sum = |at: usize| rows.values().map(|(share, shape)| share * shape[at]).sum::<f64>();
    let sums: Vec<f64> = (0..HOURS).map(sum).collect();
    let row = |(share, shape): &(f64, Vec<f64>)| Place {
        share_ppm: (share * 1e6).round_ties_even() as i64,
        shape_bps: shape.iter().zip(&sums).map(|(part, sum)| (part / sum * 1e4).round_ties_even() as i64).collect(),
    };
    Ok(Forecast {
        source: String::new(),
        utc_offset_minutes: 0,
        profile: profile.iter().map(|rate| (rate * 1e3).round_ties_even() as i64).collect(),
        places: rows.iter().map(|(place, found)| (*place, row(found))).collect(),
        memory: knobs.memory,
    })
}

/// The knobs that do best on the last third of the days, a fortnight at most, each tried in its turn with the others as they are; twice around.
///
/// # Errors
/// [`Unlearned`].
pub fn choose(log: &Log, (from, to): (i64, i64)) -> Result<Knobs, Unlearned> {
    if to - from < DAYS_LEAST {
        return Err(Unlearned::TooShort((to - from).max(0), DAYS_LEAST));
    }
    let cut = to - ((to - from) / 3).clamp(1, TRIED);
    let score = |knobs: &Knobs| -> Result<f64, Unlearned> {
        let table = learn(log, (from, cut), knobs)?;
        Ok(judge(log, &table, (from, cut, to)).model)
    };
    let mut best = Knobs::default();
    let mut least = score(&best)?;
    for _ in 0..2 {
        for (set, values) in KNOBS {
            for value in *values {
                let mut tried = best;
                *set(&mut tried) = *value;
                let found = if tried == best { least } else { score(&tried)? };
                if found < least {
                    (best, least) = (tried, found);
                }
            }
        }
    }
    Ok(best)
}

type Set = fn(&mut Knobs) -> &mut i64;

/// What is tried of each; which places there are is not, for the judge sums over places.
const KNOBS: &[(Set, &[i64])] = &[
    (|knobs| &mut knobs.half_life_days, &[14, 28, 56, 365]),
    (|knobs| &mut knobs.week_prior, &[1, 2, 4, 8]),
    (|knobs| &mut knobs.hour_prior, &[3, 10, 30]),
    (|knobs| &mut knobs.memory.market_days, &[96, 288, 672]),
    (|knobs| &mut knobs.memory.market_hours, &[2, 4, 8, 16]),
    (|knobs| &mut knobs.memory.place_days, &[96, 288, 672, 2_688]),
    (|knobs| &mut knobs.memory.market_prior, &[5, 20, 80]),
    (|knobs| &mut knobs.memory.place_prior, &[5, 20, 80]),
];

fn enough(log: &Log, (from, to): (i64, i64)) -> Result<(), Unlearned> {
    match to - from {
        days if days > DAYS_MAX => Err(Unlearned::TooLong(days, DAYS_MAX)),
        days if days < WEEK => Err(Unlearned::TooShort(days, DAYS_LEAST)),
        days if log.between(from, to).total() < days as u64 => Err(Unlearned::Nobody),
        _ => Ok(()),
    }
}

/// Cells that were asked for often enough, and where they were not, the finest around them that was; the rest always.
fn places(seen: &Log, days: i64, knobs: &Knobs) -> BTreeSet<u64> {
    let mut all: BTreeMap<u64, u64> = BTreeMap::new();
    seen.each().for_each(|(_, cell, count)| *all.entry(cell).or_default() += u64::from(count));
    let mut least = (days * knobs.least / 100).max(1) as u64;
    loop {
        let (mut known, mut left) = (BTreeSet::from([0]), all.clone());
        for resolution in (COARSEST..=FINEST).rev() {
            let mut coarser: BTreeMap<u64, u64> = BTreeMap::new();
            for (cell, count) in left {
                *coarser.entry(geo::parent(cell, resolution)).or_default() += count;
            }
            known.extend(coarser.iter().filter(|(cell, count)| **cell != 0 && **count >= least).map(|(cell, _)| *cell));
            coarser.retain(|_, count| *count < least);
            left = coarser;
        }
        if known.len() <= PLACES_MAX {
            return known;
        }
        least *= 2;
    }
}

/// The market's requests at each quarter of the week: its own mean beside that of all working days, or of the weekend, both smoothed over
/// an hour.
fn profile(seen: &Log, (from, to): (i64, i64), knobs: &Knobs, weight: impl Fn(i64) -> f64) -> Vec<f64> {
    let (mut counted, mut days) = (vec![0.0; QUARTERS], vec![0.0; QUARTERS]);
    seen.each().for_each(|(quarter, _, count)| counted[of_week(quarter)] += f64::from(count) * weight(quarter));
    (from * DAY..to * DAY).for_each(|quarter| days[of_week(quarter)] += weight(quarter));
    let around = |all: &[f64], at: usize| -> f64 {
        let at = |by: usize| all[(at + QUARTERS + by - 2) % QUARTERS];
        at(0) + 2.0 * at(1) + 3.0 * at(2) + 2.0 * at(3) + at(4)
    };
    let of_class = |all: &[f64], at: usize| -> f64 {
        let days = if at / 96 < 5 { 0..5 } else { 5..7 };
        days.map(|day| around(all, day * 96 + at % 96)).sum()
    };
    let weeks = days.iter().sum::<f64>() / QUARTERS as f64;
    let prior = knobs.week_prior as f64 * weeks / ((to - from) as f64 / 7.0) * 9.0;
    let rate = |at: usize| {
        let mean = of_class(&counted, at) / of_class(&days, at).max(1e-9);
        (around(&counted, at) + prior * mean) / (around(&days, at) + prior).max(1e-9)
    };
    (0..QUARTERS).map(rate).collect()
}

/// Over the hours before and after, around the clock, working days and weekends each for themselves.
fn smooth(hours: &[f64]) -> Vec<f64> {
    let at = |class: usize, hour: usize| hours[class * 24 + hour % 24];
    let around = |place: usize| {
        let (class, hour) = (place / 24, place % 24);
        0.25 * at(class, hour + 23) + 0.5 * at(class, hour) + 0.25 * at(class, hour + 1)
    };
    (0..HOURS).map(around).collect()
}
