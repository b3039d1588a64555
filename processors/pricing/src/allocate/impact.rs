//! The difference that an action makes.

use super::flow::{Near, Sent, Total, play};
use super::{Action, Market, Unplayable};

/// Seven levels of a standard normal, each as likely as the others: its quantiles at 1/14, 3/14, ... 13/14, scaled to a variance of one.
const LEVELS: [f64; 7] = [-1.6076, -0.8685, -0.4017, 0.0, 0.4017, 0.8685, 1.6076];
/// Four of five lie within so many standard errors: Student's t for seven plays.
const FOUR_OF_FIVE: f64 = 1.4398;

/// How far plays are off, of the effect: the larger part of it is that real distances within a site, and a real order of events, are
/// not those of the mean. Measured in the bench world on scenarios that its test does not use.
const OFF: f64 = 0.5;
/// And of what all drivers that are sent could do at the very most, the parts that plays are off even where they cancel.
const LEAST: f64 = 0.1;

/// An expected value with an interval that holds it four times of five.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Lower end.
    pub low: i64,
    /// What is expected.
    pub mid: i64,
    /// Upper end.
    pub high: i64,
}

/// What an action changes, until the end of what is looked ahead. The interval has the forecast's error and the chance of how many ask where; who is served
/// by whom has a chance of its own, which is not in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Impact {
    /// More riders who get a driver, thousandths.
    pub served: Span,
    /// More of the mean wait of all who ask, who gets no driver counting with the whole patience; milliseconds, less is better.
    pub wait_ms: Span,
    /// More of what rides leave, less what the action pays, minor units.
    pub margin: Span,
    /// Drivers who are moved, thousandths.
    pub moved: i64,
}

/// What `actions`, taken together now, are expected to do in `market`.
///
/// The market is played (see `flow`) with and without them at seven levels of what is asked, each site for itself with a part in common, by a
/// Latin hypercube (McKay, Beckman and Conover 1979). Expected is the mean of the differences; the interval has their spread and the
/// error of the plays themselves.
///
/// # Errors
/// [`Unplayable::Action`].
pub fn impact(market: &Market, actions: &[Action]) -> Result<Impact, Unplayable> {
    let known = sent(market, actions, 1.0)?;
    let near = Near::of(market);
    let difference = |point: usize| {
        let levels = levels(market, point);
        // The seventh part of a full round on: independent of what is common to all sites.
        let error = market.response.error_bps as f64 / 1e4 * LEVELS[point * 3 % LEVELS.len()];
        let sent = sent(market, actions, libm::exp(error))?;
        let (with, without) = (play(market, &near, &levels, &sent), play(market, &near, &levels, &Sent::default()));
        Ok(Total {
            served: with.served - without.served,
            wait_ms: with.wait_ms - without.wait_ms,
            margin: with.margin - without.margin - sent.paid,
        })
    };
    let differences = (0..LEVELS.len()).map(difference).collect::<Result<Vec<Total>, Unplayable>>()?;
    let (moved, paid) = (known.count(), known.paid);
    let asked = market.sites.iter().flat_map(|site| &site.asked).sum::<i64>() as f64 / 1e3;
    let margin = market.sites.iter().map(|site| site.margin).max().unwrap_or(0).max(0) as f64;
    let least = moved * LEAST;
    let of = |value: fn(&Total) -> f64, least: f64, sure: f64| span(differences.iter().map(value), least, sure);
    Ok(Impact {
        served: of(|total| total.served * 1e3, least * 1e3, 0.0),
        wait_ms: of(|total| total.wait_ms, least * market.patience_ms as f64 / asked.max(1.0), 0.0),
        margin: of(|total| total.margin, least * margin, -paid),
        moved: (moved * 1e3).round_ties_even() as i64,
    })
}

/// What is asked of each site at a point: half of the forecast's variance is common; half is its own, with the chance of how many ask (a Poisson
/// of what is expected). Log-normal, with the mean of one over the points.
fn levels(market: &Market, point: usize) -> Vec<f64> {
    let plays = LEVELS.len();
    let error = market.error_bps as f64 / 1e4;
    let half = error * error / 2.0;
    let factor = |variance: f64, level: f64| {
        let spread = libm::log(1.0 + variance).sqrt();
        let mean = LEVELS.iter().map(|level| libm::exp(spread * level)).sum::<f64>() / plays as f64;
        libm::exp(spread * level) / mean
    };
    let common = factor(half, LEVELS[point]);
    let level = |(at, site): (usize, &super::Site)| {
        let expected = site.asked.iter().sum::<i64>() as f64 / 1e3;
        // Of a prime many points each site goes through all in an order of its own.
        let own = LEVELS[(point * (1 + at % (plays - 1)) + at / (plays - 1)) % plays];
        common * factor(half + 1.0 / expected.max(0.01), own)
    };
    market.sites.iter().enumerate().map(level).collect()
}

/// Mean and interval; `sure` is the part of each value that no play can be wrong about.
fn span(values: impl Iterator<Item = f64> + Clone, least: f64, sure: f64) -> Span {
    let count = LEVELS.len() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|value| (value - mean) * (value - mean)).sum::<f64>() / (count - 1.0);
    let off = (mean - sure) * OFF;
    let half = FOUR_OF_FIVE * (variance + off * off + least * least).sqrt();
    let round = |value: f64| value.round_ties_even() as i64;
    Span { low: round(mean - half), mid: round(mean), high: round(mean + half) }
}

/// Who is moved by actions, and what is paid for it, if all come for `whole` times what is believed.
pub(super) fn sent(market: &Market, actions: &[Action], whole: f64) -> Result<Sent, Unplayable> {
    let mut free: Vec<f64> = market.sites.iter().map(|site| site.free as f64).collect();
    let mut sent = Sent::default();
    for action in actions {
        match *action {
            Action::Move { from, to, drivers, pay } => {
                let (from, to) = (market.place(from)?, market.place(to)?);
                if from == to || drivers < 0 || drivers as f64 > free[from] || !(0..=crate::AMOUNT).contains(&pay) {
                    return Err(Unplayable::Action);
                }
                sent.send(market, (from, to), drivers as f64, pay as f64);
                free[from] -= drivers as f64;
            }
            Action::Incentive { to, pay } => {
                let to = market.place(to)?;
                if !(0..=crate::AMOUNT).contains(&pay) {
                    return Err(Unplayable::Action);
                }
                for from in (0..free.len()).filter(|from| *from != to) {
                    let way = market.travel_ms(from, to) as f64 / 60_000.0;
                    let worth = pay as f64 - market.response.minute as f64 * way;
                    let count = free[from] * (worth / (market.response.whole as f64 * whole)).clamp(0.0, 1.0);
                    if count > 0.0 {
                        sent.send(market, (from, to), count, pay as f64);
                        free[from] -= count;
                    }
                }
            }
        }
    }
    Ok(sent)
}
