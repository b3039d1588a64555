//! What a service is doing, for those who watch it: counters that the workers move and anybody may read.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
};

use kernel::Millis;

/// Counters of all workers of a service.
#[derive(Debug, Default)]
pub struct Watch {
    /// Transactions committed.
    pub commits: AtomicU64,
    /// Transactions aborted, or of unknown outcome.
    pub aborts: AtomicU64,
    /// Turns decided and committed.
    pub turns: AtomicU64,
    /// Work records that reached their fate.
    pub asked: AtomicU64,
    /// Records written by decisions.
    pub written: AtomicU64,
    /// Records parked.
    pub parked: AtomicU64,
    /// Records that are only seen (pings, profiles) applied to the view.
    pub seen: AtomicU64,
    /// Rebalances.
    pub rebalances: AtomicU64,
    /// Partitions that are live: taken over, rebuilt, deciding.
    pub live: AtomicI64,
    now: Mutex<BTreeMap<String, Millis>>,
    trouble: Mutex<Option<String>>,
}

impl Watch {
    /// The watermark of every market that is live here.
    pub fn now(&self) -> BTreeMap<String, Millis> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The last trouble, if it is not over.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn reached(&self, market: &str, now: Millis) {
        let mut all = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(market) {
            Some(known) => *known = now,
            None => {
                all.insert(market.to_owned(), now);
            }
        }
    }

    pub(crate) fn gone(&self, market: &str) {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).remove(market);
    }

    /// Remembers a trouble; true when it is new and worth a line.
    pub(crate) fn troubled(&self, what: &str) -> bool {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let new = trouble.as_deref() != Some(what);
        *trouble = Some(what.to_owned());
        new
    }

    /// The trouble is over; true when there was one.
    pub(crate) fn well(&self) -> bool {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take().is_some()
    }

    pub(crate) fn add(counter: &AtomicU64, by: usize) {
        counter.fetch_add(by as u64, Relaxed);
    }
}
