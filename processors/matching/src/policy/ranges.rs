//! The range of every number of a policy.

use kernel::rules::Ranges;

use super::{EtaPolicy, Model, Policy};

/// Most of `search.rows_max`.
const ROWS: usize = 1_024;

/// Says which numbers are out of their ranges, all of them at once.
pub(super) fn check(policy: &Policy) -> Result<(), String> {
    let mut wrong = Ranges::default();
    let Policy { version, hash: _, search, cost, chain, turn, eta } = policy;
    wrong.within("version", *version, 1, i32::MAX);
    wrong.within("search.ping_max_age_s", search.ping_max_age_s, 10, 600);
    wrong.within("search.eta_max_s", search.eta_max_s, 60, 3_600);
    wrong.within("search.rings_max", search.rings_max, 1, 30);
    wrong.within("search.candidates_max", search.candidates_max, 1, 100);
    wrong.within("search.rows_max", search.rows_max, 1, ROWS);
    // Of a number that is wrong itself nothing follows.
    let rows = if search.rows_max <= ROWS { search.rows_max } else { 1 };
    wrong.within("search.searches_max", search.searches_max, rows, 4_096);
    wrong.within("cost.rating_ms", cost.rating_ms, 0, 600_000);
    wrong.within("cost.reliability_ms", cost.reliability_ms, 0, 600_000);
    wrong.within("cost.vehicle_step_ms", cost.vehicle_step_ms, 0, 600_000);
    wrong.within("cost.tier_step_ms", cost.tier_step_ms, 0, 600_000);
    wrong.within("cost.fairness_ms", cost.fairness_ms, 0, 90_000);
    wrong.within("cost.fairness_after_s", cost.fairness_after_s, 60, 86_400);
    wrong.within("chain.answer_s", chain.answer_s, 3, 300);
    wrong.within("chain.wait_max_s", chain.wait_max_s, 30, 7_200);
    wrong.within("chain.ride_max_s", chain.ride_max_s, 600, 86_400);
    wrong.within("chain.refused_max", chain.refused_max, 1, 256);
    wrong.within("chain.shift_gap_s", chain.shift_gap_s, 3_600, 172_800);
    wrong.within("turn.steps_max", turn.steps_max, 1_000, 100_000_000);
    wrong.within("turn.sweep_max", turn.sweep_max, 1, 10_000);
    times(&mut wrong, eta);
    wrong.finish()
}

fn times(wrong: &mut Ranges, eta: &EtaPolicy) {
    // A market's name is not empty, so the empty one has the figures of all others.
    model(wrong, "eta", eta.model(""));
    for market in eta.markets.keys() {
        match market.is_empty() {
            true => wrong.note("eta.markets needs a name for each market".to_owned()),
            false => model(wrong, &format!("eta.markets.{market}"), eta.model(market)),
        }
    }
}

fn model(wrong: &mut Ranges, name: &str, model: Model<'_>) {
    wrong.within(&format!("{name}.a1"), model.a1, 0.001, 1.0);
    wrong.within(&format!("{name}.a2"), model.a2, 0.0, 100.0);
    wrong.within(&format!("{name}.utc_offset_minutes"), model.utc_offset_minutes, -720, 840);
    let factors = model.k.len();
    if factors != 48 {
        wrong.note(format!("{name}.k has {factors} factors: it needs 48, 24 hours of two kinds of day"));
        return;
    }
    for (at, factor) in model.k.iter().enumerate() {
        wrong.within(&format!("{name}.k[{at}]"), *factor, 0.1, 10.0);
    }
}
