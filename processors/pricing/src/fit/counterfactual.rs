//! What another policy would have brought on recorded quotes, from what riders did at the prices that were drawn.
//!
//! A quote that was explored had one of three prices by chance: the chosen one, or one a step below or above, each with its recorded
//! propensity. Another policy is judged by those quotes for which its price lies between the lowest and the highest of the three: there it
//! is as good as a draw between the two around it, `share` of the upper and the rest of the lower, so that the mean logarithm is its own;
//! between prices a twentieth apart a logit bends by at most `0.05^2 / 8 x slope^2 x 0.097` of acceptance. A price beyond is judged by no log.
//!
//! - IPS: what was seen, each weighted by `share / propensity` of the price that was drawn, divided by the sum of the weights (Hajek 1971;
//!   Swaminathan and Joachims 2015);
//! - doubly robust: the demand that the log teaches says what the other price brings, and what riders did beyond it, weighted the same
//!   way, corrects it (Dudik, Langford and Li 2011). It is right where either the propensities or the demand are;
//! - the effective sample size is `(sum w)^2 / sum w^2` (Kish 1965).

use std::collections::BTreeMap;

use super::elasticity::Response;
use super::resample::{Estimate, resampled};
use super::{Observed, Rival};

/// Effective quotes that a judgement needs, least.
pub const EFFECTIVE_LEAST: f64 = 500.0;
/// Share of the quotes beyond what was drawn, most.
pub const BEYOND_MOST: f64 = 0.1;

/// One figure of a quote: as it was, and by two ways of telling as it would be under the other policy, with how much more that is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// As it was.
    pub logged: Estimate,
    /// By weights.
    pub ips: Estimate,
    /// Doubly robust.
    pub robust: Estimate,
    /// The doubly robust one less what was.
    pub gain: Estimate,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// Quotes that were judged.
    pub quotes: usize,
    /// Quotes left out, for which the other's price lies beyond what was drawn.
    pub beyond: usize,
    /// As many quotes of the other policy's own would say as much.
    pub effective: f64,
    /// Share of quotes that are accepted.
    pub conversion: Figure,
    /// Fare for each quote, minor units.
    pub revenue: Figure,
    /// What the platform keeps of each quote, minor units.
    pub profit: Figure,
}

/// Why a policy cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unjudged {
    /// So many of so many quotes would get a price beyond what was drawn.
    Beyond(usize, usize),
    /// The effective sample size, and the quotes that it comes from.
    TooFew(f64, usize),
    /// The draws teach no demand.
    Alike,
}

impl std::fmt::Display for Unjudged {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unjudged::Beyond(beyond, all) => write!(
                to,
                "{beyond} of {all} quotes would get a price beyond what was explored around theirs: this log cannot judge that policy; \
                 publish one nearer, or explore with a wider step"
            ),
            Unjudged::TooFew(effective, quotes) => write!(
                to,
                "the effective sample size of {quotes} quotes is {effective:.0}, a judgement needs {EFFECTIVE_LEAST}: take a longer span, or explore more"
            ),
            Unjudged::Alike => to.write_str("all riders do alike: nothing tells how another price moves them"),
        }
    }
}

/// Judges another policy by recorded quotes; `seed` draws the samples of the intervals.
///
/// # Errors
/// [`Unjudged`].
pub fn judge(all: &[Rival], seed: u64) -> Result<Judgement, Unjudged> {
    let mut steps: BTreeMap<u64, f64> = BTreeMap::new();
    for rival in all {
        let step = steps.entry(rival.made_by).or_default();
        *step = step.max(rival.observed.drawn.abs());
    }
    let weighed = |rival| Some((rival, weight(rival, steps.get(&rival.made_by).copied().unwrap_or(0.0))?));
    let weighted: Vec<(&Rival, f64)> = all.iter().filter_map(weighed).collect();
    let beyond = all.len() - weighted.len();
    if beyond as f64 > BEYOND_MOST * all.len() as f64 {
        return Err(Unjudged::Beyond(beyond, all.len()));
    }
    let sum = |power: i32| weighted.iter().map(|(_, weight)| if power == 1 { *weight } else { weight * weight }).sum();
    let (sum, squares): (f64, f64) = (sum(1), sum(2));
    let effective = if squares > 0.0 { sum * sum / squares } else { 0.0 };
    if effective < EFFECTIVE_LEAST {
        return Err(Unjudged::TooFew(effective, weighted.len()));
    }
    let observed: Vec<Observed> = weighted.iter().map(|(rival, _)| rival.observed).collect();
    let response = Response::of(&observed).ok_or(Unjudged::Alike)?;
    let rows: Vec<[f64; COLUMNS]> = weighted.iter().map(|(rival, weight)| row(rival, *weight, &response)).collect();
    let found = resampled(&rows, seed, figures);
    let figure = |at: usize| Figure {
        logged: found[4 * at],
        ips: found[4 * at + 1],
        robust: found[4 * at + 2],
        gain: found[4 * at + 3],
    };
    let (conversion, revenue, profit) = (figure(0), figure(1), figure(2));
    Ok(Judgement { quotes: weighted.len(), beyond, effective, conversion, revenue, profit })
}

/// Numbers that a quote adds: its weight; then for each of the three what it brought, weighted what the other would have had of it, and
/// the doubly robust value.
const COLUMNS: usize = 10;

fn row(rival: &Rival, weight: f64, response: &Response) -> [f64; COLUMNS] {
    let Rival { observed, other, worth, other_worth, .. } = rival;
    let accepted = f64::from(u8::from(observed.accepted));
    let (here, there) = (response.accepts(observed, observed.moved), response.accepts(observed, *other));
    let robust = there + weight * (accepted - here);
    let of = |was: f64, would: f64| [accepted * was, weight * accepted * would, robust * would];
    let [a, b, c] = of(1.0, 1.0);
    let [d, e, f] = of(worth.revenue, other_worth.revenue);
    let [g, h, i] = of(worth.profit, other_worth.profit);
    [weight, a, b, c, d, e, f, g, h, i]
}

/// For each of the three: as it was, by weights, doubly robust, and how much more that is.
fn figures(means: &[f64; COLUMNS]) -> [f64; 12] {
    std::array::from_fn(|at| {
        let [was, ips, robust] = [0, 1, 2].map(|of| means[1 + at / 4 * 3 + of]);
        [was, ips / means[0], robust, robust - was][at % 4]
    })
}

/// How often the other's price stands for the one that was drawn, against how often that is drawn. `None`: it lies beyond.
fn weight(rival: &Rival, step: f64) -> Option<f64> {
    let observed = &rival.observed;
    let ends = match observed.propensity < 1.0 {
        true => (libm::log(1.0 - step), libm::log(1.0 + step)),
        false => (0.0, 0.0),
    };
    if rival.other < ends.0 - rival.rounding || rival.other > ends.1 + rival.rounding {
        return None;
    }
    let other = rival.other.clamp(ends.0, ends.1);
    let end = if other < 0.0 { ends.0 } else { ends.1 };
    let outer = if end == 0.0 { 0.0 } else { other / end };
    let share = match observed.drawn {
        0.0 => 1.0 - outer,
        drawn if (drawn < 0.0) == (other < 0.0) => outer,
        _ => 0.0,
    };
    Some(share / observed.propensity)
}
