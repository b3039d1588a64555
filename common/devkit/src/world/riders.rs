//! Riders: some come back, some are members of a loyalty programme, and not every member agreed that it lowers his price.

use std::collections::BTreeMap;

use kernel::Millis;
use kernel::contract::{Consents, Loyalty, RiderChanged};

use super::event::{Body, Source};
use super::{Draw, Rates, World};

/// People who ride. The tenth of them who ride most take a third of all rides. Guessed, as is all that follows.
const RIDERS: u64 = 2_000;

/// Rides that a member has behind him, by quantile.
const RIDDEN: [(f64, f64); 4] = [(0.4, 49.0), (0.7, 149.0), (0.9, 399.0), (0.999, 900.0)];

/// Loyalty points for a ride.
const POINTS: i64 = 10;

/// Points from which on a tier begins, highest first.
const TIERS: [(i64, Loyalty); 4] =
    [(4_000, Loyalty::Platinum), (1_500, Loyalty::Gold), (500, Loyalty::Silver), (0, Loyalty::Member)];

/// Who asks for a ride.
pub(super) fn who(seed: u64, ride: &str) -> String {
    let unit = Draw::of(seed, ride, "rider").unit();
    name((unit * unit * RIDERS as f64) as u64)
}

fn name(number: u64) -> String {
    format!("rider-{number:06}")
}

/// What is known of the members when the world begins.
pub(super) fn members(seed: u64, at: Millis, rates: Rates) -> BTreeMap<String, RiderChanged> {
    let members = (0..RIDERS).map(name).filter(|rider| Draw::of(seed, rider, "member").happens(rates.members));
    members.map(|rider| (rider.clone(), member(seed, rider, at, rates))).collect()
}

fn member(seed: u64, rider: String, at: Millis, rates: Rates) -> RiderChanged {
    let of = |salt| Draw::of(seed, &rider, salt);
    let rides = of("ridden").quantile(&RIDDEN) as i32;
    let points = i64::from(rides) * POINTS;
    let consents =
        Consents { personal_price: !of("reserved").happens(rates.reserved), marketing: of("marketing").happens(5_000) };
    RiderChanged { rider, at: at.0, loyalty: tier(points), points, rides, consents }
}

fn tier(points: i64) -> Option<Loyalty> {
    TIERS.iter().find(|(from, _)| points >= *from).map(|(_, tier)| *tier)
}

impl<S: Source> World<S> {
    /// A ride was driven to its end: its rider has its points, unless he takes his consent back or asks to be forgotten.
    pub(super) fn rewarded(&mut self, ride: &str) {
        let rider = who(self.settings.seed, ride);
        let Some(known) = self.riders.get_mut(&rider) else { return };
        let leaves = Draw::of(self.settings.seed, ride, "leaves");
        if leaves.happens(self.settings.rates.leaving) && leaves.next().happens(5_000) {
            self.tally.forgotten += 1;
            self.riders.remove(&rider);
            return self.publish(Body::Forgotten(rider));
        }
        if leaves.happens(self.settings.rates.leaving) && known.consents.personal_price {
            known.consents.personal_price = false;
            self.tally.withdrawn += 1;
        }
        known.at = self.now.0;
        known.rides += 1;
        known.points += POINTS;
        known.loyalty = tier(known.points);
        let known = known.clone();
        self.publish(Body::Rider(known));
    }
}
