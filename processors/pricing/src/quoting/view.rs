//! What quoting knows of each market: who asked lately, who is free, which quotes were answered, what is kept of surge, of signals and of
//! the highest prices.
//!
//! What is kept comes from `state.kept` only; pings, requests and answered quotes expire by event time.

mod answered;
mod cells;
mod crowd;
mod market;
mod signals;

use std::collections::BTreeMap;

use kernel::contract::StateKept;

use super::{Output, Seen};
use crate::{Account, Surge};
pub(crate) use answered::{Answered, Names};
use cells::Cells;
pub(crate) use crowd::Recent;
pub(crate) use market::{Crowd, Market};
pub(crate) use signals::Signals;

/// Facts of all markets that a worker owns.
///
/// Memory: about 300 bytes a driver who pings, 150 a request of the last ten minutes, 150 a quote that is remembered.
#[derive(Debug, Default)]
pub struct View {
    markets: BTreeMap<String, Market>,
}

/// What is kept of a market, for comparison: equal views fold from equal records (law 10).
#[derive(Debug, PartialEq)]
pub struct Kept<'a>(Option<(&'a Surge, &'a Signals, &'a Account)>);

impl View {
    /// What is kept of `market`; a market of which nothing is kept is like one that was never heard of.
    pub fn kept(&self, market: &str) -> Kept<'_> {
        let kept = self.markets.get(market).map(|market| (&market.surge, &market.signals, &market.highs));
        let empty = (&Surge::default(), &Signals::default(), &Account::default());
        Kept(kept.filter(|kept| *kept != empty))
    }

    pub(crate) fn market(&self, market: &str) -> Option<&Market> {
        self.markets.get(market)
    }

    pub(crate) fn evolve(&mut self, output: &Output) {
        match output {
            Output::Quoted(quoted) => self.answer(&quoted.market, &quoted.quote, quoted.at),
            Output::Answered { market, quote, at } => self.answer(market, quote, *at),
            Output::Kept(kept) => self.fold(&kept.market, &kept.entity, Some(kept)),
            Output::Taken(_) => {}
        }
    }

    fn answer(&mut self, market: &str, quote: &str, at: i64) {
        match self.markets.get_mut(market) {
            Some(known) => known.answer(quote, at),
            None => self.enter(market).answer(quote, at),
        }
    }

    /// Folds one kept entity, or forgets it; the only way in for what is kept.
    pub(crate) fn fold(&mut self, market: &str, entity: &str, kept: Option<&StateKept>) {
        let Some(rest) = entity.strip_prefix("quoting/").and_then(|rest| rest.strip_prefix(market)) else { return };
        match rest {
            "/surge" => {
                let surge = kept.and_then(|kept| kept.surge.as_ref());
                self.enter(market).surge = surge.map(super::step::surge).unwrap_or_default();
            }
            "/signals" => {
                let signals = kept.and_then(|kept| kept.signals.clone());
                self.enter(market).signals = signals.map(Signals::from).unwrap_or_default();
            }
            "/highs" => {
                let highs = kept.and_then(|kept| kept.highs.as_ref());
                self.enter(market).highs = highs.map(super::step::highs).unwrap_or_default();
            }
            _ => {}
        }
    }

    /// Folds a fact that is only seen. False: it is about one who is not known yet, and there are `room` of them already.
    pub(crate) fn see(&mut self, market: &str, seen: Seen, room: usize) -> bool {
        // Pings are by far the most: no name is copied for one.
        match self.markets.get_mut(market) {
            Some(known) => known.see(seen, room),
            None => self.enter(market).see(seen, room),
        }
    }

    pub(crate) fn forget(&mut self, market: &str) {
        self.markets.remove(market);
    }

    fn enter(&mut self, market: &str) -> &mut Market {
        self.markets.entry(market.to_owned()).or_default()
    }
}
