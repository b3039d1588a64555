//! The range of every number of a policy.

use kernel::rules::Ranges;

use super::{FarePolicy, Policy, Sections, SurgePolicy};
use crate::AMOUNT;

const SERVICES: [&str; 3] = ["STANDARD", "XL", "ACCESSIBLE"];
const LOYALTY: [&str; 4] = ["MEMBER", "SILVER", "GOLD", "PLATINUM"];
const TIERS: [&str; 4] = ["BRONZE", "SILVER", "GOLD", "PLATINUM"];

/// Says which numbers are out of their ranges, all of them at once.
pub(super) fn check(policy: &Policy) -> Result<(), String> {
    let mut wrong = Ranges::default();
    let Policy { version, hash: _, common, explore, lock, markets } = policy;
    wrong.within("version", *version, 1, i32::MAX);
    if !(1..=64).contains(&explore.salt.len()) {
        wrong.note(format!("explore.salt has {} bytes: it needs 1 to 64", explore.salt.len()));
    }
    wrong.within("explore.share_bps", explore.share_bps, 0, 5_000);
    wrong.within("explore.step_bps", explore.step_bps, 0, 500);
    wrong.within("lock.valid_s", lock.valid_s, 30, 3_600);
    wrong.within("lock.late_s", lock.late_s, 60, 600);
    sections(&mut wrong, "", common);
    for (name, own) in markets {
        match name.is_empty() {
            true => wrong.note("markets needs a name for each market".to_owned()),
            false => sections(&mut wrong, &format!("markets.{name}."), own),
        }
    }
    wrong.finish()
}

fn sections(wrong: &mut Ranges, of: &str, all: &Sections) {
    let Sections { fare: table, road, surge: pace, wait, demand, choice, caps, competitor, loyalty } = all;
    fare(wrong, of, table);
    surge(wrong, of, pace);
    let mut within = |key: &str, value: i64, least, most| wrong.within(&format!("{of}{key}"), value, least, most);
    within("road.detour_bps", road.detour_bps, 10_000, 30_000);
    within("road.metres_a_minute", road.metres_a_minute, 50, 2_000);
    within("wait.first_s", wait.first_s.into(), 0, 1_800);
    within("wait.ring_s", wait.ring_s.into(), 0, 600);
    within("wait.rings_max", wait.rings_max.into(), 1, 12);
    within("choice.band_bps", choice.band_bps, 0, 5_000);
    within("choice.profit", choice.profit, 0, 10_000);
    within("choice.revenue", choice.revenue, 0, 10_000);
    within("choice.riders", choice.riders, 0, 10_000);
    within("choice.operations", choice.operations, 0, 10_000);
    within("caps.floor_bps", caps.floor_bps, 0, 10_000);
    within("caps.ceiling_bps", caps.ceiling_bps.unwrap_or(10_000), 10_000, 1_000_000);
    within("caps.most", caps.most, 100, AMOUNT);
    within("competitor.part_bps", competitor.part_bps, 0, 10_000);
    within("competitor.most_bps", competitor.most_bps, 0, 5_000);
    within("competitor.max_age_s", competitor.max_age_s, 60, 86_400);
    within("competitor.samples_max", competitor.samples_max as i64, 1, 4_096);
    within("loyalty.most_bps", loyalty.most_bps, 0, 5_000);
    for (name, bps) in loyalty.tiers() {
        within(&format!("loyalty.tiers.{name}"), bps, 0, loyalty.most_bps.clamp(0, 5_000));
    }
    let mut within = |key: &str, value: f64, least, most| wrong.within(&format!("{of}{key}"), value, least, most);
    within("demand.odds", demand.odds, -5.0, 5.0);
    within("demand.slope", demand.slope, 0.05, 20.0);
    within("demand.error", demand.error, 0.0, 10.0);
    within("demand.wait", demand.wait, 0.0, 2.0);
    for name in loyalty.tiers().map(|(name, _)| name).filter(|name| !LOYALTY.contains(name)) {
        wrong.note(format!("{of}loyalty.tiers.{name} is unknown: take {}", LOYALTY.join(", ")));
    }
    if choice.weights().iter().all(|weight| *weight == 0) {
        wrong.note(format!("{of}choice: one of profit, revenue, riders and operations must be above 0"));
    }
}

fn fare(wrong: &mut Ranges, of: &str, fare: &FarePolicy) {
    let mut within = |key: &str, value: i64, least, most| wrong.within(&format!("{of}fare.{key}"), value, least, most);
    within("base", fare.base, 0, 1_000_000);
    within("km", fare.km, 0, 100_000_000);
    within("minute", fare.minute, 0, 100_000_000);
    within("least", fare.least, 0, 10_000_000);
    within("booking", fare.booking, 0, 1_000_000);
    within("cost", fare.cost, 0, 1_000_000);
    within("take_bps", fare.take_bps, 0, 5_000);
    within("driver_bps", fare.driver_bps, 5_000, 10_000);
    within("tax_bps", fare.tax_bps, 0, 5_000);
    for (kind, named, known) in [("services", &fare.services, &SERVICES[..]), ("tiers", &fare.tiers, &TIERS[..])] {
        for (name, bps) in named {
            match known.contains(&name.as_str()) {
                true => wrong.within(&format!("{of}fare.{kind}.{name}"), *bps, 5_000, 100_000),
                false => wrong.note(format!("{of}fare.{kind}.{name} is unknown: take {}", known.join(", "))),
            }
        }
    }
    if fare.currency.len() != 3 || !fare.currency.bytes().all(|letter| letter.is_ascii_uppercase()) {
        wrong.note(format!("{of}fare.currency is {:?}: it must be an ISO 4217 code", fare.currency));
    }
}

fn surge(wrong: &mut Ranges, of: &str, surge: &SurgePolicy) {
    let mut within = |key: &str, value: i64, least, most| wrong.within(&format!("{of}surge.{key}"), value, least, most);
    within("base", surge.base, 0, 1_000_000);
    within("window_s", surge.window_s, 60, 600);
    within("ping_max_age_s", surge.ping_max_age_s, 10, 600);
    within("gain_bps", surge.gain_bps, 0, 30_000);
    within("half_life_s", surge.half_life_s, 60, 7_200);
    within("step_bps", surge.step_bps, 1, 1_000);
    within("most_bps", surge.most_bps, 0, 50_000);
    within("prior", surge.prior, 0, 100);
    within("cells_max", surge.cells_max as i64, 100, 4_096);
}
