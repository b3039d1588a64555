//! The fare table: from a trip to what the rider is charged, item by item, and who gets it.
//!
//! `charged = driver pay + fees + tax + tolls - promotion`, exactly, for every trip (law 5).

use crate::money::{AMOUNT, WHOLE, of_rate, share};

/// Longest trip that is priced: 1,000 km, 24 h.
const LONGEST: (i64, i64) = (1_000_000, 86_400);

/// What a trip is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trip {
    /// Metres on the road.
    pub distance_m: i64,
    /// Seconds.
    pub duration_s: i64,
    /// Tolls on the way, minor units: passed on as they are.
    pub tolls: i64,
}

/// The fare table of a market for one service and tier. Amounts in minor units, rates in thousandths of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// For getting in.
    pub base: i64,
    /// A kilometre, thousandths.
    pub km: i64,
    /// A minute, thousandths.
    pub minute: i64,
    /// Least fare.
    pub least: i64,
    /// What the tier costs more than the plain service, basis points of the metered fare: 13,000 is 1.3 times.
    pub tier_bps: i64,
    /// The platform's fixed fee for a ride.
    pub booking: i64,
    /// The platform's share of the fare, basis points.
    pub take_bps: i64,
    /// Least share of the fare that is the driver's, basis points.
    pub driver_bps: i64,
    /// Tax on fare and booking fee less promotion, basis points; tolls are not taxed again.
    pub tax_bps: i64,
}

/// What moves a fare beside the table, minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// Surge, added; never below zero.
    pub surge: i64,
    /// Competitors' prices, up or down.
    pub competitor: i64,
    /// The chosen price less what the table and the terms before it come to.
    pub optimum: i64,
    /// What loyalty takes off; never below zero.
    pub loyalty: i64,
}

/// Why a trip has no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Distance below zero or above 1,000 km.
    Distance,
    /// Duration below zero or above 24 h.
    Duration,
    /// Tolls below zero or absurd.
    Tolls,
    /// Neither distance nor duration: nothing to be driven.
    Nothing,
    /// An amount beyond [`AMOUNT`].
    Amount,
}

/// Who gets what, minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// The driver, tolls not counted.
    pub driver: i64,
    /// The platform: booking fee and its share of the fare.
    pub fees: i64,
    /// The state.
    pub tax: i64,
    /// Whoever keeps the road; paid back to the driver.
    pub tolls: i64,
    /// What the platform gives: taken off what the rider is charged, not off the driver's pay.
    pub promotion: i64,
}

/// A trip's price, item by item, minor units. Their sum is [`Charge::total`], always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Charge {
    /// For getting in.
    pub base: i64,
    /// Kilometres.
    pub distance: i64,
    /// Minutes.
    pub time: i64,
    /// The tier, less or more than the plain service.
    pub tier: i64,
    /// What is missing to the least fare.
    pub least: i64,
    /// Surge.
    pub surge: i64,
    /// Competitors.
    pub competitor: i64,
    /// The choice among prices.
    pub optimum: i64,
    /// Loyalty, zero or below.
    pub loyalty: i64,
    /// What caps took off, or a floor put on.
    pub capped: i64,
    /// Booking fee.
    pub booking: i64,
    /// Tax.
    pub tax: i64,
    /// Tolls.
    pub tolls: i64,
    /// Who gets it.
    pub split: Split,
}

impl Charge {
    /// What the table alone says: caps and surge are measured against it.
    pub fn metered(&self) -> i64 {
        self.base + self.distance + self.time + self.tier + self.least
    }

    /// The fare: what is shared between driver and platform. Loyalty is not in it, for the platform gives it.
    pub fn fare(&self) -> i64 {
        self.metered() + self.surge + self.competitor + self.optimum + self.capped
    }

    /// What the rider is charged.
    pub fn total(&self) -> i64 {
        self.fare() + self.loyalty + self.booking + self.tax + self.tolls
    }

    /// Whether who gets it and what is charged are the same money.
    pub fn conserved(&self) -> bool {
        let Split { driver, fees, tax, tolls, promotion } = self.split;
        self.total() == driver + fees + tax + tolls - promotion
    }
}

/// What the table says of a trip: metered items only.
///
/// # Errors
/// Why it has no price.
pub(crate) fn meter(trip: &Trip, rates: &Rates) -> Result<Charge, Refused> {
    let inside = |value: i64, most: i64| (0..=most).contains(&value);
    if !inside(trip.distance_m, LONGEST.0) {
        return Err(Refused::Distance);
    }
    if !inside(trip.duration_s, LONGEST.1) {
        return Err(Refused::Duration);
    }
    if !inside(trip.tolls, AMOUNT) {
        return Err(Refused::Tolls);
    }
    if trip.distance_m == 0 && trip.duration_s == 0 {
        return Err(Refused::Nothing);
    }
    let (base, distance) = (rates.base, of_rate(rates.km, trip.distance_m, 1_000));
    let time = of_rate(rates.minute, trip.duration_s, 60);
    let plain = base.saturating_add(distance).saturating_add(time);
    if !inside(plain, AMOUNT) {
        return Err(Refused::Amount);
    }
    let tier = share(plain, rates.tier_bps - WHOLE);
    let least = (rates.least - plain - tier).max(0);
    if !inside(plain + tier + least, AMOUNT) {
        return Err(Refused::Amount);
    }
    Ok(Charge { base, distance, time, tier, least, tolls: trip.tolls, ..Charge::default() })
}

/// A trip's price with all that moves it. `bounds` are the least and most fare that the caps leave: what table, surge and competitors
/// come to is held by them, so that the choice among prices starts inside, and the fare that comes of it once more. [`Charge::capped`]
/// is what they changed. Loyalty never takes more than the fare.
///
/// # Errors
/// Why it has no price.
pub fn charge(trip: &Trip, rates: &Rates, moves: &Moves, bounds: (i64, i64)) -> Result<Charge, Refused> {
    let metered = meter(trip, rates)?;
    let bounded = |amount: i64| amount.clamp(-AMOUNT, AMOUNT);
    let (least, most) = (bounds.0.clamp(0, AMOUNT), bounds.1.clamp(0, AMOUNT));
    let held = |fare: i64| fare.max(least).min(most.max(least));
    let (surge, competitor) = (bounded(moves.surge).max(0), bounded(moves.competitor));
    let mut charge = Charge { surge, competitor, ..metered };
    charge.capped = held(charge.fare()) - charge.fare();
    charge.optimum = bounded(moves.optimum);
    charge.capped += held(charge.fare()) - charge.fare();
    let fare = charge.fare();
    let promotion = bounded(moves.loyalty).clamp(0, fare);
    charge.loyalty = -promotion;
    charge.booking = rates.booking.clamp(0, AMOUNT);
    charge.tax = share(fare - promotion + charge.booking, rates.tax_bps.clamp(0, WHOLE));
    charge.split = split(&charge, rates, promotion);
    Ok(charge)
}

/// The platform's share, at most what leaves the driver his.
fn split(charge: &Charge, rates: &Rates, promotion: i64) -> Split {
    let fare = charge.fare();
    let floor = share(fare, rates.driver_bps.clamp(0, WHOLE));
    let take = share(fare, rates.take_bps.clamp(0, WHOLE)).min(fare - floor);
    Split { driver: fare - take, fees: take + charge.booking, tax: charge.tax, tolls: charge.tolls, promotion }
}
