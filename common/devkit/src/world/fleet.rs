//! Drivers: where they are, and what their apps tell.

use std::collections::BTreeMap;

use kernel::Millis;
use kernel::contract::{DriverChanged, DriverLocated, DriverStatus, Point, Tier, Vehicle};

use super::draw::Draw;
use super::event::Newcomer;
use super::ground;

/// Seconds between two pings of a driver, by quantile: 11 million pings of San Francisco cabs, 2008.
const PING_GAP_S: [(f64, f64); 4] = [(0.1, 31.0), (0.5, 60.0), (0.9, 72.0), (0.99, 262.0)];

/// How far a free driver drifts between two pings at most, metres.
const DRIFT_M: f64 = 250.0;

/// A recorded driver who is seen further than this from where our ride left him made a jump, metres.
const JUMP_M: f64 = 500.0;

/// A drive along a straight line.
#[derive(Clone, Copy, Debug)]
struct Leg {
    from: Point,
    to: Point,
    since: Millis,
    takes: Millis,
}

/// A driver.
#[derive(Clone, Debug)]
pub(super) struct Driver {
    pub(super) profile: DriverChanged,
    /// Index of the market where he is.
    pub(super) market: usize,
    /// The ride that he serves.
    pub(super) serves: Option<String>,
    /// Changes when his pings are scheduled anew, so that the old schedule ends.
    pub(super) schedule: u32,
    place: Point,
    roams: bool,
    hailed: bool,
    leg: Option<Leg>,
    resumes: bool,
}

/// What a recorded ping does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// It is published.
    Published,
    /// It is published, and the driver jumped there.
    Jumped,
    /// The driver is in one of our rides: it is dropped.
    Dropped,
}

/// All drivers, by id.
#[derive(Default)]
pub(super) struct Fleet(pub(super) BTreeMap<String, Driver>);

impl Fleet {
    /// A driver appears; his profile is drawn from his id.
    pub(super) fn join(&mut self, seed: u64, now: Millis, newcomer: Newcomer, market: &str) -> DriverChanged {
        let profile = profile(seed, now, &newcomer.driver, market);
        let driver = Driver {
            profile: profile.clone(),
            market: newcomer.market,
            serves: None,
            schedule: 0,
            place: newcomer.place,
            roams: newcomer.roams,
            hailed: false,
            leg: None,
            resumes: false,
        };
        self.0.insert(newcomer.driver, driver);
        profile
    }
}

impl Driver {
    /// Where he is.
    pub(super) fn place(&self, now: Millis) -> Point {
        match self.leg {
            Some(leg) => {
                let share = now.since(leg.since).0 as f64 / leg.takes.0.max(1) as f64;
                ground::along(leg.from, leg.to, share.clamp(0.0, 1.0))
            }
            None => self.place,
        }
    }

    /// Whether he takes an offer: nobody else's fare sits in his car.
    pub(super) fn open(&self) -> bool {
        self.serves.is_none() && !self.hailed
    }

    /// Whether the world makes his pings.
    pub(super) fn pings(&self) -> bool {
        self.roams || self.leg.is_some()
    }

    /// He drives to `to`.
    pub(super) fn drive(&mut self, now: Millis, to: Point, takes: Millis) {
        let from = self.place(now);
        self.leg = Some(Leg { from, to, since: now, takes });
        self.schedule += 1;
    }

    /// He serves nobody any more and stays where he is.
    pub(super) fn rest(&mut self, now: Millis) {
        self.place = self.place(now);
        self.leg = None;
        self.serves = None;
        self.resumes = !self.roams;
        self.schedule += 1;
    }

    /// He turns up somewhere else.
    pub(super) fn appear(&mut self, market: usize, place: Point) {
        (self.market, self.place) = (market, place);
        self.schedule += 1;
    }

    /// A free driver moves a little, as `draw` says.
    pub(super) fn drift(&mut self, draw: Draw) {
        if self.leg.is_none() {
            let (east, north) = (draw.unit() * 2.0 - 1.0, draw.next().unit() * 2.0 - 1.0);
            self.place = ground::moved(self.place, east * DRIFT_M, north * DRIFT_M);
        }
    }

    /// A recorded ping of his.
    pub(super) fn sighted(&mut self, place: Point, busy: bool) -> Seen {
        if self.serves.is_some() {
            return Seen::Dropped;
        }
        let jumped = self.resumes && ground::distance_m(self.place, place) > JUMP_M;
        (self.place, self.hailed, self.resumes) = (place, busy, false);
        if jumped { Seen::Jumped } else { Seen::Published }
    }

    /// His ping.
    pub(super) fn ping(&self, now: Millis, market: &str) -> DriverLocated {
        let busy = self.serves.is_some() || self.hailed;
        let (heading_deg, speed_kmh) = match self.leg {
            Some(leg) => (Some(heading(leg.from, leg.to)), Some(speed(leg))),
            None => (None, None),
        };
        DriverLocated {
            driver: self.profile.driver.clone(),
            at: now.0,
            market: market.to_owned(),
            place: self.place(now),
            heading_deg,
            speed_kmh,
            status: if busy { DriverStatus::Busy } else { DriverStatus::Free },
        }
    }
}

/// Time to the next ping.
pub(super) fn ping_gap(draw: Draw) -> Millis {
    Millis((draw.quantile(&PING_GAP_S) * 1_000.0) as i64)
}

fn heading(from: Point, to: Point) -> i32 {
    let (east, north) = ground::offset_m(from, to);
    (east.atan2(north).to_degrees() as i32).rem_euclid(360)
}

fn speed(leg: Leg) -> i32 {
    (ground::road_m(leg.from, leg.to) / leg.takes.0.max(1) as f64 * 3_600.0) as i32
}

/// A driver's profile; no public set tells ratings or tiers, so these shares are plain guesses.
fn profile(seed: u64, now: Millis, driver: &str, market: &str) -> DriverChanged {
    let of = |salt| Draw::of(seed, driver, salt);
    let tier = match of("tier").below(100) {
        0..40 => None,
        40..65 => Some(Tier::Bronze),
        65..83 => Some(Tier::Silver),
        83..95 => Some(Tier::Gold),
        _ => Some(Tier::Platinum),
    };
    let vehicle = match of("vehicle").below(100) {
        0..85 => Vehicle::Sedan,
        85..95 => Vehicle::Xl,
        _ => Vehicle::Accessible,
    };
    DriverChanged {
        driver: driver.to_owned(),
        at: now.0,
        registered_market: market.to_owned(),
        market: market.to_owned(),
        active: true,
        tier,
        vehicle,
        rating_bps: 8_400 + 100 * of("rating").below(17) as i32,
        reliability_bps: 8_500 + 100 * of("reliability").below(16) as i32,
    }
}
