//! Law 3, a turn names what it was decided from: the requests and facts that lie between the cut before it and its own, each once.

use std::collections::BTreeMap;

use kernel::Record;
use kernel::contract::{Place, RideProgressed, RideRequested, TurnTaken};

use super::fates::{Fates, RideKey, at};
use super::trimmed::Trimmed;
use super::verdict::{Law, Verdict};

/// How far the turns of each market have read.
#[derive(Default)]
pub(super) struct Lists {
    /// By market, topic and partition: the cut of the newest turn.
    cuts: BTreeMap<(String, &'static str, i32), i64>,
}

impl Lists {
    /// How much is held.
    pub(super) fn len(&self) -> usize {
        self.cuts.len()
    }

    /// Checks what a whole turn names, and notes it with the records.
    pub(super) fn take(&mut self, turn: &TurnTaken, fates: &mut Fates, trimmed: &Trimmed, verdict: &mut Verdict) {
        let asked = turn.asked.iter().map(|asked| (&asked.place, &asked.request.market, &asked.request.ride));
        let told = turn.progressed.iter().map(|told| (&told.place, &told.progress.market, &told.progress.ride));
        let name = format!("turn {} of {}", turn.turn, turn.market);
        let mut last: Option<&Place> = None;
        for (topic, (place, market, ride)) in asked
            .map(|entry| (RideRequested::TOPIC.name, entry))
            .chain(told.map(|entry| (RideProgressed::TOPIC.name, entry)))
        {
            let ordered = last.is_none_or(|last| {
                last.topic != topic || (last.partition, last.offset) < (place.partition, place.offset)
            });
            last = Some(place);
            if place.topic != topic || *market != turn.market || !ordered {
                verdict.blame(Law::Turn, format!("{name} names {}, which has no place there", at(place)));
            } else if !self.between(turn, topic, place) {
                verdict.blame(Law::Turn, format!("{name} names {}, which does not lie between its cuts", at(place)));
            }
            let ride: RideKey = (market.clone(), ride.clone());
            if !fates.list(place, &ride) && !trimmed.gone(place) {
                verdict.blame(Law::Turn, format!("{name} names {}, where ride {} is not asked for", at(place), ride.1));
            }
        }
        for topic in [RideRequested::TOPIC.name, RideProgressed::TOPIC.name] {
            for cut in turn.cut.iter().filter(|cut| cut.topic == topic) {
                let last = self.cuts.entry((turn.market.clone(), topic, cut.partition)).or_default();
                *last = (*last).max(cut.offset);
            }
        }
    }

    /// Whether the place lies behind the cut of the turn before, and before the cut of this one.
    fn between(&self, turn: &TurnTaken, topic: &'static str, place: &Place) -> bool {
        let before = self.cuts.get(&(turn.market.clone(), topic, place.partition)).copied().unwrap_or_default();
        let own = turn.cut.iter().find(|cut| cut.topic == topic && cut.partition == place.partition);
        before <= place.offset && own.is_some_and(|cut| place.offset < cut.offset)
    }
}
