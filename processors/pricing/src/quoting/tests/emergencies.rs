//! Emergencies: in force with the turn that hears of them, held by what was asked before.

use kernel::contract::{Cap, MarketSampled};

use super::{PICKUP, Stage, ask, priced, sample};

const DAY: i64 = 86_400;

fn emergency(seconds: i64, engaged: bool) -> MarketSampled {
    MarketSampled { emergency: Some(engaged), ..sample(seconds) }
}

/// A market in which surge stands at its highest.
fn surging(seconds: i64) -> Stage {
    let mut stage = Stage::with(0);
    for minute in 0..30 {
        let at = seconds + minute * 60;
        (0..200).for_each(|number| stage.wants(&format!("r{at}-{number}"), at, PICKUP));
        stage.play(at, &[], &[]);
    }
    stage
}

#[test]
fn an_emergency_caps_the_quotes_of_the_turn_that_hears_of_it() {
    let mut stage = surging(0);
    let before = stage.play(1_800, &[ask("before", 1_800)], &[]);
    let surge = priced(&before[0]).items.surge;
    assert!(surge >= 500, "{surge}");
    let held = stage.play(1_801, &[ask("held", 1_801)], &[emergency(1_801, true)]);
    let price = priced(&held[0]);
    // Nothing was asked on the days before: the metered fare is the most.
    assert_eq!(held[0].inputs.as_ref().unwrap().emergency_bps, Some(10_000));
    let fare = price.total_minor - price.items.booking;
    assert!(fare <= 889, "{price:?}");
    assert_eq!(price.caps, [Cap::Emergency]);
    let after = stage.play(1_802, &[ask("after", 1_802)], &[emergency(1_802, false)]);
    assert_eq!(after[0].inputs.as_ref().unwrap().emergency_bps, None);
    assert_eq!(priced(&after[0]).items.surge, surge);
}

#[test]
fn it_is_measured_by_the_days_before_without_the_three_highest() {
    let mut stage = surging(0);
    for number in 0..5 {
        stage.play(1_800, &[ask(&format!("q{number}"), 1_800)], &[]);
    }
    let highs: Vec<i64> = stage.view.market("sf").unwrap().highs.days().flat_map(|(_, highs)| highs.to_vec()).collect();
    assert_eq!(highs.len(), 4, "four a day are enough");
    let held = stage.play(DAY + 1, &[ask("held", DAY + 1)], &[emergency(DAY + 1, true)]);
    assert_eq!(held[0].inputs.as_ref().unwrap().emergency_bps.map(i64::from), Some(highs[3]));
    // A successor is held by the same, and so is who hears of it again.
    stage.view = stage.rebuilt();
    let again = stage.play(DAY + 2, &[ask("again", DAY + 2)], &[emergency(DAY + 2, true)]);
    assert_eq!(again[0].inputs.as_ref().unwrap().emergency_bps.map(i64::from), Some(highs[3]));
}

#[test]
fn an_older_word_changes_nothing() {
    let mut stage = Stage::with(1);
    stage.play(10, &[], &[emergency(10, true)]);
    let held = stage.play(11, &[ask("a", 11)], &[emergency(9, false)]);
    assert_eq!(held[0].inputs.as_ref().unwrap().emergency_bps, Some(10_000));
}
