//! Who accepts a price, learned from quotes: the figures of a policy's `[demand]`.
//!
//! The slope is told by what exploration drew and by nothing else: a salted hash of the quote's id goes along with no surge, no hour and
//! no place, as many quotes are moved up as down whatever the share, and so what is asked more of the price moves the estimate no more
//! than chance does. The chosen price has a coefficient of its own, which takes up all that made it high or low, and is thrown away.
//! A cap that holds an explored fare back weakens the draw and does not bend it: the draw is the instrument, not the move.

use super::Observed;
use super::logit::{Case, Solved, share_at, solve};
use super::shrink::{Guess, shrunk};

/// Quotes that are needed, least.
pub const QUOTES_LEAST: usize = 500;
/// Of them moved up, and moved down.
pub const MOVED_LEAST: usize = 50;
/// And of all accepted, and refused.
const EITHER_LEAST: usize = 10;
/// Standard errors on both sides of an estimate between which the truth lies in nine of ten cases.
pub const NINE_OF_TEN: f64 = 1.644_854;
/// Standard errors that the counts of the draws may be off; chance does that once in a million.
const OFF: f64 = 5.0;

/// What was learned of demand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Learned {
    /// Log odds at the start price without a wait and without surge.
    pub odds: f64,
    /// How much they fall for each unit of the price's logarithm.
    pub slope: f64,
    /// Standard error of the slope.
    pub error: f64,
    /// How much they fall for each minute of waiting: told by waits as they came, which nobody drew.
    pub wait: f64,
    /// How much they rise for each unit (10,000 basis points) of surge: told by surges as they came, and shrunk towards nothing by how well
    /// it is known.
    pub surge: f64,
    /// How much more of the share who accept goes for each share that the price rises, at the prices that were asked; below zero.
    pub elasticity: f64,
    /// Its standard error.
    pub elasticity_error: f64,
    /// Quotes it was learned from.
    pub quotes: usize,
    /// Of them accepted.
    pub accepted: usize,
    /// Of them moved on purpose.
    pub moved: usize,
}

impl Learned {
    /// Where the elasticity lies in nine of ten cases.
    pub fn interval(&self) -> (f64, f64) {
        let reach = NINE_OF_TEN * self.elasticity_error;
        (self.elasticity - reach, self.elasticity + reach)
    }
}

/// Why nothing is learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlearned {
    /// So many quotes.
    TooFew(usize),
    /// So many were moved down, and up.
    Unmoved(usize, usize),
    /// So many were moved, and so many were to be by their propensities.
    Unlikely(usize, usize),
    /// All or nobody accepted, or so nearly that no slope shows.
    Alike,
}

impl std::fmt::Display for Unlearned {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unlearned::TooFew(found) => {
                write!(to, "{found} quotes are left to learn from, demand needs {QUOTES_LEAST}: take a longer span")
            }
            Unlearned::Unmoved(down, up) => write!(
                to,
                "{down} quotes were moved down and {up} up, demand needs {MOVED_LEAST} of each: raise explore.share_bps, or take a longer span"
            ),
            Unlearned::Unlikely(found, expected) => write!(
                to,
                "{found} quotes were moved where their propensities expect {expected}: some are missing, or an id says more than who asks"
            ),
            Unlearned::Alike => to.write_str("all riders do alike: nothing tells how the price moves them"),
        }
    }
}

/// Learns the demand of a market.
///
/// # Errors
/// [`Unlearned`].
pub fn learn(all: &[Observed]) -> Result<Learned, Unlearned> {
    enough(all)?;
    let response = Response::of(all).ok_or(Unlearned::Alike)?;
    let Response { error, part, .. } = response;
    let slope = response.slope();
    let Level { odds, wait, surge } = Level::of(all, slope).ok_or(Unlearned::Alike)?;
    Ok(Learned {
        odds,
        slope,
        error,
        wait,
        surge,
        elasticity: -slope * part,
        elasticity_error: error * part,
        quotes: all.len(),
        accepted: all.iter().filter(|one| one.accepted).count(),
        moved: all.iter().filter(|one| one.drawn != 0.0).count(),
    })
}

/// Whether there is enough to learn from, and the draws came as often as they were to.
fn enough(all: &[Observed]) -> Result<(), Unlearned> {
    if all.len() < QUOTES_LEAST {
        return Err(Unlearned::TooFew(all.len()));
    }
    let (down, up) = sides(all);
    let chance = |one: &Observed| if one.drawn == 0.0 { 1.0 - one.propensity } else { 2.0 * one.propensity };
    let expected: f64 = all.iter().map(chance).sum();
    let spread = all.iter().map(|one| chance(one) * (1.0 - chance(one))).sum::<f64>().sqrt();
    if ((down + up) as f64 - expected).abs() > OFF * spread.max(1.0) {
        return Err(Unlearned::Unlikely(down + up, expected as usize));
    }
    if down.min(up) < MOVED_LEAST {
        return Err(Unlearned::Unmoved(down, up));
    }
    Ok(())
}

/// Quotes that were moved down, and up.
pub(super) fn sides(all: &[Observed]) -> (usize, usize) {
    let count = |side: fn(f64) -> bool| all.iter().filter(|one| side(one.drawn)).count();
    (count(|drawn| drawn < 0.0), count(|drawn| drawn > 0.0))
}

/// What can explain an acceptance: nothing, the move, the choice, the wait.
const COLUMNS: usize = 4;
/// The place of the move among them.
const MOVED: usize = 1;

/// How riders answered: the move beside what else is known, where that tells something of its own. A market where all wait alike tells
/// nothing of waiting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Response {
    coefficients: [f64; COLUMNS],
    /// Standard error of the move's.
    error: f64,
    /// Elasticity for each unit of slope.
    part: f64,
}

impl Response {
    /// `None`: the draws tell nothing.
    pub(super) fn of(all: &[Observed]) -> Option<Response> {
        let accepted = all.iter().filter(|one| one.accepted).count();
        if accepted.min(all.len() - accepted) < EITHER_LEAST {
            return None;
        }
        Response::told(all, [0, MOVED, 2, 3])
            .or_else(|| Response::told(all, [0, MOVED, 2]))
            .or_else(|| Response::told(all, [0, MOVED, 3]))
            .or_else(|| Response::told(all, [0, MOVED]))
    }

    fn slope(&self) -> f64 {
        -self.coefficients[MOVED]
    }

    /// Share who accept where the chosen price of a quote is moved by so much, by its logarithm.
    pub(super) fn accepts(&self, one: &Observed, moved: f64) -> f64 {
        let known = columns(one, moved);
        share_at(known.iter().zip(&self.coefficients).map(|(x, b)| x * b).sum())
    }

    fn told<const K: usize>(all: &[Observed], chosen: [usize; K]) -> Option<Response> {
        let case = |one: &Observed| {
            let (known, drawn) = (columns(one, one.moved), columns(one, one.drawn));
            let (regressors, instruments) = (chosen.map(|at| known[at]), chosen.map(|at| drawn[at]));
            Case { regressors, instruments, offset: 0.0, yes: one.accepted }
        };
        let solved = solve(&all.iter().map(case).collect::<Vec<_>>())?;
        let mut response = Response { coefficients: [0.0; COLUMNS], error: solved.error(MOVED), part: 0.0 };
        chosen.iter().zip(solved.coefficients).for_each(|(at, value)| response.coefficients[*at] = value);
        let shares = all.iter().map(|one| response.accepts(one, one.moved));
        let (sum, steep) = shares.fold((0.0, 0.0), |(sum, steep), share| (sum + share, steep + share * (1.0 - share)));
        response.part = steep / sum;
        Some(response)
    }
}

fn columns(one: &Observed, moved: f64) -> [f64; COLUMNS] {
    [1.0, moved, one.chosen, one.wait_min]
}

/// Odds at the start price, and what waiting and surge make of them, given the slope.
struct Level {
    odds: f64,
    wait: f64,
    surge: f64,
}

impl Level {
    /// Nobody likes to wait: where it seems so, waits say nothing. Surge may say either.
    fn of(all: &[Observed], slope: f64) -> Option<Level> {
        let surge = Level::surge(all, slope);
        let known = |one: &Observed| surge * one.surge - slope * one.log_price();
        let both = told(all, known, |one| [1.0, -one.wait_min]);
        if let Some(Solved { coefficients: [odds, wait], .. }) = both
            && wait > 0.0
        {
            return Some(Level { odds, wait, surge });
        }
        told(all, known, |_| [1.0]).map(|Solved { coefficients: [odds], .. }| Level { odds, wait: 0.0, surge })
    }

    /// What a unit of surge adds, shrunk to nothing as a part is to its market: its own error against what it differs beyond it. Nothing,
    /// where surge is always the same.
    fn surge(all: &[Observed], slope: f64) -> f64 {
        let known = |one: &Observed| -slope * one.log_price();
        let guess = |value: f64, error: f64| Guess { value, error };
        let both = told(all, known, |one| [1.0, one.surge, -one.wait_min]);
        let own = both.map(|solved| guess(solved.coefficients[1], solved.error(1)));
        let alone = || told(all, known, |one| [1.0, one.surge]);
        let own = own.or_else(|| alone().map(|solved| guess(solved.coefficients[1], solved.error(1))));
        let Some(own) = own else { return 0.0 };
        let beyond = (own.value * own.value - own.error * own.error).max(0.0);
        // What a policy may say, so that the odds are told beside it.
        shrunk(own, Guess::default(), beyond).value.clamp(-5.0, 5.0)
    }
}

fn told<const K: usize>(
    all: &[Observed],
    known: impl Fn(&Observed) -> f64,
    regressors: impl Fn(&Observed) -> [f64; K],
) -> Option<Solved<K>> {
    let case = |one: &Observed| {
        let regressors = regressors(one);
        Case { regressors, instruments: regressors, offset: known(one), yes: one.accepted }
    };
    solve(&all.iter().map(case).collect::<Vec<_>>())
}
