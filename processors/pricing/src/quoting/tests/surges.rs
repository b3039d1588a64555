//! Surge through turns: a step a minute, from what is seen, kept.

use kernel::Processor;
use kernel::contract::Point;

use super::{MARKET, Output, PICKUP, Quoting, Stage, ask, priced};

#[test]
fn surge_wakes_with_the_first_request_moves_minute_by_minute_and_ends_by_itself() {
    let mut stage = Stage::with(0);
    assert!(!stage.ripe(0), "nobody asked");
    (0..100).for_each(|number| stage.wants(&format!("r{number}"), 0, PICKUP));
    assert!(stage.ripe(0));
    let mut last = 0;
    for minute in 0..5 {
        assert!(stage.ripe(minute * 60), "minute {minute}");
        stage.play(minute * 60, &[], &[]);
        assert!(!stage.ripe(minute * 60 + 59));
        let asked = stage.play(minute * 60 + 1, &[ask(&format!("q{minute}"), minute * 60 + 1)], &[]);
        let surge = asked[0].inputs.as_ref().unwrap().surge_bps;
        assert!((surge - last).abs() <= 1_000, "{last} to {surge}");
        last = surge;
    }
    assert!(last >= 3_000, "{last}");
    // Five minutes after the last request nobody asks any more; it fades as it grew.
    for minute in 5..400 {
        stage.play(minute * 60, &[], &[]);
    }
    assert!(!stage.ripe(400 * 60), "it is over");
    let over = stage.play(400 * 60, &[ask("over", 400 * 60)], &[]);
    assert_eq!(priced(&over[0]).items.surge, 0);
}

#[test]
fn a_successor_goes_on_with_the_same_surge_and_writes_nothing_anew() {
    let mut stage = Stage::with(0);
    for minute in 0..5 {
        (0..50).for_each(|number| stage.wants(&format!("r{minute}-{number}"), minute * 60, PICKUP));
        stage.play(minute * 60, &[], &[]);
    }
    let rebuilt = stage.rebuilt();
    assert_eq!(rebuilt.kept(MARKET), stage.view.kept(MARKET));
    let turn = stage.gathered(250, &[ask("a", 250)], &[]);
    let here = Quoting::decide(&turn, &stage.view, &super::POLICY);
    assert!(here.iter().all(|output| !matches!(output, Output::Kept(kept) if kept.surge.is_some())));
}

#[test]
fn a_driver_who_is_free_no_more_or_was_not_heard_of_for_long_is_no_supply() {
    let far = Point { lat_e6: PICKUP.lat_e6 + 200_000, ..PICKUP };
    let supply = |stage: &mut Stage, quote: &str, seconds| {
        let all = stage.play(seconds, &[ask(quote, seconds)], &[]);
        let inputs = all[0].inputs.as_ref().unwrap();
        (inputs.supply, inputs.wait_ms)
    };
    let mut stage = Stage::with(2);
    assert_eq!(supply(&mut stage, "two", 1), (2, 120_000));
    stage.see(super::Seen::Located { driver: "d0".into(), at: super::START + 2_000, free: None });
    assert_eq!(supply(&mut stage, "one", 2), (1, 120_000));
    stage.ping("d1", 3, far);
    // Nobody within six rings: as if one stood in the seventh.
    assert_eq!(supply(&mut stage, "none", 3), (0, 750_000));
    stage.ping("d0", 4, PICKUP);
    assert_eq!(supply(&mut stage, "back", 4), (1, 120_000));
    assert_eq!(supply(&mut stage, "old", 185), (0, 750_000));
}
