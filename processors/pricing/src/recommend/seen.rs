//! Counts of what the topics say.

use std::collections::BTreeMap;

use kernel::contract::{FareCaptured, LeakageKind, MatchDecided, Outcome, PriceQuoted, Reason, RideRequested};
use kernel::geo;

use super::Published;
use crate::forecast::sound;

/// Rides and quotes that are followed at most, about 150 bytes each; beyond it they are counted as asked for, and what became of them is not.
pub const RIDES_MAX: usize = 4_000_000;

const HOUR_MS: i64 = 3_600_000;
/// Milliseconds of a week.
const WEEK_MS: f64 = 168.0 * 3_600_000.0;
/// 1 January 1970 was a Thursday: so many hours after Monday, 0:00.
const THURSDAY: i64 = 72;

/// One hour of the week in one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CellHour {
    /// Rides asked for.
    pub asked: i64,
    /// Of them, those for which nobody was free at first.
    pub waited: i64,
    /// Of them, those that expired without a driver.
    pub expired: i64,
}

/// A class of leakage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leak {
    /// Rides.
    pub rides: i64,
    /// What was lost, minor units.
    pub lost: i64,
}

/// Fares that were captured while a policy held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// All of them.
    pub rides: i64,
    /// Of them those that leaked, by class.
    pub leaking: BTreeMap<String, i64>,
}

/// Quotes of a tier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tier {
    /// Priced.
    pub quoted: i64,
    /// Of them, those with which a ride was asked for.
    pub taken: i64,
    /// Sum of the fares, minor units.
    pub fares: i64,
}

/// What was seen of a market.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Market {
    /// Event times of the first and the last record, milliseconds.
    pub span: Option<(i64, i64)>,
    /// Of the first and the last fare that was captured: that topic is kept longer than the others.
    pub captured: Option<(i64, i64)>,
    /// By cell and hour of the week of local time, from Monday, 0:00.
    pub cells: BTreeMap<(u64, i64), CellHour>,
    /// By class: a symbol of `fare.captured` in small letters.
    pub leaks: BTreeMap<String, Leak>,
    /// Fares by the version of `quoting` that held when they were captured; 0: none was published yet.
    pub held: BTreeMap<i32, Held>,
    /// By tier as a policy names it; the plain ride is `PLAIN`.
    pub tiers: BTreeMap<String, Tier>,
}

impl Market {
    /// Weeks that were seen, at least a day of one: less would make a week of an hour.
    pub fn weeks(&self) -> f64 {
        weeks(self.span)
    }

    /// Weeks in which leaks were seen: those of the fares where these were read.
    pub(super) fn leak_weeks(&self) -> f64 {
        weeks(self.captured.or(self.span))
    }

    fn at(&mut self, at_ms: i64) {
        self.span = Some(wider(self.span, at_ms));
    }
}

fn weeks(span: Option<(i64, i64)>) -> f64 {
    span.map_or(0.0, |(first, last)| (last - first) as f64 / WEEK_MS).max(1.0 / 7.0)
}

fn wider(span: Option<(i64, i64)>, at_ms: i64) -> (i64, i64) {
    let (first, last) = span.unwrap_or((at_ms, at_ms));
    (first.min(at_ms), last.max(at_ms))
}

/// A ride that is followed.
#[derive(Clone, Copy, Debug)]
struct Ride {
    cell_hour: (u64, i64),
    waited: bool,
    ended: bool,
}

/// What was seen of all markets. Feed it policies first, then quotes, requests, decisions, and fares.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// By name.
    pub markets: BTreeMap<String, Market>,
    /// Policies that were published.
    pub policies: Published,
    /// Records of which no ride or quote is known, or that were beyond [`RIDES_MAX`].
    pub unknown: u64,
    /// Records whose time is absurd; nothing else of them is counted.
    pub absurd: u64,
    utc_offset_ms: i64,
    now: Option<i64>,
    rides: BTreeMap<(String, String), Ride>,
    /// Tier of each quote that was not taken yet.
    quotes: BTreeMap<(String, String), &'static str>,
}

impl Seen {
    /// Nothing seen yet; local time is so many minutes ahead of UTC.
    pub fn new(utc_offset_minutes: i64) -> Seen {
        Seen { utc_offset_ms: utc_offset_minutes * 60_000, ..Seen::default() }
    }

    /// The newest event time of what was decided (quotes, matches, fares), milliseconds; `None`: nothing was. What was only asked may have any time.
    pub fn now(&self) -> Option<i64> {
        self.now
    }

    /// A quote was priced.
    pub fn quoted(&mut self, quoted: &PriceQuoted) {
        let Some((price, inputs)) = quoted.price.as_ref().zip(quoted.inputs.as_ref()) else { return };
        if !sound(quoted.at) {
            self.absurd += 1;
            return;
        }
        let name = inputs.tier.map_or("PLAIN", crate::policy::tier_name);
        let market = self.markets.entry(quoted.market.clone()).or_default();
        market.at(quoted.at);
        self.now = self.now.max(Some(quoted.at));
        let tier = market.tiers.entry(name.to_owned()).or_default();
        tier.quoted += 1;
        tier.fares = tier.fares.saturating_add(price.chosen.fare_minor);
        if self.quotes.len() < RIDES_MAX {
            self.quotes.insert((quoted.market.clone(), quoted.quote.clone()), name);
        } else {
            self.unknown += 1;
        }
    }

    /// A ride was asked for; again under the same name it counts once.
    pub fn requested(&mut self, asked: &RideRequested) {
        if !sound(asked.at) {
            self.absurd += 1;
            return;
        }
        let key = (asked.market.clone(), asked.ride.clone());
        if self.rides.contains_key(&key) {
            return;
        }
        let market = self.markets.entry(asked.market.clone()).or_default();
        market.at(asked.at);
        let hour = ((asked.at + self.utc_offset_ms).div_euclid(HOUR_MS) + THURSDAY).rem_euclid(168);
        let cell_hour = (geo::cell(asked.pickup), hour);
        market.cells.entry(cell_hour).or_default().asked += 1;
        if let Some(quote) = &asked.quote
            && let Some(name) = self.quotes.remove(&(asked.market.clone(), quote.clone()))
        {
            market.tiers.entry(name.to_owned()).or_default().taken += 1;
        }
        if self.rides.len() < RIDES_MAX {
            self.rides.insert(key, Ride { cell_hour, waited: false, ended: false });
        } else {
            self.unknown += 1;
        }
    }

    /// What became of a ride.
    pub fn decided(&mut self, decided: &MatchDecided) {
        if sound(decided.at) {
            self.now = self.now.max(Some(decided.at));
        }
        let waits = decided.outcome == Outcome::Waiting && decided.reason == Reason::Nobody;
        let expires = decided.outcome == Outcome::Closed && decided.reason == Reason::Expired;
        if !waits && !expires {
            return;
        }
        let key = (decided.market.clone(), decided.ride.clone());
        let found = self.rides.get_mut(&key).zip(self.markets.get_mut(&decided.market));
        let Some((ride, market)) = found else {
            self.unknown += 1;
            return;
        };
        let counts = market.cells.entry(ride.cell_hour).or_default();
        counts.waited += i64::from(waits && !ride.waited);
        counts.expired += i64::from(expires && !ride.ended);
        ride.waited |= waits;
        ride.ended |= expires;
    }

    /// A fare was captured, with what leaked of it: each class counts a ride.
    pub fn captured(&mut self, captured: &FareCaptured) {
        let Some(fare) = &captured.fare else { return };
        if !sound(captured.at) {
            self.absurd += 1;
            return;
        }
        let market = self.markets.entry(captured.market.clone()).or_default();
        market.captured = Some(wider(market.captured, captured.at));
        self.now = self.now.max(Some(captured.at));
        let version = self.policies.at(captured.at).map_or(0, |(version, _)| version);
        let held = market.held.entry(version).or_default();
        held.rides += 1;
        for leakage in &fare.leakages {
            *held.leaking.entry(class(leakage.kind).to_owned()).or_default() += 1;
        }
        for leakage in &fare.leakages {
            self.leaked(&captured.market, class(leakage.kind), 1, leakage.lost_minor);
        }
    }

    /// Rides of a market leaked so much, minor units; below zero is what riders or drivers lost.
    pub fn leaked(&mut self, market: &str, class: &str, rides: i64, lost: i64) {
        let leak =
            self.markets.entry(market.to_owned()).or_default().leaks.entry(class.to_ascii_lowercase()).or_default();
        leak.rides = leak.rides.saturating_add(rides);
        leak.lost = leak.lost.saturating_add(lost);
    }
}

/// The symbol of a class in small letters.
fn class(kind: LeakageKind) -> &'static str {
    match kind {
        LeakageKind::QuoteBroken => "quote_broken",
        LeakageKind::TollUnbilled => "toll_unbilled",
        LeakageKind::WaitUnbilled => "wait_unbilled",
        LeakageKind::CancelUnbilled => "cancel_unbilled",
        LeakageKind::WrongTier => "wrong_tier",
        LeakageKind::PromotionStacked => "promotion_stacked",
        LeakageKind::CommissionOnTax => "commission_on_tax",
        LeakageKind::PayBelowFloor => "pay_below_floor",
        LeakageKind::CashOnlineFee => "cash_online_fee",
        LeakageKind::Unknown => "unknown",
    }
}
