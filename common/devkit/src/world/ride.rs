//! A ride as its people live it: asked, driven, ended.

use kernel::Millis;
use kernel::contract::{Party, Progress, QuoteRequested, RideProgressed, RideRequested};

use super::event::{Body, Source, Trip};
use super::queue::{Action, What};
use super::{Draw, World, ground};

/// Fare of a standard cab, minor units: 2.09 + 1.22 a kilometre + 0.338 a minute (fitted on New York yellow cabs, 2013-16).
const FLAG_FALL: f64 = 209.0;
const PER_KM: f64 = 122.0;
const PER_MINUTE: f64 = 33.8;
/// What the driver gets of it.
const DRIVER_SHARE: f64 = 0.75;

/// How far a ride has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nobody comes yet, or a driver is on the way.
    Before,
    /// The rider is in the car.
    Aboard,
    /// It has ended; its chain may not have.
    Over,
}

/// A ride that has not ended in its chain.
#[derive(Clone, Debug)]
pub(super) struct Ride {
    pub(super) trip: Trip,
    pub(super) phase: Phase,
    /// Newest decision that was read.
    pub(super) revision: i32,
    /// Who drives.
    pub(super) driver: Option<String>,
    /// Changes with every new leg, so that what was planned for the old one does not happen.
    pub(super) version: u32,
    told: u32,
}

impl Ride {
    fn new(trip: Trip) -> Ride {
        Ride { trip, phase: Phase::Before, revision: -1, driver: None, version: 0, told: 0 }
    }

    /// A fact about the ride, with an id of its own.
    pub(super) fn fact(&mut self, now: Millis, market: &str, progress: Progress) -> RideProgressed {
        self.told += 1;
        RideProgressed {
            event: format!("{}/{}", self.trip.ride, self.told),
            at: now.0,
            market: market.to_owned(),
            ride: self.trip.ride.clone(),
            revision: None,
            driver: None,
            progress,
            by: None,
            why: None,
            charged_minor: None,
            paid_minor: None,
            currency: None,
            distance_m: None,
            duration_s: None,
        }
    }

    /// The last fact: what was driven and what it cost.
    pub(super) fn completed(&mut self, now: Millis, market: &str) -> RideProgressed {
        let mut fact = self.fact(now, market, Progress::Completed);
        let metres = ground::road_m(self.trip.pickup, self.trip.dropoff);
        let minutes = self.trip.duration.0 as f64 / 60_000.0;
        let charged = FLAG_FALL + PER_KM * metres / 1_000.0 + PER_MINUTE * minutes;
        fact.driver = self.driver.clone();
        fact.charged_minor = Some(charged as i64);
        fact.paid_minor = Some((charged * DRIVER_SHARE) as i64);
        fact.currency = Some("USD".to_owned());
        fact.distance_m = Some(metres as i32);
        fact.duration_s = Some((self.trip.duration.0 / 1_000) as i32);
        fact
    }
}

impl<S: Source> World<S> {
    /// A rider asks; whether he cancels, or asks twice, is settled now.
    pub(super) fn ask(&mut self, trip: Trip) {
        let (seed, rates, now) = (self.settings.seed, self.settings.rates, self.now);
        let market = self.settings.markets[trip.market].clone();
        let id = trip.ride.clone();
        let of = |salt| Draw::of(seed, &id, salt);
        let request = RideRequested {
            ride: id.clone(),
            at: now.0,
            market: market.clone(),
            rider: format!("rider-{:06}", of("rider").below(1_000_000)),
            pickup: trip.pickup,
            dropoff: trip.dropoff,
            service: trip.service,
            tier: trip.tier,
            quote: Some(format!("quote-{id}")),
        };
        self.quote(&request);
        let mut ride = Ride::new(trip);
        self.tally.asked += 1;
        if of("foretold").happens(rates.foretold) {
            let mut fact = ride.fact(now, &market, Progress::Cancelled);
            fact.by = Some(Party::Rider);
            self.tally.rider_cancelled += 1;
            ride.phase = Phase::Over;
            self.publish(Body::Progressed(fact));
            self.queue.push(now.plus(Millis(2_000)), Action::Say(Box::new(Body::Requested(request))));
        } else {
            if of("doubled").happens(rates.doubled_request) {
                let late = of("doubled late");
                let gap = if late.happens(5_000) { 0 } else { late.next().within(1_000, 600_000) };
                self.tally.doubled_requests += 1;
                self.queue.push(now.plus(Millis(gap)), Action::Say(Box::new(Body::Requested(request.clone()))));
            }
            if of("cancels").happens(rates.rider_cancels) {
                let when = of("cancels when");
                let gap = if when.happens(5_000) {
                    when.next().within(2_000, 15_000)
                } else {
                    when.next().within(30_000, 300_000)
                };
                let action = Action::Ride { ride: id.clone(), version: u32::MAX, what: What::RiderCancels };
                self.queue.push(now.plus(Millis(gap)), action);
            }
            self.publish(Body::Requested(request));
        }
        self.rides.insert(id, ride);
    }

    /// Before he asks for a ride he asks what it costs; whoever sends his request twice sends this twice, too.
    fn quote(&mut self, request: &RideRequested) {
        let (seed, rates) = (self.settings.seed, self.settings.rates);
        let asked = QuoteRequested {
            quote: request.quote.clone().unwrap_or_default(),
            at: request.at,
            market: request.market.clone(),
            rider: request.rider.clone(),
            pickup: request.pickup,
            dropoff: request.dropoff,
            service: request.service,
            tier: request.tier,
            distance_m: None,
            duration_s: None,
            tolls_minor: None,
        };
        if Draw::of(seed, &request.ride, "doubled").happens(rates.doubled_request) {
            self.publish(Body::Asked(asked.clone()));
        }
        self.publish(Body::Asked(asked));
    }
}
