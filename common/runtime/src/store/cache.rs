//! What was read lately of a store.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use kernel::rider::Facts;

/// Answers of the store, by rider: so many at most, each for so long.
#[derive(Debug)]
pub(super) struct Cache {
    most: usize,
    span: Duration,
    answers: BTreeMap<String, Facts>,
    /// When each was read; in that order they grow too old, and at the bound the oldest goes first.
    read: VecDeque<(Duration, String)>,
}

impl Cache {
    pub(super) fn new(most: usize, span: Duration) -> Cache {
        Cache { most, span, answers: BTreeMap::new(), read: VecDeque::new() }
    }

    /// What is remembered of a rider at `now`.
    pub(super) fn get(&mut self, rider: &str, now: Duration) -> Option<&Facts> {
        while let Some((_, rider)) = self.read.pop_front_if(|(read, _)| now.saturating_sub(*read) >= self.span) {
            self.answers.remove(&rider);
        }
        self.answers.get(rider)
    }

    /// Remembers an answer that was not remembered. False: another had to be forgotten for it, or there is no room at all.
    pub(super) fn put(&mut self, rider: String, facts: Facts, now: Duration) -> bool {
        if self.most == 0 || self.answers.contains_key(&rider) {
            return true;
        }
        let full = self.answers.len() >= self.most;
        if full && let Some((_, oldest)) = self.read.pop_front() {
            self.answers.remove(&oldest);
        }
        self.read.push_back((now, rider.clone()));
        self.answers.insert(rider, facts);
        !full
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        assert_eq!(self.answers.len(), self.read.len());
        self.answers.len()
    }
}
