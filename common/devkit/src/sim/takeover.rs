//! The take-over of a partition, in the order in which the client of Kafka does it.

use std::collections::BTreeMap;

use kernel::{Millis, Record, contract::StateKept};
use runtime::log::{Start, Stretch};

use super::{Plant, Shape, World, transactions::Committed, world::At};

/// How long a predecessor may take to finish by itself.
const GRACE: Millis = Millis(500);

/// A partition on its way to a worker.
#[derive(Debug)]
pub(super) struct Settling {
    since: Millis,
    /// Ends of the outputs as a reader of what is uncommitted saw them.
    ends: Option<Vec<i64>>,
    fenced: bool,
}

impl Settling {
    pub(super) fn new(since: Millis) -> Settling {
        Settling { since, ends: None, fenced: false }
    }
}

impl World {
    /// One look; `None`: a predecessor's transaction may be open.
    pub(super) fn settle(&mut self, shape: &Shape, partition: i32, own: usize, way: &mut Settling) -> Option<Start> {
        if self.plant != Some(Plant::StaleView) && !self.is_settled(shape, partition, way) {
            if self.now.since(way.since) > GRACE && !way.fenced {
                way.fenced = true;
                self.fence_predecessor((shape.work, partition), own);
            }
            return None;
        }
        Some(self.start(shape, partition))
    }

    fn is_settled(&self, shape: &Shape, partition: i32, way: &mut Settling) -> bool {
        if self.asked(shape, partition).into_iter().any(|at| self.pending(at)) {
            return false;
        }
        let outputs = || shape.outputs.iter().map(|topic| (*topic, partition));
        let ends = way.ends.get_or_insert_with(|| outputs().map(|at| self.end_of(at)).collect());
        outputs().zip(ends).all(|(at, end)| self.stable(at) >= *end)
    }

    /// Whose committed offsets a successor asks for.
    fn asked(&self, shape: &Shape, partition: i32) -> Vec<At> {
        let work = self.partitions();
        let mut asked = vec![(shape.work, partition), (StateKept::TOPIC.name, partition)];
        asked.extend(shape.market_tails.iter().map(|(topic, _)| (*topic, partition)));
        for topic in &shape.global_tails {
            asked.extend((0..work).filter(|other| other % work == partition).map(|other| (*topic, other)));
        }
        asked
    }

    fn start(&self, shape: &Shape, partition: i32) -> Start {
        let committed: BTreeMap<At, Committed> =
            self.asked(shape, partition).into_iter().filter_map(|at| Some((at, *self.offsets.get(&at)?))).collect();
        let newest = committed.get(&(shape.work, partition)).and_then(|work| work.said).map(|(newest, _)| newest);
        let stretch = |at: At, from: Option<i64>| {
            let done = committed.get(&at).map_or(0, |known| known.offset);
            let (topic, partition) = at;
            Stretch { topic, partition, from: from.unwrap_or(done), committed: done, end: self.stable(at) }
        };
        let mut stretches = vec![stretch((StateKept::TOPIC.name, partition), Some(0))];
        for (topic, horizon) in &shape.market_tails {
            let at = (*topic, partition);
            let done = committed.get(&at).map_or(0, |known| known.offset);
            let since = |newest: Millis, span: Millis| self.since(at, Millis(newest.0 - span.0)).unwrap_or(i64::MAX);
            let from = horizon.map(|span| newest.map_or(0, |newest| since(newest, span).min(done)));
            stretches.push(stretch(at, from));
        }
        for topic in &shape.global_tails {
            stretches.extend((0..self.partitions()).map(|other| stretch((*topic, other), Some(0))));
        }
        let work = committed.get(&(shape.work, partition)).map_or(0, |work| work.offset);
        Start { work, stretches, lost: 0 }
    }

    /// Ends what a predecessor left open, if its id is known.
    fn fence_predecessor(&mut self, work: At, own: usize) {
        let Some((_, producer)) = self.offsets.get(&work).and_then(|committed| committed.said) else { return };
        if producer != own {
            self.say(|| format!("  producer {producer} is fenced"));
            self.init_producer(producer);
        }
    }
}
