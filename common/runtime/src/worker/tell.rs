//! What is told to those who watch.

use std::time::Duration;

use kernel::{Millis, Processor, Rules};

use super::{Discipline, Worker};
use crate::{
    log::{Log, Transaction},
    schemas::Schemas,
    tails,
    turn::Taken,
    watch::{Count, Size, Span},
};

/// How often lag, views and what is in hand are told.
const EVERY: Duration = Duration::from_secs(1);

impl<P: Processor, L: Log, S: Schemas, D: Discipline> Worker<P, L, S, D> {
    pub(super) fn tell_member(&mut self, member: bool) {
        if member != self.member {
            self.member = member;
            self.watch.members(if member { 1 } else { -1 });
        }
    }

    pub(super) fn tell_commit(&self, transaction: &Transaction, long: Duration) {
        self.watch.add(Count::Commits, 1);
        self.watch.took(Span::Commit, long);
        self.watch.add(Count::Written, transaction.records.len());
        self.watch.sized(Size::TransactionRecords, transaction.records.len());
        let bytes = transaction.records.iter().map(|record| record.value.as_ref().map_or(0, Vec::len)).sum();
        self.watch.sized(Size::TransactionBytes, bytes);
    }

    pub(super) fn tell_taken(&self, taken: &Taken<P>) {
        self.watch.add(Count::Turns, taken.turns.len());
        self.watch.add(Count::Asked, taken.asks);
        self.watch.add(Count::Facts, taken.facts);
        for (asks, facts, outputs) in &taken.turns {
            self.watch.sized(Size::TurnAsks, *asks);
            self.watch.sized(Size::TurnFacts, *facts);
            self.watch.sized(Size::TurnOutputs, *outputs);
        }
        taken.causes.iter().for_each(|cause| self.watch.parked(*cause, 1));
        if taken.stale {
            self.watch.add(Count::Stale, taken.turns.len());
            self.watch.degraded("stale");
        }
        taken.degraded.iter().for_each(|step| self.watch.degraded(step));
        if let Some(seat) = self.seats.get(&taken.partition) {
            self.watch.answered(seat.ready.iter().take(taken.asks).map(|ask| ask.origin.raw.appended));
        }
    }

    /// Tells how far behind each input is, how old the views are, and how much is in hand.
    pub(super) fn tell(&mut self) {
        if self.elapsed.saturating_sub(self.told) < EVERY {
            return;
        }
        self.told = self.elapsed;
        for ((topic, partition), next) in &self.global {
            if let Some(end) = self.ends.get(&(*topic, *partition)) {
                self.watch.lag(topic, *partition, (end - next).max(0));
            }
        }
        let clocks = self.seats.values().flat_map(|seat| seat.clocks.values());
        let (from, policy) = self.policies.since(clocks.map(|clock| clock.now).max().unwrap_or(Millis(0)));
        self.watch.policy(policy.version(), policy.hash(), from);
        for seat in self.seats.values().filter(|seat| seat.live()) {
            for cut in seat.positions(0, 0) {
                let end = self.ends.iter().find(|((topic, part), _)| *topic == cut.topic && *part == cut.partition);
                if let Some(((topic, partition), end)) = end.filter(|(at, _)| !tails::own::<P>(at.0)) {
                    self.watch.lag(topic, *partition, (end - cut.offset).max(0));
                }
            }
            self.watch.in_hand(seat.partition, seat.asks(), seat.facts.len(), seat.parked.len());
            for (market, clock) in &seat.clocks {
                let measure = P::measure(&self.view, market);
                let age = measure.newest.map(|newest| clock.now.since(newest).max(Millis(0)));
                self.watch.view(market, measure.entities, age);
            }
        }
    }
}
