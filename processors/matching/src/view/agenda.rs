//! The rides of a market, and which of them time will call for.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Millis;
use kernel::contract::{RideKept, RideStatus};

use crate::policy::ChainPolicy;
use kernel::WINDOW;

/// Rides by id, each in one of the orders by time that its status says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Agenda {
    rides: BTreeMap<String, RideKept>,
    /// Offers by the time to answer.
    offers: BTreeSet<(i64, String)>,
    /// Rides that look for a driver, by request.
    looking: BTreeSet<(i64, String)>,
    /// The same rides by the time from which their patience counts.
    patience: BTreeSet<(i64, String)>,
    /// Assigned rides by assignment.
    assigned: BTreeSet<(i64, String)>,
    /// Closed and foretold rides by request.
    over: BTreeSet<(i64, String)>,
}

impl Agenda {
    /// Rides of which anything is known.
    pub(crate) fn len(&self) -> usize {
        self.rides.len()
    }

    /// A ride as it is kept. It is known until it is forgotten, be it over for longer than law 1's window: a request at its edge never
    /// begins a second chain.
    pub(crate) fn ride(&self, ride: &str) -> Option<&RideKept> {
        self.rides.get(ride)
    }

    /// Keeps a ride, or forgets it.
    pub(super) fn keep(&mut self, ride: &str, kept: Option<&RideKept>) {
        if let Some(old) = self.rides.remove(ride) {
            self.index(&old, |set, at| {
                set.remove(&(at, ride.to_owned()));
            });
        }
        if let Some(kept) = kept {
            self.index(kept, |set, at| {
                set.insert((at, ride.to_owned()));
            });
            self.rides.insert(ride.to_owned(), kept.clone());
        }
    }

    /// Applies `change` to every order that a ride of this status belongs to.
    fn index(&mut self, ride: &RideKept, change: impl Fn(&mut BTreeSet<(i64, String)>, i64)) {
        match ride.status {
            RideStatus::Offered => change(&mut self.offers, ride.answer_by.unwrap_or(i64::MIN)),
            RideStatus::Waiting | RideStatus::Reopened => {
                change(&mut self.looking, ride.requested_at);
                change(&mut self.patience, patient_from(ride));
            }
            RideStatus::Assigned => change(&mut self.assigned, ride.since),
            RideStatus::Closed | RideStatus::Foretold | RideStatus::Unknown => {
                change(&mut self.over, ride.requested_at)
            }
        }
    }

    /// Whether any ride looks for a driver.
    pub(super) fn looks(&self) -> bool {
        !self.looking.is_empty()
    }

    /// Rides that look for a driver, oldest request first, then by id.
    pub(crate) fn looking(&self) -> impl Iterator<Item = &RideKept> {
        self.looking.iter().filter_map(|(_, ride)| self.rides.get(ride))
    }

    /// Rides that something ends for at `now` because time passed: offers first, then patience, then rides too long under way.
    pub(crate) fn lapsed(&self, now: Millis, chain: &ChainPolicy) -> impl Iterator<Item = &RideKept> {
        let before = |span: i64| now.0.saturating_sub(span);
        let offers = until(&self.offers, now.0);
        let patience = until(&self.patience, before(chain.wait_max_ms()));
        let assigned = until(&self.assigned, before(chain.ride_max_ms()));
        offers.chain(patience).chain(assigned).filter_map(|(_, ride)| self.rides.get(ride))
    }

    /// Rides too long over to count, oldest first.
    pub(crate) fn outlived(&self, now: Millis) -> impl Iterator<Item = &str> {
        let limit = now.0.saturating_sub(WINDOW.0);
        self.over.iter().take_while(move |(at, _)| *at < limit).map(|(_, ride)| ride.as_str())
    }
}

fn until(set: &BTreeSet<(i64, String)>, limit: i64) -> impl Iterator<Item = &(i64, String)> {
    set.iter().take_while(move |(at, _)| *at <= limit)
}

/// When the patience of a ride that looks for a driver began: at its request, or when it was re-opened.
pub(crate) fn patient_from(ride: &RideKept) -> i64 {
    if ride.status == RideStatus::Reopened { ride.since } else { ride.requested_at }
}
