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

/// Event times of the newest steps of each ride, milliseconds.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Ways {
    all: BTreeMap<(String, Step), i64>,
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
    pub(crate) fn at(&self, ride: &str, step: Step) -> Option<i64> {
        self.all.get(&(ride.to_owned(), step)).copied()
    }

    /// Keeps when a ride came so far, or forgets it.
    pub(crate) fn keep(&mut self, ride: &str, step: Step, at: Option<i64>) {
        let key = (ride.to_owned(), step);
        if let Some(old) = self.all.remove(&key) {
            self.by_time.remove(&(old, key.0.clone(), step));
        }
        if let Some(at) = at {
            self.by_time.insert((at, key.0.clone(), step));
            self.all.insert(key, at);
        }
    }

    /// Steps that no longer count, the oldest first: longer ago than the window.
    pub(crate) fn outlived(&self, now: Millis) -> impl Iterator<Item = (&str, Step)> {
        let over = self.by_time.iter().take_while(move |(at, ..)| now.since(Millis(*at)) > WINDOW);
        over.map(|(_, ride, step)| (ride.as_str(), *step))
    }
}

/// Seconds that a driver waited who came and drove off at these event times; `None`: one of them is not known, or they make no wait.
pub(crate) fn waited_s(arrived: Option<i64>, started: Option<i64>, longest_s: i32) -> Option<i32> {
    let seconds = started?.checked_sub(arrived?)?.div_euclid(1_000);
    i32::try_from(seconds).ok().filter(|seconds| (0..=longest_s).contains(seconds))
}
