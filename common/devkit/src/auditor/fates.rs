//! Law 1, one record, one fate: what every record that asks led to.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Record;
use kernel::contract::{Place, RecordParked, RideProgressed, RideRequested};

use super::verdict::{Law, Verdict};

/// Where a record lies in its topic: partition and offset.
pub(super) type Spot = (i32, i64);

/// A ride as the topics name it: market and ride.
pub(super) type RideKey = (String, String);

/// A record that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asking {
    /// The ride that it names; `None`: its bytes cannot be read, so it may only be parked.
    pub(super) ride: Option<RideKey>,
    /// What an acceptance claims; `None` for a request.
    pub(super) accepts: Option<Acceptance>,
    fates: u32,
}

/// What an acceptance claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Acceptance {
    /// The decision that is answered.
    pub(super) revision: Option<i32>,
    /// Who answers.
    pub(super) driver: Option<String>,
    /// Event time.
    pub(super) at: i64,
}

/// Every record that asks, and how often it was answered.
#[derive(Default)]
pub(super) struct Fates {
    requests: BTreeMap<Spot, Asking>,
    acceptances: BTreeMap<Spot, Asking>,
    parked: BTreeSet<(String, String, Spot)>,
}

impl Fates {
    pub(super) fn requested(&mut self, spot: Spot, ride: Option<RideKey>) {
        self.requests.insert(spot, Asking { ride, accepts: None, fates: 0 });
    }

    pub(super) fn accepted(&mut self, spot: Spot, ride: RideKey, acceptance: Acceptance) {
        self.acceptances.insert(spot, Asking { ride: Some(ride), accepts: Some(acceptance), fates: 0 });
    }

    /// How much is held.
    pub(super) fn len(&self) -> usize {
        self.requests.len() + self.acceptances.len() + self.parked.len()
    }

    /// How many requests were read.
    pub(super) fn requests(&self) -> u64 {
        self.requests.len() as u64
    }

    pub(super) fn park(&mut self, record: &RecordParked, verdict: &mut Verdict) {
        verdict.parked += 1;
        let place = &record.place;
        let identity = (record.processor.clone(), place.topic.clone(), (place.partition, place.offset));
        if !self.parked.insert(identity) {
            let sentence = format!("{} was parked twice by {}", at(place), record.processor);
            return verdict.blame(Law::Duplicated, sentence);
        }
        if let Some(asking) = self.find(place) {
            asking.fates += 1;
        }
    }

    /// Whether matching parked the record of `topic` at `spot`.
    pub(super) fn is_parked(&self, topic: &str, spot: Spot) -> bool {
        self.parked.contains(&("matching".to_owned(), topic.to_owned(), spot))
    }

    /// Counts one fate of the record at `place`; `None` when no record that asks lies there.
    pub(super) fn answer(&mut self, place: &Place) -> Option<&Asking> {
        let asking = self.find(place)?;
        asking.fates += 1;
        Some(asking)
    }

    fn find(&mut self, place: &Place) -> Option<&mut Asking> {
        let spot = (place.partition, place.offset);
        if place.topic == RideRequested::TOPIC.name {
            self.requests.get_mut(&spot)
        } else if place.topic == RideProgressed::TOPIC.name {
            self.acceptances.get_mut(&spot)
        } else {
            None
        }
    }

    /// Blames every record that has no fate, or more than one.
    pub(super) fn settle(&self, verdict: &mut Verdict) {
        let requests = self.requests.iter().map(|entry| ("request", RideRequested::TOPIC.name, entry));
        let acceptances = self.acceptances.iter().map(|entry| ("acceptance", RideProgressed::TOPIC.name, entry));
        for (what, topic, ((partition, offset), asking)) in requests.chain(acceptances) {
            let ride = asking.ride.as_ref().map_or("(unreadable)", |(_, ride)| ride);
            let place = format!("{topic}/{partition}@{offset}");
            match asking.fates {
                1 => {}
                0 => verdict.blame(Law::Missing, format!("ride {ride}: the {what} at {place} led to nothing")),
                more => verdict
                    .blame(Law::Duplicated, format!("ride {ride}: the {what} at {place} led to {more} decisions")),
            }
        }
    }
}

/// A place as sentences name it.
pub(super) fn at(place: &Place) -> String {
    format!("{}/{}@{}", place.topic, place.partition, place.offset)
}
