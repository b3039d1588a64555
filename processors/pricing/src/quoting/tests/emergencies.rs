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
    let mut stage = Stage::with(1);
    // A competitor's price moves the price of a day: five days, each dearer than the one before, two prices a day.
    let mut highs = Vec::new();
    for day in 0..5 {
        let at = day * DAY;
        let dearer = MarketSampled { competitor_bps: Some(9_000 + 700 * day as i32), ..sample(at) };
        for number in 0..2 {
            stage.play(at + number, &[ask(&format!("q{day}-{number}"), at + number)], std::slice::from_ref(&dearer));
        }
        highs.push(stage.view.market("sf").unwrap().highs.days().last().unwrap().1);
    }
    highs.sort_unstable();
    let ceiling = highs[1].max(10_000);
    let at = 5 * DAY;
    let held = stage.play(at, &[ask("held", at)], &[emergency(at, true)]);
    assert_eq!(held[0].inputs.as_ref().unwrap().emergency_bps.map(i64::from), Some(ceiling), "{highs:?}");
    // A successor is held by the same, and so is who hears of it again.
    stage.view = stage.rebuilt();
    let again = stage.play(at + 1, &[ask("again", at + 1)], &[emergency(at + 1, true)]);
    assert_eq!(again[0].inputs.as_ref().unwrap().emergency_bps.map(i64::from), Some(ceiling));
}

#[test]
fn an_older_word_changes_nothing() {
    let mut stage = Stage::with(1);
    stage.play(10, &[], &[emergency(10, true)]);
    let held = stage.play(11, &[ask("a", 11)], &[emergency(9, false)]);
    assert_eq!(held[0].inputs.as_ref().unwrap().emergency_bps, Some(10_000));
}
