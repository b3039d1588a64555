//! Law 2: a driver is in one ride at a time, in one market and across all.
//!
//! Inside a market the order of `match.decided` says it. Across markets offsets have no order, so ownership is proven: the
//! hand-overs of `driver.released` form one sequence a driver, a market offers him only in a turn whose cut lies behind the
//! hand-over to it, and everything that it did with him ended by the turn in which it let him go.

use std::collections::BTreeMap;

use kernel::Record;
use kernel::contract::{Cut, DriverChanged, DriverReleased, MatchDecided, Place};

use super::fates::{Spot, at};
use super::verdict::{Law, Verdict};

/// One hand-over.
struct Hop {
    number: i32,
    from: String,
    to: String,
    turn: i64,
    spot: Spot,
}

/// A span of turns in which a market used a driver.
struct Hold {
    market: String,
    ride: String,
    since: i64,
    until: Option<i64>,
}

/// Who holds whom, and who may.
#[derive(Default)]
pub(super) struct Holds {
    registered: BTreeMap<String, String>,
    hops: BTreeMap<String, Vec<Hop>>,
    /// By market and driver: the ride that has him.
    held: BTreeMap<(String, String), String>,
    /// Of drivers that were handed over, by driver.
    spans: BTreeMap<String, Vec<Hold>>,
    /// By market, turn and partition of `driver.released`: the next offset to be applied.
    cuts: BTreeMap<(String, i64, i32), i64>,
    /// Whether hand-overs were trimmed: then nobody knows who owned whom before the first that is left.
    pub(super) trimmed: bool,
    /// Whether turns were trimmed: then a cut that is missing says nothing.
    pub(super) turns_trimmed: bool,
}

impl Holds {
    pub(super) fn changed(&mut self, driver: &DriverChanged) {
        self.registered.entry(driver.driver.clone()).or_insert_with(|| driver.registered_market.clone());
    }

    pub(super) fn released(&mut self, place: &Place, released: &DriverReleased) {
        let hop = Hop {
            number: released.hop,
            from: released.from.clone(),
            to: released.market.clone(),
            turn: released.turn,
            spot: (place.partition, place.offset),
        };
        self.hops.entry(released.driver.clone()).or_default().push(hop);
    }

    /// A record was parked: if it was a hand-over, it was none.
    pub(super) fn parked(&mut self, place: &Place) {
        if place.topic == DriverReleased::TOPIC.name {
            let spot = (place.partition, place.offset);
            self.hops.values_mut().for_each(|hops| hops.retain(|hop| hop.spot != spot));
            self.hops.retain(|_, hops| !hops.is_empty());
        }
    }

    /// How much is held.
    pub(super) fn len(&self) -> usize {
        self.registered.len() + self.hops.len() + self.held.len() + self.cuts.len() + self.spans.len()
    }

    /// A decision gives `driver` to a ride.
    pub(super) fn take(&mut self, place: &Place, decided: &MatchDecided, driver: &str, verdict: &mut Verdict) {
        let key = (decided.market.clone(), driver.to_owned());
        if let Some(other) = self.held.get(&key).filter(|other| **other != decided.ride) {
            let ride = &decided.ride;
            let sentence = format!("driver {driver} was given ride {ride} at {} while in ride {other}", at(place));
            verdict.blame(Law::DoubleBooked, sentence);
        }
        if self.hops.contains_key(driver) {
            let (market, ride) = (decided.market.clone(), decided.ride.clone());
            let hold = Hold { market, ride, since: decided.turn, until: None };
            self.spans.entry(driver.to_owned()).or_default().push(hold);
        } else if self.registered.get(driver) != Some(&decided.market) && !self.trimmed {
            let home = self.registered.get(driver).map_or("no market", String::as_str);
            let sentence = format!(
                "driver {driver} belongs to {home} and was never handed over, but {} gave him ride {} at {}",
                decided.market,
                decided.ride,
                at(place)
            );
            verdict.blame(Law::Ownership, sentence);
        }
        self.held.insert(key, decided.ride.clone());
    }

    /// A decision lets `driver` go.
    pub(super) fn free(&mut self, decided: &MatchDecided, driver: &str) {
        let key = (decided.market.clone(), driver.to_owned());
        if self.held.get(&key) == Some(&decided.ride) {
            self.held.remove(&key);
        }
        if let Some(spans) = self.spans.get_mut(driver) {
            let mine =
                |hold: &&mut Hold| hold.until.is_none() && hold.market == decided.market && hold.ride == decided.ride;
            if let Some(hold) = spans.iter_mut().rev().find(mine) {
                hold.until = Some(decided.turn);
            }
        }
    }

    /// A turn says how far it had read; kept only where it can matter.
    pub(super) fn cut(&mut self, market: &str, turn: i64, cuts: &[Cut]) {
        if self.hops.is_empty() {
            return;
        }
        for cut in cuts.iter().filter(|cut| cut.topic == DriverReleased::TOPIC.name) {
            self.cuts.insert((market.to_owned(), turn, cut.partition), cut.offset);
        }
    }

    /// Checks the hand-overs, and that nobody used a driver whom he did not own.
    pub(super) fn settle(&mut self, verdict: &mut Verdict) {
        for (driver, hops) in &mut self.hops {
            hops.sort_by_key(|hop| hop.number);
            verdict.released += hops.len() as u64;
            let mut owner = self.registered.get(driver).cloned().unwrap_or_default();
            let mut begin = 1;
            if let Some(first) = hops.first().filter(|_| self.trimmed) {
                (owner, begin) = (first.from.clone(), first.number);
            }
            for (hop, number) in hops.iter().zip(begin..) {
                if hop.number != number || hop.from != owner {
                    let sentence = format!(
                        "driver {driver}: hand-over {} from {} to {} at driver.released/{}@{}, but hand-over {number} from \
                         {owner} is due",
                        hop.number, hop.from, hop.to, hop.spot.0, hop.spot.1
                    );
                    verdict.blame(Law::Ownership, sentence);
                }
                owner.clone_from(&hop.to);
            }
        }
        for (driver, spans) in &self.spans {
            for hold in spans.iter().filter(|hold| !self.owned(driver, hold)) {
                let sentence = format!(
                    "driver {driver}: {} held him for ride {} from turn {}, outside the time between his hand-overs",
                    hold.market, hold.ride, hold.since
                );
                verdict.blame(Law::Ownership, sentence);
            }
        }
    }

    /// Whether `hold` lies inside one of the spans in which its market owned the driver.
    fn owned(&self, driver: &str, hold: &Hold) -> bool {
        let hops = self.hops.get(driver).map_or(&[][..], Vec::as_slice);
        let ends = |next: Option<&Hop>| match next {
            Some(hop) => hold.since < hop.turn && hold.until.is_some_and(|until| until <= hop.turn),
            None => true,
        };
        let first = hops.first().filter(|_| self.trimmed).map(|hop| &hop.from).or(self.registered.get(driver));
        let home = first == Some(&hold.market) && ends(hops.first());
        let arrived = |hop: &Hop| {
            let cut = self.cuts.get(&(hold.market.clone(), hold.since, hop.spot.0));
            hop.to == hold.market && cut.map_or(self.turns_trimmed, |next| hop.spot.1 < *next)
        };
        home || hops.iter().enumerate().any(|(index, hop)| arrived(hop) && ends(hops.get(index + 1)))
    }
}
