//! What is known of one market.

use std::collections::{BTreeMap, BTreeSet};

use kernel::contract::{FareKept, FareStatus, Promise};
use kernel::{Measure, Millis, WINDOW};

use super::quotes::MINUTE_MS;
use super::{Quotes, Ways};
use crate::capture::tide::{Level, Tide};
use crate::policy::PeakPolicy;

/// Promises that a turn keeps at most; the next one keeps more.
const PROMISED: usize = 1_024;

/// One market.
#[derive(Debug, Default)]
pub(crate) struct Market {
    fares: BTreeMap<String, FareKept>,
    /// By the time since which they stand where they do.
    by_time: BTreeSet<(i64, String)>,
    /// Open rides whose quote was not seen yet, by the quote.
    waiting: BTreeMap<String, BTreeSet<String>>,
    /// Of these rides the ones whose quote is known and was made in time for them, by when it was.
    met: BTreeSet<(i64, String)>,
    /// Requests of each minute that began, by event time.
    requests: BTreeMap<i64, i64>,
    /// Event time of the newest request.
    asked: i64,
    pub(crate) quotes: Quotes,
    pub(crate) tide: Tide,
    /// Rides under way.
    pub(crate) ways: Ways,
}

impl Market {
    /// What is kept.
    pub(super) fn kept(&self) -> (&BTreeMap<String, FareKept>, Tide, &Ways) {
        (&self.fares, self.tide, &self.ways)
    }

    /// A ride's fare. It is known until it is forgotten, be it for longer than the window.
    pub(crate) fn fare(&self, ride: &str) -> Option<&FareKept> {
        self.fares.get(ride)
    }

    /// Keeps a ride's fare, or forgets it.
    pub(super) fn keep(&mut self, ride: &str, kept: Option<&FareKept>) {
        if let Some(old) = self.fares.remove(ride) {
            self.by_time.remove(&(old.at, ride.to_owned()));
            self.count(&old, -1);
            if let Some(at) = waits(&old).and_then(|quote| self.quotes.at(quote)) {
                self.met.remove(&(at, ride.to_owned()));
            }
            if let Some(quote) = waits(&old)
                && let Some(rides) = self.waiting.get_mut(quote)
            {
                rides.remove(ride);
                if rides.is_empty() {
                    self.waiting.remove(quote);
                }
            }
        }
        let Some(kept) = kept else { return };
        self.by_time.insert((kept.at, ride.to_owned()));
        self.count(kept, 1);
        if let Some(quote) = waits(kept) {
            self.waiting.entry(quote.to_owned()).or_default().insert(ride.to_owned());
            self.meet(quote, [(ride.to_owned(), kept.requested_at)]);
        }
        self.asked = self.asked.max(kept.requested_at.unwrap_or(i64::MIN));
        self.fares.insert(ride.to_owned(), kept.clone());
        for (at, quote) in self.quotes.sweep(self.asked) {
            self.part(&quote, at);
        }
    }

    /// A quote is seen. False: there were `room` of them already, and the oldest made way.
    pub(super) fn see(&mut self, quote: String, promise: Box<Promise>, room: usize) -> bool {
        // It may be a newer price of an id that was used again.
        if let Some(before) = self.quotes.at(&quote) {
            self.part(&quote, before);
        }
        let gone = self.quotes.see(quote.clone(), promise, room);
        let rides = self.waiting.get(&quote).into_iter().flatten();
        let waiting: Vec<(String, Option<i64>)> =
            rides.filter_map(|ride| Some((ride.clone(), self.fares.get(ride)?.requested_at))).collect();
        self.meet(&quote, waiting);
        if let Some((at, quote)) = &gone {
            self.part(quote, *at);
        }
        gone.is_none()
    }

    /// These rides, with when each was asked for, wait for a quote: who asked in time for it has it, if it is known.
    fn meet(&mut self, quote: &str, rides: impl IntoIterator<Item = (String, Option<i64>)>) {
        let Some(at) = self.quotes.at(quote) else { return };
        let in_time = |asked: Option<i64>| asked.is_some_and(|asked| Quotes::in_time(at, asked));
        self.met.extend(rides.into_iter().filter(|(_, asked)| in_time(*asked)).map(|(ride, _)| (at, ride)));
    }

    /// A quote that was made at `at` is not known any more.
    fn part(&mut self, quote: &str, at: i64) {
        for ride in self.waiting.get(quote).into_iter().flatten() {
            self.met.remove(&(at, ride.clone()));
        }
    }

    fn count(&mut self, fare: &FareKept, more: i64) {
        let Some(minute) = fare.requested_at.map(|at| at.div_euclid(MINUTE_MS)) else { return };
        let count = self.requests.entry(minute).or_default();
        *count += more;
        if *count == 0 {
            self.requests.remove(&minute);
        }
    }

    /// Open rides whose quote was seen since they were asked for: their promise is to be kept. Not all at once where they are many; what
    /// counts no more is not looked at.
    pub(crate) fn promised(&self, now: Millis) -> impl Iterator<Item = FareKept> {
        let kept = move |(_, ride): &(i64, String)| {
            let fare = self.fares.get(ride)?;
            let promise = self.quotes.promise(waits(fare)?, fare.requested_at?, now)?;
            Some(FareKept { promise: Some(promise.clone()), ..fare.clone() })
        };
        self.met.range((Quotes::counts_from(now), String::new())..).filter_map(kept).take(PROMISED)
    }

    /// The same, found by a look at every fare.
    #[cfg(test)]
    pub(crate) fn promised_by_looking(&self, now: Millis) -> Vec<FareKept> {
        let kept = |fare: &FareKept| {
            let promise = self.quotes.promise(waits(fare)?, fare.requested_at?, now)?;
            Some(FareKept { promise: Some(promise.clone()), ..fare.clone() })
        };
        self.fares.values().filter_map(kept).collect()
    }

    /// What the states of the market are stepped by at the event time `now`, milliseconds: minutes that are over.
    pub(crate) fn level(&self, now: i64, policy: &PeakPolicy) -> Level {
        let minute = now.div_euclid(MINUTE_MS);
        let window = minute - policy.window_min..minute;
        Level {
            requests: self.requests.range(window.clone()).map(|(_, count)| count).sum(),
            surge_bps: self.quotes.surge_bps(window),
        }
    }

    /// Whether a promise is to be kept, or peak or surge begins or ends.
    pub(crate) fn ripe(&self, now: Millis, policy: &PeakPolicy) -> bool {
        let mut tide = self.tide;
        tide.step(now.0, self.level(now.0, policy), policy);
        tide != self.tide || self.promised(now).next().is_some()
    }

    /// Rides that no longer count, the oldest first: asked for, or captured, longer ago than the window.
    pub(crate) fn outlived(&self, now: Millis) -> impl Iterator<Item = &str> {
        let over = self.by_time.iter().take_while(move |(at, _)| now.since(Millis(*at)) > WINDOW);
        over.map(|(_, ride)| ride.as_str())
    }

    /// How much is known here, and when the newest request was.
    pub(crate) fn measure(&self) -> Measure {
        let entities = self.fares.len() + self.quotes.len() + self.ways.len();
        Measure { entities: entities as u64, newest: (self.asked > 0).then_some(Millis(self.asked)) }
    }
}

/// The quote for which an open ride waits.
fn waits(fare: &FareKept) -> Option<&String> {
    fare.quote.as_ref().filter(|_| fare.status == FareStatus::Open && fare.promise.is_none())
}
