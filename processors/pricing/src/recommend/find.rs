//! Opportunities in the counts.

use kernel::Rules;
use kernel::contract::Service;

use super::change::{Change, Number, change};
use super::lever::{Moved, moved};
use super::seen::{CellHour, Leak, Market, Tier};
use super::{Kind, RECOMMENDED_MAX, Recommendation, Seen};
use crate::allocate::Span;
use crate::policy::{Sections, demand};
use crate::{Demand, Policy, WHOLE};

/// Expired rides of an hour of the week in a cell, least, and least share of those asked for, of a hundred.
const EXPIRED: (i64, i64) = (3, 10);
/// Hours in cells that a sentence names.
const NAMED: usize = 3;
/// How much more surge answers to demand, of a hundred.
const GAIN: i64 = 10;
/// How far a tier's factor moves, of a hundred.
const STEP: i64 = 5;
/// Quotes of a tier, least, and those that were taken, least.
const QUOTED: (i64, i64) = (200, 30);
/// Four of five lie within so many standard errors of a normal distribution.
pub(super) const FOUR_OF_FIVE: f64 = 1.2816;

/// What could be better in what was seen, under the policy with this text, which holds now; the most margin first, ties by id.
///
/// # Errors
/// Why the text is no policy.
pub fn recommend(seen: &Seen, text: &str) -> Result<Vec<Recommendation>, String> {
    let policy = Policy::parse(text)?;
    let mut all = Vec::new();
    for (name, market) in &seen.markets {
        let of = Of { name, market, policy: &policy, sections: policy.of(name), text, seen };
        all.extend(of.unmet());
        all.extend(market.leaks.iter().map(|(class, leak)| of.leakage(class, *leak)));
        all.extend(market.tiers.iter().filter_map(|(tier, counts)| of.tier(tier, *counts)));
    }
    all.sort_by(|one, other| other.margin.mid.cmp(&one.margin.mid).then_with(|| one.id.cmp(&other.id)));
    all.truncate(RECOMMENDED_MAX);
    Ok(all)
}

/// A number that bears on a leak, moved.
struct Lever {
    change: Change,
    advice: &'static str,
    /// What it did when it was moved that way before.
    moved: Option<Moved>,
}

/// A market, and what holds in it.
struct Of<'a> {
    name: &'a str,
    market: &'a Market,
    policy: &'a Policy,
    sections: &'a Sections,
    text: &'a str,
    seen: &'a Seen,
}

impl Of<'_> {
    fn demand(&self) -> Demand {
        demand(self.sections.demand.of_market())
    }

    /// The platform's share of a fare.
    fn take(&self) -> f64 {
        let rates = self.sections.fare.rates(Service::Standard, None);
        rates.map_or(0.0, |rates| rates.take_bps as f64 / WHOLE as f64)
    }

    fn change(&self, number: Number<'_>) -> Option<Change> {
        self.change_of(Some(self.name), number)
    }

    fn change_of(&self, market: Option<&str>, number: Number<'_>) -> Option<Change> {
        change((self.text, self.seen.policies.newest()), market, number)
    }

    /// Riders who found nobody: surge that answers more to demand. Where more ask than are served, a price that is dearer by the
    /// share `p` keeps `elasticity x p` of those who ask from waiting for nobody, and those who are served pay it. That it draws drivers is not counted.
    fn unmet(&self) -> Option<Recommendation> {
        let unmet = |(_, counts): &(&(u64, i64), &CellHour)| {
            counts.expired >= EXPIRED.0 && counts.expired * 100 >= counts.asked * EXPIRED.1
        };
        let mut worst: Vec<(&(u64, i64), &CellHour)> = self.market.cells.iter().filter(unmet).collect();
        worst.sort_by(|one, other| other.1.expired.cmp(&one.1.expired).then_with(|| one.0.cmp(other.0)));
        let surge = self.sections.surge.pace();
        let gain = (surge.gain_bps * (100 + GAIN) / 100).min(30_000);
        if worst.is_empty() || gain == surge.gain_bps {
            return None;
        }
        let fare = self.mean_fare();
        let demand = self.demand();
        let sums = demand.slopes().map(|slope| {
            let elasticity = slope * (1.0 - demand.accepts(slope, 0.0, 0.0));
            let of = |counts: &CellHour| self.of_gain(counts, (surge.gain_bps, gain, surge.most_bps), fare, elasticity);
            let each = worst.iter().map(|(_, counts)| of(counts));
            each.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
        });
        let weeks = self.market.weeks();
        let rides: i64 = worst.iter().map(|(_, counts)| counts.asked).sum();
        let expired: i64 = worst.iter().map(|(_, counts)| counts.expired).sum();
        // What was counted is one draw of a Poisson.
        let chance = (1.0 / (rides as f64).max(1.0) + 1.0 / expired as f64).sqrt();
        let named: Vec<String> = worst.iter().take(NAMED).map(|(at, counts)| said(**at, counts)).collect();
        let change = self.change(Number { section: "surge", table: None, key: "gain_bps", value: gain });
        Some(Recommendation {
            id: format!("unmet/{}", self.name),
            market: self.name.to_owned(),
            kind: Kind::Unmet,
            what: format!(
                "{expired} of {rides} riders found nobody in {} hours of the week in cells, most in {}: let surge answer more to demand (surge.gain_bps {} to {gain})",
                worst.len(),
                named.join(", "),
                surge.gain_bps
            ),
            margin: span(sums.map(|sum| sum.0 / weeks), chance),
            unmet: span(sums.map(|sum| sum.1 / weeks * 1e3), chance),
            change,
        })
    }

    /// Margin, and riders who do not wait for nobody, in an hour in a cell, if surge answers with another gain.
    fn of_gain(&self, counts: &CellHour, (was, gain, most): (i64, i64, i64), fare: f64, elasticity: f64) -> (f64, f64) {
        let (asked, served) = (counts.asked as f64, (counts.asked - counts.expired) as f64);
        let scarcity = libm::log(asked / served.max(1.0)).max(0.0);
        let surge = |gain: i64| (gain as f64 * scarcity).min(most as f64) / 1e4 * self.sections.surge.base as f64;
        let more = surge(gain) - surge(was);
        let fewer = (asked * elasticity * more / fare).min(asked);
        let left = served.min(asked - fewer);
        let margin = left * (fare + more) * self.take() - served * fare * self.take();
        (margin, fewer.min(counts.expired as f64))
    }

    fn mean_fare(&self) -> f64 {
        let (quoted, fares) =
            self.market.tiers.values().fold((0, 0), |sum, tier| (sum.0 + tier.quoted, sum.1 + tier.fares));
        if quoted > 0 { (fares as f64 / quoted as f64).max(1.0) } else { self.sections.surge.base.max(1) as f64 }
    }

    /// A class of leakage, with the number of the policy that bears on it where there is one. How much of it that number ends is told by what
    /// it did when it was moved before; where that is not known half is assumed, four times of five between a tenth and nine tenths.
    fn leakage(&self, class: &str, leak: Leak) -> Recommendation {
        let a_week = leak.lost.max(0) as f64 / self.market.leak_weeks();
        let round = |part: f64| (a_week * part).round_ties_even() as i64;
        let (change, advice, (low, mid, high)) = match self.lever(class) {
            Some(Lever { change, advice, moved: Some(moved) }) => {
                let (Moved { version, before, after, ends }, percent) = (moved, moved.ends.1 * 100.0);
                let advice = format!(
                    "{advice}; expected to end {percent:.0} % of it, as version {version} did: {} of {} rides leaked so before, {} of {} since",
                    before.0, before.1, after.0, after.1
                );
                (Some(change), advice, ends)
            }
            Some(Lever { change, advice, moved: None }) => {
                (Some(change), format!("{advice}; that it ends half of it is assumed, not learned"), (0.1, 0.5, 0.9))
            }
            None => (None, "no number of the policy mends it: look at the rides".to_owned(), (0.0, 0.0, 0.0)),
        };
        Recommendation {
            id: format!("leakage/{}/{class}", self.name),
            market: self.name.to_owned(),
            kind: Kind::Leakage,
            what: format!("{} rides leaked {} minor units as {class}: {advice}", leak.rides, leak.lost),
            margin: Span { low: round(low), mid: round(mid), high: round(high) },
            unmet: Span::default(),
            change,
        }
    }

    /// The number that bears on a class of leakage; one that holds already mends nothing.
    fn lever(&self, class: &str) -> Option<Lever> {
        let of = (self.market, class);
        match class {
            "quote_broken" => {
                let holds = self.policy.lock.valid_ms() / 1_000;
                let value = (holds * 2).min(3_600);
                let number = Number { section: "lock", table: None, key: "valid_s", value };
                let change = (value != holds).then(|| self.change_of(None, number)).flatten()?;
                let moved = moved(of, &self.seen.policies, |policy| policy.lock.valid_ms() / 1_000, (holds, value));
                Some(Lever { change, advice: "let quotes hold twice as long (lock.valid_s)", moved })
            }
            "pay_below_floor" => {
                let take = |policy: &Policy| {
                    policy.of(self.name).fare.rates(Service::Standard, None).map_or(0, |rates| rates.take_bps)
                };
                let rates = self.sections.fare.rates(Service::Standard, None).ok()?;
                let value = rates.take_bps.min(WHOLE - rates.driver_bps);
                let number = Number { section: "fare", table: None, key: "take_bps", value };
                let change = (value != rates.take_bps).then(|| self.change(number)).flatten()?;
                let moved = moved(of, &self.seen.policies, take, (rates.take_bps, value));
                Some(Lever { change, advice: "take no more than the floor leaves (fare.take_bps)", moved })
            }
            _ => None,
        }
    }

    /// A tier's factor up where demand is inelastic, else down: the conversion is that which was seen, the slope that of the policy.
    fn tier(&self, name: &str, counts: Tier) -> Option<Recommendation> {
        let Tier { quoted, taken, fares } = counts;
        if name == "PLAIN" || quoted < QUOTED.0 || taken < QUOTED.1 {
            return None;
        }
        let tier = self.factor(name)?;
        let converts = taken as f64 / quoted as f64;
        let fare = fares as f64 / quoted as f64;
        let odds = libm::log(converts / (1.0 - converts).max(1e-3));
        let weeks = self.market.weeks();
        let gain = |slope: f64, by: f64| {
            let then = 1.0 / (1.0 + libm::exp(-(odds - slope * libm::log(1.0 + by))));
            quoted as f64 / weeks * fare * self.take() * (then * (1.0 + by) - converts)
        };
        let slopes = self.demand().slopes();
        let mean = |by: f64| slopes.iter().map(|slope| gain(*slope, by)).sum::<f64>() / slopes.len() as f64;
        let step = STEP as f64 / 100.0;
        let by = if mean(step) >= mean(-step) { step } else { -step };
        let value = ((tier as f64 * (1.0 + by)).round_ties_even() as i64).clamp(5_000, 100_000);
        if mean(by) <= 0.0 || value == tier {
            return None;
        }
        let chance = ((1.0 - converts) / taken as f64).sqrt();
        Some(Recommendation {
            id: format!("tier/{}/{name}", self.name),
            market: self.name.to_owned(),
            kind: Kind::Tier,
            what: format!(
                "{taken} of {quoted} quotes of {name} were taken ({:.0} %): another factor earns more (fare.tiers.{name} {tier} to {value})",
                converts * 100.0
            ),
            margin: span(slopes.map(|slope| gain(slope, by)), chance),
            unmet: Span::default(),
            change: self.change(Number { section: "fare", table: Some("tiers"), key: name, value }),
        })
    }

    /// A tier's factor, basis points.
    fn factor(&self, name: &str) -> Option<i64> {
        use kernel::contract::Tier;
        let all = [Tier::Bronze, Tier::Silver, Tier::Gold, Tier::Platinum];
        let tier = all.into_iter().find(|tier| crate::policy::tier_name(*tier) == name)?;
        let of = |tier| self.sections.fare.rates(Service::Standard, tier).ok().map(|rates| rates.tier_bps);
        // Rates have the service's factor in it.
        Some((of(Some(tier))? * WHOLE + of(None)? / 2) / of(None)?.max(1))
    }
}

/// Mean of seven points, and where it lies four times of five: their spread, and the chance of what was counted, relative.
fn span(points: [f64; crate::POINTS], chance: f64) -> Span {
    let count = points.len() as f64;
    let mean = points.iter().sum::<f64>() / count;
    let variance = points.iter().map(|point| (point - mean) * (point - mean)).sum::<f64>() / count;
    let half = FOUR_OF_FIVE * (variance + mean * mean * chance * chance).sqrt();
    let round = |value: f64| value.round_ties_even() as i64;
    Span { low: round(mean - half), mid: round(mean), high: round(mean + half) }
}

/// An hour in a cell, in words.
fn said((cell, hour): (u64, i64), counts: &CellHour) -> String {
    let day = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][(hour / 24).rem_euclid(7) as usize];
    format!("{cell:x} {day} {:02}:00 ({} of {})", hour % 24, counts.expired, counts.asked)
}
