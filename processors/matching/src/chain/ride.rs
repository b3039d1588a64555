//! One ride in a turn.

use kernel::contract::{Place, RideKept, RideRequested, RideStatus};

/// A ride as the turn leaves it, and what it must say.
#[derive(Clone, Debug)]
pub(crate) struct Ride {
    /// As it stood before the turn; none when it is new.
    pub(crate) before: Option<RideKept>,
    pub(crate) kept: RideKept,
    /// The record by which it looks for a driver in this turn.
    pub(crate) cause: Option<Place>,
}

impl Ride {
    /// A ride that is known.
    pub(crate) fn known(kept: &RideKept) -> Ride {
        Ride { before: Some(kept.clone()), kept: kept.clone(), cause: None }
    }

    /// A ride that is asked for.
    pub(super) fn asked(request: &RideRequested, place: &Place, now: i64) -> Ride {
        let mut ride = Ride::foretold(&request.ride, request.at, now);
        ride.ask(request, place, now);
        ride
    }

    /// A ride of which only the end is known.
    pub(super) fn foretold(ride: &str, at: i64, now: i64) -> Ride {
        let kept = RideKept {
            ride: ride.to_owned(),
            requested_at: at,
            request: None,
            status: RideStatus::Foretold,
            revision: -1,
            since: now,
            driver: None,
            answer_by: None,
            accepted: None,
            started: false,
            refused: Vec::new(),
            first: None,
        };
        Ride { before: None, kept, cause: None }
    }

    pub(super) fn ask(&mut self, request: &RideRequested, place: &Place, now: i64) {
        self.kept.request = Some(request.clone());
        self.kept.requested_at = request.at;
        self.kept.status = RideStatus::Waiting;
        self.kept.since = now;
        self.cause = Some(place.clone());
    }

    pub(crate) fn request(&self) -> Option<&RideRequested> {
        self.kept.request.as_ref()
    }

    /// Whether it looks for a driver.
    pub(crate) fn looks(&self) -> bool {
        matches!(self.kept.status, RideStatus::Waiting | RideStatus::Reopened)
    }

    /// Whether it says something in this turn even if it finds nobody.
    pub(crate) fn must_say(&self) -> bool {
        self.looks() && self.kept.revision < 0
    }

    /// Remembers who is not asked again, the newest `most`.
    pub(super) fn refuse(&mut self, driver: String, most: usize) {
        self.kept.refused.push(driver);
        let over = self.kept.refused.len().saturating_sub(most);
        self.kept.refused.drain(..over);
    }

    /// Looks for a driver again.
    pub(super) fn look(&mut self, status: RideStatus, cause: Option<&Place>) {
        self.kept.status = status;
        self.kept.accepted = None;
        self.kept.started = false;
        self.cause = cause.cloned();
    }

    /// Keeps no more than a repeat needs to be known.
    pub(super) fn end(&mut self) {
        let kept = &mut self.kept;
        kept.status = RideStatus::Closed;
        kept.request = None;
        kept.driver = None;
        kept.answer_by = None;
        kept.started = false;
        kept.refused = Vec::new();
    }
}
