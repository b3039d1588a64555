//! What is broken in the correct log, and the sentence that says so.

use std::collections::BTreeSet;

use kernel::contract::{Outcome, Party, Progress, Reason, RideProgressed, TurnAsked};

use super::{Log, column, correct, edge, offer, parked, place, red, row, score, step, told};

/// Changes the correct log, and expects no fault.
#[track_caller]
fn clean(change: impl FnOnce(&mut Log)) {
    let mut log = correct();
    change(&mut log);
    assert_eq!(log.audit().sentences, Vec::<String>::new());
}

#[test]
fn a_request_that_led_to_nothing_is_missing() {
    red((1, 0, 0), "ride four: the request at ride.requested/0@4 led to nothing", |log| log.request("a", "four"));
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
    // By another driver, by the driver himself, of a ride that ended, of one nobody asked for.
    clean(|log| told(log, |fact| fact.driver = Some("d".to_owned())));
    clean(|log| told(log, |fact| fact.progress = Progress::Cancelled));
    clean(|log| told(log, |fact| (fact.market, fact.ride) = ("a".to_owned(), "one".to_owned())));
    clean(|log| told(log, |fact| fact.ride = "four".to_owned()));
    // A day before the ride was asked for.
    clean(|log| {
        told(log, |fact| {
            (fact.progress, fact.by, fact.at) = (Progress::Cancelled, Some(Party::Rider), 999 - 86_400_000);
        });
    });
    // Before he had accepted.
    clean(|log| {
        told(log, |_| ());
        log.progressed[3].0.offset = 2;
        log.progressed[2].0.offset = 3;
        let cause = &mut log.decision("three", Outcome::Assigned).cause;
        *cause = Some(place("ride.progressed", 3));
        log.read_to("b", 4, 4);
    });
    // It was parked.
    clean(|log| {
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
    let asked = TurnAsked { place: place("ride.requested", 4), request: log.requested[4].1.clone() };
    third.asked.push(asked);
    third.cut[1].offset = 5;
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

#[test]
fn a_turn_names_every_record_that_it_was_decided_from_once() {
    red((0, 0, 0), "ride one: the request at ride.requested/0@2 was decided, but no turn names it", |log| {
        log.taken[1].1.asked.clear();
    });
    red((0, 0, 0), "answers ride.progressed/0@0, which its turn does not name", |log| {
        log.taken[1].1.progressed.clear();
    });
    red((0, 0, 0), "ride two: the request at ride.requested/0@1 is named by 2 turns", |log| {
        let asked = log.taken[0].1.asked[1].clone();
        log.taken[1].1.asked.insert(0, asked);
    });
    red((0, 0, 0), "turn 4 of a names ride.progressed/0@1, which does not lie between its cuts", |log| {
        log.taken[3].1.progressed = log.taken[2].1.progressed.clone();
    });
    red((0, 0, 0), "turn 1 of a names ride.requested/0@1, which does not lie between its cuts", |log| {
        log.taken[0].1.cut[1].offset = 1;
    });
    red((0, 0, 0), "turn 1 of a names ride.requested/0@0, which has no place there", |log| {
        log.taken[0].1.asked.swap(0, 1);
    });
    red((0, 0, 0), "turn 2 of a names ride.requested/0@2, where ride two is not asked for", |log| {
        log.taken[1].1.asked[0].request.ride = "two".to_owned();
    });
    red((0, 0, 0), "ride four: the request at ride.requested/0@4 was parked, but a turn names it", |log| {
        log.request("a", "four");
        log.parked.push(parked("ride.requested", 4));
        log.read_to("a", 5, 2);
    });
}

/// Says in market `a` that driver `e` declined ride `two` in its first offer, or what `fact` makes of it, in the turn in which the offer lapsed.
fn declined(log: &mut Log, fact: impl FnOnce(&mut RideProgressed)) {
    log.accept("a", "two", "e", 3_000);
    let last = &mut log.progressed.last_mut().expect("just pushed").1;
    last.progress = Progress::Declined;
    fact(last);
    let (before, turns) = (2, &mut log.taken[2..4]);
    turns.iter_mut().for_each(|(_, turn)| turn.cut[before].offset = 4);
}

#[test]
fn an_answer_that_must_have_counted_may_not_be_lost() {
    let lost = "ride two: ride.progressed/0@3 takes driver e off it at revision 0, but changed nothing";
    red((0, 0, 0), lost, |log| declined(log, |_| ()));
    red((0, 0, 0), lost, |log| declined(log, |fact| (fact.progress, fact.revision) = (Progress::Cancelled, None)));
    // It led to what ended the offer.
    clean(|log| {
        declined(log, |_| ());
        let withdrawn = log.decision("two", Outcome::Withdrawn);
        (withdrawn.reason, withdrawn.cause) = (Reason::Declined, Some(place("ride.progressed", 3)));
        let told = log.progressed[3].clone();
        let told = kernel::contract::TurnProgressed { place: told.0, progress: told.1 };
        log.taken[2].1.progressed.push(told);
    });
    // It is about another offer, or another driver, came after the turn, or is garbage.
    clean(|log| declined(log, |fact| fact.revision = Some(1)));
    clean(|log| declined(log, |fact| fact.driver = Some("d".to_owned())));
    clean(|log| {
        declined(log, |_| ());
        log.taken[2].1.cut[2].offset = 3;
    });
    clean(|log| {
        declined(log, |_| ());
        log.parked.push(parked("ride.progressed", 3));
    });
}

#[test]
fn an_answer_to_what_still_stands_may_not_be_lost() {
    let given_back = |log: &mut Log, (progress, by, revision): (Progress, Option<Party>, Option<i32>)| {
        told(log, |fact| (fact.progress, fact.by, fact.revision) = (progress, by, revision));
        log.turn("b", 3);
        log.read_to("b", 4, 4);
    };
    let lost = "ride three: ride.progressed/0@3 takes driver e off it at revision 1, but changed nothing";
    let driver = Some(Party::Driver);
    let answers = [
        (Progress::Declined, driver, Some(1)),
        (Progress::Cancelled, driver, None),
        (Progress::NoShow, driver, None),
        (Progress::NoShow, Some(Party::Rider), None),
    ];
    for answer in answers {
        red((0, 0, 0), lost, |log| given_back(log, answer));
    }
    clean(|log| given_back(log, (Progress::Declined, driver, Some(0))));
    clean(|log| given_back(log, (Progress::Arrived, driver, Some(1))));
    // No turn has read it yet.
    clean(|log| told(log, |fact| (fact.progress, fact.revision) = (Progress::Declined, Some(1))));
    // The rider is in the car.
    clean(|log| {
        log.accept("b", "three", "e", 2_500);
        log.progressed[3].1.progress = Progress::Started;
        told(log, |fact| (fact.progress, fact.by) = (Progress::NoShow, driver));
        log.turn("b", 3);
        log.read_to("b", 4, 5);
    });
}

#[test]
fn only_garbage_may_be_parked_where_it_is_known() {
    let mut log = correct();
    log.request("a", "four");
    log.parked.push(parked("ride.requested", 4));
    assert_eq!((log.audit().faults, log.audit().parked, log.audit().parked_requests), (0, 1, 1));
    log.garbage = Some(BTreeSet::from([place("ride.requested", 4)]));
    assert_eq!(log.audit().faults, 0);
    log.garbage = Some(BTreeSet::new());
    let sound = "ride.requested/0@4 was parked by matching as OutOfRange, but is sound";
    assert_eq!((log.audit().sentences, log.audit().missing), (vec![sound.to_owned()], 1));
}
