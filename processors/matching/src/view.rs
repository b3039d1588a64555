//! What matching knows: drivers' profiles everywhere, and of each market its rides, its drivers and where they are.
//!
//! What is kept comes from `state.kept` only; pings expire by event time; profiles are read again from their start.

mod agenda;
mod fleet;
mod market;

use std::collections::BTreeMap;

use kernel::Millis;
use kernel::contract::{DriverChanged, StateKept, Tier, Vehicle};

use crate::{Policy, Seen};
pub(crate) use agenda::{Agenda, patient_from};
pub(crate) use fleet::{Earned, Fleet, Mean, Seat, Slot, Standing};
pub(crate) use market::Market;

/// Facts of all markets that a worker owns, and the profiles of all drivers.
///
/// Memory: about 200 bytes a profile, 300 a driver who pings, 400 a ride of the last 24 hours; what no longer counts is swept.
#[derive(Debug, Default)]
pub struct View {
    profiles: BTreeMap<String, Profile>,
    markets: BTreeMap<String, Market>,
}

/// What is kept of a market, for comparison: equal views fold from equal records (law 10).
#[derive(Debug, PartialEq)]
pub struct Kept<'a>(Option<market::MarketKept<'a>>);

/// A driver's profile.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Profile {
    /// Event time: an older profile does not replace it.
    at: i64,
    registered_market: String,
    market: String,
    active: bool,
    tier: Tier,
    vehicle: Vehicle,
    rating_bps: i32,
    reliability_bps: i32,
}

impl Profile {
    /// How the driver stands in `market`.
    fn standing(&self, market: &str) -> Standing {
        Standing {
            native: self.registered_market == market,
            bound_elsewhere: !self.market.is_empty() && self.market != market,
            active: self.active,
            tier: self.tier,
            vehicle: self.vehicle,
            rating_bps: self.rating_bps,
            reliability_bps: self.reliability_bps,
        }
    }

    /// Whether he wants to drive elsewhere than where he was registered: then his first market must let him go, be it ever so quiet.
    fn emigrates(&self) -> bool {
        self.standing(&self.registered_market).bound_elsewhere
    }
}

impl View {
    /// What is kept of `market`; a market of which nothing is kept is like one that was never heard of.
    pub fn kept(&self, market: &str) -> Kept<'_> {
        Kept(self.markets.get(market).map(Market::kept).filter(|kept| !kept.is_empty()))
    }

    pub(crate) fn market(&self, market: &str) -> Option<&Market> {
        self.markets.get(market)
    }

    /// Where `driver` wants to drive.
    pub(crate) fn destination(&self, driver: &str) -> Option<&str> {
        self.profiles.get(driver).map(|profile| profile.market.as_str())
    }

    /// Folds one kept entity, or forgets it; the only way in for what is kept.
    pub(crate) fn fold(&mut self, market: &str, entity: &str, kept: Option<&StateKept>) {
        // A market's name holds no '/'; the id of a ride or driver may, and what stands before it says which it is.
        let Some(rest) = entity.strip_prefix("matching/").and_then(|rest| rest.strip_prefix(market)) else { return };
        if let Some(ride) = rest.strip_prefix("/ride/") {
            self.enter(market).agenda.keep(ride, kept.and_then(|kept| kept.ride.as_ref()));
        } else if let Some(driver) = rest.strip_prefix("/driver/") {
            let standing = self.standing(driver, market);
            let kept = kept.and_then(|kept| kept.driver.as_ref());
            self.enter(market).fleet.keep(driver, standing, kept);
        }
    }

    /// Folds a fact that is only seen. False: it is about a driver who is not known yet, and there are `room` of them already.
    pub(crate) fn see(&mut self, market: &str, seen: Seen, room: usize) -> bool {
        match seen {
            Seen::Located(ping) => {
                if !self.markets.contains_key(market) {
                    self.enter(market);
                }
                let (Some(place), profiles) = (self.markets.get_mut(market), &self.profiles) else { return false };
                if place.fleet.len() >= room && place.fleet.find(&ping.driver).is_none() {
                    return false;
                }
                place.fleet.locate(&ping, || profiles.get(&ping.driver).map(|profile| profile.standing(market)));
            }
            Seen::Changed(profile) => {
                if self.profiles.len() >= room && !self.profiles.contains_key(&profile.driver) {
                    return false;
                }
                self.change(*profile);
            }
        }
        true
    }

    fn change(&mut self, changed: DriverChanged) {
        let known = self.profiles.get(&changed.driver);
        if known.is_some_and(|known| changed.at < known.at) {
            return;
        }
        // Where he was registered stays so for life.
        let registered_market = known.map_or(changed.registered_market, |known| known.registered_market.clone());
        let profile = Profile {
            at: changed.at,
            registered_market,
            market: changed.market,
            active: changed.active,
            tier: changed.tier.unwrap_or(Tier::Unknown),
            vehicle: changed.vehicle,
            rating_bps: changed.rating_bps,
            reliability_bps: changed.reliability_bps,
        };
        if profile.emigrates() {
            self.enter(&profile.registered_market);
        }
        for (name, market) in &mut self.markets {
            market.fleet.stand(&changed.driver, profile.standing(name));
        }
        self.profiles.insert(changed.driver, profile);
    }

    /// Drops a market. What the profiles alone say of it stays known.
    pub(crate) fn forget(&mut self, market: &str) {
        self.markets.remove(market);
        if self.profiles.values().any(|profile| profile.registered_market == market && profile.emigrates()) {
            self.enter(market);
        }
    }

    pub(crate) fn ripe(&self, market: &str, now: Millis, policy: &Policy) -> bool {
        self.markets.get(market).is_some_and(|market| market.ripe(now, policy))
    }

    fn standing(&self, driver: &str, market: &str) -> Option<Standing> {
        self.profiles.get(driver).map(|profile| profile.standing(market))
    }

    /// The market, with the drivers who want to leave it when it was not known before.
    fn enter(&mut self, market: &str) -> &mut Market {
        let profiles = &self.profiles;
        self.markets.entry(market.to_owned()).or_insert_with(|| {
            let mut fresh = Market::default();
            for (driver, profile) in profiles {
                fresh.fleet.stand(driver, profile.standing(market));
            }
            fresh
        })
    }
}
