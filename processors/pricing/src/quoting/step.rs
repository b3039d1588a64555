//! What a turn moves beside its quotes: signals that were heard, surge that a minute moved, the highest prices.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use kernel::contract::{CellCounted, DayHigh, HighsKept, SurgeCell, SurgeKept};
use kernel::{Millis, Turn};

use super::view::{Market, Signals};
use super::{Output, Quoting};
use crate::policy::Sections;
use crate::{Account, Counts, Surge};

/// The state of a market while a turn is decided: the view's, until something moves.
pub(super) struct Step<'a> {
    pub(super) surge: Cow<'a, Surge>,
    pub(super) signals: Cow<'a, Signals>,
    pub(super) highs: Cow<'a, Account>,
    /// What a minute's step of surge was taken from.
    pub(super) cells: Vec<CellCounted>,
    /// There were more cells than are counted.
    pub(super) many: bool,
}

impl<'a> Step<'a> {
    /// Takes the turn's facts in, and a step of surge for each minute that is over.
    pub(super) fn take(turn: &Turn<Quoting>, market: &'a Market, sections: &Sections) -> Step<'a> {
        let mut step = Step {
            surge: Cow::Borrowed(&market.surge),
            signals: Cow::Borrowed(&market.signals),
            highs: Cow::Borrowed(&market.highs),
            cells: Vec::new(),
            many: false,
        };
        if !turn.facts.is_empty() {
            let mut signals = market.signals.clone();
            turn.facts.iter().for_each(|fact| signals.hear(&fact.body, |began| market.highs.ceiling(began)));
            let competitor = &sections.competitor;
            signals.sweep(turn.now.0.saturating_sub(competitor.max_age_ms()), competitor.samples_max);
            // Weather and traffic change nothing yet.
            if signals != market.signals {
                step.signals = Cow::Owned(signals);
            }
        }
        if market.ripe(turn.now, sections) {
            step.minute(turn.now, market, sections);
        }
        step
    }

    fn minute(&mut self, now: Millis, market: &Market, sections: &Sections) {
        let (counts, many) = market.counts(now.0, &sections.surge);
        let before: BTreeMap<u64, (i64, i64)> =
            market.surge.cells().map(|(cell, average, bps)| (cell, (average, bps))).collect();
        let (surge, pace) = (self.surge.to_mut(), sections.surge.pace());
        // Who is counted now says nothing of what was before the window.
        if surge.at().is_some() {
            surge.pass(now.0.saturating_sub(sections.surge.window_ms()), &BTreeMap::new(), &pace);
        }
        self.many = surge.pass(now.0, &counts, &pace) || many;
        // A policy that allows less holds at once.
        surge.cut(sections.surge.most_bps);
        let cells: BTreeSet<u64> =
            counts.keys().chain(before.keys()).copied().chain(surge.field().keys().copied()).collect();
        let told = |cell: u64| {
            let Counts { demand, supply } = counts.get(&cell).copied().unwrap_or_default();
            let (average_before, before_bps) = before.get(&cell).copied().unwrap_or_default();
            CellCounted {
                cell: cell as i64,
                demand: small(demand),
                supply: small(supply),
                average_before,
                before_bps: small(before_bps),
                surge_bps: small(surge.of(cell)),
            }
        };
        self.cells = cells.into_iter().map(told).collect();
        // Nobody asks, and nothing is left to fade: the next who asks begins anew.
        if surge.is_quiet() && !market.asked_since(now.0.saturating_sub(sections.surge.window_ms())) {
            *surge = Surge::default();
        }
    }

    /// Whether anything moved that is kept.
    pub(super) fn moved(&self) -> bool {
        matches!(self.surge, Cow::Owned(_))
            || matches!(self.signals, Cow::Owned(_))
            || matches!(self.highs, Cow::Owned(_))
    }

    /// What is to be remembered of what moved.
    pub(super) fn kept(self, market: &str) -> Vec<Output> {
        let mut kept = Vec::new();
        if let Cow::Owned(surge) = self.surge {
            kept.push(Output::surge(market, keep_surge(&surge)));
        }
        if let Cow::Owned(signals) = self.signals {
            kept.push(Output::signals(market, signals.keep()));
        }
        if let Cow::Owned(highs) = self.highs {
            kept.push(Output::highs(market, keep_highs(&highs)));
        }
        kept
    }
}

/// A number that is small by its nature.
pub(super) fn small(value: i64) -> i32 {
    i32::try_from(value).unwrap_or(if value < 0 { i32::MIN } else { i32::MAX })
}

fn keep_surge(surge: &Surge) -> SurgeKept {
    let cell = |(cell, average, bps): (u64, i64, i64)| SurgeCell { cell: cell as i64, average, surge_bps: small(bps) };
    SurgeKept { at: surge.at(), cells: surge.cells().map(cell).collect() }
}

/// Surge from what was kept of it.
pub(super) fn surge(kept: &SurgeKept) -> Surge {
    let Some(at) = kept.at else { return Surge::default() };
    Surge::restored(at, kept.cells.iter().map(|one| (one.cell as u64, one.average, i64::from(one.surge_bps))))
}

fn keep_highs(highs: &Account) -> HighsKept {
    let day = |(day, highest_bps): (i64, i64)| DayHigh { day: small(day), highest_bps };
    HighsKept { days: highs.days().map(day).collect() }
}

/// The account from what was kept of it.
pub(super) fn highs(kept: &HighsKept) -> Account {
    Account::restored(kept.days.iter().map(|day| (i64::from(day.day), day.highest_bps)))
}
