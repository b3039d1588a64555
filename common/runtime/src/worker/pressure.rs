//! Back-pressure: what a partition has too much of in hand is not polled until half of it is worked off.

use std::{collections::BTreeSet, time::Duration};

use kernel::{Processor, Reach};

use super::{Discipline, Worker};
use crate::{
    log::{Fault, Log},
    schemas::Schemas,
    seat::At,
    tails,
};

impl<P: Processor, L: Log, S: Schemas, D: Discipline> Worker<P, L, S, D> {
    /// Holds back what is full, and what waits for the registry; all else flows.
    pub(super) fn hold(&mut self) -> Result<(), Fault> {
        let mut held: BTreeSet<At> = self.stuck.keys().copied().collect();
        let work = self.counts.of(P::WORK);
        for seat in self.seats.values_mut() {
            seat.press(&self.pace.limits, &self.watch);
            for (topic, _) in &seat.pressed {
                match tails::find::<P>(topic).filter(|tail| tail.reach == Reach::Global) {
                    None => held.extend([(*topic, seat.partition)]),
                    Some(tail) => {
                        let ours = (0..self.counts.of(tail.topic)).filter(|other| other % work == seat.partition);
                        held.extend(ours.map(|other| (*topic, other)));
                    }
                }
            }
        }
        self.log.hold(&held)
    }

    /// Whether a partition just came to hold more than it may.
    pub(super) fn overflows(&self, partition: i32) -> bool {
        self.seats.get(&partition).is_some_and(|seat| seat.overflows(&self.pace.limits))
    }

    /// How long a step waits for the first record: not at all where something can be decided now.
    pub(super) fn wait(&self) -> Duration {
        let decidable = self.seats.values().filter(|seat| seat.live() && self.elapsed >= seat.halted).any(|seat| {
            !seat.ready.is_empty() || !seat.facts.is_empty() || (seat.barrier.is_none() && !seat.arrived.is_empty())
        });
        let decidable = decidable && self.member;
        let left = self.pace.interval.saturating_sub(self.elapsed.saturating_sub(self.begun));
        if decidable { self.pace.wait.min(left) } else { self.pace.wait }
    }
}
