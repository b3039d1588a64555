//! What people do when they hear a decision, and what follows from it.

use kernel::Millis;
use kernel::contract::{MatchDecided, Outcome, Party, Progress, RideProgressed};

use super::event::{Body, Source};
use super::queue::{Action, Answer, What};
use super::ride::{Phase, Ride};
use super::{Draw, World, ground};
use crate::calendar;

impl<S: Source> World<S> {
    /// A decision is read.
    pub(super) fn learn(&mut self, decided: &MatchDecided) {
        let Some(ride) = self.rides.get_mut(&decided.ride) else { return };
        // An answer to one record has no revision, and changes nothing for anybody.
        let Some(revision) = decided.revision.filter(|revision| *revision > ride.revision) else { return };
        ride.revision = revision;
        match decided.outcome {
            Outcome::Offered => self.offered(decided, revision),
            Outcome::Assigned | Outcome::Reassigned => {
                self.let_go(&decided.ride);
                if let Some(driver) = &decided.driver {
                    self.assigned(&decided.ride, driver);
                }
            }
            Outcome::Closed => {
                self.let_go(&decided.ride);
                self.rides.remove(&decided.ride);
            }
            _ => {}
        }
    }

    /// A driver is asked, and makes up his mind within 3 to 12 seconds.
    fn offered(&mut self, decided: &MatchDecided, revision: i32) {
        let (Some(driver), Some(answer_by)) = (decided.driver.clone(), decided.answer_by) else { return };
        let (ride, rates) = (decided.ride.clone(), self.settings.rates);
        let draw = Draw::of(self.settings.seed, &format!("{ride}/{revision}/{driver}"), "answer");
        let asked = Millis(decided.at).max(self.now);
        let soon = asked.plus(Millis(draw.next().within(3_000, 12_000)));
        let kind = draw.below(10_000) as u32;
        let (at, answer) = if kind < rates.declined {
            (soon, Answer::Decline)
        } else if kind < rates.declined + rates.unanswered {
            self.tally.unanswered += 1;
            return;
        } else if kind < rates.declined + rates.unanswered + rates.late {
            if draw.next().next().happens(5_000) {
                (soon, Answer::DeclineThenAccept)
            } else {
                let lapsed = Millis(answer_by).max(asked);
                (lapsed.plus(Millis(draw.next().within(1_000, 5_000))), Answer::AcceptLate)
            }
        } else {
            (soon, Answer::Accept)
        };
        self.queue.push(at, Action::Answer { ride, revision, driver, answer });
    }

    /// A driver answers, unless his app already told him that it is over.
    pub(super) fn answer(&mut self, id: &str, revision: i32, driver: &str, answer: Answer) {
        const AGAIN: Millis = Millis(2_000);
        let Some(ride) = self.rides.get_mut(id) else { return };
        let market = &self.settings.markets[ride.trip.market];
        let mut says = |progress| answered(ride.fact(self.now, market, progress), revision, driver);
        let (accept, decline) = (says(Progress::Accepted), says(Progress::Declined));
        if answer == Answer::AcceptLate {
            self.tally.late += 1;
            return self.publish(Body::Progressed(Box::new(accept)));
        }
        if ride.revision != revision {
            return;
        }
        let able = self.fleet.0.get(driver).is_some_and(|found| found.open() && found.market == ride.trip.market);
        if answer == Answer::Accept && able {
            let draw = Draw::of(self.settings.seed, &accept.event, "doubled");
            if draw.happens(self.settings.rates.doubled_acceptance) {
                self.tally.doubled_acceptances += 1;
                self.queue
                    .push(self.now.plus(AGAIN), Action::Say(Box::new(Body::Progressed(Box::new(accept.clone())))));
            }
            return self.publish(Body::Progressed(Box::new(accept)));
        }
        self.tally.declined += 1;
        if answer == Answer::DeclineThenAccept {
            self.tally.late += 1;
            let mut accept = accept;
            accept.at = self.now.plus(AGAIN).0;
            self.queue.push(Millis(accept.at), Action::Say(Box::new(Body::Progressed(Box::new(accept)))));
        }
        self.publish(Body::Progressed(Box::new(decline)));
    }

    /// A driver sets out; whether he gives up, or never comes, is settled now.
    fn assigned(&mut self, id: &str, driver_id: &str) {
        const NO_SHOW_AFTER: i64 = 300_000;
        let (seed, rates, now) = (self.settings.seed, self.settings.rates, self.now);
        let Some(ride) = self.rides.get_mut(id) else { return };
        let Some(driver) = self.fleet.0.get_mut(driver_id) else { return };
        ride.version += 1;
        ride.driver = Some(driver_id.to_owned());
        driver.serves = Some(id.to_owned());
        if ride.phase != Phase::Before {
            return;
        }
        let hour = calendar::hour(now, self.settings.utc_offset_minutes);
        let takes = ground::travel(driver.place(now), ride.trip.pickup, hour);
        let draw = Draw::of(seed, &format!("{id}/{driver_id}"), "way");
        let (gap, what) = if draw.happens(rates.driver_cancels) {
            (draw.next().within(5_000, 60_000).min(takes.0), What::DriverCancels)
        } else if draw.next().happens(rates.driver_no_show) {
            (takes.0 + NO_SHOW_AFTER, What::DriverNoShow)
        } else {
            (takes.0, What::Arrive)
        };
        driver.drive(now, ride.trip.pickup, takes);
        let version = ride.version;
        self.queue.push(now.plus(Millis(gap)), Action::Ride { ride: id.to_owned(), version, what });
        self.schedule_pings(driver_id, Millis(1_000));
    }

    /// A ride goes on as planned, unless its plan has changed.
    pub(super) fn go_on(&mut self, id: &str, version: u32, what: What) {
        let (now, seed, rates) = (self.now, self.settings.seed, self.settings.rates);
        let Some(ride) = self.rides.get_mut(id) else { return };
        let planned = version == ride.version || what == What::RiderCancels;
        if !planned || ride.phase == Phase::Over || (what == What::RiderCancels && ride.phase != Phase::Before) {
            return;
        }
        let market = self.settings.markets[ride.trip.market].clone();
        let fact = match what {
            What::Arrive => {
                let draw = Draw::of(seed, id, "boards");
                let (gap, what) = if draw.happens(rates.rider_no_show) {
                    (180_000, What::RiderNoShow)
                } else {
                    (draw.next().within(10_000, 40_000), What::Start)
                };
                let version = ride.version;
                ride.arrived = Some(now);
                self.queue.push(now.plus(Millis(gap)), Action::Ride { ride: id.to_owned(), version, what });
                driven(ride, now, &market, Progress::Arrived)
            }
            What::Start => return self.start(id, &market),
            What::Complete => return self.complete(id, &market),
            What::RiderCancels => {
                self.tally.rider_cancelled += 1;
                ride.phase = Phase::Over;
                let fact = by(driven(ride, now, &market, Progress::Cancelled), Party::Rider);
                ride.missed(fact)
            }
            What::DriverCancels => {
                self.tally.driver_cancelled += 1;
                by(driven(ride, now, &market, Progress::Cancelled), Party::Driver)
            }
            What::DriverNoShow => {
                self.tally.no_shows += 1;
                by(driven(ride, now, &market, Progress::NoShow), Party::Driver)
            }
            What::RiderNoShow => {
                self.tally.no_shows += 1;
                ride.phase = Phase::Over;
                let fact = by(driven(ride, now, &market, Progress::NoShow), Party::Rider);
                ride.missed(fact)
            }
        };
        let fact = self.misbill(fact);
        self.publish(Body::Progressed(Box::new(fact)));
    }

    fn start(&mut self, id: &str, market: &str) {
        let now = self.now;
        let Some(ride) = self.rides.get_mut(id) else { return };
        ride.phase = Phase::Aboard;
        ride.waited_s = ride.arrived.map(|arrived| (now.since(arrived).0 / 1_000) as i32);
        let (to, takes, version) = (ride.trip.dropoff, ride.trip.duration, ride.version);
        let (fact, driver) = (driven(ride, now, market, Progress::Started), ride.driver.clone());
        self.publish(Body::Progressed(Box::new(fact)));
        self.queue.push(now.plus(takes), Action::Ride { ride: id.to_owned(), version, what: What::Complete });
        if let Some(id) = driver
            && let Some(driver) = self.fleet.0.get_mut(&id)
        {
            driver.drive(now, to, takes);
            self.schedule_pings(&id, Millis(1_000));
        }
    }

    fn complete(&mut self, id: &str, market: &str) {
        let Some(ride) = self.rides.get_mut(id) else { return };
        ride.phase = Phase::Over;
        let fact = ride.completed(self.now, market);
        let fact = self.misbill(fact);
        self.tally.completed += 1;
        self.publish(Body::Progressed(Box::new(fact)));
        self.rewarded(id);
        self.let_go(id);
    }

    /// The ride's driver, if any, is free again where he is, and tells it.
    fn let_go(&mut self, id: &str) {
        let Some(ride) = self.rides.get_mut(id) else { return };
        let Some(driver_id) = ride.driver.take() else { return };
        ride.version += 1;
        let Some(driver) = self.fleet.0.get_mut(&driver_id) else { return };
        if driver.serves.as_deref() != Some(id) {
            return;
        }
        driver.rest(self.now);
        let ping = driver.ping(self.now, &self.settings.markets[driver.market]);
        self.ping(ping);
        self.schedule_pings(&driver_id, Millis(60_000));
    }
}

fn answered(mut fact: RideProgressed, revision: i32, driver: &str) -> RideProgressed {
    (fact.revision, fact.driver) = (Some(revision), Some(driver.to_owned()));
    by(fact, Party::Driver)
}

fn driven(ride: &mut Ride, now: Millis, market: &str, progress: Progress) -> RideProgressed {
    let mut fact = ride.fact(now, market, progress);
    fact.driver.clone_from(&ride.driver);
    fact
}

fn by(mut fact: RideProgressed, party: Party) -> RideProgressed {
    fact.by = Some(party);
    fact
}
