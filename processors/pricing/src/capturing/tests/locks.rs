//! When a quote holds, and what comes on the way.

use kernel::Processor;
use kernel::contract::{CapturedFare, FareBasis, Party, Payment, Progress, Promise, RideProgressed, Tier, Unlocked};

use super::{Capturing, Fact, POLICY, Stage, asked, done, ends, fare, promise, sample, wants};

/// What a ride comes to that was asked for like this, with this quote.
fn captured(quoted: Option<Promise>, wants: Fact, end: RideProgressed) -> CapturedFare {
    let mut stage = Stage::new();
    quoted.into_iter().for_each(|promise| stage.quoted("q", promise));
    stage.play(20, &[wants], &[]);
    let all = stage.play(900, &[], &[end]);
    fare(&all[0]).clone()
}

fn unlocked(quoted: Option<Promise>, wants: Fact, end: RideProgressed) -> Option<Unlocked> {
    let fare = captured(quoted, wants, end);
    assert_eq!(fare.basis == FareBasis::Quote, fare.unlocked.is_none());
    fare.unlocked
}

#[test]
fn a_quote_holds_for_who_asked_in_time_for_the_same_ride() {
    let plain = || wants("a", 10, Some("q"));
    let driven = |metres: i32| RideProgressed { distance_m: Some(metres), ..done("a", 900) };
    assert_eq!(unlocked(Some(promise(0)), plain(), done("a", 900)), None);
    assert_eq!(unlocked(Some(promise(0)), wants("a", 10, None), done("a", 900)), Some(Unlocked::NoQuote));
    assert_eq!(unlocked(None, plain(), done("a", 900)), Some(Unlocked::QuoteUnseen));
    assert_eq!(unlocked(Some(promise(0)), plain(), done("b", 900)), Some(Unlocked::RideUnseen));
    // It holds to the millisecond at which it expires.
    assert_eq!(unlocked(Some(promise(-290)), plain(), done("a", 900)), None);
    assert_eq!(unlocked(Some(promise(-291)), plain(), done("a", 900)), Some(Unlocked::Expired));
    // A fifth of 3.4 km is more than 500 m.
    assert_eq!(unlocked(Some(promise(0)), plain(), driven(4_080)), None);
    assert_eq!(unlocked(Some(promise(0)), plain(), driven(4_081)), Some(Unlocked::OtherRoute));
    assert_eq!(unlocked(Some(promise(0)), plain(), driven(2_719)), Some(Unlocked::OtherRoute));
    let gold = Fact::Requested(super::Asked { tier: Some(Tier::Gold), ..asked("a", 10, Some("q")) });
    assert_eq!(unlocked(Some(promise(0)), gold, done("a", 900)), Some(Unlocked::OtherService));
    let euros = Promise { currency: "EUR".to_owned(), ..promise(0) };
    assert_eq!(unlocked(Some(euros), plain(), done("a", 900)), Some(Unlocked::OtherCurrency));
}

#[test]
fn whoever_was_told_of_surge_pays_it_by_the_table_too_and_nobody_else() {
    let driven = || RideProgressed { distance_m: Some(5_000), ..done("a", 900) };
    let told = captured(Some(promise(0)), wants("a", 10, Some("q")), driven());
    // A fifth of the surge base of 10.00.
    assert_eq!((told.fees.surge, told.unlocked), (200, Some(Unlocked::OtherRoute)));
    assert_eq!(captured(Some(promise(0)), wants("a", 10, None), driven()).fees.surge, 0);
}

#[test]
fn a_quote_that_is_seen_after_its_request_is_kept_as_soon_as_it_is() {
    let mut stage = Stage::new();
    stage.play(10, &[wants("a", 10, Some("q"))], &[]);
    assert!(!stage.ripe(11));
    stage.quoted("q", promise(9));
    assert!(stage.ripe(12));
    stage.play(12, &[], &[]);
    assert!(!stage.ripe(13), "it is kept");
    // Two hours later nobody sees the quote any more.
    stage.view = stage.rebuilt(7_200);
    let all = stage.play(7_200, &[], &[done("a", 7_200)]);
    assert_eq!(fare(&all[0]).basis, FareBasis::Quote);
}

#[test]
fn a_quote_that_is_seen_while_its_request_is_committed_is_kept_too() {
    let mut stage = Stage::new();
    let turn = stage.gathered(10, &[wants("a", 10, Some("q"))], &[]);
    let outputs = Capturing::decide(&turn, &stage.view, &POLICY);
    stage.quoted("q", promise(9));
    outputs.iter().for_each(|output| Capturing::evolve(&mut stage.view, output));
    assert!(stage.ripe(12));
}

/// Law 10: who took over since would not know it.
#[test]
fn a_quote_counts_for_four_hours_whoever_asked_and_whoever_reads() {
    let basis = |ago: i64, neighbour: bool| {
        let mut stage = Stage::new();
        let now = 20_000;
        stage.quoted("q", promise(now - ago));
        if neighbour {
            stage.play(now, &[wants("b", now, None)], &[]);
        }
        // He asked at once, and is read late.
        stage.play(now, &[wants("a", now - ago + 1, Some("q"))], &[]);
        let ended = now + 60;
        fare(&stage.play(ended, &[], &[RideProgressed { at: super::START + ended * 1_000, ..done("a", ended) }])[0])
            .basis
    };
    for neighbour in [false, true] {
        assert_eq!(basis(14_400, neighbour), FareBasis::Quote, "{neighbour}");
        assert_eq!(basis(14_401, neighbour), FareBasis::Table, "{neighbour}");
    }
}

#[test]
fn waiting_beyond_the_free_minutes_cancelling_late_and_not_coming_cost_their_fees() {
    let wait = |seconds| {
        let end = RideProgressed { wait_s: Some(seconds), ..done("a", 900) };
        captured(Some(promise(0)), wants("a", 10, Some("q")), end).fees.wait
    };
    // 0.40 a minute from the third on, 20.00 at most.
    assert_eq!([0, 120, 150, 180, 86_400].map(wait), [0, 0, 20, 40, 2_000]);
    let end = |change: &dyn Fn(&mut RideProgressed)| {
        let mut end = ends("a", 131, Progress::Cancelled);
        change(&mut end);
        let fare = captured(Some(promise(0)), wants("a", 10, Some("q")), end);
        assert_eq!((fare.basis, fare.fees.base, fare.fees.booking), (FareBasis::Cancellation, 0, 0));
        assert_eq!(fare.split.driver + fare.split.fees, fare.total_minor);
        fare.total_minor
    };
    assert_eq!(end(&|_| {}), 500);
    assert_eq!(end(&|end| end.at -= 1_000), 0, "after two minutes, not at them");
    assert_eq!(end(&|end| end.driver = None), 0, "nobody was on the way");
    assert_eq!(end(&|end| end.by = Some(Party::Operator)), 0);
    assert_eq!(end(&|end| end.progress = Progress::NoShow), 500);
    assert_eq!(end(&|end| end.ride = "unseen".to_owned()), 0, "nobody knows for how long");
}

#[test]
fn in_an_emergency_nothing_is_added_to_the_metered_fare() {
    let play = |emergency| {
        let mut stage = Stage::new();
        stage.quoted("q", promise(0));
        stage.play(20, &[wants("a", 10, Some("q")), sample(15, Some(emergency))], &[]);
        let end = RideProgressed { distance_m: Some(9_000), payment: Some(Payment::Cash), ..done("a", 900) };
        fare(&stage.play(900, &[], &[end])[0]).clone()
    };
    let (free, held) = (play(false), play(true));
    assert_eq!((free.fees.surge, free.fees.capped, free.caps.len()), (200, 0, 0));
    assert_eq!((held.fees.surge, held.fees.capped), (200, -200));
    assert_eq!(held.caps, [kernel::contract::Cap::Emergency]);
}
