//! How a worker reads riders' facts: all of a turn at once, remembered for a while, within a deadline; and not again and again where
//! nobody answers.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use kernel::{
    Record, Spot,
    contract::RiderChanged,
    rider::{Facts, Known},
};

use super::{RIDERS, Row, Store, cache::Cache};
use crate::watch::{Bound, Count, Span, Watch};

/// How a store is read.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Longest wait of a turn for its riders.
    pub deadline: Duration,
    /// After a read that was not answered nobody is asked for so long.
    pub pause: Duration,
    /// Riders that are remembered; 0: none.
    pub cached: usize,
    /// And for how long.
    pub fresh: Duration,
}

impl Default for Reading {
    fn default() -> Reading {
        let [deadline, pause, fresh] = [20, 1_000, 10_000].map(Duration::from_millis);
        Reading { deadline, pause, cached: 100_000, fresh }
    }
}

/// A worker's way to the store.
pub struct Reader {
    store: Arc<dyn Store>,
    reading: Reading,
    pub(super) cache: Cache,
    /// Not asked before then: the last read was not answered.
    again: Duration,
    /// Why somebody was not answered, and until when that is told.
    trouble: Option<(String, Duration)>,
}

impl Reader {
    /// Reads `store`.
    pub fn new(store: Arc<dyn Store>, reading: Reading) -> Reader {
        let cache = Cache::new(reading.cached, reading.fresh);
        Reader { store, reading, cache, again: Duration::ZERO, trouble: None }
    }

    /// Why the last read was not answered, until one is; and not for longer than the pause: where nobody asks, nobody would be answered.
    pub(crate) fn trouble(&self, now: Duration) -> Option<&str> {
        self.trouble.as_ref().filter(|(_, until)| now < *until).map(|(why, _)| why.as_str())
    }

    /// What is known of these riders at `now`, monotonic time: from memory, and for the rest by one read.
    pub(crate) fn look(&mut self, riders: BTreeSet<String>, now: Duration, watch: &Watch) -> BTreeMap<String, Facts> {
        let (mut found, mut unknown) = (BTreeMap::new(), Vec::new());
        for rider in riders {
            match self.cache.get(&rider, now) {
                Some(facts) => {
                    found.insert(rider, facts.clone());
                }
                None => unknown.push(rider),
            }
        }
        watch.add(Count::RidersRemembered, found.len());
        if unknown.is_empty() {
            return found;
        }
        let mut rows = Vec::new();
        if now >= self.again {
            let why;
            (rows, why) = self.read(&unknown, watch);
            if why.is_some() {
                self.again = now + self.reading.pause;
                watch.reached_bound(Bound::StoreDeadline);
            }
            self.trouble = why.map(|why| (why, self.again));
        }
        // What came in time counts, though others did not.
        let silent = unknown.split_off(rows.len());
        watch.add(Count::RidersRead, unknown.len());
        for (rider, row) in unknown.into_iter().zip(rows) {
            let facts = row.map_or(Facts::Absent, |row| self.facts(&row, now));
            if !self.cache.put(rider.clone(), facts.clone(), now) {
                watch.reached_bound(Bound::RidersRemembered);
            }
            found.insert(rider, facts);
        }
        watch.add(Count::RidersUnanswered, silent.len());
        found.extend(silent.into_iter().map(|rider| (rider, Facts::Unanswered)));
        found
    }

    /// Rows of the first of these riders, never of more, and why the others have none.
    fn read(&self, riders: &[String], watch: &Watch) -> (Vec<Option<Row>>, Option<String>) {
        let (keys, begun): (Vec<&str>, _) = (riders.iter().map(String::as_str).collect(), Instant::now());
        let (rows, why) = self.store.read_some(RIDERS, &keys, self.reading.deadline);
        watch.took(Span::Store, begun.elapsed());
        let (count, all) = (rows.len(), riders.len());
        if count > all || (count < all && why.is_none()) {
            return (Vec::new(), Some(format!("{} answered {count} rows for {all} riders", self.store.name())));
        }
        (rows, why)
    }

    /// A row that cannot be read is as if nobody had answered for this rider.
    fn facts(&mut self, row: &Row, now: Duration) -> Facts {
        match row.body.as_deref().map(serde_json::from_str::<RiderChanged>) {
            None => Facts::Absent,
            Some(Ok(rider)) => {
                let Row { partition, offset, .. } = *row;
                Facts::Found(Arc::new(Known {
                    place: Spot { topic: RiderChanged::TOPIC.name, partition, offset },
                    rider,
                }))
            }
            Some(Err(error)) => {
                let (name, Row { partition, offset, .. }) = (self.store.name(), row);
                let why = format!(
                    "{name}: the row of {}/{partition}@{offset} cannot be read: {error}: project the topic anew",
                    RiderChanged::TOPIC.name
                );
                self.trouble = Some((why, now + self.reading.pause));
                Facts::Unanswered
            }
        }
    }
}
