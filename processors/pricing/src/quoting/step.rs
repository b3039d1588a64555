//! What a turn moves beside its quotes: signals that were heard, surge that a minute moved, the highest prices.

use std::borrow::Cow;

use kernel::contract::{CellCounted, DayHighs, HighsKept, SurgeCell, SurgeKept};
use kernel::{Millis, Turn};

use super::view::{Market, Signals};
use super::{Output, Quoting};
use crate::policy::Sections;
use crate::{Account, Surge};

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
        for fact in &turn.facts {
            step.signals.to_mut().hear(&fact.body, |began| market.highs.ceiling(began));
        }
        if !turn.facts.is_empty() {
            let competitor = &sections.competitor;
            let since = turn.now.0.saturating_sub(competitor.max_age_ms());
            step.signals.to_mut().sweep(since, competitor.samples_max);
        }
        if market.ripe(turn.now, sections) {
            step.minute(turn.now, market, sections);
        }
        step
    }

    fn minute(&mut self, now: Millis, market: &Market, sections: &Sections) {
        let (counts, many) = market.counts(now.0, &sections.surge);
        let surge = self.surge.to_mut();
        surge.pass(now.0, &counts, &sections.surge.pace());
        let counted = counts.into_iter().map(|(cell, counts)| CellCounted {
            cell: cell as i64,
            demand: small(counts.demand),
            supply: small(counts.supply),
            surge_bps: small(surge.of(cell)),
        });
        (self.cells, self.many) = (counted.collect(), many);
        // Nobody asks, and nothing is left to fade: the next who asks begins anew.
        if surge.is_quiet() && !market.asked_since(now.0.saturating_sub(sections.surge.window_ms())) {
            *surge = Surge::default();
        }
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
    let day = |(day, highest): (i64, &[i64])| DayHighs { day: small(day), highest_bps: highest.to_vec() };
    HighsKept { days: highs.days().map(day).collect() }
}

/// The account from what was kept of it.
pub(super) fn highs(kept: &HighsKept) -> Account {
    Account::restored(kept.days.iter().map(|day| (i64::from(day.day), day.highest_bps.clone())))
}
