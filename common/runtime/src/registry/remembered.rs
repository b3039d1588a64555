//! What a client learned, bounded.

use std::collections::{BTreeMap, VecDeque};

/// A map from id that forgets what it learned first.
pub(super) struct Remembered<T> {
    values: BTreeMap<u32, T>,
    order: VecDeque<u32>,
    limit: usize,
}

impl<T> Remembered<T> {
    pub(super) fn new(limit: usize) -> Self {
        Remembered { values: BTreeMap::new(), order: VecDeque::new(), limit }
    }

    pub(super) fn get(&self, id: u32) -> Option<&T> {
        self.values.get(&id)
    }

    pub(super) fn insert(&mut self, id: u32, value: T) {
        if self.values.insert(id, value).is_some() {
            return;
        }
        self.order.push_back(id);
        if self.order.len() > self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.values.remove(&oldest);
        }
    }
}
