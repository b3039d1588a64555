//! A driver belongs to one market (law 2).

use expect_test::expect;
use kernel::contract::{DriverChanged, DriverReleased};
use kernel::{Millis, Processor};

use super::{MARKET, POLICY, START, Say, Stage, accepts, ask, completes, decisions, ping, profile, tell};
use crate::{Fact, Matching, Output, Seen};

fn bound_for(driver: &str, market: &str) -> Seen {
    Seen::Changed(Box::new(DriverChanged { market: market.into(), ..profile(driver) }))
}

fn released(driver: &str, hop: i32) -> Say {
    let (market, from) = (MARKET.to_owned(), "la".to_owned());
    Say::Fact(Fact::Released(DriverReleased { driver: driver.into(), at: START, market, from, hop, turn: 9 }))
}

fn told(outputs: &[Output]) -> String {
    let line = |output: &Output| match output {
        Output::Decided(decided) => tell(decided),
        Output::Taken(taken) => format!("turn {}", taken.turn),
        Output::Kept(kept) => match &kept.driver {
            Some(driver) => format!("{} here {} hop {} ride {:?}", kept.entity, driver.here, driver.hop, driver.ride),
            None => kept.entity.clone(),
        },
        Output::Forgotten { entity, .. } => format!("{entity} forgotten"),
        Output::Released(released) => {
            format!("{} from {} to {} hop {}", released.driver, released.from, released.market, released.hop)
        }
    };
    outputs.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_driver_who_wants_to_leave_is_handed_over_once_he_is_free() {
    let mut stage = Stage::with(&["d1"]);
    stage.play(0, &[ask("r1", 0)]);
    stage.play(5, &[accepts(4, "d1", "r1", 0)]);
    stage.see(bound_for("d1", "la"));
    assert_eq!(told(&stage.play(10, &[])), "", "he has a ride");
    stage.play(60, &[completes(59, "d1", "r1", 700)]);
    let ripe = |stage: &Stage| Matching::ripe(&stage.view, MARKET, Millis(START + 60_000), &POLICY);
    assert!(ripe(&stage));
    expect![[r#"
        matching/sf/driver/d1 here false hop 1 ride None
        d1 from sf to la hop 1"#]]
    .assert_eq(&told(&stage.play(61, &[])));
    assert!(!ripe(&stage));
    stage.see(Seen::Located(ping("d1", START + 61_000, super::near(1))));
    expect![[r#"
        r2 0 Waiting Nobody nobody
        turn 6
        matching/sf/ride/r2"#]]
    .assert_eq(&told(&stage.play(62, &[ask("r2", 62)])));
}

#[test]
fn a_driver_who_was_handed_over_may_be_offered_and_an_old_hand_over_changes_nothing() {
    let mut stage = Stage::with(&[]);
    let guest = DriverChanged { registered_market: "la".into(), ..profile("d1") };
    stage.see(Seen::Changed(Box::new(guest)));
    stage.see(Seen::Located(ping("d1", START, super::near(1))));
    expect![[r#"
        r1 0 Waiting Nobody nobody
        turn 1
        matching/sf/ride/r1"#]]
    .assert_eq(&told(&stage.play(0, &[ask("r1", 0)])));
    expect!["matching/sf/driver/d1 here true hop 1 ride None"].assert_eq(&told(&stage.play(1, &[released("d1", 1)])));
    expect![[r#"
        r1 1 Offered Best d1
        turn 3
        matching/sf/ride/r1
        matching/sf/driver/d1 here true hop 1 ride Some("r1")"#]]
    .assert_eq(&told(&stage.play(2, &[released("d1", 1)])));
    stage.see(Seen::Changed(Box::new(DriverChanged {
        registered_market: "la".into(),
        market: "ny".into(),
        ..profile("d1")
    })));
    expect![[r#"
        r1 2 Withdrawn Unanswered d1
        turn 4
        matching/sf/ride/r1
        matching/sf/driver/d1 here true hop 1 ride None"#]]
    .assert_eq(&told(&stage.play(25, &[])));
    expect![[r#"
        matching/sf/driver/d1 here false hop 2 ride None
        d1 from sf to ny hop 2"#]]
    .assert_eq(&told(&stage.play(26, &[])));
}

#[test]
fn a_quiet_market_lets_its_drivers_go_too() {
    let mut stage = Stage::with(&[]);
    stage.see(bound_for("d1", "la"));
    let ripe = |stage: &Stage| Matching::ripe(&stage.view, MARKET, Millis(START), &POLICY);
    assert!(ripe(&stage));
    Matching::forget(&mut stage.view, MARKET);
    assert!(ripe(&stage), "the profile alone says so");
    expect![[r#"
        matching/sf/driver/d1 here false hop 1 ride None
        d1 from sf to la hop 1"#]]
    .assert_eq(&told(&stage.play(0, &[])));
    assert_eq!(decisions(&stage.outputs).count(), 0);
}
