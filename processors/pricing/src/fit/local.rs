//! Demand of cells, of hours, and of cells at an hour, each shrunk to what is known without it: cells and hours to the market, a cell at
//! an hour to what its cell and its hour come to together.

use std::collections::BTreeMap;

use super::elasticity::sides;
use super::logit::{Case, Solved, solve};
use super::shrink::{Guess, shrunk, spread};
use super::{Learned, Observed};
use crate::policy::hour;

/// Quotes that a row is learned from, least.
pub const ROW_LEAST: usize = 300;
/// Of them moved up, and moved down.
const MOVED: usize = 10;
/// Of them accepted, and refused.
const EITHER: usize = 20;

/// Demand of a part of a market: a row of a policy's `[demand]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Local {
    /// H3 cell; `None`: any.
    pub cell: Option<u64>,
    /// Local hour, 0 to 23; `None`: any.
    pub hour: Option<u8>,
    /// Log odds at the start price without a wait and without surge.
    pub odds: f64,
    /// How much they fall for each unit of the price's logarithm.
    pub slope: f64,
    /// Standard error of the slope.
    pub error: f64,
    /// Quotes that it was learned from.
    pub quotes: usize,
}

/// Cell and hour, as a row has them.
type Key = (Option<u64>, Option<u8>);

/// The quotes of each part of a kind.
type Parts = BTreeMap<Key, Vec<Observed>>;

/// How much a part differs from the market, in slope and in odds.
#[derive(Clone, Copy, Debug, Default)]
struct Off {
    slope: Guess,
    odds: Guess,
    quotes: usize,
}

/// Parts of a kind, by their keys.
type Offs = BTreeMap<Key, Off>;

/// Rows, the most quoted first, at most `most`: only of kinds (cells, hours, cells at an hour) whose parts differ beyond chance. Hours
/// are local by the minutes that local time is ahead of UTC.
pub fn locals(all: &[Observed], market: &Learned, utc_offset_minutes: i32, most: usize) -> Vec<Local> {
    let hour_of = |one: &Observed| Some(hour(one.at, utc_offset_minutes));
    let as_market = |_: &Key| Off { slope: Guess { value: 0.0, error: market.error }, ..Off::default() };
    let cells = settled(&parts(all, |one| (Some(one.cell), None)), market, as_market);
    let hours = settled(&parts(all, |one| (None, hour_of(one))), market, as_market);
    let together = |(cell, hour): &Key| {
        let both = [cells.get(&(*cell, None)), hours.get(&(None, *hour))];
        let sum = |of: fn(&Off) -> f64| both.iter().flatten().map(|off| of(off)).sum();
        let error = both.iter().flatten().map(|off| off.slope.error).fold(market.error, f64::max);
        let odds = Guess { value: sum(|off| off.odds.value), error: 0.0 };
        Off { slope: Guess { value: sum(|off| off.slope.value), error }, odds, quotes: 0 }
    };
    let both = settled(&parts(all, |one| (Some(one.cell), hour_of(one))), market, together);
    let row = |((cell, hour), off): (&Key, &Off)| Local {
        cell: *cell,
        hour: *hour,
        odds: market.odds + off.odds.value,
        slope: market.slope + off.slope.value,
        error: off.slope.error,
        quotes: off.quotes,
    };
    let mut rows: Vec<Local> = cells.iter().chain(&hours).chain(&both).map(row).collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.quotes), row.cell, row.hour));
    rows.truncate(most);
    rows
}

/// The parts that say enough to be heard.
fn parts(all: &[Observed], key: impl Fn(&Observed) -> Key) -> Parts {
    let mut parts = Parts::new();
    all.iter().for_each(|one| parts.entry(key(one)).or_default().push(*one));
    parts.retain(|_, part| {
        let (down, up) = sides(part);
        let accepted = part.iter().filter(|one| one.accepted).count();
        part.len() >= ROW_LEAST && down.min(up) >= MOVED && accepted.min(part.len() - accepted) >= EITHER
    });
    parts
}

/// The parts of a kind, each shrunk to what is expected of it: slopes first, then odds at those slopes. None, where they differ by no
/// more than chance.
fn settled(parts: &Parts, market: &Learned, expected: impl Fn(&Key) -> Off) -> Offs {
    let own: BTreeMap<&Key, Guess> = parts.iter().filter_map(|(key, part)| Some((key, slope(part, market)?))).collect();
    let off = |key: &Key, own: &Guess, prior: &Guess| (*key, Guess { value: own.value - prior.value, ..*own });
    let slopes: BTreeMap<Key, Guess> = own.iter().map(|(key, own)| off(key, own, &expected(key).slope)).collect();
    let truly = spread(&slopes.values().copied().collect::<Vec<_>>());
    let slopes: BTreeMap<Key, Guess> =
        own.iter().map(|(key, own)| (**key, shrunk(*own, expected(key).slope, truly))).collect();
    let own: BTreeMap<&Key, Guess> =
        slopes.iter().filter_map(|(key, slope)| Some((key, odds(&parts[key], market, slope.value)?))).collect();
    let odds: BTreeMap<Key, Guess> = own.iter().map(|(key, own)| off(key, own, &expected(key).odds)).collect();
    let apart = spread(&odds.values().copied().collect::<Vec<_>>());
    if truly <= 0.0 && apart <= 0.0 {
        return Offs::new();
    }
    let settle = |(key, own): (&&Key, &Guess)| {
        let odds = shrunk(*own, expected(key).odds, apart);
        (**key, Off { slope: slopes[*key], odds, quotes: parts[*key].len() })
    };
    own.iter().map(settle).collect()
}

/// How much steeper a part is than its market, told by its draws alone.
fn slope(part: &[Observed], market: &Learned) -> Option<Guess> {
    let case = |one: &Observed| Case {
        regressors: [1.0, -one.moved],
        instruments: [1.0, -one.drawn],
        offset: known(one, market, market.slope),
        yes: one.accepted,
    };
    let solved: Solved<2> = solve(&part.iter().map(case).collect::<Vec<_>>())?;
    Some(Guess { value: solved.coefficients[1], error: solved.error(1) })
}

/// How much higher its odds are, where it is steeper by so much.
fn odds(part: &[Observed], market: &Learned, steeper: f64) -> Option<Guess> {
    let case = |one: &Observed| Case {
        regressors: [1.0],
        instruments: [1.0],
        offset: known(one, market, market.slope + steeper),
        yes: one.accepted,
    };
    let solved: Solved<1> = solve(&part.iter().map(case).collect::<Vec<_>>())?;
    Some(Guess { value: solved.coefficients[0], error: solved.error(0) })
}

fn known(one: &Observed, market: &Learned, slope: f64) -> f64 {
    market.odds + market.surge * one.surge - slope * one.log_price() - market.wait * one.wait_min
}
