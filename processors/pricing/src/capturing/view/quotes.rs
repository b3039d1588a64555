//! Quotes that a request may still name, and how much surge was in them.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Millis;
use kernel::contract::Promise;

use crate::capturing::{BEFORE, COUNTS, HORIZON};

/// A minute, milliseconds.
pub(super) const MINUTE_MS: i64 = 60_000;
/// Minutes of which surge is remembered: the longest window, and what the market's time may be behind a quote's.
const MINUTES: i64 = 75;

/// Quotes by id.
#[derive(Debug, Default)]
pub(crate) struct Quotes {
    all: BTreeMap<Box<str>, Box<Promise>>,
    by_time: BTreeSet<(i64, Box<str>)>,
    /// Of each minute that began, by event time: how many quotes there were, and the sum of their surge in basis points.
    surges: BTreeMap<i64, (i64, i64)>,
}

impl Quotes {
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// Notes a quote. Of an id that was used again, once it was forgotten, the newer price counts: it is all that a successor knows. Where
    /// there were `room` of them the oldest makes way, and is told.
    pub(super) fn see(&mut self, quote: String, promise: Box<Promise>, room: usize) -> Option<(i64, Box<str>)> {
        if let Some(known) = self.all.get(quote.as_str()).map(|known| known.at) {
            if promise.at <= known {
                return None;
            }
            self.by_time.remove(&(known, quote.as_str().into()));
            self.all.remove(quote.as_str());
        }
        let (id, at): (Box<str>, i64) = (quote.into(), promise.at);
        let minute = self.surges.entry(at.div_euclid(MINUTE_MS)).or_default();
        *minute = (minute.0 + 1, minute.1 + i64::from(promise.surge_bps.max(0)));
        let newest = self.surges.last_key_value().map_or(0, |(minute, _)| *minute);
        self.surges = self.surges.split_off(&(newest - MINUTES));
        let gone = if self.all.len() < room { None } else { self.by_time.pop_first() };
        if let Some((_, oldest)) = &gone {
            self.all.remove(oldest);
        }
        self.by_time.insert((at, id.clone()));
        self.all.insert(id, promise);
        gone
    }

    /// Forgets what no request will name: requests were read up to the event time `asked`, milliseconds. What was not asked for yet stays,
    /// however old it is: it is the market's time that says what counts. What was forgotten.
    pub(super) fn sweep(&mut self, asked: i64) -> Vec<(i64, Box<str>)> {
        let (until, mut gone) = (asked.saturating_sub(HORIZON.0), Vec::new());
        while self.by_time.first().is_some_and(|(at, _)| *at < until)
            && let Some((at, quote)) = self.by_time.pop_first()
        {
            self.all.remove(&quote);
            gone.push((at, quote));
        }
        gone
    }

    /// What `quote` promised whoever asked with it at the event time `asked`, milliseconds, as of the market's time `now`. What lies further
    /// back may be known or not, by who else asked and by who took over since, so it counts for nobody.
    pub(crate) fn promise(&self, quote: &str, asked: i64, now: Millis) -> Option<&Promise> {
        let promise = self.all.get(quote)?;
        let counts = promise.at >= Quotes::counts_from(now) && Quotes::in_time(promise.at, asked);
        counts.then_some(promise)
    }

    /// When the oldest quote was made that counts at `now`, event time in milliseconds.
    pub(super) fn counts_from(now: Millis) -> i64 {
        now.0.saturating_sub(COUNTS.0)
    }

    /// Whether a quote that was made at `at` is one for who asked at `asked`.
    pub(super) fn in_time(at: i64, asked: i64) -> bool {
        Millis(asked).since(Millis(at)) <= BEFORE
    }

    /// When a quote that is known was made.
    pub(super) fn at(&self, quote: &str) -> Option<i64> {
        self.all.get(quote).map(|promise| promise.at)
    }

    /// Mean surge of the quotes of these minutes, basis points; zero where there are none.
    pub(super) fn surge_bps(&self, minutes: std::ops::Range<i64>) -> i64 {
        let of = self.surges.range(minutes).map(|(_, minute)| *minute);
        let (count, sum) = of.fold((0, 0_i64), |(count, sum), (more, bps)| (count + more, sum.saturating_add(bps)));
        if count > 0 { sum / count } else { 0 }
    }
}
