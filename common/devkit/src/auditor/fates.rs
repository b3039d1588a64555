//! Law 1, one record, one fate: what every record that asks led to.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Record;
use kernel::contract::{MatchDecided, Place, RecordParked, RideProgressed, RideRequested, TurnTaken};

use super::trimmed::Trimmed;
use super::verdict::{Law, Verdict};

/// Who answers requests and acceptances.
const MATCHING: &str = "matching";

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
    /// Turns that name it as decided by them.
    listed: u32,
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
    /// The records that may be parked; `None`: any.
    pub(super) garbage: Option<BTreeSet<Place>>,
}

impl Fates {
    pub(super) fn requested(&mut self, spot: Spot, ride: Option<RideKey>) {
        self.requests.insert(spot, Asking { ride, accepts: None, fates: 0, listed: 0 });
    }

    pub(super) fn accepted(&mut self, spot: Spot, ride: RideKey, acceptance: Acceptance) {
        let asking = Asking { ride: Some(ride), accepts: Some(acceptance), fates: 0, listed: 0 };
        self.acceptances.insert(spot, asking);
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
        verdict.parked_requests += u64::from(place.topic == RideRequested::TOPIC.name);
        if self.garbage.as_ref().is_some_and(|garbage| !garbage.contains(place)) {
            let (processor, cause) = (&record.processor, record.cause);
            verdict.blame(Law::Missing, format!("{} was parked by {processor} as {cause:?}, but is sound", at(place)));
        }
        let identity = (record.processor.clone(), place.topic.clone(), (place.partition, place.offset));
        if !self.parked.insert(identity) {
            let sentence = format!("{} was parked twice by {}", at(place), record.processor);
            return verdict.blame(Law::Duplicated, sentence);
        }
        // Others read the same topics, and answer other questions.
        if record.processor == MATCHING
            && let Some(asking) = self.find(place)
        {
            asking.fates += 1;
        }
    }

    /// Whether matching parked the record of `topic` at `spot`.
    pub(super) fn is_parked(&self, topic: &str, spot: Spot) -> bool {
        self.parked.contains(&(MATCHING.to_owned(), topic.to_owned(), spot))
    }

    /// Counts one fate of the record at `place`; `None` when no record that asks lies there.
    pub(super) fn answer(&mut self, place: &Place) -> Option<&Asking> {
        let asking = self.find(place)?;
        asking.fates += 1;
        Some(asking)
    }

    /// A turn names the record at `place` as one of `ride`'s; `false`: no such record lies there.
    pub(super) fn list(&mut self, place: &Place, ride: &RideKey) -> bool {
        match self.find(place) {
            Some(asking) => {
                asking.listed += 1;
                asking.ride.as_ref() == Some(ride)
            }
            // Of facts only acceptances are kept.
            None => place.topic == RideProgressed::TOPIC.name,
        }
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

    /// Blames every record that has no fate, or more than one, and every one that no turn, or more than one, was decided from.
    pub(super) fn settle(&self, trimmed: &Trimmed, verdict: &mut Verdict) {
        let requests = ("request", RideRequested::TOPIC.name, &self.requests);
        let acceptances = ("acceptance", RideProgressed::TOPIC.name, &self.acceptances);
        for (what, topic, askings) in [requests, acceptances] {
            let (answered, named) = (beginning(askings, |asking| asking.fates), beginning(askings, |one| one.listed));
            for (spot, asking) in askings {
                let (partition, offset) = *spot;
                let ride = asking.ride.as_ref().map_or("(unreadable)", |(_, ride)| ride);
                let place = format!("ride {ride}: the {what} at {topic}/{partition}@{offset}");
                let parked = self.is_parked(topic, *spot);
                let excused = |written: &str, begins: &BTreeMap<i32, i64>| {
                    let before = begins.get(&partition).is_none_or(|first| offset < *first);
                    before && trimmed.at(&[written], partition)
                };
                match (asking.fates, asking.listed) {
                    (0, _) if excused(MatchDecided::TOPIC.name, &answered) => verdict.unjudged += 1,
                    (0, _) if trimmed.at(&[RecordParked::TOPIC.name], partition) => verdict.unjudged += 1,
                    (0, _) => verdict.blame(Law::Missing, format!("{place} led to nothing")),
                    (2.., _) => verdict.blame(Law::Duplicated, format!("{place} led to {} decisions", asking.fates)),
                    (1, 0) if parked || excused(TurnTaken::TOPIC.name, &named) => {}
                    (1, 0) => verdict.blame(Law::Turn, format!("{place} was decided, but no turn names it")),
                    (1, _) if parked => verdict.blame(Law::Turn, format!("{place} was parked, but a turn names it")),
                    (1, 1) => {}
                    (1, more) => verdict.blame(Law::Turn, format!("{place} is named by {more} turns")),
                }
            }
        }
    }
}

/// The first offset of each partition for which `count` is not zero.
fn beginning(askings: &BTreeMap<Spot, Asking>, count: fn(&Asking) -> u32) -> BTreeMap<i32, i64> {
    let counted = askings.iter().filter(|(_, asking)| count(asking) > 0);
    // The first one of a partition comes last here, and stays.
    counted.rev().map(|((partition, offset), _)| (*partition, *offset)).collect()
}

/// A place as sentences name it.
pub(super) fn at(place: &Place) -> String {
    format!("{}/{}@{}", place.topic, place.partition, place.offset)
}
