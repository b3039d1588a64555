//! Law 1, an answer that counted has counted: no chain goes on, or stands still, as if its driver had not given the ride back.
//!
//! A turn that decided nothing has no record, so that not every fact stands in one. But a decision names its turn, and the turn its cut: a
//! fact that lies behind the cut by which an offer came to be, and before the cut by which it ended or, while it stands, before the newest one,
//! was applied while it stood. If it is such that it must have ended the offer, then it is what ended it, or one before it is.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Record;
use kernel::contract::{MatchDecided, Party, Place, Progress, RideProgressed, TurnTaken};

use super::chain::{Chain, Stand};
use super::fates::{Fates, RideKey, Spot};
use super::verdict::{Law, Verdict};

/// A fact by which a ride loses its driver.
struct Back {
    spot: Spot,
    driver: Option<String>,
    how: How,
}

enum How {
    /// Declined, or given back: names the newest revision.
    Declined(Option<i32>),
    /// Cancelled by the driver.
    Cancelled,
    /// One of them did not show; counts once the driver is assigned.
    NoShow,
}

/// A driver's time with a ride, from one step of its chain to the next.
struct Span {
    driver: String,
    revision: i32,
    assigned: bool,
    /// The turn in which it began, and the fact that led to it, if one did.
    since: (i64, Option<Spot>),
    /// The turn in which it ended, and the fact that led to it.
    until: Option<(i64, Option<Spot>)>,
}

/// The answers, and the spans in which they may have counted.
#[derive(Default)]
pub(super) struct Answers {
    told: BTreeMap<RideKey, Vec<Back>>,
    /// Rides that were started: from then on only a cancellation counts.
    started: BTreeSet<RideKey>,
    spans: BTreeMap<RideKey, Vec<Span>>,
    /// The cuts of `ride.progressed` of the turns that matter, by market, turn and partition.
    cuts: BTreeMap<(String, i64), BTreeMap<i32, i64>>,
    /// The newest such cut, by market and partition.
    newest: BTreeMap<(String, i32), i64>,
    count: usize,
}

impl Answers {
    pub(super) fn told(&mut self, place: &Place, fact: &RideProgressed) {
        let ride = (fact.market.clone(), fact.ride.clone());
        let how = match (fact.progress, fact.by) {
            (Progress::Declined, _) => How::Declined(fact.revision),
            (Progress::Cancelled, Some(Party::Driver)) => How::Cancelled,
            (Progress::NoShow, Some(Party::Driver | Party::Rider)) => How::NoShow,
            (Progress::Started, _) => {
                self.count += usize::from(self.started.insert(ride));
                return;
            }
            _ => return,
        };
        let back = Back { spot: (place.partition, place.offset), driver: fact.driver.clone(), how };
        self.told.entry(ride).or_default().push(back);
        self.count += 1;
    }

    /// How much is held.
    pub(super) fn len(&self) -> usize {
        self.count + self.newest.len()
    }

    /// A step of a chain, after it was taken.
    pub(super) fn stepped(&mut self, ride: &RideKey, decided: &MatchDecided, chain: &Chain) {
        if !self.told.contains_key(ride) {
            return;
        }
        let cause = decided.cause.as_ref().filter(|cause| cause.topic == RideProgressed::TOPIC.name);
        let step = (decided.turn, cause.map(|cause| (cause.partition, cause.offset)));
        self.cuts.entry((decided.market.clone(), decided.turn)).or_default();
        let spans = self.spans.entry(ride.clone()).or_default();
        if let Some(open) = spans.last_mut().filter(|span| span.until.is_none()) {
            open.until = Some(step);
        }
        let (driver, assigned) = match &chain.stand {
            Stand::Offered { driver, .. } => (driver, false),
            Stand::Assigned { driver: Some(driver) } => (driver, true),
            _ => return,
        };
        spans.push(Span { driver: driver.clone(), revision: chain.revision, assigned, since: step, until: None });
        self.count += 2;
    }

    /// A ride that is not judged any more.
    pub(super) fn forget(&mut self, ride: &RideKey) {
        self.told.remove(ride);
        self.spans.remove(ride);
    }

    /// How far a turn had read.
    pub(super) fn cut(&mut self, turn: &TurnTaken) {
        let mut kept = self.cuts.get_mut(&(turn.market.clone(), turn.turn));
        for cut in turn.cut.iter().filter(|cut| cut.topic == RideProgressed::TOPIC.name) {
            if let Some(kept) = &mut kept {
                kept.insert(cut.partition, cut.offset);
            }
            let newest = self.newest.entry((turn.market.clone(), cut.partition)).or_default();
            *newest = (*newest).max(cut.offset);
        }
    }

    /// Blames every answer that must have counted and did not.
    pub(super) fn settle(&self, fates: &Fates, verdict: &mut Verdict) {
        let topic = RideProgressed::TOPIC.name;
        for (ride, spans) in &self.spans {
            let told = self.told.get(ride).map_or(&[][..], Vec::as_slice);
            for back in told.iter().filter(|back| !fates.is_parked(topic, back.spot)) {
                if let Some(span) = spans.iter().find(|span| self.lost(ride, back, span)) {
                    let (Back { spot, .. }, Span { driver, revision, .. }) = (back, span);
                    let place = format!("{topic}/{}@{}", spot.0, spot.1);
                    let sentence = format!(
                        "ride {}: {place} takes driver {driver} off it at revision {revision}, but changed nothing",
                        ride.1
                    );
                    verdict.blame(Law::Chain, sentence);
                }
            }
        }
    }

    /// Whether the answer fell into the span, and did not end it.
    fn lost(&self, ride: &RideKey, back: &Back, span: &Span) -> bool {
        let started = span.assigned && self.started.contains(ride);
        let named = back.driver.as_ref() == Some(&span.driver);
        let counts = match back.how {
            How::Declined(revision) => named && revision == Some(span.revision) && !started,
            How::Cancelled => named,
            How::NoShow => (named || back.driver.is_none()) && span.assigned && !started,
        };
        let (partition, offset) = back.spot;
        let cut = |turn: i64| self.cuts.get(&(ride.0.clone(), turn)).and_then(|cuts| cuts.get(&partition)).copied();
        // A turn whose record is gone says nothing.
        let behind = match span.since {
            (_, Some((_, cause))) => offset > cause,
            (turn, None) => cut(turn).is_some_and(|cut| offset >= cut),
        };
        let before = match span.until {
            Some((_, Some((_, cause)))) => offset < cause,
            Some((turn, None)) => cut(turn).is_some_and(|cut| offset < cut),
            None => self.newest.get(&(ride.0.clone(), partition)).is_some_and(|newest| offset < *newest),
        };
        counts && behind && before
    }
}
