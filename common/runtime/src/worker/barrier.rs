//! Work records wait until the tails that must be read were read far enough.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Need, Processor, Reach, Tail};

use super::{Discipline, Worker};
use crate::{
    log::{Fault, Log},
    schemas::Schemas,
    seat::{At, Barrier},
    tails,
    watch::Bound,
};

impl<P: Processor, L: Log, S: Schemas, D: Discipline> Worker<P, L, S, D> {
    /// Sets barriers for work records that arrived, and releases those whose `must` tails were read far enough.
    pub(super) fn release(&mut self) -> Result<(), Fault> {
        let told = self.look();
        for partition in self.live() {
            let (global, patience, elapsed) = (&self.global, self.pace.limits.patience, self.elapsed);
            let Some(seat) = self.seats.get_mut(&partition) else { continue };
            let Some(barrier) = &seat.barrier else { continue };
            let read = |at: &At| seat.read.get(at).or_else(|| global.get(at)).copied().unwrap_or(i64::MIN);
            let passed = barrier.ends.as_ref().is_some_and(|ends| ends.iter().all(|(at, end)| read(at) >= *end));
            if passed || elapsed.saturating_sub(barrier.since) >= patience {
                if !passed {
                    self.watch.reached_bound(Bound::Patience);
                }
                seat.stale |= !passed;
                seat.barrier = None;
                if seat.ready.is_empty() {
                    std::mem::swap(&mut seat.ready, &mut seat.held);
                } else {
                    seat.ready.append(&mut seat.held);
                }
            }
        }
        told
    }

    /// Sets barriers, and asks for the ends of all that have none in one call.
    fn look(&mut self) -> Result<(), Fault> {
        let mut asked: Vec<(i32, Vec<At>)> = Vec::new();
        let due = self.due();
        for partition in self.live() {
            let Some(seat) = self.seats.get_mut(&partition) else { continue };
            // Nothing is decided before: what arrives until then passes the same barrier.
            if due && seat.held.is_empty() && !seat.arrived.is_empty() {
                std::mem::swap(&mut seat.held, &mut seat.arrived);
                seat.barrier = Some(Barrier { ends: None, since: self.elapsed });
            }
            if matches!(seat.barrier, Some(Barrier { ends: None, .. })) {
                asked.push((partition, self.musts(partition)));
            }
        }
        let all: BTreeSet<At> = asked.iter().flat_map(|(_, musts)| musts).copied().collect();
        let all: Vec<At> = all.into_iter().collect();
        let found: BTreeMap<At, i64> = all.iter().copied().zip(self.log.ends(&all)?).collect();
        for (partition, musts) in asked {
            if let Some(Barrier { ends, .. }) = self.seats.get_mut(&partition).and_then(|seat| seat.barrier.as_mut()) {
                *ends = Some(musts.into_iter().filter_map(|at| Some((at, *found.get(&at)?))).collect());
            }
        }
        Ok(())
    }

    fn musts(&self, partition: i32) -> Vec<At> {
        let of = |tail: &Tail| match tail.reach {
            Reach::Market => vec![(tail.topic.name, partition)],
            Reach::Global => (0..self.counts.of(tail.topic)).map(|other| (tail.topic.name, other)).collect(),
        };
        tails::of::<P>().filter(|tail| tail.need == Need::Must).flat_map(of).collect()
    }
}
