//! Waiting that nobody tells is the time between the driver's arrival and the ride's start.

use kernel::contract::{FareCaptured, Progress, RideProgressed};

use super::{Fact, MARKET, Output, Stage, Step, came, done, ends, fare, wants};

/// Seconds of waiting, and what they cost, of a ride of which these facts were read before it ended.
fn waited(facts: &[Fact], end: RideProgressed) -> (Option<i32>, i64) {
    let mut stage = Stage::new();
    stage.play(10, &[wants("a", 10, None)], &[]);
    stage.play(500, facts, &[]);
    let captured = stage.play(900, &[], &[end]).remove(0);
    (captured.inputs.as_ref().unwrap().wait_s, fare(&captured).fees.wait)
}

#[test]
fn where_the_end_tells_no_wait_it_is_that_between_arrival_and_start() {
    let (arrived, started) = (came("a", 100, Step::Arrived), came("a", 400, Step::Started));
    let both = [arrived.clone(), started.clone()];
    // Two minutes of five are free, a minute costs 0.40.
    assert_eq!(waited(&both, done("a", 900)), (Some(300), 120));
    assert_eq!(waited(&[started.clone(), arrived.clone()], done("a", 900)), (Some(300), 120), "in any order");
    let told = RideProgressed { wait_s: Some(0), ..done("a", 900) };
    assert_eq!(waited(&both, told), (Some(0), 0), "what the end tells counts");
    assert_eq!(waited(std::slice::from_ref(&arrived), done("a", 900)), (None, 0));
    assert_eq!(waited(std::slice::from_ref(&started), done("a", 900)), (None, 0));
    // What his app says again changes nothing, whatever is read first.
    let again = [came("a", 340, Step::Arrived), arrived.clone(), came("a", 700, Step::Started), started.clone()];
    assert_eq!(waited(&again, done("a", 900)), (Some(300), 120));
    // The driver who drove is the one who waited, whatever is read first; another's arrival tells nothing.
    let by = |fact: &Fact, who: &str| match fact {
        Fact::Came(came) => Fact::Came(super::Came { driver: who.to_owned(), ..came.clone() }),
        other => other.clone(),
    };
    let second = [came("a", 340, Step::Arrived), by(&arrived, "eve"), started.clone()];
    assert_eq!(waited(&second, done("a", 900)), (Some(60), 0));
    assert_eq!(waited(&[by(&arrived, "eve"), started.clone()], done("a", 900)), (None, 0));
    let other = both.each_ref().map(|fact| by(fact, "eve"));
    assert_eq!(waited(&other, done("a", 900)), (None, 0), "the ride ended with dan");
    assert_eq!(waited(&other, RideProgressed { driver: None, ..done("a", 900) }).0, Some(300));
    // One who came after the start did not wait for it.
    assert_eq!(waited(&[started, came("a", 450, Step::Arrived)], done("a", 900)), (None, 0));
    // Nobody was driven, so there is no fee for waiting.
    assert_eq!(waited(&both, ends("a", 900, Progress::Cancelled)).1, 0);
}

/// Fares of rides that came so far before an instance took over: as it captures them, and as the one before would have.
fn taken_over(facts: &[Fact], end: RideProgressed) -> [FareCaptured; 2] {
    let mut stage = Stage::new();
    stage.play(10, &[wants("a", 10, None)], &[]);
    stage.play(500, facts, &[]);
    let rebuilt = stage.rebuilt(900);
    assert_eq!(rebuilt.kept(MARKET), stage.view.kept(MARKET));
    let mut other =
        Stage { view: rebuilt, turn: stage.turn, offset: stage.offset, outputs: Vec::new(), seen: Vec::new() };
    [&mut stage, &mut other].map(|stage| stage.play(900, &[], std::slice::from_ref(&end)).remove(0))
}

#[test]
fn it_survives_a_take_over_and_is_forgotten_when_the_ride_is_captured() {
    let facts = [came("a", 100, Step::Arrived), came("a", 400, Step::Started)];
    let [kept, rebuilt] = taken_over(&facts, done("a", 900));
    assert_eq!((kept.inputs.as_ref().unwrap().wait_s, &kept), (Some(300), &rebuilt));
    let mut stage = Stage::new();
    // A ride whose request was not read yet is under way, too.
    stage.play(500, &facts, &[]);
    stage.play(900, &[], &[done("a", 900)]);
    let gone: Vec<&str> = stage
        .outputs
        .iter()
        .filter_map(|output| if let Output::Forgotten { entity, .. } = output { Some(entity.as_str()) } else { None })
        .collect();
    assert_eq!(gone, ["capturing/sf/arrived/a", "capturing/sf/started/a"]);
    // Read again it changes nothing.
    let before = stage.outputs.len();
    stage.play(901, &facts, &[]);
    assert_eq!(stage.outputs.len(), before);
}

#[test]
fn a_ride_that_never_ends_is_forgotten_after_its_day() {
    let mut stage = Stage::new();
    stage.play(0, &[came("a", 0, Step::Arrived)], &[]);
    stage.play(86_401, &[came("b", 86_401, Step::Arrived)], &[]);
    let gone = stage
        .outputs
        .iter()
        .any(|output| matches!(output, Output::Forgotten { entity, .. } if entity == "capturing/sf/arrived/a"));
    assert!(gone && stage.view.kept(MARKET) == stage.rebuilt(86_401).kept(MARKET));
}
