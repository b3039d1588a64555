//! The independent auditor: whether the laws held, as a `read_committed` consumer sees the topics.
//!
//! It shares the generated types, the codec and the Kafka client with the worker, and nothing else: the rules are written a
//! second time here, from the laws. [`Auditor`] is the pure core, [`audit`] reads the topics into it.
//!
//! Memory is bounded by [`Limits`]: about 300 bytes a request, acceptance or end of a ride, 400 bytes a ride, and 700 bytes a decision from its
//! reading until its turn is read (`match.decided` is read before `turn.taken`), so a city's day of 20,000 rides takes below 150 MB.

mod answers;
mod certificate;
mod chain;
mod ends;
mod fares;
mod fates;
mod holds;
mod lists;
mod quotes;
mod reader;
mod riders;
mod trimmed;
mod turns;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};

use kernel::contract::{
    DriverChanged, DriverReleased, FareCaptured, MatchDecided, Outcome, Place, PriceQuoted, Progress, QuoteRequested,
    Reason, RecordParked, RideProgressed, RideRequested, RiderChanged, TurnTaken,
};
use kernel::{Millis, Record};

use answers::Answers;
use chain::{Chain, Stand};
use ends::Ends;
use fares::Fares;
use fates::{Acceptance, Fates, RideKey, at};
use holds::Holds;
use lists::Lists;
use quotes::Quotes;
pub use reader::audit;
use trimmed::Trimmed;
use turns::Turns;
pub use verdict::{Law, Verdict};

/// See [`Limits::late_consent`].
const LATE_CONSENT: Millis = Millis(60_000);

/// How much an audit may hold, and what it lets pass.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Requests, acceptances, ends, rides, drivers and decisions together; at the bound the audit ends with an error.
    pub entries: usize,
    /// The records that may be parked; `None`: any, they are only counted. An empty set is the strictest: nobody published garbage.
    pub garbage: Option<BTreeSet<Place>>,
    /// A price may be lowered by a rider's loyalty so long after he took his consent back, by the brokers' clocks, milliseconds: more than
    /// `store.fresh_ms`, and what the projection and a quote take.
    pub late_consent: Millis,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { entries: 8_000_000, garbage: None, late_consent: LATE_CONSENT }
    }
}

/// The pure core. Say first where topics begin that do not begin at 0, then feed them one after the other, each in offset order: profiles of drivers
/// and riders, hand-overs, requests, progress and parked records first, then decisions, then turns; [`Auditor::verdict`] ends it.
#[derive(Default)]
pub struct Auditor {
    fates: Fates,
    ends: Ends,
    chains: BTreeMap<RideKey, Chain>,
    answers: Answers,
    holds: Holds,
    turns: Turns,
    lists: Lists,
    quotes: Quotes,
    fares: Fares,
    trimmed: Trimmed,
    verdict: Verdict,
}

impl Auditor {
    /// An auditor that lets only these records be parked; see [`Limits::garbage`].
    pub fn new(garbage: Option<BTreeSet<Place>>) -> Auditor {
        let mut auditor = Auditor::default();
        auditor.fates.garbage = garbage;
        auditor.quotes.late = LATE_CONSENT;
        auditor
    }

    /// A partition begins at the offset `first`: retention has taken what was before.
    pub fn begins(&mut self, topic: &str, partition: i32, first: i64) {
        self.trimmed.begins(topic, partition, first);
        self.holds.trimmed = self.trimmed.any(DriverReleased::TOPIC.name);
        self.holds.turns_trimmed = self.trimmed.any(TurnTaken::TOPIC.name);
    }

    /// A driver's profile.
    pub fn changed(&mut self, driver: &DriverChanged) {
        self.holds.changed(driver);
    }

    /// What became known of a rider, and when the broker stored it; `None`: he is to be forgotten.
    pub fn rider(&mut self, place: &Place, written: Millis, rider: &str, known: Option<&RiderChanged>) {
        self.quotes.riders.told(place, written, (rider, known));
    }

    /// A hand-over.
    pub fn released(&mut self, place: &Place, released: &DriverReleased) {
        self.holds.released(place, released);
    }

    /// A request.
    pub fn requested(&mut self, place: &Place, request: &RideRequested) {
        let ride = (request.market.clone(), request.ride.clone());
        self.fates.requested((place.partition, place.offset), Some(ride));
    }

    /// A record of `ride.requested` that cannot be read; its only fate is to be parked.
    pub fn unreadable(&mut self, place: &Place) {
        self.fates.requested((place.partition, place.offset), None);
    }

    /// A fact about a ride; only acceptances ask, some must end it, some must take its driver off it.
    pub fn progressed(&mut self, place: &Place, fact: &RideProgressed) {
        self.ends.told(place, fact);
        self.answers.told(place, fact);
        self.fares.told(place, fact);
        if fact.progress == Progress::Accepted {
            let acceptance = Acceptance { revision: fact.revision, driver: fact.driver.clone(), at: fact.at };
            let ride = (fact.market.clone(), fact.ride.clone());
            self.fates.accepted((place.partition, place.offset), ride, acceptance);
        }
    }

    /// A request for a quote; `None`: it cannot be read, and may only be parked.
    pub fn asked(&mut self, place: &Place, asked: Option<&QuoteRequested>) {
        self.quotes.requested(place, asked);
    }

    /// An answer to such a request, and when the broker stored it.
    pub fn quoted(&mut self, place: &Place, written: Millis, quoted: &PriceQuoted) {
        self.quotes.quoted((place, written), quoted, &self.trimmed, &mut self.verdict);
    }

    /// What became of a fact that ends a ride.
    pub fn captured(&mut self, place: &Place, captured: &FareCaptured) {
        self.fares.captured(place, captured, &self.trimmed, &mut self.verdict);
    }

    /// A parked record.
    pub fn parked(&mut self, record: &RecordParked) {
        self.fates.park(record, &mut self.verdict);
        if record.processor == quotes::PROCESSOR {
            return self.quotes.parked(record);
        }
        if record.processor == fares::PROCESSOR {
            return self.fares.parked(record);
        }
        self.holds.parked(&record.place);
    }

    /// A decision.
    pub fn decided(&mut self, place: &Place, decided: &MatchDecided) {
        let fault = match decided.outcome {
            _ if self.hangs_on_the_past(place, decided) => {
                self.pass_over(decided);
                Ok(())
            }
            Outcome::Duplicate | Outcome::Refused => self.answered(decided),
            _ => self.stepped(place, decided),
        };
        if let Err(fault) = fault {
            let sentence = format!("ride {}: decision {} at {}: {fault}", decided.ride, decided.decision, at(place));
            self.verdict.blame(Law::Chain, sentence);
        }
        self.turns.claim(place, decided);
    }

    /// A chunk of a turn.
    pub fn taken(&mut self, place: &Place, chunk: TurnTaken) {
        // What a quote or a fare was made from stands in it.
        if [quotes::PROCESSOR, fares::PROCESSOR].contains(&chunk.processor.as_str()) {
            return;
        }
        if let Some(turn) = self.turns.put_together(place, chunk, &self.trimmed, &mut self.verdict) {
            self.holds.cut(&turn.market, turn.turn, &turn.cut);
            self.answers.cut(&turn);
            self.lists.take(&turn, &mut self.fates, &self.trimmed, &mut self.verdict);
            self.turns.prove(place, &turn, &self.trimmed, &mut self.verdict);
        }
    }

    /// Whether a decision belongs to a chain of which the first step, or the request, is gone: it cannot be judged.
    fn hangs_on_the_past(&self, place: &Place, decided: &MatchDecided) -> bool {
        let topics = [RideRequested::TOPIC.name, MatchDecided::TOPIC.name, RideProgressed::TOPIC.name];
        if !self.trimmed.at(&topics, place.partition) {
            return false;
        }
        if decided.cause.as_ref().is_some_and(|cause| self.trimmed.gone(cause)) {
            return true;
        }
        let known = self.chains.contains_key(&(decided.market.clone(), decided.ride.clone()));
        !known && decided.revision != Some(0)
    }

    /// How much is held, to be held against [`Limits`].
    pub fn entries(&self) -> usize {
        let judged = self.fates.len() + self.ends.len() + self.chains.len() + self.answers.len();
        judged + self.holds.len() + self.turns.len() + self.lists.len() + self.quotes.len() + self.fares.len()
    }

    /// Ends the audit: what is still open is open for good.
    pub fn verdict(mut self) -> Verdict {
        self.fates.settle(&self.trimmed, &mut self.verdict);
        self.ends.settle(&self.chains, &self.fates, &mut self.verdict);
        self.answers.settle(&self.fates, &mut self.verdict);
        self.holds.settle(&mut self.verdict);
        self.turns.settle(&self.trimmed, &mut self.verdict);
        self.quotes.settle(&self.trimmed, &mut self.verdict);
        self.fares.settle(&self.trimmed, &mut self.verdict);
        let mut verdict = self.verdict;
        verdict.notes = self.trimmed.notes();
        verdict.requests = self.fates.requests();
        for chain in self.chains.values().filter(|chain| chain.stand != Stand::Unasked) {
            verdict.decided += 1;
            verdict.waiting += u64::from(chain.waits());
            verdict.assigned += u64::from(chain.assigned);
            verdict.closed += u64::from(chain.stand == Stand::Closed);
            verdict.completed += u64::from(chain.closed == Some(Reason::Completed));
            verdict.expired += u64::from(chain.closed == Some(Reason::Expired));
        }
        verdict
    }

    /// Takes a decision that cannot be judged: its ride is not judged any more, and the record that it answers has its fate.
    fn pass_over(&mut self, decided: &MatchDecided) {
        self.verdict.unjudged += 1;
        if let Some(cause) = &decided.cause {
            self.fates.answer(cause);
        }
        let ride = (decided.market.clone(), decided.ride.clone());
        if let Some(chain) = self.chains.remove(&ride) {
            chain.driver().iter().for_each(|driver| self.holds.free(decided, driver));
            self.answers.forget(&ride);
        }
    }

    /// A decision that answers one record and changes nothing.
    fn answered(&mut self, decided: &MatchDecided) -> Result<(), String> {
        let ride = (decided.market.clone(), decided.ride.clone());
        let cause = decided.cause.as_ref().ok_or("answers no record")?;
        let asking = self.fates.answer(cause).ok_or(format!("answers {}, which asks for nothing", at(cause)))?;
        let accepts = asking.accepts.clone();
        if asking.ride.as_ref() != Some(&ride) {
            return Err(format!("answers {}, which is about another ride", at(cause)));
        }
        if decided.revision.is_some() {
            return Err("an answer has no place in the chain".to_owned());
        }
        let chain = self.chains.get(&ride);
        match (decided.outcome, decided.reason, accepts) {
            (Outcome::Duplicate, Reason::SameRequest, None) => {
                self.verdict.duplicates_refused += 1;
                let first = chain.map(|chain| chain.first.as_str()).ok_or("a duplicate of nothing")?;
                if decided.of.as_deref() == Some(first) {
                    Ok(())
                } else {
                    Err(format!("a duplicate of {first} names {:?}", decided.of))
                }
            }
            (Outcome::Duplicate, Reason::SameAcceptance, Some(said)) => {
                self.verdict.duplicates_refused += 1;
                let counted = chain.and_then(|chain| chain.accepted.clone()).ok_or("nothing was accepted before")?;
                if said.revision == Some(counted.0) && said.driver == Some(counted.1) {
                    Ok(())
                } else {
                    Err("another acceptance than the one that counted".to_owned())
                }
            }
            (Outcome::Refused, Reason::Late | Reason::UnknownRide, Some(said)) => {
                self.verdict.refused_late += u64::from(decided.reason == Reason::Late);
                match chain.map(|chain| (&chain.stand, chain.revision)) {
                    Some((Stand::Offered { driver, answer_by }, newest))
                        if said.revision == Some(newest)
                            && said.driver.as_ref() == Some(driver)
                            && said.at < *answer_by
                            && decided.at < *answer_by =>
                    {
                        Err(format!("driver {driver} accepted the standing offer in time and was refused"))
                    }
                    _ => Ok(()),
                }
            }
            (outcome, reason, _) => Err(format!("{outcome:?} because {reason:?} does not answer such a record")),
        }
    }

    /// A step of a chain.
    fn stepped(&mut self, place: &Place, decided: &MatchDecided) -> Result<(), String> {
        let key = (decided.market.clone(), decided.ride.clone());
        let Auditor { fates, chains, holds, answers, verdict, .. } = self;
        let chain = chains.entry(key.clone()).or_default();
        let caused = match decided.outcome {
            _ if chain.stand == Stand::Unasked => begun(fates, decided, &key),
            Outcome::Assigned => accepted(fates, decided, chain, &key),
            _ => Ok(()),
        };
        if decided.outcome == Outcome::Assigned {
            chain.accepted = decided.driver.clone().map(|driver| (chain.revision, driver));
        }
        let assigned = decided.outcome == Outcome::Assigned;
        chain.answered = decided.cause.as_ref().filter(|_| assigned).map(|cause| (cause.partition, cause.offset));
        let before = chain.driver().map(str::to_owned);
        let grammar = chain.step(decided);
        answers.stepped(&key, decided, chain);
        let after = chain.driver();
        if before.as_deref() != after {
            before.iter().for_each(|driver| holds.free(decided, driver));
            after.iter().for_each(|driver| holds.take(place, decided, driver, verdict));
        }
        grammar.and(caused)
    }
}

/// A chain begins with the record that asked for the ride.
fn begun(fates: &mut Fates, decided: &MatchDecided, key: &RideKey) -> Result<(), String> {
    let cause = decided.cause.as_ref().filter(|cause| cause.topic == RideRequested::TOPIC.name);
    let cause = cause.ok_or("the chain begins without a request")?;
    match fates.answer(cause) {
        Some(asking) if asking.ride.as_ref() == Some(key) => Ok(()),
        _ => Err(format!("the chain begins with {}, which is not its request", at(cause))),
    }
}

/// A ride exists only by `assigned`, which answers an acceptance of the standing offer.
fn accepted(fates: &mut Fates, decided: &MatchDecided, chain: &Chain, key: &RideKey) -> Result<(), String> {
    let cause = decided.cause.as_ref().ok_or("assigned without an acceptance")?;
    let asking = fates.answer(cause).filter(|asking| asking.ride.as_ref() == Some(key));
    let said = asking.and_then(|asking| asking.accepts.clone());
    let said = said.ok_or(format!("assigned by {}, which is no acceptance of this ride", at(cause)))?;
    if said.revision != Some(chain.revision) || said.driver != decided.driver {
        return Err(format!(
            "the acceptance at {} names revision {:?} and driver {:?}, but revision {} is the newest",
            at(cause),
            said.revision,
            said.driver,
            chain.revision
        ));
    }
    match &chain.stand {
        Stand::Offered { answer_by, .. } if said.at >= *answer_by => {
            Err(format!("the acceptance at {} came {} ms after the offer lapsed", at(cause), said.at - answer_by))
        }
        _ => Ok(()),
    }
}
