//! The range of every number of a policy.

use kernel::rules::Ranges;

use super::{CapturePolicy, FarePolicy, PeakPolicy, Policy, Sections, SurgePolicy};
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
    let Sections {
        fare: table,
        road,
        surge: pace,
        wait,
        demand,
        choice,
        caps,
        competitor,
        loyalty,
        capture: ended,
        peak: times,
    } = all;
    fare(wrong, of, table);
    surge(wrong, of, pace);
    capture(wrong, of, ended);
    peak(wrong, of, times);
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
    demand.check(wrong, of);
    for (name, bps) in loyalty.tiers() {
        wrong.within(&format!("{of}loyalty.tiers.{name}"), bps, 0, loyalty.most_bps.clamp(0, 5_000));
    }
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

fn capture(wrong: &mut Ranges, of: &str, capture: &CapturePolicy) {
    let CapturePolicy { route_bps, route_m, wait_free_s, wait_minute, wait_most, cancel_free_s, .. } = capture;
    let mut within =
        |key: &str, value: i64, least, most| wrong.within(&format!("{of}capture.{key}"), value, least, most);
    within("route_bps", *route_bps, 0, 10_000);
    within("route_m", *route_m, 0, 100_000);
    within("wait_free_s", *wait_free_s, 0, 3_600);
    within("wait_minute", *wait_minute, 0, 10_000_000);
    within("wait_most", *wait_most, 0, 1_000_000);
    within("cancel_free_s", *cancel_free_s, 0, 3_600);
    within("cancel", capture.cancel, 0, 1_000_000);
    within("no_show", capture.no_show, 0, 1_000_000);
    within("online", capture.online, 0, 100_000);
}

fn peak(wrong: &mut Ranges, of: &str, peak: &PeakPolicy) {
    let mut within = |key: &str, value: i64, least, most| wrong.within(&format!("{of}peak.{key}"), value, least, most);
    within("share_bps", peak.share_bps, 0, 10_000);
    within("utc_offset_minutes", peak.utc_offset_minutes, -840, 840);
    within("window_min", peak.window_min, 1, 60);
    within("enter_requests", peak.enter_requests, 1, 1_000_000);
    within("leave_requests", peak.leave_requests, 1, peak.enter_requests);
    within("surge_enter_bps", peak.surge_enter_bps, 1, 50_000);
    within("surge_leave_bps", peak.surge_leave_bps, 1, peak.surge_enter_bps);
    within("dwell_s", peak.dwell_s, 0, 7_200);
    for (day, hours) in peak.days() {
        hours.iter().for_each(|hour| within(day, *hour, 0, 23));
    }
}
