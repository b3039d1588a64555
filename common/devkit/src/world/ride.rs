//! A ride as its people live it: asked, driven, ended.

use kernel::Millis;
use kernel::contract::{
    Bill, Party, Payment, PriceQuoted, Progress, QuotePrice, QuoteRequested, RideProgressed, RideRequested,
};

use super::event::{Body, Source, Trip};
use super::queue::{Action, What};
use super::{Draw, World, ground, riders};
use crate::bills::{Fault, Shares, charged, promised, spoil};

/// Fare of a standard cab, minor units: 2.09 + 1.22 a kilometre + 0.338 a minute (fitted on New York yellow cabs, 2013-16).
const FLAG_FALL: f64 = 209.0;
const PER_KM: f64 = 122.0;
const PER_MINUTE: f64 = 33.8;
/// What the driver gets of it.
const DRIVER_SHARE: f64 = 0.75;
/// What a rider is billed for cancelling after so long while a driver is on the way, and for not coming, minor units.
const MISSED: i64 = 500;
const CANCEL_FREE: Millis = Millis(120_000);
/// The tariff of the built-in policy: a fifth is the platform's, three quarters are the driver's at least.
const SHARES: Shares = Shares { take_bps: 2_000, floor_bps: 7_500 };
/// Largest fault of a bill, minor units.
const FAULT_MOST: i64 = 300;

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
    /// When the newest driver came to the pickup.
    pub(super) arrived: Option<Millis>,
    /// How long he waited there, seconds.
    pub(super) waited_s: Option<i32>,
    /// The price that was quoted.
    pub(super) price: Option<Box<QuotePrice>>,
    asked_at: Millis,
}

impl Ride {
    fn new(trip: Trip, asked_at: Millis) -> Ride {
        let (arrived, waited_s, price) = (None, None, None);
        let (revision, driver, version, told) = (-1, None, 0, 0);
        Ride { trip, phase: Phase::Before, revision, driver, version, told, arrived, waited_s, price, asked_at }
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
            tolls_minor: None,
            wait_s: None,
            payment: None,
            bill: None,
        }
    }

    /// The last fact: what was driven, and what was billed. Whoever was quoted no price is charged by the meter, and nobody itemises it.
    pub(super) fn completed(&mut self, now: Millis, market: &str) -> RideProgressed {
        let mut fact = self.fact(now, market, Progress::Completed);
        let metres = ground::road_m(self.trip.pickup, self.trip.dropoff);
        let minutes = self.trip.duration.0 as f64 / 60_000.0;
        let metered = FLAG_FALL + PER_KM * metres / 1_000.0 + PER_MINUTE * minutes;
        let bill = self.price.as_ref().map(|price| promised(price, (self.trip.service, self.trip.tier)));
        fact.driver = self.driver.clone();
        fact.charged_minor = Some(bill.as_ref().map_or(metered as i64, charged));
        fact.paid_minor = Some(bill.as_ref().map_or((metered * DRIVER_SHARE) as i64, |bill| bill.driver));
        fact.currency = Some(self.price.as_ref().map_or("USD", |price| &price.currency).to_owned());
        fact.distance_m = Some(metres as i32);
        fact.duration_s = Some((self.trip.duration.0 / 1_000) as i32);
        fact.wait_s = self.waited_s;
        fact.payment = Some(Payment::Card);
        fact.bill = bill;
        fact
    }

    /// There was no ride: what the rider is billed for that.
    pub(super) fn missed(&self, fact: RideProgressed) -> RideProgressed {
        let late = fact.driver.is_some() && Millis(fact.at).since(self.asked_at) > CANCEL_FREE;
        let cancel = if late || fact.progress == Progress::NoShow { MISSED } else { 0 };
        let (service, tier, driver) = (self.trip.service, self.trip.tier, cancel * 4 / 5);
        let (fare, loyalty, booking, wait, online, tax, tolls) = (0, 0, 0, 0, 0, 0, 0);
        let (promotions, commission) = (Vec::new(), cancel - driver);
        let bill = Bill {
            service,
            tier,
            fare,
            loyalty,
            booking,
            wait,
            cancel,
            online,
            tax,
            tolls,
            promotions,
            commission,
            driver,
        };
        let currency = self.price.as_ref().map_or("USD", |price| &price.currency).to_owned();
        RideProgressed { currency: Some(currency), charged_minor: Some(cancel), bill: Some(bill), ..fact }
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
            rider: riders::who(seed, &id),
            pickup: trip.pickup,
            dropoff: trip.dropoff,
            service: trip.service,
            tier: trip.tier,
            quote: Some(format!("quote-{id}")),
        };
        self.quote(&request);
        let mut ride = Ride::new(trip, now);
        self.tally.asked += 1;
        if of("foretold").happens(rates.foretold) {
            let mut fact = ride.fact(now, &market, Progress::Cancelled);
            fact.by = Some(Party::Rider);
            self.tally.rider_cancelled += 1;
            ride.phase = Phase::Over;
            self.publish(Body::Progressed(Box::new(fact)));
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

    /// A quote is read: it is what its ride will be billed by.
    pub fn priced(&mut self, quoted: PriceQuoted) {
        let ride = quoted.quote.strip_prefix("quote-").and_then(|ride| self.rides.get_mut(ride));
        if let (Some(ride), Some(price)) = (ride, quoted.price) {
            ride.price = Some(Box::new(price));
        }
    }

    /// Some bills go wrong; what was lost by that is counted.
    pub(super) fn misbill(&mut self, mut fact: RideProgressed) -> RideProgressed {
        let draw = Draw::of(self.settings.seed, &fact.ride, "misbilled");
        if draw.happens(self.settings.rates.misbilled) {
            let fault = Fault::ALL[draw.next().below(Fault::ALL.len() as u64) as usize];
            let size = draw.next().next().within(1, FAULT_MOST);
            if let Some(lost) = spoil(&mut fact, fault, size, SHARES) {
                self.tally.misbilled += 1;
                self.tally.misbilled_minor += lost;
            }
        }
        fact
    }
}
