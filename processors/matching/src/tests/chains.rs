//! The chain of a ride, turn by turn.

use expect_test::expect;
use kernel::contract::Party;

use super::{accepts, ask, cancels, check, completes, declines, no_show, starts};

#[test]
fn a_ride_is_offered_to_the_nearest_accepted_and_completed() {
    check(
        &[
            (0, vec![ask("r1", 0)]),
            (5, vec![accepts(4, "d1", "r1", 0)]),
            (200, vec![starts(199, "d1", "r1")]),
            (800, vec![completes(799, "d1", "r1", 1200)]),
        ],
        expect![[r#"
            0 s: r1 0 Offered Best d1
            5 s: r1 1 Assigned Accepted d1
            800 s: r1 2 Closed Completed d1
        "#]],
    );
}

#[test]
fn a_declined_offer_goes_to_the_next_driver_in_the_same_turn() {
    check(
        &[(0, vec![ask("r1", 0)]), (5, vec![declines(4, "d1", "r1", 0)])],
        expect![[r#"
            0 s: r1 0 Offered Best d1
            5 s: r1 1 Withdrawn Declined d1
            5 s: r1 2 Offered Best d2
        "#]],
    );
}

#[test]
fn an_offer_lapses_at_the_time_to_answer_and_the_silent_driver_is_not_asked_again() {
    check(
        &[(0, vec![ask("r1", 0)]), (19, vec![]), (20, vec![]), (40, vec![]), (60, vec![])],
        expect![[r#"
            0 s: r1 0 Offered Best d1
            20 s: r1 1 Withdrawn Unanswered d1
            20 s: r1 2 Offered Best d2
            40 s: r1 3 Withdrawn Unanswered d2
            40 s: r1 4 Offered Best d3
            60 s: r1 5 Withdrawn Unanswered d3
        "#]],
    );
}

#[test]
fn an_acceptance_in_time_counts_although_it_is_read_late() {
    check(
        &[(0, vec![ask("r1", 0)]), (25, vec![accepts(19, "d1", "r1", 0)])],
        expect![[r#"
            0 s: r1 0 Offered Best d1
            25 s: r1 1 Assigned Accepted d1
        "#]],
    );
}

#[test]
fn an_acceptance_out_of_time_is_refused_as_late() {
    check(
        &[
            (0, vec![ask("r1", 0)]),
            (25, vec![accepts(20, "d1", "r1", 0)]),
            (30, vec![accepts(28, "d1", "r1", 0), accepts(29, "d1", "r1", 2)]),
        ],
        expect![[r#"
            0 s: r1 0 Offered Best d1
            25 s: r1 - Refused Late d1
            25 s: r1 1 Withdrawn Unanswered d1
            25 s: r1 2 Offered Best d2
            30 s: r1 - Refused Late d1
            30 s: r1 - Refused Late d1
        "#]],
    );
}

#[test]
fn an_acceptance_of_an_unknown_ride_is_refused() {
    check(
        &[(0, vec![accepts(0, "d1", "r1", 0)])],
        expect![[r#"
            0 s: r1 - Refused UnknownRide d1
        "#]],
    );
}

#[test]
fn an_acceptance_said_twice_is_a_duplicate() {
    check(
        &[(0, vec![ask("r1", 0)]), (5, vec![accepts(4, "d1", "r1", 0), accepts(4, "d1", "r1", 0)])],
        expect![[r#"
            0 s: r1 0 Offered Best d1
            5 s: r1 1 Assigned Accepted d1
            5 s: r1 - Duplicate SameAcceptance d1 of sf/1/0
        "#]],
    );
}

#[test]
fn a_request_said_twice_is_answered_once_even_in_one_turn_and_after_the_end() {
    check(
        &[
            (0, vec![ask("r1", 0), ask("r1", 0)]),
            (5, vec![accepts(4, "d1", "r1", 0), ask("r1", 0)]),
            (10, vec![completes(9, "d1", "r1", 500)]),
            (86_400, vec![ask("r1", 0)]),
        ],
        expect![[r#"
            0 s: r1 0 Offered Best d1
            0 s: r1 - Duplicate SameRequest nobody of sf/1/0
            5 s: r1 1 Assigned Accepted d1
            5 s: r1 - Duplicate SameRequest nobody of sf/1/0
            10 s: r1 2 Closed Completed d1
            86400 s: r1 - Duplicate SameRequest nobody of sf/1/0
        "#]],
    );
}

#[test]
fn a_ride_is_known_until_it_is_forgotten_and_not_forgotten_while_it_is_spoken_of() {
    check(
        &[
            (0, vec![ask("r1", 0), ask("r2", 0), cancels(0, Party::Rider, "r3", None)]),
            (1, vec![cancels(1, Party::Rider, "r1", None), cancels(1, Party::Rider, "r2", None)]),
            // A day and a second later all of them may be forgotten: r2 is, for nothing else names it.
            (86_401, vec![ask("r1", 86_401), ask("r3", 86_401)]),
            (86_402, vec![ask("r1", 86_402), ask("r2", 86_402)]),
            (86_403, vec![ask("r4", 86_403)]),
            (86_404, vec![ask("r1", 86_404)]),
        ],
        expect![[r#"
            0 s: r1 0 Offered Best d1
            0 s: r2 0 Offered Best d2
            1 s: r1 1 Closed CancelledByRider d1
            1 s: r2 1 Closed CancelledByRider d2
            86401 s: r3 0 Closed CancelledByRider nobody
            86401 s: r1 - Duplicate SameRequest nobody of sf/1/0
            86402 s: r2 0 Offered Best d1
            86402 s: r1 - Duplicate SameRequest nobody of sf/1/0
            86403 s: r4 0 Offered Best d2
            86404 s: r1 0 Offered Best d3
        "#]],
    );
}

#[test]
fn a_ride_waits_once_and_is_offered_when_a_driver_comes() {
    check(
        &[
            (0, vec![ask("r1", 0), ask("r2", 0), ask("r3", 0), ask("r4", 0)]),
            (1, vec![]),
            (5, vec![accepts(4, "d1", "r1", 0), cancels(4, Party::Rider, "r2", None)]),
        ],
        expect![[r#"
            0 s: r1 0 Offered Best d1
            0 s: r2 0 Offered Best d2
            0 s: r3 0 Offered Best d3
            0 s: r4 0 Waiting Nobody nobody
            5 s: r1 1 Assigned Accepted d1
            5 s: r2 1 Closed CancelledByRider d2
            5 s: r4 1 Offered Best d2
        "#]],
    );
}

#[test]
fn a_ride_nobody_serves_expires() {
    check(
        &[
            (0, vec![ask("r1", 0), ask("r2", 0), ask("r3", 0)]),
            (1, vec![accepts(1, "d1", "r1", 0), accepts(1, "d2", "r2", 0), accepts(1, "d3", "r3", 0)]),
            (2, vec![ask("r4", 2)]),
            (601, vec![]),
            (602, vec![]),
        ],
        expect![[r#"
            0 s: r1 0 Offered Best d1
            0 s: r2 0 Offered Best d2
            0 s: r3 0 Offered Best d3
            1 s: r1 1 Assigned Accepted d1
            1 s: r2 1 Assigned Accepted d2
            1 s: r3 1 Assigned Accepted d3
            2 s: r4 0 Waiting Nobody nobody
            602 s: r4 1 Closed Expired nobody
        "#]],
    );
}

#[test]
fn a_request_that_comes_too_late_to_wait_expires_at_once() {
    check(
        &[(700, vec![ask("r1", 0)])],
        expect![[r#"
            700 s: r1 0 Closed Expired nobody
        "#]],
    );
}

#[test]
fn a_cancellation_read_before_its_request_ends_it() {
    check(
        &[
            (0, vec![cancels(0, Party::Rider, "r1", None)]),
            (5, vec![ask("r1", 0)]),
            (6, vec![ask("r1", 0), cancels(6, Party::Rider, "r1", None)]),
        ],
        expect![[r#"
            5 s: r1 0 Closed CancelledByRider nobody
            6 s: r1 - Duplicate SameRequest nobody of sf/2/0
        "#]],
    );
}

#[test]
fn a_driver_who_gives_the_ride_back_is_replaced() {
    check(
        &[
            (0, vec![ask("r1", 0)]),
            (5, vec![accepts(4, "d1", "r1", 0)]),
            (60, vec![cancels(59, Party::Driver, "r1", Some("d1"))]),
            (65, vec![accepts(64, "d2", "r1", 3)]),
            (90, vec![no_show(89, Party::Driver, "r1")]),
            (95, vec![cancels(94, Party::Driver, "r1", Some("d3"))]),
            (695, vec![]),
        ],
        expect![[r#"
            0 s: r1 0 Offered Best d1
            5 s: r1 1 Assigned Accepted d1
            60 s: r1 2 Reassigned CancelledByDriver nobody
            60 s: r1 3 Reassigned Best d2
            65 s: r1 - Duplicate SameAcceptance d2 of sf/1/0
            90 s: r1 4 Reassigned DriverNoShow nobody
            90 s: r1 5 Reassigned Best d3
            95 s: r1 6 Reassigned CancelledByDriver nobody
            695 s: r1 7 Closed Expired nobody
        "#]],
    );
}

#[test]
fn a_re_opened_ride_gets_the_next_driver_who_is_free() {
    check(
        &[
            (0, vec![ask("r1", 0), ask("r2", 0), ask("r3", 0)]),
            (1, vec![accepts(1, "d1", "r1", 0), accepts(1, "d2", "r2", 0), accepts(1, "d3", "r3", 0)]),
            (60, vec![cancels(59, Party::Driver, "r1", Some("d1"))]),
            (61, vec![]),
            (70, vec![completes(69, "d2", "r2", 900)]),
        ],
        expect![[r#"
            0 s: r1 0 Offered Best d1
            0 s: r2 0 Offered Best d2
            0 s: r3 0 Offered Best d3
            1 s: r1 1 Assigned Accepted d1
            1 s: r2 1 Assigned Accepted d2
            1 s: r3 1 Assigned Accepted d3
            60 s: r1 2 Reassigned CancelledByDriver nobody
            70 s: r2 2 Closed Completed d2
            70 s: r1 3 Reassigned Best d2
        "#]],
    );
}

#[test]
fn a_driver_who_stops_with_the_rider_in_his_car_ends_the_ride() {
    check(
        &[
            (0, vec![ask("r1", 0)]),
            (5, vec![accepts(4, "d1", "r1", 0)]),
            (60, vec![starts(58, "d1", "r1"), no_show(59, Party::Rider, "r1")]),
            (70, vec![cancels(69, Party::Driver, "r1", Some("d1"))]),
        ],
        expect![[r#"
            0 s: r1 0 Offered Best d1
            5 s: r1 1 Assigned Accepted d1
            70 s: r1 2 Closed CancelledByDriver d1
        "#]],
    );
}

#[test]
fn a_rider_who_does_not_show_frees_the_driver() {
    check(
        &[
            (0, vec![ask("r1", 0)]),
            (5, vec![accepts(4, "d1", "r1", 0)]),
            (60, vec![no_show(59, Party::Rider, "r1"), ask("r2", 60)]),
        ],
        expect![[r#"
            0 s: r1 0 Offered Best d1
            5 s: r1 1 Assigned Accepted d1
            60 s: r1 2 Closed RiderNoShow d1
            60 s: r2 0 Offered Best d1
        "#]],
    );
}

#[test]
fn a_ride_that_never_ends_is_given_up() {
    check(
        &[(0, vec![ask("r1", 0)]), (5, vec![accepts(4, "d1", "r1", 0)]), (21_604, vec![]), (21_605, vec![])],
        expect![[r#"
            0 s: r1 0 Offered Best d1
            5 s: r1 1 Assigned Accepted d1
            21605 s: r1 2 Closed Abandoned d1
        "#]],
    );
}

#[test]
fn facts_that_do_not_fit_change_nothing() {
    check(
        &[
            (0, vec![ask("r1", 0)]),
            (
                1,
                vec![
                    completes(1, "d1", "r1", 100),
                    starts(1, "d1", "r1"),
                    declines(1, "d2", "r1", 0),
                    declines(1, "d1", "r1", 1),
                    cancels(1, Party::Driver, "r1", Some("d2")),
                    no_show(1, Party::Driver, "r1"),
                    completes(1, "d1", "r9", 100),
                ],
            ),
        ],
        expect![[r#"
            0 s: r1 0 Offered Best d1
        "#]],
    );
}
