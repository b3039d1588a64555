//! When drivers came to riders, and when rides began: what waiting is told by where the end of a ride does not tell it.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Millis, WINDOW};

/// A step of a ride that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The driver is at the pickup.
    Arrived,
    /// The rider is in the car.
    Started,
}

impl Step {
    /// Its part of an entity's key.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Step::Arrived => "arrived",
            Step::Started => "started",
        }
    }
}

/// When a ride came so far, and with whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    /// Event time, milliseconds.
    pub(crate) at: i64,
    pub(crate) driver: String,
}

impl Way {
    /// Whether this is what counts, beside what was heard before: of one driver his first word, for an app may say it again; of two the
    /// newest, for a ride that was given back has another driver.
    pub(crate) fn counts(&self, known: Option<&Way>) -> bool {
        known.is_none_or(|known| if known.driver == self.driver { self.at < known.at } else { known.at < self.at })
    }
}

/// The steps of each ride that count.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Ways {
    all: BTreeMap<(String, Step), Way>,
    by_time: BTreeSet<(i64, String, Step)>,
}

impl Ways {
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// When a ride came so far.
    pub(crate) fn at(&self, ride: &str, step: Step) -> Option<&Way> {
        self.all.get(&(ride.to_owned(), step))
    }

    /// Keeps when a ride came so far, or forgets it.
    pub(crate) fn keep(&mut self, ride: &str, step: Step, way: Option<Way>) {
        let key = (ride.to_owned(), step);
        if let Some(old) = self.all.remove(&key) {
            self.by_time.remove(&(old.at, key.0.clone(), step));
        }
        if let Some(way) = way {
            self.by_time.insert((way.at, key.0.clone(), step));
            self.all.insert(key, way);
        }
    }

    /// Steps that no longer count, the oldest first: longer ago than the window.
    pub(crate) fn outlived(&self, now: Millis) -> impl Iterator<Item = (&str, Step)> {
        let over = self.by_time.iter().take_while(move |(at, ..)| now.since(Millis(*at)) > WINDOW);
        over.map(|(_, ride, step)| (ride.as_str(), *step))
    }
}

/// Seconds that the driver waited with whom the ride ended, if it tells with whom; `None`: he is not known to have come or driven off, or
/// that makes no wait. Another's arrival says nothing of how long the rider was waited for.
pub(crate) fn waited_s(
    (arrived, started): (Option<&Way>, Option<&Way>),
    driver: Option<&str>,
    longest_s: i32,
) -> Option<i32> {
    let (arrived, started) = (arrived?, started?);
    if arrived.driver != started.driver || driver.is_some_and(|driver| driver != started.driver) {
        return None;
    }
    let seconds = started.at.checked_sub(arrived.at)?.div_euclid(1_000);
    i32::try_from(seconds).ok().filter(|seconds| (0..=longest_s).contains(seconds))
}
