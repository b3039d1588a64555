//! What is known of one market.

use std::collections::BTreeMap;

use kernel::{Measure, Millis, geo};

use super::{Answered, Cells, Recent, Signals};
use crate::policy::{Sections, SurgePolicy, WaitPolicy};
use crate::quoting::{HORIZON, PINGED, REMEMBERED, Seen};
use crate::{Account, Counts, Surge};

/// A minute, milliseconds.
const MINUTE_MS: i64 = 60_000;

/// One market.
#[derive(Debug)]
pub(crate) struct Market {
    /// Requests for rides, by their cell.
    requests: Recent<u64>,
    /// Drivers, by the cell in which they are free.
    drivers: Recent<Option<u64>>,
    /// When the requests of a cell were made, and when its free drivers were seen last.
    asked: Cells,
    free: Cells,
    /// Quotes that were answered.
    answered: Answered,
    pub(crate) surge: Surge,
    pub(crate) signals: Signals,
    pub(crate) highs: Account,
}

impl Default for Market {
    fn default() -> Market {
        Market {
            requests: Recent::new(HORIZON.0),
            drivers: Recent::new(PINGED.0),
            asked: Cells::default(),
            free: Cells::default(),
            answered: Answered::new(REMEMBERED.0),
            surge: Surge::default(),
            signals: Signals::default(),
            highs: Account::default(),
        }
    }
}

/// What a pickup finds around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Around {
    /// Requests in the cell and next to it.
    pub(crate) demand: i32,
    /// Free drivers there.
    pub(crate) supply: i32,
    /// Time until a driver is there, milliseconds.
    pub(crate) wait_ms: i32,
}

/// Who asks and who is free, by cell, in one turn.
#[derive(Debug, Default)]
pub(crate) struct Crowd {
    /// What the pickups of a cell find, as far as anybody asked: many ask at a station.
    around: BTreeMap<u64, Around>,
    now: i64,
    /// A request, and a ping, must be so new.
    asked: i64,
    seen: i64,
}

impl Market {
    pub(super) fn see(&mut self, seen: Seen, room: usize) -> bool {
        match seen {
            Seen::Located { driver, at, free } => {
                // First who is gone for long: else a full view would never empty again.
                while let Some((seen, cell)) = self.drivers.sweep(at) {
                    cell.into_iter().for_each(|cell| self.free.remove(cell, seen));
                }
                if self.drivers.len() >= room && self.drivers.get(&driver).is_none() {
                    return false;
                }
                if let Some(was) = self.drivers.replace(&driver, at, free) {
                    if let Some((seen, Some(cell))) = was {
                        self.free.remove(cell, seen);
                    }
                    free.into_iter().for_each(|cell| self.free.add(cell, at));
                }
            }
            Seen::Requested { ride, at, cell } => {
                while let Some((asked, cell)) = self.requests.sweep(at) {
                    self.asked.remove(cell, asked);
                }
                if self.requests.len() >= room && self.requests.get(&ride).is_none() {
                    return false;
                }
                if let Some(was) = self.requests.replace(&ride, at, cell) {
                    was.into_iter().for_each(|(asked, cell)| self.asked.remove(cell, asked));
                    self.asked.add(cell, at);
                }
            }
            Seen::Quoted { quote, at, .. } => self.answer(&quote, at),
        }
        true
    }

    /// A quote was answered.
    pub(super) fn answer(&mut self, quote: &str, at: i64) {
        self.answered.note(quote, at);
    }

    /// Whether a quote was answered at `since` or later. What was answered before that is forgotten by whoever takes over, so it counts
    /// for nobody.
    pub(crate) fn answered(&self, quote: &str, since: i64) -> bool {
        self.answered.at(quote).is_some_and(|at| at >= since)
    }

    /// How much is known here: drivers, requests and quotes, and when the newest ping was.
    pub(crate) fn measure(&self) -> Measure {
        let entities = self.drivers.len() + self.requests.len() + self.answered.len();
        Measure { entities: entities as u64, newest: self.drivers.newest().map(Millis) }
    }

    /// Whether a minute is over in which surge may have moved.
    pub(crate) fn ripe(&self, now: Millis, sections: &Sections) -> bool {
        match self.surge.at() {
            Some(at) => now.0.saturating_sub(at) >= MINUTE_MS,
            None => self.asked_since(now.0.saturating_sub(sections.surge.window_ms())),
        }
    }

    /// Whether anybody asked for a ride since then.
    pub(crate) fn asked_since(&self, since: i64) -> bool {
        self.requests.newest().is_some_and(|newest| newest >= since)
    }

    /// Requests and free drivers of each cell, at most `cells_max` of them, with whether there were more.
    pub(crate) fn counts(&self, now: i64, policy: &SurgePolicy) -> (BTreeMap<u64, Counts>, bool) {
        let mut counts: BTreeMap<u64, Counts> = BTreeMap::new();
        for (cell, demand) in self.asked.counts(now.saturating_sub(policy.window_ms()), now) {
            counts.entry(cell).or_default().demand = demand.into();
        }
        // Who was seen a little after `now` is there.
        for (cell, supply) in self.free.counts(now.saturating_sub(policy.ping_max_age_ms()), i64::MAX) {
            counts.entry(cell).or_default().supply = supply.into();
        }
        let most = policy.cells_max;
        if counts.len() <= most {
            return (counts, false);
        }
        let mut all: Vec<(u64, Counts)> = counts.into_iter().collect();
        all.sort_unstable_by_key(|(cell, counts)| (-counts.demand, -counts.supply, *cell));
        all.truncate(most);
        (all.into_iter().collect(), true)
    }

    /// What stands around a pickup: the same for all of a cell in one turn.
    pub(crate) fn around(&self, cell: u64, crowd: &mut Crowd, wait: &WaitPolicy) -> Around {
        if let Some(known) = crowd.around.get(&cell) {
            return *known;
        }
        let found = self.look_around(cell, crowd, wait);
        crowd.around.insert(cell, found);
        found
    }

    fn look_around(&self, cell: u64, crowd: &Crowd, wait: &WaitPolicy) -> Around {
        let mut around = Around { wait_ms: wait.wait_ms(wait.rings_max + 1), ..Around::default() };
        let mut ring = Vec::new();
        let mut nearest = None;
        for rings in 0..=wait.rings_max {
            if nearest.is_some() && rings > 1 {
                break;
            }
            ring.clear();
            geo::ring(cell, rings, &mut ring);
            let free = sum(&ring, |cell| self.free.count(cell, crowd.seen, i64::MAX));
            if free > 0 {
                nearest = nearest.or(Some(rings));
            }
            if rings <= 1 {
                around.supply = around.supply.saturating_add(free);
                let asked = sum(&ring, |cell| self.asked.count(cell, crowd.asked, crowd.now));
                around.demand = around.demand.saturating_add(asked);
            }
        }
        around.wait_ms = nearest.map_or(around.wait_ms, |rings| wait.wait_ms(rings));
        around
    }

    /// Who counts at `now`.
    pub(crate) fn crowd(&self, now: i64, policy: &SurgePolicy) -> Crowd {
        let (asked, seen) = (now.saturating_sub(policy.window_ms()), now.saturating_sub(policy.ping_max_age_ms()));
        Crowd { around: BTreeMap::new(), now, asked, seen }
    }
}

fn sum(cells: &[u64], count: impl Fn(u64) -> i32) -> i32 {
    cells.iter().fold(0, |sum, cell| sum.saturating_add(count(*cell)))
}
