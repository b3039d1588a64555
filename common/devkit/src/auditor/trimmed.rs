//! What retention has taken: where the topics begin, and what can therefore not be judged.
//!
//! Nothing is held against what lies before the beginning, and nothing that hangs on it: a chain whose first step is gone is passed over
//! as a whole. Inside a partition records are answered in their order, so all that has no answer below the first one that has is excused.

use std::collections::BTreeMap;

use kernel::contract::Place;

/// First offsets of the partitions that do not begin at 0.
#[derive(Default)]
pub(super) struct Trimmed {
    first: BTreeMap<(String, i32), i64>,
}

impl Trimmed {
    /// A partition begins at `first`.
    pub(super) fn begins(&mut self, topic: &str, partition: i32, first: i64) {
        if first > 0 {
            self.first.insert((topic.to_owned(), partition), first);
        }
    }

    /// Whether any partition of `topic` was trimmed.
    pub(super) fn any(&self, topic: &str) -> bool {
        self.first.keys().any(|(known, _)| known == topic)
    }

    /// Whether this partition of one of the topics was.
    pub(super) fn at(&self, topics: &[&str], partition: i32) -> bool {
        topics.iter().any(|topic| self.first.contains_key(&((*topic).to_owned(), partition)))
    }

    /// Whether the record at `place` is gone.
    pub(super) fn gone(&self, place: &Place) -> bool {
        let first = self.first.get(&(place.topic.clone(), place.partition));
        first.is_some_and(|first| place.offset < *first)
    }

    /// One sentence a topic.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut topics: BTreeMap<&str, (usize, i64)> = BTreeMap::new();
        for ((topic, _), first) in &self.first {
            let (partitions, records) = topics.entry(topic).or_default();
            *partitions += 1;
            *records += first;
        }
        let note = |(topic, (partitions, records)): (&str, (usize, i64))| {
            format!(
                "{topic} was trimmed in {partitions} partitions, before {records} offsets in all: what lay there, and what \
                 hangs on it, was not audited"
            )
        };
        topics.into_iter().map(note).collect()
    }
}
