//! What a candidate costs: five parts, all in milliseconds of waiting.

use kernel::contract::{Score, Service, Tier, Vehicle};
use kernel::{Bps, Millis};

use crate::policy::CostPolicy;
use crate::view::{Earned, Mean, Standing};

/// The parts of a driver's cost but for the way.
pub(crate) fn score(eta_ms: i32, driver: Standing, asked: (Service, Option<Tier>), policy: &CostPolicy) -> Score {
    let vehicle = vehicle_steps(asked.0, driver.vehicle).unwrap_or(0) * policy.vehicle_step_ms;
    let tier = tier_steps(asked.1, driver.tier).unwrap_or(0) * policy.tier_step_ms;
    Score {
        eta_ms,
        rating_ms: Bps(driver.rating_bps).shortfall(policy.rating_ms),
        reliability_ms: Bps(driver.reliability_bps).shortfall(policy.reliability_ms),
        vehicle_ms: vehicle + tier,
        fairness_ms: 0,
    }
}

/// Steps by which a vehicle is more than the service asks for; none when it does not do.
pub(crate) fn vehicle_steps(service: Service, vehicle: Vehicle) -> Option<i32> {
    match (service, vehicle) {
        (Service::Standard, Vehicle::Sedan) | (Service::Xl, Vehicle::Xl) => Some(0),
        (Service::Accessible, Vehicle::Accessible) => Some(0),
        (Service::Standard, Vehicle::Xl) => Some(1),
        (Service::Standard, Vehicle::Accessible) => Some(2),
        _ => None,
    }
}

/// Steps by which a driver's tier is above the one asked for; none when it is below. No tier asked for: anybody does, and his tier
/// counts from the lowest.
pub(crate) fn tier_steps(asked: Option<Tier>, driver: Tier) -> Option<i32> {
    let steps = driver as i32 - asked.unwrap_or(Tier::Unknown) as i32;
    (steps >= 0).then_some(steps)
}

/// Less for who earns below the market's mean, more for who earns above it: the relative difference of income an active hour, clipped at
/// one whole, times the weight. Zero while the account is too young to say.
pub(crate) fn fairness_ms(earned: Option<Earned>, mean: Option<Mean>, now: Millis, policy: &CostPolicy) -> i32 {
    let (Some(earned), Some(mean)) = (earned, mean) else { return 0 };
    let active_ms = now.since(Millis(earned.since)).0;
    if active_ms < policy.fairness_after_ms() {
        return 0;
    }
    let expected = mean.income_minor * i128::from(active_ms);
    let excess = i128::from(earned.income_minor) * mean.active_ms - expected;
    let weight = i128::from(policy.fairness_ms);
    // In range by the clip.
    (weight * excess.clamp(-expected, expected) / expected) as i32
}
