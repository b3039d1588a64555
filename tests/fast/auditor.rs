//! The auditor: a small correct log is clean, and every law that is broken in it turns the verdict red with a sentence.

use devkit::auditor::{Auditor, Verdict};
use kernel::contract::{
    Cut, DriverChanged, DriverReleased, MatchDecided, Outcome, Party, Place, Point, Progress, Reason, RecordParked,
    RideProgressed, RideRequested, RunnerUp, Score, Service, TurnColumn, TurnEdge, TurnRow, TurnTaken, Vehicle,
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
}

impl Log {
    fn audit(&self) -> Verdict {
        let mut auditor = Auditor::default();
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
            cut: vec![Cut { topic: "driver.released".to_owned(), partition: 0, offset: 1 }],
            asked: vec![],
            progressed: vec![],
            rides: vec![],
            rows: vec![],
            columns: vec![],
            edges: vec![],
        };
        self.taken.push((lies, taken));
        &mut self.taken.last_mut().expect("just pushed").1
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
    for turn in 2..=4 {
        log.turn("a", turn);
    }
    let first = log.turn("b", 1);
    first.rows = vec![row("three", 100, Some(0))];
    first.columns = vec![column("e", 0)];
    first.edges = vec![edge(0, 0, 100)];
    log.turn("b", 2);
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

#[test]
fn a_request_that_led_to_nothing_is_missing() {
    red((1, 0, 0), "ride four: the request at ride.requested/0@4 led to nothing", |log| log.request("a", "four"));
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
        value: vec![],
        size: 0,
        hash: None,
    }
}

#[test]
fn a_request_that_was_parked_is_not_missing_but_parked_twice_is_a_fault() {
    let parked = || parked("ride.requested", 4);
    let mut log = correct();
    log.request("a", "four");
    log.parked.push(parked());
    assert_eq!((log.audit().sentences, log.audit().parked), (vec![], 1));
    red((0, 1, 0), "ride.requested/0@4 was parked twice by matching", |log| {
        log.request("a", "four");
        log.parked = vec![parked(), parked()];
    });
}

#[test]
fn a_request_that_was_decided_twice_is_duplicated() {
    red((0, 1, 0), "ride one: the request at ride.requested/0@2 led to 2 decisions", |log| {
        let again = log.decision("one", Outcome::Duplicate).clone();
        log.decided.push((place("match.decided", 99), again));
    });
}

#[test]
fn an_acceptance_without_an_answer_is_missing() {
    red((1, 0, 0), "ride two: the acceptance at ride.progressed/0@3 led to nothing", |log| {
        log.accept("a", "two", "e", 0)
    });
}

/// Says that ride `three`, which stands assigned to `e`, was completed by him, or what `fact` makes of it.
fn told(log: &mut Log, fact: impl FnOnce(&mut RideProgressed)) {
    log.accept("b", "three", "e", 3_000);
    let last = &mut log.progressed.last_mut().expect("just pushed").1;
    (last.progress, last.revision) = (Progress::Completed, None);
    fact(last);
}

#[test]
fn a_ride_that_was_ended_may_not_stay_open() {
    let cancelled = |by: Option<Party>| {
        move |fact: &mut RideProgressed| (fact.progress, fact.by, fact.driver) = (Progress::Cancelled, by, None)
    };
    for by in [None, Some(Party::Rider), Some(Party::Operator)] {
        red((0, 0, 0), "ride three: cancelled at ride.progressed/0@3, but its chain is still open", |log| {
            told(log, cancelled(by));
        });
    }
    let completed = "ride three: completed at ride.progressed/0@3, but its chain is still open";
    red((0, 0, 0), completed, |log| told(log, |_| ()));
    red((0, 0, 0), completed, |log| told(log, |fact| fact.driver = None));
}

#[test]
fn an_end_that_does_not_count_is_no_fault() {
    let clean = |change: &dyn Fn(&mut Log)| {
        let mut log = correct();
        change(&mut log);
        assert_eq!(log.audit().sentences, Vec::<String>::new());
    };
    // By another driver, by the driver himself, of a ride that ended, of one nobody asked for.
    clean(&|log| told(log, |fact| fact.driver = Some("d".to_owned())));
    clean(&|log| told(log, |fact| fact.progress = Progress::Cancelled));
    clean(&|log| told(log, |fact| (fact.market, fact.ride) = ("a".to_owned(), "one".to_owned())));
    clean(&|log| told(log, |fact| fact.ride = "four".to_owned()));
    // A day before the ride was asked for.
    clean(&|log| {
        told(log, |fact| {
            (fact.progress, fact.by, fact.at) = (Progress::Cancelled, Some(Party::Rider), 999 - 86_400_000);
        });
    });
    // Before he had accepted.
    clean(&|log| {
        told(log, |_| ());
        log.progressed[3].0.offset = 2;
        log.progressed[2].0.offset = 3;
        let cause = &mut log.decision("three", Outcome::Assigned).cause;
        *cause = Some(place("ride.progressed", 3));
    });
    // It was parked.
    clean(&|log| {
        told(log, |_| ());
        log.parked.push(parked("ride.progressed", 3));
    });
}

#[test]
fn a_gap_in_the_revisions_is_found() {
    red((0, 0, 0), "ride two: decision a/4/7 at match.decided/0@7: revision 3 follows 1", |log| {
        log.decision("two", Outcome::Closed).revision = Some(3);
    });
}

#[test]
fn a_step_that_the_grammar_does_not_know_is_found() {
    red((0, 0, 0), "Waiting cannot follow an assignment", |log| {
        log.decision("one", Outcome::Closed).outcome = Outcome::Waiting;
    });
    red((0, 0, 0), "completed, but nobody was assigned", |log| {
        log.decision("two", Outcome::Closed).reason = Reason::Completed;
    });
}

#[test]
fn an_assignment_needs_an_acceptance_of_the_newest_offer_in_time() {
    red((0, 0, 0), "names revision Some(7)", |log| log.progressed[0].1.revision = Some(7));
    red((0, 0, 0), "came 1000 ms after the offer lapsed", |log| log.progressed[0].1.at = 12_000);
    red((1, 0, 0), "assigned without an acceptance", |log| log.decision("one", Outcome::Assigned).cause = None);
}

#[test]
fn an_acceptance_in_time_may_not_be_refused() {
    red((0, 0, 0), "accepted the standing offer in time and was refused", |log| {
        let assigned = log.decision("three", Outcome::Assigned);
        (assigned.outcome, assigned.reason, assigned.revision) = (Outcome::Refused, Reason::Late, None);
    });
}

#[test]
fn a_driver_in_two_rides_is_double_booked() {
    red((0, 0, 1), "driver d was given ride two at match.decided/0@1 while in ride one", |log| {
        log.decision("two", Outcome::Offered).driver = Some("d".to_owned());
    });
}

#[test]
fn a_driver_is_let_go_before_another_ride_of_the_same_turn_gets_him() {
    let mut log = correct();
    log.request("a", "four");
    let four = log.decide(("a", 3), "four", (Outcome::Offered, Reason::Best));
    step(four, 0, None, Some(place("ride.requested", 4)));
    offer(four, (0, "d", 100), None);
    let third = &mut log.taken[2].1;
    (third.rows, third.columns) = (vec![row("four", 100, Some(0))], vec![column("d", 0)]);
    third.edges = vec![edge(0, 0, 100)];
    assert_eq!(log.audit().sentences, Vec::<String>::new());
    // Before the decision of the same turn that ends ride one.
    let four = log.decided.pop().expect("just pushed");
    log.decided.insert(4, four);
    assert_eq!(log.audit().double_booked, 1);
}

#[test]
fn a_market_that_does_not_own_a_driver_may_not_offer_him() {
    red((0, 0, 1), "driver e belongs to a and was never handed over, but b gave him ride three", |log| {
        log.released.clear()
    });
    red((0, 0, 1), "driver e: b held him for ride three from turn 1", |log| log.taken[4].1.cut[0].offset = 0);
    red((0, 0, 1), "driver e: a held him for ride two from turn 1", |log| log.released[0].1.turn = 2);
    red((0, 0, 1), "but hand-over 1 from a is due", |log| log.released[0].1.hop = 2);
}

#[test]
fn a_certificate_that_does_not_hold_is_found() {
    red((0, 0, 0), "the price 200 of ride two and driver e is more than the cost 150", |log| {
        log.taken[0].1.edges[3].row = 1;
        log.taken[0].1.rows[1].column = None;
        log.taken[0].1.edges[3].score = score(150);
    });
    red((0, 0, 0), "the price 90 of ride one and driver d is not the cost 100", |log| {
        log.taken[0].1.rows[0].dual_ms = 90
    });
    red((0, 0, 0), "driver d: the price 1 is not allowed", |log| {
        log.taken[0].1.columns[0].dual_ms = 1;
        log.taken[0].1.rows[0].dual_ms = 99;
    });
    red((0, 0, 0), "it costs 10 ms more than its bound, but states 9", |log| {
        let turn = &mut log.taken[0].1;
        (turn.exact, turn.gap_ms, turn.rows[0].dual_ms) = (false, 9, 90);
    });
}

#[test]
fn a_decision_that_is_not_what_its_turn_says_is_found() {
    red((0, 0, 0), "states the score", |log| log.decision("one", Outcome::Offered).eta_ms = Some(1));
    red((0, 0, 0), "names the runner-up None", |log| log.decision("one", Outcome::Offered).runner_up = None);
    red((0, 0, 0), "states the margin Some(1), but it is Some(150)", |log| {
        log.decision("one", Outcome::Offered).margin_ms = Some(1);
    });
    red((0, 0, 0), "row 1 is not its ride's", |log| log.decision("one", Outcome::Offered).row = Some(1));
    red((0, 0, 0), "its time, policy or staleness is not the turn's", |log| log.taken[2].1.policy_version = 2);
}

#[test]
fn a_turn_is_recorded_once_and_every_decision_has_its_turn() {
    red((0, 0, 0), "turn 3 of a at turn.taken/0@2 follows turn 3", |log| log.taken.insert(2, log.taken[2].clone()));
    red((0, 0, 0), "names turn 3, which is not recorded", |log| drop(log.taken.remove(2)));
    red((0, 0, 0), "turn 2 of b: 1 of 2 parts", |log| log.taken[5].1.chunks = 2);
}
