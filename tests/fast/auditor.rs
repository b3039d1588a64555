//! The auditor: a small correct log is clean, and every law that is broken in it turns the verdict red with a sentence.

mod broken;
mod fares;
mod quotes;
mod riders;
mod trimmed;

use std::collections::BTreeSet;

use devkit::auditor::{Auditor, Verdict};
use kernel::contract::{
    Cut, DriverChanged, DriverReleased, MatchDecided, Outcome, Party, Place, Point, Progress, Reason, RecordParked,
    RideProgressed, RideRequested, RunnerUp, Score, Service, TurnAsked, TurnColumn, TurnEdge, TurnProgressed, TurnRow,
    TurnTaken, Vehicle,
};

const UNSERVED: i64 = 1_000_000;

/// The topics, each in offset order.
#[derive(Clone, Default)]
struct Log {
    changed: Vec<DriverChanged>,
    released: Vec<(Place, DriverReleased)>,
    requested: Vec<(Place, RideRequested)>,
    progressed: Vec<(Place, RideProgressed)>,
    parked: Vec<RecordParked>,
    decided: Vec<(Place, MatchDecided)>,
    taken: Vec<(Place, TurnTaken)>,
    /// The records that may be parked; `None`: any.
    garbage: Option<BTreeSet<Place>>,
    /// Where a topic begins.
    begins: Vec<(&'static str, i64)>,
}

impl Log {
    fn audit(&self) -> Verdict {
        let mut auditor = Auditor::new(self.garbage.clone());
        self.begins.iter().for_each(|(topic, first)| auditor.begins(topic, 0, *first));
        self.changed.iter().for_each(|driver| auditor.changed(driver));
        self.released.iter().for_each(|(place, released)| auditor.released(place, released));
        self.requested.iter().for_each(|(place, request)| auditor.requested(place, request));
        self.progressed.iter().for_each(|(place, fact)| auditor.progressed(place, fact));
        self.parked.iter().for_each(|record| auditor.parked(record));
        self.decided.iter().for_each(|(place, decided)| auditor.decided(place, decided));
        self.taken.iter().for_each(|(place, turn)| auditor.taken(place, turn.clone()));
        auditor.verdict()
    }

    fn decision(&mut self, ride: &str, outcome: Outcome) -> &mut MatchDecided {
        let found = self.decided.iter_mut().find(|(_, decided)| decided.ride == ride && decided.outcome == outcome);
        &mut found.expect("the decision is in the log").1
    }

    fn request(&mut self, market: &str, ride: &str) {
        let place = place("ride.requested", self.requested.len());
        let point = Point { lat_e6: 0, lng_e6: 0 };
        let (ride, market, rider) = (ride.to_owned(), market.to_owned(), "somebody".to_owned());
        let service = Service::Standard;
        let request = RideRequested {
            ride,
            at: 0,
            market,
            rider,
            pickup: point,
            dropoff: point,
            service,
            tier: None,
            quote: None,
        };
        self.requested.push((place, request));
    }

    fn accept(&mut self, market: &str, ride: &str, driver: &str, at: i64) {
        let place = place("ride.progressed", self.progressed.len());
        let fact = RideProgressed {
            event: format!("fact-{}", place.offset),
            at,
            market: market.to_owned(),
            ride: ride.to_owned(),
            revision: Some(0),
            driver: Some(driver.to_owned()),
            progress: Progress::Accepted,
            by: Some(Party::Driver),
            why: None,
            charged_minor: None,
            paid_minor: None,
            currency: None,
            distance_m: None,
            duration_s: None,
            tolls_minor: None,
            wait_s: None,
            payment: None,
            bill: None,
        };
        self.progressed.push((place, fact));
    }

    fn decide(
        &mut self,
        (market, turn): (&str, i64),
        ride: &str,
        (outcome, reason): (Outcome, Reason),
    ) -> &mut MatchDecided {
        let lies = place("match.decided", self.decided.len());
        let decided = MatchDecided {
            decision: format!("{market}/{turn}/{}", lies.offset),
            market: market.to_owned(),
            at: turn * 1_000,
            ride: ride.to_owned(),
            rider: Some("somebody".to_owned()),
            revision: None,
            outcome,
            reason,
            driver: None,
            answer_by: None,
            eta_ms: None,
            score: None,
            runner_up: None,
            margin_ms: None,
            considered: 0,
            barred: vec![],
            of: None,
            cause: None,
            quote: None,
            turn,
            row: None,
            policy_version: 1,
            policy_hash: "0".to_owned(),
            stale: false,
        };
        self.decided.push((lies, decided));
        &mut self.decided.last_mut().expect("just pushed").1
    }

    fn turn(&mut self, market: &str, turn: i64) -> &mut TurnTaken {
        let lies = place("turn.taken", self.taken.len());
        let taken = TurnTaken {
            processor: "matching".to_owned(),
            market: market.to_owned(),
            turn,
            chunk: 0,
            chunks: 1,
            now: turn * 1_000,
            policy_version: 1,
            policy_hash: "0".to_owned(),
            stale: false,
            exact: true,
            gap_ms: 0,
            cut: [("driver.released", 1), ("ride.requested", 0), ("ride.progressed", 0)]
                .map(|(topic, offset)| Cut { topic: topic.to_owned(), partition: 0, offset })
                .to_vec(),
            asked: vec![],
            progressed: vec![],
            rides: vec![],
            rows: vec![],
            columns: vec![],
            edges: vec![],
            cells: vec![],
        };
        self.taken.push((lies, taken));
        &mut self.taken.last_mut().expect("just pushed").1
    }
}

impl Log {
    /// Says that the newest turn of `market` has read the topics to these offsets, and lists what of the market lies there.
    fn read_to(&mut self, market: &str, requests: usize, facts: usize) {
        let before: Vec<i64> = ["ride.requested", "ride.progressed"]
            .into_iter()
            .map(|topic| {
                let cuts = self.taken.iter().filter(|(_, turn)| turn.market == market).flat_map(|(_, turn)| &turn.cut);
                cuts.filter(|cut| cut.topic == topic).map(|cut| cut.offset).max().unwrap_or(0)
            })
            .collect();
        let inside = |place: &Place, topic: usize, to: usize| (before[topic]..to as i64).contains(&place.offset);
        let asked = self.requested.iter().filter(|(place, one)| one.market == market && inside(place, 0, requests));
        let asked = asked.map(|(place, one)| TurnAsked { place: place.clone(), request: one.clone() }).collect();
        let told = self.progressed.iter().filter(|(place, one)| one.market == market && inside(place, 1, facts));
        let told = told.map(|(place, one)| TurnProgressed { place: place.clone(), progress: one.clone() }).collect();
        let turn = self.taken.iter_mut().rev().find(|(_, turn)| turn.market == market);
        let turn = &mut turn.expect("the market has a turn").1;
        (turn.asked, turn.progressed) = (asked, told);
        (turn.cut[1].offset, turn.cut[2].offset) = (requests as i64, facts as i64);
    }
}

fn place(topic: &str, offset: usize) -> Place {
    Place { topic: topic.to_owned(), partition: 0, offset: offset as i64 }
}

fn score(eta_ms: i32) -> Score {
    Score { eta_ms, rating_ms: 0, reliability_ms: 0, vehicle_ms: 0, fairness_ms: 0 }
}

fn row(ride: &str, dual_ms: i64, column: Option<i32>) -> TurnRow {
    let (ride, cell) = (ride.to_owned(), 0);
    TurnRow { ride, cell, component: 0, unserved_ms: UNSERVED, dual_ms, column, considered: 0, barred: vec![] }
}

fn column(driver: &str, dual_ms: i64) -> TurnColumn {
    TurnColumn {
        driver: driver.to_owned(),
        cell: 0,
        pinged_at: 0,
        place: Point { lat_e6: 0, lng_e6: 0 },
        tier: None,
        vehicle: Vehicle::Sedan,
        rating_bps: 0,
        reliability_bps: 0,
        dual_ms,
    }
}

fn edge(row: i32, column: i32, eta_ms: i32) -> TurnEdge {
    TurnEdge { row, column, distance_m: 0, score: score(eta_ms) }
}

fn offer(decided: &mut MatchDecided, (row, driver, eta_ms): (i32, &str, i32), next: Option<(&str, i32)>) {
    decided.driver = Some(driver.to_owned());
    decided.answer_by = Some(decided.at + 10_000);
    (decided.row, decided.eta_ms, decided.score) = (Some(row), Some(eta_ms), Some(score(eta_ms)));
    decided.runner_up = next.map(|(driver, eta_ms)| RunnerUp { driver: driver.to_owned(), score: score(eta_ms) });
    decided.margin_ms = next.map(|(_, next)| i64::from(next - eta_ms));
}

fn step(decided: &mut MatchDecided, revision: i32, driver: Option<&str>, cause: Option<Place>) {
    decided.revision = Some(revision);
    decided.driver = driver.map(str::to_owned);
    decided.cause = cause;
}

/// In market `a`: ride `one` is offered to driver `d`, accepted, asked for again, and completed; ride `two` is offered to `e`, who
/// answers too late, and expires. Then `e` is handed to market `b` and takes ride `three` there.
fn correct() -> Log {
    let mut log = Log::default();
    for driver in ["d", "e"] {
        let (driver, market) = (driver.to_owned(), "a".to_owned());
        let (rating_bps, reliability_bps) = (10_000, 10_000);
        let registered_market = market.clone();
        let (active, tier, vehicle, at) = (true, None, Vehicle::Sedan, 0);
        let driver =
            DriverChanged { driver, at, registered_market, market, active, tier, vehicle, rating_bps, reliability_bps };
        log.changed.push(driver);
    }
    let (driver, market, from) = ("e".to_owned(), "b".to_owned(), "a".to_owned());
    let released = DriverReleased { driver, at: 40_000, market, from, hop: 1, turn: 4 };
    log.released.push((place("driver.released", 0), released));
    for (market, ride) in [("a", "one"), ("a", "two"), ("a", "one"), ("b", "three")] {
        log.request(market, ride);
    }
    log.accept("a", "one", "d", 5_000);
    log.accept("a", "two", "e", 12_000);
    log.accept("b", "three", "e", 2_000);
    decisions_in_a(&mut log);
    decisions_in_b(&mut log);
    turns(&mut log);
    log
}

fn decisions_in_a(log: &mut Log) {
    let asked = |offset| Some(place("ride.requested", offset));
    let said = |offset| Some(place("ride.progressed", offset));
    let one = log.decide(("a", 1), "one", (Outcome::Offered, Reason::Best));
    step(one, 0, None, asked(0));
    offer(one, (0, "d", 100), Some(("e", 250)));
    let two = log.decide(("a", 1), "two", (Outcome::Offered, Reason::Best));
    step(two, 0, None, asked(1));
    offer(two, (1, "e", 200), Some(("d", 300)));
    step(log.decide(("a", 2), "one", (Outcome::Assigned, Reason::Accepted)), 1, Some("d"), said(0));
    let again = log.decide(("a", 2), "one", (Outcome::Duplicate, Reason::SameRequest));
    (again.cause, again.of) = (asked(2), Some("a/1/0".to_owned()));
    step(log.decide(("a", 3), "two", (Outcome::Withdrawn, Reason::Unanswered)), 1, Some("e"), None);
    log.decide(("a", 3), "two", (Outcome::Refused, Reason::Late)).cause = said(1);
    step(log.decide(("a", 3), "one", (Outcome::Closed, Reason::Completed)), 2, Some("d"), None);
    step(log.decide(("a", 4), "two", (Outcome::Closed, Reason::Expired)), 2, None, None);
}

fn decisions_in_b(log: &mut Log) {
    let three = log.decide(("b", 1), "three", (Outcome::Offered, Reason::Best));
    step(three, 0, None, Some(place("ride.requested", 3)));
    offer(three, (0, "e", 100), None);
    let cause = Some(place("ride.progressed", 2));
    step(log.decide(("b", 2), "three", (Outcome::Assigned, Reason::Accepted)), 1, Some("e"), cause);
}

fn turns(log: &mut Log) {
    let first = log.turn("a", 1);
    first.rows = vec![row("one", 100, Some(0)), row("two", 200, Some(1))];
    first.columns = vec![column("d", 0), column("e", 0)];
    first.edges = vec![edge(0, 0, 100), edge(0, 1, 250), edge(1, 0, 300), edge(1, 1, 200)];
    log.read_to("a", 2, 0);
    for (turn, requests, facts) in [(2, 3, 1), (3, 3, 2), (4, 3, 2)] {
        log.turn("a", turn);
        log.read_to("a", requests, facts);
    }
    let first = log.turn("b", 1);
    first.rows = vec![row("three", 100, Some(0))];
    first.columns = vec![column("e", 0)];
    first.edges = vec![edge(0, 0, 100)];
    log.read_to("b", 4, 2);
    log.turn("b", 2);
    log.read_to("b", 4, 3);
}

#[test]
fn a_correct_log_is_clean_and_counted() {
    let verdict = correct().audit();
    assert_eq!(verdict.sentences, Vec::<String>::new());
    let Verdict { requests, decided, waiting, assigned, expired, completed, .. } = verdict;
    assert_eq!((requests, decided, waiting, assigned, expired, completed), (4, 3, 0, 2, 1, 1));
    assert_eq!((verdict.refused_late, verdict.duplicates_refused, verdict.released, verdict.turns), (1, 1, 1, 6));
    assert_eq!((verdict.certificates_checked, verdict.certificates_valid), (2, 2));
}

/// Breaks one thing, and expects faults, counted as `(missing, duplicated, double_booked)`, with a sentence that says `words`.
#[track_caller]
fn red(counted: (u64, u64, u64), words: &str, break_it: impl FnOnce(&mut Log)) {
    let mut log = correct();
    break_it(&mut log);
    let verdict = log.audit();
    assert!(!verdict.clean(), "nothing was found");
    assert!(verdict.sentences.iter().any(|sentence| sentence.contains(words)), "{words}: {:#?}", verdict.sentences);
    assert_eq!((verdict.missing, verdict.duplicated, verdict.double_booked), counted, "{:#?}", verdict.sentences);
}

/// Says that ride `three`, which stands assigned to `e`, was completed by him, or what `fact` makes of it.
fn told(log: &mut Log, fact: impl FnOnce(&mut RideProgressed)) {
    log.accept("b", "three", "e", 3_000);
    let last = &mut log.progressed.last_mut().expect("just pushed").1;
    (last.progress, last.revision) = (Progress::Completed, None);
    fact(last);
}

fn parked(topic: &str, offset: usize) -> RecordParked {
    RecordParked {
        processor: "matching".to_owned(),
        cause: kernel::contract::Cause::OutOfRange,
        detail: String::new(),
        place: place(topic, offset),
        appended_at: 0,
        market: None,
        key: None,
        value: None,
        size: 0,
        hash: None,
        headers: vec![],
    }
}
