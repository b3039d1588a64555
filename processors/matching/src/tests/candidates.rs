//! Who is a candidate, and what he costs.

use expect_test::{Expect, expect};
use kernel::Processor;
use kernel::Rules;
use kernel::contract::{DriverChanged, DriverLocated, DriverStatus, Point, RideRequested, Service, Tier, Vehicle};

use proptest::prelude::*;

use super::{START, Say, Stage, accepts, ask, completes, decisions, near, ping, profile, records, request, tell};
use crate::{BUILT_IN, Matching, Policy, Seen, assign};

/// One driver after another, changed by `change` before the ride is asked for.
#[track_caller]
fn check(asked: RideRequested, drivers: &[(DriverChanged, DriverLocated)], expect: Expect) {
    let mut stage = Stage::with(&[]);
    for (profile, ping) in drivers {
        if !profile.driver.is_empty() {
            stage.see(Seen::Changed(Box::new(profile.clone())));
        }
        stage.see(Seen::Located(ping.clone()));
    }
    let outputs = stage.play(0, &[Say::Ask(asked)]);
    let mut told = String::new();
    for decided in decisions(&outputs) {
        told.push_str(&format!("{} of {}\n", tell(decided), decided.considered));
        for barred in &decided.barred {
            told.push_str(&format!("barred {:?} {}\n", barred.barrier, barred.drivers));
        }
        if let Some(score) = decided.score {
            told.push_str(&format!("{score:?}\n"));
        }
        if let Some(next) = &decided.runner_up {
            told.push_str(&format!("then {} by {:?} ms: {:?}\n", next.driver, decided.margin_ms, next.score));
        }
    }
    expect.assert_eq(&told);
}

fn driver(
    name: &str,
    steps: i32,
    change: impl FnOnce(&mut DriverChanged, &mut DriverLocated),
) -> (DriverChanged, DriverLocated) {
    let (mut profile, mut ping) = (profile(name), ping(name, START, near(steps)));
    change(&mut profile, &mut ping);
    (profile, ping)
}

#[test]
fn every_barrier_is_counted_once() {
    let drivers = [
        driver("busy", 1, |_, ping| ping.status = DriverStatus::Busy),
        driver("offline", 1, |_, ping| ping.status = DriverStatus::Offline),
        driver("unsure", 1, |_, ping| ping.status = DriverStatus::Unknown),
        driver("stale", 1, |_, ping| ping.at = START - 180_001),
        driver("silent", 1, |_, ping| ping.at = START - 600_001),
        driver("stranger", 1, |profile, _| profile.registered_market = "la".into()),
        driver("leaver", 1, |profile, _| profile.market = "la".into()),
        driver("suspended", 1, |profile, _| profile.active = false),
        driver("low", 1, |profile, _| profile.tier = Some(Tier::Silver)),
        driver("small", 1, |profile, _| (profile.tier, profile.vehicle) = (Some(Tier::Gold), Vehicle::Sedan)),
        driver("unnamed", 1, |profile, _| profile.driver.clear()),
        driver("far", 18, |profile, _| (profile.tier, profile.vehicle) = (Some(Tier::Gold), Vehicle::Xl)),
    ];
    let asked = RideRequested { tier: Some(Tier::Gold), service: Service::Xl, ..request("r1", 0) };
    check(
        asked,
        &drivers,
        expect![[r#"
        r1 0 Waiting Nobody nobody of 10
        barred Busy 2
        barred StalePing 1
        barred OtherMarket 2
        barred Suspended 1
        barred Tier 1
        barred Vehicle 1
        barred TooFar 1
        barred NoProfile 1
    "#]],
    );
}

#[test]
fn a_better_record_beats_a_slightly_shorter_way() {
    let drivers = [
        driver("near", 3, |profile, _| (profile.rating_bps, profile.reliability_bps) = (2_000, 4_000)),
        driver("good", 4, |profile, _| profile.rating_bps = 10_000),
    ];
    check(
        request("r1", 0),
        &drivers,
        expect![[r#"
            r1 0 Offered Best good of 2
            Score { eta_ms: 444193, rating_ms: 0, reliability_ms: 12000, vehicle_ms: 0, fairness_ms: 0 }
            then near by Some(28766) ms: Score { eta_ms: 364959, rating_ms: 48000, reliability_ms: 72000, vehicle_ms: 0, fairness_ms: 0 }
        "#]],
    );
}

#[test]
fn a_larger_car_and_a_higher_tier_are_kept_for_those_who_ask() {
    let drivers = [
        driver("golden", 1, |profile, _| (profile.tier, profile.vehicle) = (Some(Tier::Gold), Vehicle::Xl)),
        driver("plain", 2, |_, _| {}),
    ];
    check(
        request("r1", 0),
        &drivers,
        expect![[r#"
            r1 0 Offered Best plain of 2
            Score { eta_ms: 278886, rating_ms: 3000, reliability_ms: 12000, vehicle_ms: 0, fairness_ms: 0 }
            then golden by Some(5713) ms: Score { eta_ms: 179599, rating_ms: 3000, reliability_ms: 12000, vehicle_ms: 105000, fairness_ms: 0 }
        "#]],
    );
}

#[test]
fn of_equal_drivers_the_first_by_name_is_taken() {
    let drivers = [driver("b", 1, |_, _| {}), driver("a", 1, |_, _| {}), driver("c", 1, |_, _| {})];
    check(
        request("r1", 0),
        &drivers,
        expect![[r#"
        r1 0 Offered Best a of 3
        Score { eta_ms: 179599, rating_ms: 3000, reliability_ms: 12000, vehicle_ms: 0, fairness_ms: 0 }
        then b by Some(0) ms: Score { eta_ms: 179599, rating_ms: 3000, reliability_ms: 12000, vehicle_ms: 0, fairness_ms: 0 }
    "#]],
    );
}

#[test]
fn the_search_goes_outwards_until_the_way_is_too_long() {
    check(
        request("r1", 0),
        &[driver("far", 10, |_, _| {})],
        expect![[r#"
            r1 0 Offered Best far of 1
            Score { eta_ms: 858528, rating_ms: 3000, reliability_ms: 12000, vehicle_ms: 0, fairness_ms: 0 }
        "#]],
    );
    check(
        request("r1", 0),
        &[driver("further", 12, |_, _| {})],
        expect![[r#"
        r1 0 Waiting Nobody nobody of 1
        barred TooFar 1
    "#]],
    );
}

#[test]
fn no_more_candidates_than_the_limit_are_kept() {
    let names: Vec<String> = (0..25).map(|number| format!("d{number:02}")).collect();
    let drivers: Vec<_> = names.iter().map(|name| driver(name, 1, |_, _| {})).collect();
    check(
        request("r1", 0),
        &drivers,
        expect![[r#"
        r1 0 Offered Best d00 of 25
        barred BeyondLimit 5
        Score { eta_ms: 179599, rating_ms: 3000, reliability_ms: 12000, vehicle_ms: 0, fairness_ms: 0 }
        then d01 by Some(0) ms: Score { eta_ms: 179599, rating_ms: 3000, reliability_ms: 12000, vehicle_ms: 0, fairness_ms: 0 }
    "#]],
    );
}

#[test]
fn a_driver_is_found_across_the_date_line() {
    let mut stage = Stage::with(&[]);
    let at = |lng_e6| Point { lat_e6: -16_800_000, lng_e6 };
    stage.see(Seen::Changed(Box::new(profile("d1"))));
    stage.see(Seen::Located(ping("d1", START, at(-179_995_000))));
    let asked = RideRequested { pickup: at(179_995_000), ..request("r1", 0) };
    let outputs = stage.play(0, &[Say::Ask(asked)]);
    let eta_ms = decisions(&outputs).next().and_then(|decided| decided.eta_ms);
    expect!["Some(336869)"].assert_eq(&format!("{eta_ms:?}"));
}

/// Two rides are searched for in a turn; four wait where nobody drives.
#[test]
fn riders_for_whom_there_is_nobody_do_not_keep_the_others_waiting() {
    let text = BUILT_IN.replace("rows_max = 256", "rows_max = 2").replace("searches_max = 512", "searches_max = 2");
    let policy = Policy::parse(&text).unwrap();
    for by_time in [false, true] {
        let mut stage = Stage::with(&[]);
        let nowhere = Point { lat_e6: 0, lng_e6: 0 };
        let mut lost: Vec<Say> = (0..4)
            .map(|number| Say::Ask(RideRequested { pickup: nowhere, ..request(&format!("lost {number}"), 0) }))
            .collect();
        lost.push(ask("r1", 1));
        let play = |stage: &mut Stage, seconds: i64, says: &[Say]| {
            let turn = stage.gathered(seconds, says);
            let outputs = Matching::decide(&turn, &stage.view, &policy);
            outputs.iter().for_each(|output| Matching::evolve(&mut stage.view, output));
            // A turn in which nothing is decided leaves its number to the next.
            stage.turn -= i64::from(by_time && outputs.is_empty());
            decisions(&outputs).map(tell).collect::<Vec<_>>()
        };
        play(&mut stage, 1, &lost);
        stage.see(Seen::Changed(Box::new(profile("d1"))));
        stage.see(Seen::Located(ping("d1", START, near(1))));
        let offered = (2..12).find(|second| {
            let seconds = if by_time { *second } else { 2 };
            play(&mut stage, seconds, &[]) == ["r1 1 Offered Best d1"]
        });
        assert!(offered.is_some(), "by time: {by_time}");
        // Who asks is searched for at once, whoever waits.
        stage.see(Seen::Changed(Box::new(profile("d2"))));
        stage.see(Seen::Located(ping("d2", START, near(2))));
        assert_eq!(play(&mut stage, 12, &[ask("r2", 12)]), ["r2 0 Offered Best d2"]);
    }
}

/// d1 earned, d2 did not; both stand at the same place half an hour later.
#[test]
fn who_earned_less_an_hour_goes_first() {
    let mut stage = Stage::with(&["d1", "d2"]);
    stage.play(0, &[ask("r1", 0), ask("r2", 0)]);
    stage.play(1, &[accepts(1, "d1", "r1", 0), accepts(1, "d2", "r2", 0)]);
    stage.play(600, &[completes(600, "d1", "r1", 3_000), completes(600, "d2", "r2", 1_000)]);
    for driver in ["d1", "d2"] {
        stage.see(Seen::Located(ping(driver, START + 3_600_000, near(1))));
    }
    let outputs = stage.play(3_600, &[ask("r3", 3_600)]);
    let decided = decisions(&outputs).next().unwrap();
    expect![[r#"
        r3 0 Offered Best d2
        Some(Score { eta_ms: 166053, rating_ms: 3000, reliability_ms: 12000, vehicle_ms: 0, fairness_ms: -22500 })
        Some(RunnerUp { driver: "d1", score: Score { eta_ms: 166053, rating_ms: 3000, reliability_ms: 12000, vehicle_ms: 0, fairness_ms: 22500 } })
    "#]].assert_eq(&format!("{}\n{:?}\n{:?}\n", tell(decided), decided.score, decided.runner_up));
}

/// The edges of a ride in a market of these drivers, cheapest first, under a policy that keeps so many.
fn edges(drivers: &[(i32, i32, i32)], most: usize) -> Vec<(i64, String)> {
    let text = BUILT_IN.replace("candidates_max = 20", &format!("candidates_max = {most}"));
    let policy = Policy::parse(&text).unwrap();
    let mut stage = Stage::with(&[]);
    for (number, (north, east, record)) in drivers.iter().enumerate() {
        let (profile, mut ping) =
            driver(&format!("d{number:03}"), 0, |profile, _| profile.reliability_bps = record * 2_500);
        ping.place = Point { lat_e6: near(0).lat_e6 + north * 300, lng_e6: near(0).lng_e6 + east * 300 };
        stage.see(Seen::Changed(Box::new(profile)));
        stage.see(Seen::Located(ping));
    }
    let turn = stage.gathered(0, &[ask("r1", 0)]);
    let taken = records(&Matching::decide(&turn, &stage.view, &policy)).remove(0);
    let mut edges: Vec<(i64, String)> = taken
        .edges
        .iter()
        .map(|edge| (assign::cost(&edge.score), taken.columns[edge.column as usize].driver.clone()))
        .collect();
    edges.sort_unstable();
    edges
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Who is not looked at could not have been among the candidates: looking further finds nobody better.
    #[test]
    fn looking_further_finds_nobody_better(
        drivers in prop::collection::vec((-25..25i32, -25..25i32, 0..5i32), 1..300),
        most in 1..8usize,
    ) {
        let mut all = edges(&drivers, 100);
        all.truncate(most);
        prop_assert_eq!(edges(&drivers, most), all);
    }
}
