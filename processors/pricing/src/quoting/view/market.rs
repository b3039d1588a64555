//! What is known of one market.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Measure, Millis, geo};

use super::{Answered, Recent, Signals};
use crate::policy::{Sections, SurgePolicy, WaitPolicy};
use crate::quoting::{HORIZON, REMEMBERED, Seen};
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
    /// Who is free in a cell.
    free: BTreeMap<u64, BTreeSet<Box<str>>>,
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
            drivers: Recent::new(HORIZON.0),
            free: BTreeMap::new(),
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
    demand: BTreeMap<u64, i32>,
    /// As far as anybody asked.
    supply: BTreeMap<u64, i32>,
    /// What the pickups of a cell find, as far as anybody asked: many ask at a station.
    around: BTreeMap<u64, Around>,
    /// A ping must be so new.
    since: i64,
}

impl Market {
    pub(super) fn see(&mut self, seen: Seen, room: usize) -> bool {
        match seen {
            Seen::Located { driver, at, free } => {
                // First who is gone for long: else a full view would never empty again.
                while let Some((driver, cell)) = self.drivers.sweep(at) {
                    self.leave(cell, &driver);
                }
                if self.drivers.len() >= room && self.drivers.get(&driver).is_none() {
                    return false;
                }
                // Most stay in their cell from one ping to the next.
                if let Some(was) = self.drivers.replace(&driver, at, free)
                    && was.flatten() != free
                {
                    self.leave(was.flatten(), &driver);
                    if let Some(cell) = free {
                        self.free.entry(cell).or_default().insert(driver.into());
                    }
                }
            }
            Seen::Requested { ride, at, cell } => {
                while self.requests.sweep(at).is_some() {}
                if self.requests.len() >= room && self.requests.get(&ride).is_none() {
                    return false;
                }
                self.requests.replace(&ride, at, cell);
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

    fn leave(&mut self, cell: Option<u64>, driver: &str) {
        let Some(cell) = cell else { return };
        if let Some(there) = self.free.get_mut(&cell) {
            there.remove(driver);
            if there.is_empty() {
                self.free.remove(&cell);
            }
        }
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

    /// The cells of all requests within the window.
    fn asked(&self, now: i64, policy: &SurgePolicy) -> impl Iterator<Item = u64> {
        let since = now.saturating_sub(policy.window_ms());
        self.requests.since(since).filter(move |(at, _)| *at <= now).map(|(_, cell)| cell)
    }

    /// Whether anybody asked for a ride since then.
    pub(crate) fn asked_since(&self, since: i64) -> bool {
        self.requests.since(since).next().is_some()
    }

    /// Requests and free drivers of each cell, at most `cells_max` of them, with whether there were more.
    pub(crate) fn counts(&self, now: i64, policy: &SurgePolicy) -> (BTreeMap<u64, Counts>, bool) {
        let mut counts: BTreeMap<u64, Counts> = BTreeMap::new();
        self.asked(now, policy).for_each(|cell| counts.entry(cell).or_default().demand += 1);
        for (_, cell) in self.drivers.since(now.saturating_sub(policy.ping_max_age_ms())) {
            cell.into_iter().for_each(|cell| counts.entry(cell).or_default().supply += 1);
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

    fn look_around(&self, cell: u64, crowd: &mut Crowd, wait: &WaitPolicy) -> Around {
        let mut around = Around { wait_ms: wait.wait_ms(wait.rings_max + 1), ..Around::default() };
        let mut ring = Vec::new();
        let mut nearest = None;
        for rings in 0..=wait.rings_max {
            if nearest.is_some() && rings > 1 {
                break;
            }
            ring.clear();
            geo::ring(cell, rings, &mut ring);
            let free = ring.iter().fold(0_i32, |sum, cell| sum.saturating_add(self.free_in(*cell, crowd)));
            if free > 0 {
                nearest = nearest.or(Some(rings));
            }
            if rings <= 1 {
                around.supply = around.supply.saturating_add(free);
                let asked = ring.iter().filter_map(|cell| crowd.demand.get(cell));
                around.demand = asked.fold(around.demand, |sum, one| sum.saturating_add(*one));
            }
        }
        around.wait_ms = nearest.map_or(around.wait_ms, |rings| wait.wait_ms(rings));
        around
    }

    /// Who counts at `now`.
    pub(crate) fn crowd(&self, now: i64, policy: &SurgePolicy) -> Crowd {
        let mut crowd = Crowd { since: now.saturating_sub(policy.ping_max_age_ms()), ..Crowd::default() };
        self.asked(now, policy).for_each(|cell| *crowd.demand.entry(cell).or_insert(0) += 1);
        crowd
    }

    /// Free drivers of a cell, counted once a turn: an airport has thousands, and as many ask there.
    fn free_in(&self, cell: u64, crowd: &mut Crowd) -> i32 {
        let since = crowd.since;
        *crowd.supply.entry(cell).or_insert_with(|| {
            let there = self.free.get(&cell).into_iter().flatten();
            let fresh = there.filter(|driver| self.drivers.get(driver).is_some_and(|(at, _)| at >= since));
            i32::try_from(fresh.count()).unwrap_or(i32::MAX)
        })
    }
}
