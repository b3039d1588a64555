//! Law 1, a ride that was ended has ended: no chain stays open although a fact that nothing could outweigh lies in `ride.progressed`.
//!
//! Only what needs no knowledge of how far a turn had read: a cancellation by rider or operator ends a ride wherever it stands, and one that is
//! read before its request ends it all the same; a completion counts if it lies behind the acceptance by which the ride stands assigned.

use std::collections::BTreeMap;

use kernel::Record;
use kernel::contract::{Party, Place, Progress, RideProgressed};

use super::chain::{Chain, Stand};
use super::fates::{Fates, RideKey, Spot};
use super::verdict::{Law, Verdict};

/// A cancellation is remembered this long for its request to come, milliseconds of event time.
const WINDOW_MS: i64 = 86_400_000;

/// A fact that ends its ride.
struct End {
    spot: Spot,
    at: i64,
    how: How,
}

enum How {
    /// By the rider or the operator.
    Cancelled,
    /// By this driver, if he is named.
    Completed(Option<String>),
}

/// The facts that end rides.
#[derive(Default)]
pub(super) struct Ends {
    told: BTreeMap<RideKey, Vec<End>>,
    count: usize,
}

impl Ends {
    pub(super) fn told(&mut self, place: &Place, fact: &RideProgressed) {
        let how = match (fact.progress, fact.by) {
            (Progress::Cancelled, None | Some(Party::Rider | Party::Operator)) => How::Cancelled,
            (Progress::Completed, _) => How::Completed(fact.driver.clone()),
            _ => return,
        };
        let end = End { spot: (place.partition, place.offset), at: fact.at, how };
        self.told.entry((fact.market.clone(), fact.ride.clone())).or_default().push(end);
        self.count += 1;
    }

    /// How much is held.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Blames every chain that is open although it was ended.
    pub(super) fn settle(&self, chains: &BTreeMap<RideKey, Chain>, fates: &Fates, verdict: &mut Verdict) {
        let topic = RideProgressed::TOPIC.name;
        for (ride, ends) in &self.told {
            let Some(chain) = chains.get(ride) else { continue };
            let ended = ends.iter().find(|end| end.ends(chain) && !fates.is_parked(topic, end.spot));
            if let Some(End { spot: (partition, offset), how, .. }) = ended {
                let what = if matches!(how, How::Cancelled) { "cancelled" } else { "completed" };
                let place = format!("{topic}/{partition}@{offset}");
                verdict.blame(Law::Chain, format!("ride {}: {what} at {place}, but its chain is still open", ride.1));
            }
        }
    }
}

impl End {
    /// Whether it must have ended a chain that is still open.
    fn ends(&self, chain: &Chain) -> bool {
        match (&self.how, &chain.stand) {
            (_, Stand::Unasked | Stand::Closed) => false,
            (How::Cancelled, _) => chain.began <= self.at.saturating_add(WINDOW_MS),
            (How::Completed(by), Stand::Assigned { driver: Some(driver) }) => {
                let behind = |(partition, offset): Spot| partition == self.spot.0 && offset < self.spot.1;
                by.as_ref().is_none_or(|by| by == driver) && chain.answered.is_some_and(behind)
            }
            (How::Completed(_), _) => false,
        }
    }
}
