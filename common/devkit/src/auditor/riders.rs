//! Riders: what a quote says of its rider is what the record that it names says, and counts only while the rider agrees (law 5).
//! Written a second time here, from the law.

use std::collections::{BTreeMap, BTreeSet};

use kernel::contract::{Loyalty, Place, QuoteInputs, RiderChanged, RiderFacts};
use kernel::{Millis, Record};

use super::fates::{Spot, at};

/// A record about a rider.
struct Said {
    offset: i64,
    /// When the broker stored it.
    written: Millis,
    /// His tier, if he agreed that it counts.
    agreed: Option<Loyalty>,
    /// Whether he agreed that it counts.
    consents: bool,
}

/// All that is known of riders.
#[derive(Default)]
pub(super) struct Riders {
    /// By partition and rider, in offset order.
    said: BTreeMap<(i32, String), Vec<Said>>,
    /// First offset of each partition behind all that was read.
    ends: BTreeMap<i32, i64>,
    /// Where a record lies.
    places: BTreeSet<Spot>,
}

impl Riders {
    /// How much is held.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// What became known of a rider; `None`: he is to be forgotten.
    pub(super) fn told(&mut self, place: &Place, written: Millis, (rider, known): (&str, Option<&RiderChanged>)) {
        let consents = known.is_some_and(|known| known.consents.personal_price);
        let agreed = known.and_then(|known| known.loyalty).filter(|_| consents);
        let said = Said { offset: place.offset, written, agreed, consents };
        self.said.entry((place.partition, rider.to_owned())).or_default().push(said);
        self.ends.insert(place.partition, place.offset + 1);
        self.places.insert((place.partition, place.offset));
    }

    /// Whether a quote for `rider`, stored at `written`, may know what it says of him, though he took his consent back at most `late`
    /// before. False: its record is no longer there.
    pub(super) fn judge(
        &self,
        rider: &str,
        (written, late): (Millis, Millis),
        inputs: &QuoteInputs,
    ) -> Result<bool, String> {
        let place = match (inputs.rider_facts, &inputs.rider_place) {
            (RiderFacts::Found, Some(place)) if place.topic == RiderChanged::TOPIC.name => place,
            (RiderFacts::Found, _) => return Err("what it knows of its rider stands in no record".to_owned()),
            (_, None) if inputs.loyalty.is_none() && inputs.loyalty_bps.is_none() => return Ok(true),
            (facts, _) => return Err(format!("{facts:?} of the rider, and yet it knows something")),
        };
        let said = self.said.get(&(place.partition, rider.to_owned())).map_or(&[][..], Vec::as_slice);
        // What could be known so long before the quote, be the record that it names there still or not.
        let known = |newer: &&Said| newer.offset > place.offset && written.since(newer.written) > late;
        let then = said.iter().rfind(known).filter(|then| !then.consents && inputs.loyalty.is_some());
        match said.iter().find(|said| said.offset == place.offset) {
            Some(named) if inputs.loyalty != named.agreed => Err(unlike(place, inputs.loyalty, named)),
            None if !self.is_gone(place, said) => Err(format!("{} says nothing of rider {rider}", at(place))),
            named => match then.map(|then| written.since(then.written).0) {
                Some(since) => Err(format!("rider {rider} had taken his consent back {since} ms before")),
                None => Ok(named.is_some()),
            },
        }
    }

    /// Whether a record of him may have been there: a newer one lets compaction take it; after a while also the one that forgot him, with
    /// all before it.
    fn is_gone(&self, place: &Place, said: &[Said]) -> bool {
        let taken = said.last().is_some_and(|newest| place.offset < newest.offset);
        let forgotten = said.is_empty() && self.ends.get(&place.partition).is_some_and(|end| place.offset < *end);
        (taken || forgotten) && !self.places.contains(&(place.partition, place.offset))
    }
}

fn unlike(place: &Place, loyalty: Option<Loyalty>, said: &Said) -> String {
    let by = at(place);
    match (loyalty, said.agreed) {
        (Some(loyalty), _) if !said.consents => format!("{loyalty:?} counts, and by {by} its rider did not agree"),
        (None, Some(known)) => format!("{known:?} does not count, and by {by} its rider agreed"),
        _ => format!("{loyalty:?} counts, and by {by} its rider is {:?}", said.agreed),
    }
}
