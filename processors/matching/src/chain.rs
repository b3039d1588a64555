//! The chain of a ride (law 1): what facts, requests and time make of it, before anybody looks for a driver.
//!
//! `waiting? -> offered -> (withdrawn -> offered)* -> assigned -> (reassigned)* -> closed`; a pure fold over what `turn.taken` records, so that
//! a replay walks the same way.

mod progress;
mod ride;

use std::collections::BTreeMap;

use kernel::contract::{
    MatchDecided, Outcome, Place, Reason, RideKept, RideRequested, RideStatus, TurnAsked, TurnTaken,
};

use crate::Policy;
use crate::view::patient_from;
pub(crate) use ride::Ride;

/// A turn as it is told so far.
#[derive(Debug)]
pub(crate) struct Story<'a> {
    /// The head of the turn's record: market, number, `now`, policy.
    head: Head,
    policy: &'a Policy,
    /// Rides concerned, by id.
    pub(crate) rides: BTreeMap<String, Ride>,
    /// What was decided, in order.
    pub(crate) decided: Vec<MatchDecided>,
    /// What became of drivers, in order.
    pub(crate) drivers: Vec<DriverStep>,
    /// Requests of rides that were known.
    repeated: Vec<TurnAsked>,
}

#[derive(Debug)]
struct Head {
    market: String,
    turn: i64,
    now: i64,
    policy_hash: String,
    policy_version: i32,
    stale: bool,
}

/// What became of a driver.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DriverStep {
    pub(crate) driver: String,
    pub(crate) ride: String,
    pub(crate) change: Change,
}

/// How a ride changed its driver.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Change {
    /// It holds him now.
    Held,
    /// It lets him go.
    Freed,
    /// It is completed: it pays this much, minor units, and lets him go.
    Paid(i64),
}

/// Tells the turn up to the point where drivers are looked for: facts in offset order, then lapses by ride, then requests.
pub(crate) fn advance<'a>(taken: &TurnTaken, policy: &'a Policy) -> Story<'a> {
    let mut story = Story {
        head: Head {
            market: taken.market.clone(),
            turn: taken.turn,
            now: taken.now,
            policy_hash: taken.policy_hash.clone(),
            policy_version: taken.policy_version,
            stale: taken.stale,
        },
        policy,
        rides: taken.rides.iter().map(|ride| (ride.ride.clone(), Ride::known(ride))).collect(),
        decided: Vec::new(),
        drivers: Vec::new(),
        repeated: Vec::new(),
    };
    for fact in &taken.progressed {
        story.progress(&fact.place, &fact.progress);
    }
    let rides: Vec<String> = story.rides.keys().cloned().collect();
    for ride in &rides {
        story.lapse(ride);
    }
    for asked in &taken.asked {
        story.ask(asked);
    }
    story
}

impl Story<'_> {
    /// Whether time has ended what a ride waits for; such a ride takes no part in the assignment.
    pub(crate) fn overdue(&self, ride: &RideKept) -> bool {
        let chain = &self.policy.chain;
        let (from, span) = match ride.status {
            RideStatus::Offered => (ride.answer_by.unwrap_or(i64::MIN), 0),
            RideStatus::Waiting | RideStatus::Reopened => (patient_from(ride), chain.wait_max_ms()),
            RideStatus::Assigned => (ride.since, chain.ride_max_ms()),
            _ => return false,
        };
        from.saturating_add(span) <= self.head.now
    }

    /// Ends what time has ended.
    fn lapse(&mut self, ride: &str) {
        if self.status(ride) == Some(RideStatus::Offered) && self.is_overdue(ride) {
            self.withdraw(ride, Reason::Unanswered, None);
        }
        // A withdrawn ride may have run out of patience while it was offered.
        if self.is_overdue(ride) {
            let reason =
                if self.status(ride) == Some(RideStatus::Assigned) { Reason::Abandoned } else { Reason::Expired };
            self.close(ride, reason, None);
        }
    }

    fn is_overdue(&self, ride: &str) -> bool {
        self.rides.get(ride).is_some_and(|ride| self.overdue(&ride.kept))
    }

    fn status(&self, ride: &str) -> Option<RideStatus> {
        self.rides.get(ride).map(|ride| ride.kept.status)
    }

    /// Takes a request in: a new chain, the end that was foretold, or a repeat, which is answered when the first one is.
    fn ask(&mut self, asked: &TurnAsked) {
        let TurnAsked { place, request } = asked;
        match self.status(&request.ride) {
            None => {
                self.rides.insert(request.ride.clone(), Ride::asked(request, place, self.head.now));
                if self.is_overdue(&request.ride) {
                    self.close(&request.ride, Reason::Expired, Some(place));
                }
            }
            Some(RideStatus::Foretold) => {
                let now = self.head.now;
                if let Some(ride) = self.rides.get_mut(&request.ride) {
                    ride.ask(request, place, now);
                }
                self.close(&request.ride, Reason::CancelledByRider, Some(place));
            }
            Some(_) => self.repeated.push(asked.clone()),
        }
    }

    /// Answers the repeats, once every ride of the turn has its first decision.
    pub(crate) fn answer_repeats(&mut self) {
        for TurnAsked { place, request } in std::mem::take(&mut self.repeated) {
            let mut decided = self.answer(&request.ride, Outcome::Duplicate, Reason::SameRequest, &place);
            decided.of = self.rides.get(&request.ride).and_then(|ride| ride.kept.first.clone());
            (decided.rider, decided.quote) = (Some(request.rider), request.quote);
            self.decided.push(decided);
        }
    }

    /// Takes an offer back: the driver is not asked again, and the ride looks for another in this very turn.
    fn withdraw(&mut self, ride: &str, reason: Reason, cause: Option<&Place>) {
        let Some(driver) = self.let_go(ride, Change::Freed) else { return };
        let refused_max = self.policy.chain.refused_max;
        self.step(ride, Outcome::Withdrawn, reason, cause).driver = Some(driver.clone());
        if let Some(ride) = self.rides.get_mut(ride) {
            ride.refuse(driver, refused_max);
            ride.look(RideStatus::Waiting, cause);
        }
    }

    /// The driver of an assigned ride is lost: he is let go at once, so that in the order of the log nobody gets him before, and the
    /// ride looks for another in this very turn.
    fn reopen(&mut self, ride: &str, reason: Reason, cause: &Place) {
        let Some(driver) = self.let_go(ride, Change::Freed) else { return };
        let refused_max = self.policy.chain.refused_max;
        self.step(ride, Outcome::Reassigned, reason, Some(cause));
        if let Some(ride) = self.rides.get_mut(ride) {
            ride.refuse(driver, refused_max);
            ride.look(RideStatus::Reopened, Some(cause));
        }
    }

    /// Ends the chain.
    fn close(&mut self, ride: &str, reason: Reason, cause: Option<&Place>) {
        let driver = self.let_go(ride, Change::Freed);
        self.step(ride, Outcome::Closed, reason, cause).driver = driver;
        if let Some(ride) = self.rides.get_mut(ride) {
            ride.end();
        }
    }

    /// Parts a ride from its driver, if it has one.
    fn let_go(&mut self, ride: &str, change: Change) -> Option<String> {
        let kept = &mut self.rides.get_mut(ride)?.kept;
        kept.answer_by = None;
        let driver = kept.driver.take()?;
        self.drivers.push(DriverStep { driver: driver.clone(), ride: ride.to_owned(), change });
        Some(driver)
    }

    /// Writes the next step of a ride's chain, to be filled in by the caller.
    pub(crate) fn step(
        &mut self,
        ride: &str,
        outcome: Outcome,
        reason: Reason,
        cause: Option<&Place>,
    ) -> &mut MatchDecided {
        let mut decided = self.blank(ride, outcome, reason);
        decided.cause = cause.cloned();
        if let Some(ride) = self.rides.get_mut(ride) {
            // Below 2^31 by the times of the policy: a chain lives at most days.
            ride.kept.revision = ride.kept.revision.saturating_add(1);
            ride.kept.since = self.head.now;
            ride.kept.first.get_or_insert_with(|| decided.decision.clone());
            decided.revision = Some(ride.kept.revision);
        }
        let at = self.decided.len();
        self.decided.push(decided);
        &mut self.decided[at]
    }

    /// The answer to a record that changes nothing.
    fn answer(&self, ride: &str, outcome: Outcome, reason: Reason, place: &Place) -> MatchDecided {
        MatchDecided { cause: Some(place.clone()), ..self.blank(ride, outcome, reason) }
    }

    fn blank(&self, ride: &str, outcome: Outcome, reason: Reason) -> MatchDecided {
        let Head { market, turn, now, policy_hash, policy_version, stale } = &self.head;
        let request: Option<&RideRequested> = self.rides.get(ride).and_then(|ride| ride.request());
        MatchDecided {
            decision: format!("{market}/{turn}/{}", self.decided.len()),
            market: market.clone(),
            at: *now,
            ride: ride.to_owned(),
            rider: request.map(|request| request.rider.clone()),
            revision: None,
            outcome,
            reason,
            driver: None,
            answer_by: None,
            eta_ms: None,
            score: None,
            runner_up: None,
            margin_ms: None,
            considered: 0,
            barred: Vec::new(),
            of: None,
            cause: None,
            quote: request.and_then(|request| request.quote.clone()),
            turn: *turn,
            row: None,
            policy_version: *policy_version,
            policy_hash: policy_hash.clone(),
            stale: *stale,
        }
    }

    /// A ride gets a driver: asked when it had none yet, sent when it lost the one it had.
    pub(crate) fn hold(&mut self, ride: &str, driver: &str) -> Option<&mut MatchDecided> {
        let known = self.rides.get(ride)?;
        let cause = known.cause.clone();
        let again = known.kept.status == RideStatus::Reopened;
        let outcome = if again { Outcome::Reassigned } else { Outcome::Offered };
        let answer_by = (!again).then(|| self.head.now.saturating_add(self.policy.chain.answer_ms()));
        let (driver, change) = (driver.to_owned(), Change::Held);
        self.drivers.push(DriverStep { driver: driver.clone(), ride: ride.to_owned(), change });
        self.step(ride, outcome, Reason::Best, cause.as_ref());
        let kept = &mut self.rides.get_mut(ride)?.kept;
        kept.status = if again { RideStatus::Assigned } else { RideStatus::Offered };
        // Who is sent needs not accept: a repeat of his is answered as one.
        kept.accepted = again.then_some(kept.revision);
        kept.driver = Some(driver.clone());
        kept.answer_by = answer_by;
        let decided = self.decided.last_mut()?;
        (decided.driver, decided.answer_by) = (Some(driver), answer_by);
        Some(decided)
    }

    /// A ride gets no driver in this turn: it says so if that is its first decision.
    pub(crate) fn miss(&mut self, ride: &str) -> Option<&mut MatchDecided> {
        let known = self.rides.get(ride)?;
        if !known.must_say() {
            return None;
        }
        let cause = known.cause.clone();
        Some(self.step(ride, Outcome::Waiting, Reason::Nobody, cause.as_ref()))
    }
}
