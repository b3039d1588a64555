//! The range of every number of a policy.

use std::fmt::Display;

use super::{EtaPolicy, Model, Policy};

/// Says which number is out of its range.
pub(super) fn check(policy: &Policy) -> Result<(), String> {
    let Policy { version, hash: _, search, cost, chain, turn, eta } = policy;
    within("version", *version, 1, i32::MAX)?;
    within("search.ping_max_age_s", search.ping_max_age_s, 10, 600)?;
    within("search.eta_max_s", search.eta_max_s, 60, 3_600)?;
    within("search.rings_max", search.rings_max, 1, 30)?;
    within("search.candidates_max", search.candidates_max, 1, 100)?;
    within("search.rows_max", search.rows_max, 1, 1_024)?;
    within("search.searches_max", search.searches_max, search.rows_max, 4_096)?;
    within("cost.rating_ms", cost.rating_ms, 0, 600_000)?;
    within("cost.reliability_ms", cost.reliability_ms, 0, 600_000)?;
    within("cost.vehicle_step_ms", cost.vehicle_step_ms, 0, 600_000)?;
    within("cost.tier_step_ms", cost.tier_step_ms, 0, 600_000)?;
    within("cost.fairness_ms", cost.fairness_ms, 0, 90_000)?;
    within("cost.fairness_after_s", cost.fairness_after_s, 60, 86_400)?;
    within("chain.answer_s", chain.answer_s, 3, 300)?;
    within("chain.wait_max_s", chain.wait_max_s, 30, 7_200)?;
    within("chain.ride_max_s", chain.ride_max_s, 600, 86_400)?;
    within("chain.refused_max", chain.refused_max, 1, 256)?;
    within("chain.shift_gap_s", chain.shift_gap_s, 3_600, 172_800)?;
    within("turn.steps_max", turn.steps_max, 1_000, 100_000_000)?;
    within("turn.sweep_max", turn.sweep_max, 1, 10_000)?;
    check_eta(eta)
}

fn check_eta(eta: &EtaPolicy) -> Result<(), String> {
    // A market's name is not empty, so the empty one has the figures of all others.
    model("eta", eta.model(""))?;
    eta.markets.keys().try_for_each(|market| match market.is_empty() {
        true => Err("eta.markets needs a name for each market".to_owned()),
        false => model(&format!("eta.markets.{market}"), eta.model(market)),
    })
}

fn model(name: &str, model: Model<'_>) -> Result<(), String> {
    within(&format!("{name}.a1"), model.a1, 0.001, 1.0)?;
    within(&format!("{name}.a2"), model.a2, 0.0, 100.0)?;
    within(&format!("{name}.utc_offset_minutes"), model.utc_offset_minutes, -720, 840)?;
    if model.k.len() != 48 {
        return Err(format!("{name}.k has {} factors: it needs 48, 24 hours of two kinds of day", model.k.len()));
    }
    let mut factors = model.k.iter().enumerate();
    factors.try_for_each(|(at, factor)| within(&format!("{name}.k[{at}]"), *factor, 0.1, 10.0))
}

fn within<T: PartialOrd + Display>(key: &str, value: T, least: T, most: T) -> Result<(), String> {
    // Not a number is in no range.
    match least <= value && value <= most {
        true => Ok(()),
        false => Err(format!("{key} is {value}: it must lie in {least} to {most}")),
    }
}
