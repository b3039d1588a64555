//! What will happen, by event time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use kernel::Millis;

use super::event::Body;

/// Something that will happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// The markets tick.
    Tick,
    /// A record is sent, again or late.
    Say(Box<Body>),
    /// A driver answers an offer.
    Answer { ride: String, revision: i32, driver: String, answer: Answer },
    /// A leg of a ride goes on; `version` tells whether it still is that leg.
    Ride { ride: String, version: u32, what: What },
    /// A driver's app tells where he is.
    Ping { driver: String, schedule: u32 },
    /// A driver goes to another market as soon as he is free.
    Move { driver: String, market: usize, place: kernel::contract::Point },
}

/// A driver's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Accept,
    /// Whether or not it still counts.
    AcceptLate,
    Decline,
    /// A decline, and an acceptance of the same offer after it.
    DeclineThenAccept,
}

/// What happens on a ride.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Arrive,
    Start,
    Complete,
    RiderCancels,
    DriverCancels,
    DriverNoShow,
    RiderNoShow,
}

/// Actions in the order of their time, then of their scheduling.
#[derive(Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Reverse<Due>>,
    scheduled: u64,
    promised: usize,
}

impl Queue {
    pub(super) fn push(&mut self, at: Millis, action: Action) {
        self.scheduled += 1;
        self.promised += usize::from(promises(&action));
        self.heap.push(Reverse(Due { at, scheduled: self.scheduled, action }));
    }

    pub(super) fn peek(&self) -> Option<Millis> {
        self.heap.peek().map(|Reverse(due)| due.at)
    }

    pub(super) fn pop(&mut self) -> Option<(Millis, Action)> {
        let Reverse(due) = self.heap.pop()?;
        self.promised -= usize::from(promises(&due.action));
        Some((due.at, due.action))
    }

    /// Whether somebody will still say something about a ride of his own accord.
    pub(super) fn promises(&self) -> bool {
        self.promised > 0
    }
}

fn promises(action: &Action) -> bool {
    matches!(action, Action::Say(_) | Action::Answer { .. })
}

#[derive(Debug, PartialEq, Eq)]
struct Due {
    at: Millis,
    scheduled: u64,
    action: Action,
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.scheduled).cmp(&(other.at, other.scheduled))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
