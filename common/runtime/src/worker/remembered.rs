//! Poison of the global tails: every instance reads it, one parks it, and the others remember it for when they must.

use std::collections::VecDeque;

use kernel::contract::RecordParked;

use crate::{
    limits::Limits,
    seat::weight,
    watch::{Bound, Watch},
};

/// What is remembered, the oldest first.
#[derive(Default)]
pub(super) struct Remembered {
    records: VecDeque<RecordParked>,
    weight: usize,
    /// So many of the oldest were stripped of their bytes.
    stripped: usize,
}

impl Remembered {
    pub(super) fn iter(&self) -> impl Iterator<Item = &RecordParked> {
        self.records.iter()
    }

    /// Remembers a record. Beyond an eighth of the bytes that a partition may hold the oldest keep their place, cause, size and headers only: their bytes lie where
    /// the place says. Beyond the bound on records the oldest are forgotten.
    pub(super) fn remember(&mut self, record: RecordParked, limits: &Limits, watch: &Watch) {
        self.weight += weight(&record);
        self.records.push_back(record);
        while self.weight > limits.bytes_in_hand / 8
            && let Some(heavy) = self.records.get_mut(self.stripped)
        {
            watch.reached_bound(Bound::PoisonGlobal);
            self.weight -= heavy.value.take().map_or(0, |value| value.len());
            self.stripped += 1;
        }
        if self.records.len() > limits.poison_global {
            watch.reached_bound(Bound::PoisonGlobal);
            if let Some(forgotten) = self.records.pop_front() {
                self.weight -= weight(&forgotten);
                self.stripped = self.stripped.saturating_sub(1);
            }
        }
    }
}
