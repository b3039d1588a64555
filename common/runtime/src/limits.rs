//! Every bound of a worker (law 9): each is a setting, and counted when it is reached.

use std::time::Duration;

/// Bounds of a worker. What happens at each of them is named; nothing is dropped silently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Records polled in one step; the rest is polled in the next.
    pub polled: usize,
    /// Work records in hand of one partition; then its work topic is paused.
    pub asks_in_hand: usize,
    /// Facts in hand of one partition; then its tails are paused.
    pub facts_in_hand: usize,
    /// Poison in hand of one partition; then all its topics are paused.
    pub parked_in_hand: usize,
    /// Bytes of records in hand of one partition; then all its topics are paused.
    pub bytes_in_hand: usize,
    /// Work records that a transaction takes of one partition; the rest follows in the next.
    pub asks_taken: usize,
    /// Facts that a transaction takes of one partition; the rest follows in the next.
    pub facts_taken: usize,
    /// Poison that a transaction parks of one partition; the rest goes first, in transactions of its own.
    pub parked_taken: usize,
    /// A value larger than so many bytes is parked unread.
    pub value_bytes: usize,
    /// A record to be written that is larger, bytes, is refused: what led to it is parked.
    pub output_bytes: usize,
    /// Markets of one partition; a record of one more is parked.
    pub markets: usize,
    /// Entities of a market (of a global tail) in the view; what is only seen of one more is ignored.
    pub view: usize,
    /// Poison of the global tails that is remembered for whoever answers for it; the oldest is forgotten first.
    pub poison_global: usize,
    /// Longest wait for a tail that must be read; then the turn is decided with the flag `stale`.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            polled: 5_000,
            asks_in_hand: 4_000,
            facts_in_hand: 20_000,
            parked_in_hand: 1_000,
            bytes_in_hand: 64 * 1024 * 1024,
            asks_taken: 256,
            facts_taken: 2_000,
            parked_taken: 500,
            value_bytes: 256 * 1024,
            output_bytes: 1_000_000,
            markets: 1_000,
            view: 1_000_000,
            poison_global: 100_000,
            patience: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// What a transaction takes, halved so often, one at the least: what was aborted is tried again in smaller pieces.
    pub(crate) fn halved(self, times: u32) -> Limits {
        let halved = |most: usize| (most >> times).max(1);
        Limits {
            asks_taken: halved(self.asks_taken),
            facts_taken: halved(self.facts_taken),
            parked_taken: halved(self.parked_taken),
            ..self
        }
    }
}
