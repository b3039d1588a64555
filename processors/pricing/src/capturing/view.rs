//! What capturing knows of each market: the fares of its rides, the quotes that a request may still name, peak and surge.
//!
//! What is kept comes from `state.kept` only; quotes expire by event time.

mod market;
mod quotes;
mod ways;

use std::collections::BTreeMap;

use kernel::contract::{FareKept, StateKept};

use super::{Output, Seen};
use crate::capture::tide::Tide;
pub(crate) use market::Market;
pub(crate) use quotes::Quotes;
pub use ways::Step;
pub(crate) use ways::{Way, Ways, waited_s};

/// Facts of all markets that a worker owns.
///
/// Memory: about 700 bytes an open ride with its promise, 300 more when it is under way, 300 a ride that was captured in the last 24 hours, 600 a quote that a request
/// may still name.
#[derive(Debug, Default)]
pub struct View {
    markets: BTreeMap<String, Market>,
}

/// What is kept of a market, for comparison: equal views fold from equal records (law 10).
#[derive(Debug, PartialEq)]
pub struct Kept<'a>(Option<(&'a BTreeMap<String, FareKept>, Tide, &'a Ways)>);

impl View {
    /// What is kept of `market`; a market of which nothing is kept is like one that was never heard of.
    pub fn kept(&self, market: &str) -> Kept<'_> {
        let kept = self.markets.get(market).map(Market::kept);
        Kept(kept.filter(|(fares, tide, ways)| !fares.is_empty() || *tide != Tide::default() || !ways.is_empty()))
    }

    pub(crate) fn market(&self, market: &str) -> Option<&Market> {
        self.markets.get(market)
    }

    pub(crate) fn evolve(&mut self, output: &Output) {
        match output {
            Output::Kept(kept) => self.fold(&kept.market, &kept.entity, Some(kept)),
            Output::Forgotten { market, entity } => self.fold(market, entity, None),
            Output::Captured(_) | Output::Taken(_) => {}
        }
    }

    /// Folds one kept entity, or forgets it; the only way in for what is kept.
    pub(crate) fn fold(&mut self, market: &str, entity: &str, kept: Option<&StateKept>) {
        let Some(rest) = entity.strip_prefix("capturing/").and_then(|rest| rest.strip_prefix(market)) else { return };
        if let Some(ride) = rest.strip_prefix("/fare/") {
            self.enter(market).keep(ride, kept.and_then(|kept| kept.fare.as_ref()));
        } else if let Some((step, ride)) = way(rest) {
            let kept = kept.and_then(|kept| kept.ride.as_ref());
            let way = kept.map(|kept| Way { at: kept.since, driver: kept.driver.clone().unwrap_or_default() });
            self.enter(market).ways.keep(ride, step, way);
        } else if rest == "/tide" {
            let tide = kept.and_then(|kept| kept.tide.as_ref());
            self.enter(market).tide = tide.map(Tide::from).unwrap_or_default();
        }
    }

    /// Folds a quote that is only seen. False: there are `room` of them already, and the oldest made way.
    pub(crate) fn see(&mut self, market: &str, seen: Seen, room: usize) -> bool {
        match seen {
            Seen::Quoted(quote, promise) => self.enter(market).see(quote, promise, room),
            Seen::Nothing => true,
        }
    }

    pub(crate) fn forget(&mut self, market: &str) {
        self.markets.remove(market);
    }

    fn enter(&mut self, market: &str) -> &mut Market {
        self.markets.entry(market.to_owned()).or_default()
    }
}

/// The step and the ride of an entity's key, after its market.
fn way(rest: &str) -> Option<(Step, &str)> {
    [Step::Arrived, Step::Started].into_iter().find_map(|step| {
        let ride = rest.strip_prefix('/')?.strip_prefix(step.name())?.strip_prefix('/')?;
        Some((step, ride))
    })
}
