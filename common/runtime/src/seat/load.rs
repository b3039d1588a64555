//! How much a partition holds, and which of its topics hold too much.

use std::collections::BTreeSet;

use kernel::{
    Processor, Record,
    contract::{RecordParked, StateKept},
};

use super::{Load, Pending, Seat};
use crate::{
    limits::Limits,
    tails,
    watch::{Bound, Watch},
};

/// All kinds of load, in the order of the seat's weights.
const LOADS: [Load; 3] = [Load::Asks, Load::Facts, Load::Poison];

impl<P: Processor> Seat<P> {
    /// A work record arrived.
    pub(crate) fn ask(&mut self, ask: Pending<P::Ask>) {
        self.weight[0] += ask.origin.raw.weight();
        self.arrived.push_back(ask);
    }

    /// A fact arrived.
    pub(crate) fn fact(&mut self, fact: Pending<P::Fact>) {
        self.weight[1] += fact.origin.raw.weight();
        self.facts.push_back(fact);
    }

    /// Poison arrived.
    pub(crate) fn poison(&mut self, record: RecordParked) {
        self.weight[2] += weight(&record);
        self.parked.push(record);
    }

    /// Whether nothing is in hand.
    pub(crate) fn empty(&self) -> bool {
        self.asks() == 0 && self.facts.is_empty() && self.parked.is_empty()
    }

    /// Poison of what is read to its end whatever lies there: beyond the bound its place must do.
    pub(crate) fn poison_or_place(&mut self, mut record: RecordParked, most: usize) {
        if self.parked.len() >= most {
            record.value = None;
        }
        self.poison(record);
    }

    /// Whether too much of something is in hand that is not held back yet.
    pub(crate) fn overflows(&self, limits: &Limits) -> bool {
        let counts = [self.asks(), self.facts.len(), self.parked.len()];
        let most = [limits.asks_in_hand, limits.facts_in_hand, limits.parked_in_hand];
        let over = |load: &Load| {
            counts[*load as usize] >= most[*load as usize] || self.weight[*load as usize] >= limits.bytes_in_hand
        };
        let known = |load: &Load| self.pressed.iter().any(|(_, other)| other == load);
        LOADS.iter().any(|load| over(load) && !known(load))
    }

    /// Finds the topics that are held back because too much of them is in hand, until half of it is worked off. Of facts and
    /// poison only the topics that they came from: a barrier may wait for the others.
    pub(crate) fn press(&mut self, limits: &Limits, watch: &Watch) {
        let bytes = limits.bytes_in_hand;
        let counts = [self.asks(), self.facts.len(), self.parked.len()];
        let most = [limits.asks_in_hand, limits.facts_in_hand, limits.parked_in_hand];
        let light = |share: usize| {
            counts.iter().zip(most).all(|(count, most)| count * share < most)
                && self.weight.iter().all(|weight| weight * share < bytes)
        };
        // Nothing to look at, most of the time.
        if self.pressed.is_empty() && light(1) {
            return;
        }
        let before = std::mem::take(&mut self.pressed);
        for (load, held) in LOADS.into_iter().zip(self.loads()) {
            let (most, bound) = match load {
                Load::Asks => (limits.asks_in_hand, Bound::AsksInHand),
                Load::Facts => (limits.facts_in_hand, Bound::FactsInHand),
                Load::Poison => (limits.parked_in_hand, Bound::ParkedInHand),
            };
            let (count, weight) = (counts[load as usize], self.weight[load as usize]);
            let known = before.iter().any(|(_, other)| *other == load);
            let share = if known { 2 } else { 1 };
            if count * share < most && weight * share < bytes {
                continue;
            }
            if !known {
                watch.reached_bound(if count >= most { bound } else { Bound::BytesInHand });
            }
            self.pressed.extend(held.into_iter().map(|topic| (topic, load)));
        }
    }

    /// Topics of which asks, facts, poison are in hand.
    fn loads(&self) -> [BTreeSet<&'static str>; 3] {
        let facts = self.facts.iter().map(|fact| fact.origin.raw.topic).collect();
        // What is kept, or our own, is read to its end before anything can be parked.
        let name = |record: &RecordParked| {
            let read = self.read.keys().map(|(topic, _)| *topic).filter(|topic| *topic != StateKept::TOPIC.name);
            let mut all = read.chain(tails::of::<P>().map(|tail| tail.topic.name));
            all.find(|topic| *topic == record.place.topic).filter(|topic| !tails::own::<P>(topic))
        };
        [BTreeSet::from([P::WORK.name]), facts, self.parked.iter().filter_map(name).collect()]
    }
}

/// Bytes that a parked record takes in memory, about.
pub(crate) fn weight(record: &RecordParked) -> usize {
    256 + record.value.as_ref().map_or(0, Vec::len) + record.key.as_ref().map_or(0, Vec::len)
}
