//! Caps, and the account that an emergency is measured by.

use proptest::prelude::*;

use crate::{AMOUNT, Account, Breach, Caps, WHOLE};

const DAY: i64 = 86_400_000;

#[test]
fn a_preset_bounds_a_fare_and_names_itself() {
    let held = Caps::DOUBLE.hold(1_000, None);
    assert_eq!(held.bounds, (500, 2_000));
    assert_eq!([2_001, 2_000, 499].map(|fare| held.breach(fare)), [Some(Breach::Ceiling), None, Some(Breach::Floor)]);
    assert_eq!(Caps::OPEN.hold(1_000, None).bounds, (0, AMOUNT));
    assert_eq!(Caps::OPEN.hold(1_000, None).breach(AMOUNT + 1), Some(Breach::Most));
}

#[test]
fn an_emergency_binds_an_open_market_and_tightens_a_capped_one() {
    for (caps, emergency, most, who) in [
        (Caps::OPEN, 28_000, 2_800, Breach::Emergency),
        (Caps::DOUBLE, 28_000, 2_000, Breach::Ceiling),
        (Caps::DOUBLE, 20_000, 2_000, Breach::Emergency),
        (Caps::DOUBLE, 10_000, 1_000, Breach::Emergency),
    ] {
        let held = caps.hold(1_000, Some(emergency));
        assert_eq!((held.bounds.1, held.breach(most + 1)), (most, Some(who)), "{emergency}");
        assert!(held.bounds.0 <= held.bounds.1);
    }
}

#[test]
fn an_emergency_looks_back_sixty_days_and_leaves_the_three_highest_out() {
    let mut account = Account::default();
    assert_eq!(account.ceiling(100 * DAY), WHOLE, "nothing is known: the meter");
    for (day, bps) in
        [(39, 50_000), (40, 15_000), (60, 30_000), (61, 29_000), (62, 28_000), (99, 27_000), (100, 90_000)]
    {
        account.note(day * DAY + 1, bps);
    }
    // Day 39 is too old, day 100 is the emergency's own; of the others 30,000, 29,000 and 28,000 are left out.
    assert_eq!(account.ceiling(100 * DAY + 5), 27_000);
    assert_eq!(account.ceiling(99 * DAY), 15_000);
}

proptest! {
    #[test]
    fn the_account_knows_what_a_list_of_all_prices_knows(
        asked in prop::collection::vec((0_i64..70, prop::sample::select(&[9_000_i64, 10_000, 12_000, 20_000][..])), 0..60),
    ) {
        let mut asked = asked;
        asked.sort_by_key(|(day, _)| *day);
        let mut account = Account::default();
        asked.iter().for_each(|(day, bps)| account.note(day * DAY, *bps));
        let began = 69;
        let of = |wanted: i64| asked.iter().filter(move |(day, _)| *day == wanted).map(|(_, bps)| *bps).max();
        let mut all: Vec<i64> = (began - 60..began).filter_map(of).collect();
        all.sort_unstable();
        let wanted = all.iter().rev().nth(3).copied().unwrap_or(WHOLE).max(WHOLE);
        prop_assert_eq!(account.ceiling(began * DAY), wanted);
    }
}
