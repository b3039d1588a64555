//! How many partitions each topic has.

use std::collections::BTreeMap;

use kernel::{
    Processor, Record, Topic,
    contract::{RecordParked, StateKept},
};

use crate::{
    log::{Fault, Log},
    tails,
};

/// Partition counts, read once: they are fixed for life.
#[derive(Clone, Debug, Default)]
pub struct Counts(BTreeMap<&'static str, i32>);

impl Counts {
    /// Reads the counts of all topics of a processor.
    ///
    /// # Errors
    /// [`Fault::Away`] when the broker does not answer, or a market's topics differ in their counts.
    pub fn read<P: Processor>(log: &mut impl Log) -> Result<Counts, Fault> {
        let mut topics = vec![P::WORK, StateKept::TOPIC, RecordParked::TOPIC];
        topics.extend(tails::of::<P>().map(|tail| tail.topic));
        topics.extend(P::OUTPUTS);
        let mut counts = BTreeMap::new();
        for topic in topics {
            counts.insert(topic.name, log.partitions(topic.name)?);
        }
        let work = counts[P::WORK.name];
        let tails = P::TAILS.iter().filter(|tail| tail.reach == kernel::Reach::Market).map(|tail| tail.topic);
        let placed = P::OUTPUTS.iter().copied().filter(|topic| topic.placed_by == kernel::PlacedBy::Market);
        for topic in tails.chain(placed).chain([StateKept::TOPIC]) {
            let count = counts[topic.name];
            if count != work {
                let (name, wanted) = (topic.name, P::WORK.name);
                return Err(Fault::Away(format!(
                    "{name} has {count} partitions and {wanted} {work}: create both with the same count"
                )));
            }
        }
        Ok(Counts(counts))
    }

    /// Partitions of `topic`.
    pub(crate) fn of(&self, topic: &Topic) -> i32 {
        self.0.get(topic.name).copied().unwrap_or(1).max(1)
    }
}
