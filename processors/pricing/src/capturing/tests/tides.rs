//! Peak and surge: entered high, left low, and each for a while at least.

use kernel::contract::{Promise, RideProgressed};
use kernel::{Millis, Processor, Rules};

use super::{Capturing, MARKET, START, Stage, captures, done, fare, promise, wants};
use crate::Policy;
use crate::capture::tide::{Level, Tide};

#[test]
fn the_peak_adds_its_share_to_the_fare_table_and_nothing_to_a_quote() {
    let mut stage = Stage::new();
    // 16:30 is a peak hour of a Thursday; 10:00 was none.
    let later = 6 * 3_600 + 1_800;
    stage.quoted("q", promise(later));
    assert!(stage.ripe(later));
    let end = |ride: &str| RideProgressed { distance_m: Some(3_400), duration_s: Some(720), ..done(ride, later + 60) };
    let facts = [wants("a", later, None), wants("b", later, Some("q"))];
    let all = stage.play(later + 60, &facts, &[end("a"), end("b")]);
    let (table, quote) = (fare(&all[0]), fare(&all[1]));
    // A tenth of 8.89.
    assert_eq!((table.fees.peak, table.peak), (89, true));
    assert_eq!((quote.fees.peak, quote.peak, quote.fees.optimum), (0, true, 21));
    assert!(!stage.ripe(later + 120));
    assert!(stage.ripe(later + 4 * 3_600), "20:30 is none again");
    // It counts when a ride is asked for, not when it ends.
    stage.play(later + 180, &[wants("c", later + 180, None)], &[]);
    let evening = later + 4 * 3_600;
    let all = stage.play(evening, &[wants("d", evening, None)], &[end("c"), end("d")]);
    assert_eq!([0, 1].map(|one: usize| (fare(&all[one]).fees.peak, fare(&all[one]).peak)), [(89, true), (0, false)]);
}

#[test]
fn a_market_surges_by_what_was_quoted_in_it() {
    let mut stage = Stage::new();
    let quote = |stage: &mut Stage, number: i64, bps: i32| {
        let promise = Promise { surge_bps: bps, ..promise(number * 30) };
        stage.quoted(&format!("q{number}"), promise);
    };
    (0..4).for_each(|number| quote(&mut stage, number, 2_500));
    assert!(!stage.ripe(59), "a minute that is not over counts for nothing");
    assert!(stage.ripe(120));
    let all = stage.play(121, &[], &[done("a", 121)]);
    assert!(fare(&all[0]).surge && !fare(&all[0]).peak);
    // It goes on for ten minutes at least, though nobody is quoted any.
    (4..80).for_each(|number| quote(&mut stage, number, 0));
    assert!(!stage.ripe(720) && stage.ripe(721));
}

#[test]
fn a_state_is_entered_at_one_level_left_at_a_lower_one_and_lasts() {
    let text = crate::BUILT_IN
        .replace("enter_requests = 1_000_000", "enter_requests = 100")
        .replace("leave_requests = 1_000_000", "leave_requests = 60");
    let policy = Policy::parse(&text).unwrap();
    let peak = &policy.of(MARKET).peak;
    let mut tide = Tide::default();
    let mut at = |seconds: i64, requests, surge_bps| {
        tide.step(START + seconds * 1_000, Level { requests, surge_bps }, peak);
        (tide.peak(), tide.surge())
    };
    assert_eq!(at(0, 99, 1_999), (false, false));
    assert_eq!(at(60, 100, 2_000), (true, true));
    assert_eq!(at(120, 60, 1_000), (true, true), "between the levels nothing changes");
    assert_eq!(at(180, 59, 999), (true, true), "it lasts for ten minutes");
    assert_eq!(at(660, 59, 999), (false, false));
    assert_eq!(at(661, 1_000, 9_000), (false, false), "so does what is no peak");
    assert_eq!(at(1_260, 1_000, 9_000), (true, true));
}

#[test]
fn a_market_may_have_hours_of_its_own() {
    // `utc_offset_min` is what 0.2.0 called it.
    let text = format!(
        "{}\n[markets.oslo.peak]\nshare_bps = 2_500\nutc_offset_min = 120\nmon = []\ntue = []\nwed = []\nthu = [12]\nfri = []\nsat = []\n\
         sun = []\nwindow_min = 10\nenter_requests = 1_000_000\nleave_requests = 1_000_000\nsurge_enter_bps = 2_000\nsurge_leave_bps = 1_000\ndwell_s = 0\n",
        crate::BUILT_IN
    );
    let policy = Policy::parse(&text).unwrap();
    let mut stage = Stage::new();
    let mut turn = stage.gathered(0, &[], &[done("a", 0)]);
    turn.market = "oslo".to_owned();
    // 10:00 UTC is 12:00 there.
    let all = captures(&Capturing::decide(&turn, &stage.view, &policy));
    assert_eq!((fare(&all[0]).peak, fare(&all[0]).fees.peak), (true, 231));
    assert!(!Capturing::ripe(&stage.view, MARKET, Millis(START), &policy));
}
