//! One quote, from the trip to what is charged.

use super::{
    caps::{Breach, Caps},
    demand::Demand,
    explore::{Arm, Explore},
    fare::{Charge, Moves, Rates, Refused, Trip, charge, meter},
    optimum::{Choice, Ground, Weights, choose},
};
use crate::money::{AMOUNT, WHOLE, share};

/// What the policy says of a service, a tier and a market.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan<'a> {
    /// The fare table.
    pub rates: Rates,
    /// What surge is a share of, minor units: a typical fare, so that surge is added and does not grow with the way.
    pub surge_base: i64,
    /// How much of a competitor's difference is followed, and how far, basis points of the metered fare.
    pub competitor_bps: (i64, i64),
    /// Most that loyalty takes off, basis points of the fare.
    pub loyalty_bps: i64,
    /// The caps.
    pub caps: Caps,
    /// How far prices are looked for, basis points.
    pub band_bps: i64,
    /// What counts how much.
    pub weights: Weights,
    /// What a ride costs the platform beside what is shared, minor units.
    pub cost: i64,
    /// What is explored.
    pub explore: Explore<'a>,
}

/// What is known of one request and its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked<'a> {
    /// Id of the quote.
    pub quote: &'a str,
    /// The trip.
    pub trip: Trip,
    /// Surge of the pickup's cell, basis points.
    pub surge_bps: i64,
    /// Competitors' prices against our metered fare, basis points.
    pub competitor_bps: Option<i64>,
    /// What loyalty takes off, basis points of the fare; the one datum about a person.
    pub loyalty_bps: i64,
    /// Ceiling of an emergency that holds, basis points of the metered fare.
    pub emergency_bps: Option<i64>,
    /// What is known of demand.
    pub demand: Demand,
    /// Minutes until a driver is there.
    pub wait_min: f64,
    /// Requests for each free driver around.
    pub load: f64,
}

/// A quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// Item by item.
    pub charge: Charge,
    /// The choice among prices.
    pub choice: Choice,
    /// The caps that held it: what it would have been without them, or what was explored.
    pub breaches: Vec<Breach>,
    /// Whether it is off on purpose.
    pub arm: Arm,
    /// A datum about the rider lowered it: he must be told.
    pub personal: bool,
}

/// Quotes a price.
///
/// # Errors
/// Why there is none.
pub fn quote(plan: &Plan<'_>, asked: &Asked<'_>) -> Result<Quoted, Refused> {
    let rates = &plan.rates;
    let metered = meter(&asked.trip, rates)?.metered();
    // No cap holds what is passed on: a toll beyond any fare is a mistake.
    if asked.trip.tolls > plan.caps.most {
        return Err(Refused::Tolls);
    }
    let surge = share(plan.surge_base.clamp(0, AMOUNT), asked.surge_bps.max(0));
    let competitor = follow(metered, plan.competitor_bps, asked.competitor_bps);
    let held = plan.caps.hold(metered, asked.emergency_bps);
    let bounds = held.bounds;
    let free = (metered + surge + competitor).clamp(0, AMOUNT);
    let start = free.max(bounds.0).min(bounds.1);
    let ground = Ground {
        fare: start,
        bounds,
        band_bps: plan.band_bps,
        take_bps: rates.take_bps,
        fixed: rates.booking - plan.cost,
        wait_min: asked.wait_min,
        busy_min: asked.wait_min + asked.trip.duration_s as f64 / 60.0,
        load: asked.load,
    };
    let choice = choose(&ground, &asked.demand, &plan.weights);
    let arm = plan.explore.arm(asked.quote);
    let off = share(choice.best.fare, arm.off_bps);
    let fare = (choice.best.fare + off).max(bounds.0).min(bounds.1);
    let loyalty = share(fare, asked.loyalty_bps.clamp(0, plan.loyalty_bps.clamp(0, WHOLE)));
    let moves = Moves { surge, competitor, optimum: choice.best.fare + off - start, loyalty };
    let charge = charge(&asked.trip, rates, &moves, bounds)?;
    let mut breaches: Vec<Breach> =
        [free, choice.best.fare + off].into_iter().filter_map(|fare| held.breach(fare)).collect();
    breaches.sort_unstable();
    breaches.dedup();
    Ok(Quoted { personal: charge.loyalty < 0, breaches, charge, choice, arm })
}

/// The part of a competitor's difference that is followed.
fn follow(metered: i64, (part_bps, most_bps): (i64, i64), competitor_bps: Option<i64>) -> i64 {
    let difference = competitor_bps.map_or(0, |bps| bps.clamp(0, 10 * WHOLE) - WHOLE);
    let most = most_bps.clamp(0, WHOLE);
    share(metered, share(difference, part_bps.clamp(0, WHOLE)).clamp(-most, most))
}
