//! What a fact about a ride does to its chain.

use kernel::contract::{Outcome, Party, Place, Progress, Reason, RideProgressed, RideStatus};

use super::{Change, Ride, Story};

impl Story<'_> {
    /// Applies a fact. One that does not fit where the ride stands has no effect; an `ACCEPTED` is always answered.
    pub(super) fn progress(&mut self, place: &Place, fact: &RideProgressed) {
        let known = self.status(&fact.ride).filter(|status| *status != RideStatus::Foretold);
        let Some(status) = known else {
            self.unknown(place, fact);
            return;
        };
        match (fact.progress, status) {
            (Progress::Accepted, _) => self.accepted(place, fact, status),
            (Progress::Declined, _) if self.is_newest(fact) && !self.has_started(fact) => {
                self.given_back(place, fact, Reason::CancelledByDriver);
            }
            (Progress::Started, RideStatus::Assigned) if self.is_his(fact) => {
                if let Some(ride) = self.rides.get_mut(&fact.ride) {
                    ride.kept.started = true;
                }
            }
            (Progress::Completed, RideStatus::Assigned) if self.is_his(fact) => {
                self.completed(place, fact);
            }
            (Progress::Cancelled, RideStatus::Closed) => {}
            (Progress::Cancelled, _) => self.cancelled(place, fact),
            (Progress::NoShow, RideStatus::Assigned) if self.is_his(fact) => self.no_show(place, fact),
            _ => {}
        }
    }

    /// A fact about a ride that was not asked for yet: its cancellation is kept, for the request may still come.
    fn unknown(&mut self, place: &Place, fact: &RideProgressed) {
        match (fact.progress, fact.by) {
            (Progress::Cancelled, None | Some(Party::Rider | Party::Operator)) => {
                let ride = || Ride::foretold(&fact.ride, fact.at, self.head.now);
                self.rides.entry(fact.ride.clone()).or_insert_with(ride);
            }
            (Progress::Accepted, _) => self.refuse(place, fact, Reason::UnknownRide),
            _ => {}
        }
    }

    /// Counts if it names the newest revision, comes from the driver who was asked, and in time.
    fn accepted(&mut self, place: &Place, fact: &RideProgressed, status: RideStatus) {
        let Some(kept) = self.rides.get(&fact.ride).map(|ride| &ride.kept) else { return };
        let his = kept.driver.is_some() && kept.driver == fact.driver;
        let in_time = kept.answer_by.is_some_and(|answer_by| fact.at < answer_by);
        if status == RideStatus::Offered && his && self.is_newest(fact) && in_time {
            self.step(&fact.ride, Outcome::Assigned, Reason::Accepted, Some(place)).driver = fact.driver.clone();
            if let Some(ride) = self.rides.get_mut(&fact.ride) {
                ride.kept.status = RideStatus::Assigned;
                ride.kept.accepted = fact.revision;
                ride.kept.answer_by = None;
            }
        } else if status == RideStatus::Assigned && his && kept.accepted == fact.revision {
            let of = kept.first.clone();
            let mut decided = self.answer(&fact.ride, Outcome::Duplicate, Reason::SameAcceptance, place);
            (decided.driver, decided.of) = (fact.driver.clone(), of);
            self.decided.push(decided);
        } else {
            self.refuse(place, fact, Reason::Late);
        }
    }

    fn refuse(&mut self, place: &Place, fact: &RideProgressed, reason: Reason) {
        let mut decided = self.answer(&fact.ride, Outcome::Refused, reason, place);
        decided.driver = fact.driver.clone();
        self.decided.push(decided);
    }

    /// The driver does not want the ride, or no longer: another is looked for, unless the rider is in his car.
    fn given_back(&mut self, place: &Place, fact: &RideProgressed, reason: Reason) {
        let Some(kept) = self.rides.get(&fact.ride).map(|ride| &ride.kept) else { return };
        if kept.driver.is_none() || kept.driver != fact.driver {
            return;
        }
        match (kept.status, kept.started) {
            (RideStatus::Offered, _) => self.withdraw(&fact.ride, Reason::Declined, Some(place)),
            (RideStatus::Assigned, false) => self.reopen(&fact.ride, reason, place),
            (RideStatus::Assigned, true) => self.close(&fact.ride, reason, Some(place)),
            _ => {}
        }
    }

    fn cancelled(&mut self, place: &Place, fact: &RideProgressed) {
        match fact.by {
            Some(Party::Driver) => self.given_back(place, fact, Reason::CancelledByDriver),
            Some(Party::Operator) => self.close(&fact.ride, Reason::CancelledByOperator, Some(place)),
            _ => self.close(&fact.ride, Reason::CancelledByRider, Some(place)),
        }
    }

    fn no_show(&mut self, place: &Place, fact: &RideProgressed) {
        if self.has_started(fact) {
            return;
        }
        match fact.by {
            Some(Party::Driver) => self.reopen(&fact.ride, Reason::DriverNoShow, place),
            _ => self.close(&fact.ride, Reason::RiderNoShow, Some(place)),
        }
    }

    fn completed(&mut self, place: &Place, fact: &RideProgressed) {
        let driver = self.let_go(&fact.ride, Change::Paid(fact.paid_minor.unwrap_or(0)));
        self.close(&fact.ride, Reason::Completed, Some(place));
        if let Some(closed) = self.decided.last_mut() {
            closed.driver = driver;
        }
    }

    /// Whether the fact is about the ride's present driver, or names none.
    fn is_his(&self, fact: &RideProgressed) -> bool {
        self.rides.get(&fact.ride).is_some_and(|ride| fact.driver.is_none() || ride.kept.driver == fact.driver)
    }

    fn has_started(&self, fact: &RideProgressed) -> bool {
        self.rides.get(&fact.ride).is_some_and(|ride| ride.kept.started)
    }

    fn is_newest(&self, fact: &RideProgressed) -> bool {
        self.rides.get(&fact.ride).is_some_and(|ride| fact.revision == Some(ride.kept.revision))
    }
}
