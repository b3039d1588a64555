//! The fare table, its rounding, and who gets what.

use proptest::prelude::*;

use crate::{AMOUNT, Charge, Moves, Rates, Refused, Trip, WHOLE, charge, of_rate, share};

/// A city of cents: 2.55 + 1.75 a kilometre + 0.35 a minute, at least 7.00.
pub(super) const RATES: Rates = Rates {
    base: 255,
    km: 175_000,
    minute: 35_000,
    least: 700,
    tier_bps: WHOLE,
    booking: 200,
    take_bps: 2_500,
    driver_bps: 7_000,
    tax_bps: 887,
};
const TRIP: Trip = Trip { distance_m: 5_000, duration_s: 900, tolls: 694 };
const OPEN: (i64, i64) = (0, AMOUNT);

fn plain(trip: Trip, rates: Rates) -> Result<Charge, Refused> {
    charge(&trip, &rates, &Moves::default(), OPEN)
}

#[test]
fn halves_are_rounded_away_from_zero() {
    for (amount, bps, wanted) in [(1, 5_000, 1), (-1, 5_000, -1), (1, 4_999, 0), (3, 5_000, 2), (0, 9_999, 0)] {
        assert_eq!(share(amount, bps), wanted, "{bps} bps of {amount}");
    }
    assert_eq!(of_rate(500, 1_000, 1_000), 1, "half a unit a kilometre");
    assert_eq!(of_rate(333, 3_000, 1_000), 1, "a third of a unit a kilometre, three of them");
    assert_eq!(of_rate(i64::MAX, i64::MAX, 1), i64::MAX, "and nothing overflows");
}

#[test]
fn a_trip_is_priced_item_by_item() {
    let charge = plain(TRIP, RATES).unwrap();
    let Charge { base, distance, time, tier, least, booking, tax, tolls, .. } = charge;
    assert_eq!([base, distance, time, tier, least], [255, 875, 525, 0, 0]);
    // 8.87 % of 16.55 + 2.00.
    assert_eq!([booking, tax, tolls, charge.total()], [200, 165, 694, 2_714]);
    let split = charge.split;
    assert_eq!([split.driver, split.fees, split.tax, split.tolls, split.promotion], [1_241, 614, 165, 694, 0]);
}

#[test]
fn a_short_trip_costs_the_least_fare_and_a_tier_its_multiple() {
    let short = Trip { distance_m: 300, duration_s: 60, tolls: 0 };
    assert_eq!(plain(short, RATES).unwrap().metered(), 700);
    let gold = Rates { tier_bps: 20_000, ..RATES };
    assert_eq!(plain(TRIP, gold).unwrap().metered(), 2 * 1_655);
}

#[test]
fn what_is_no_trip_has_no_price() {
    let cases = [
        (Trip { distance_m: -1, ..TRIP }, Refused::Distance),
        (Trip { distance_m: 1_000_001, ..TRIP }, Refused::Distance),
        (Trip { duration_s: -1, ..TRIP }, Refused::Duration),
        (Trip { duration_s: 86_401, ..TRIP }, Refused::Duration),
        (Trip { tolls: -1, ..TRIP }, Refused::Tolls),
        (Trip { tolls: i64::MAX, ..TRIP }, Refused::Tolls),
        (Trip { distance_m: 0, duration_s: 0, tolls: 0 }, Refused::Nothing),
    ];
    for (trip, why) in cases {
        assert_eq!(plain(trip, RATES), Err(why), "{trip:?}");
    }
    assert_eq!(plain(TRIP, Rates { km: i64::MAX, ..RATES }), Err(Refused::Amount));
}

#[test]
fn loyalty_is_the_platforms_gift() {
    let moves = |loyalty| Moves { loyalty, ..Moves::default() };
    let without = plain(TRIP, RATES).unwrap();
    let with = charge(&TRIP, &RATES, &moves(100), OPEN).unwrap();
    assert_eq!(with.split.driver, without.split.driver, "the driver's pay is the same");
    assert!(with.total() < without.total());
    let all = charge(&TRIP, &RATES, &moves(AMOUNT), OPEN).unwrap();
    assert_eq!(all.fare() + all.loyalty, 0, "no more than the fare");
    assert_eq!(charge(&TRIP, &RATES, &moves(-100), OPEN), Ok(without), "it never raises a price");
}

fn few(of: &'static [i64]) -> impl Strategy<Value = i64> {
    prop::sample::select(of)
}

prop_compose! {
    fn rates()(
        (base, km, minute) in (few(&[0, 1, 255]), few(&[0, 333, 175_000]), few(&[0, 1, 35_000])),
        (least, tier_bps) in (few(&[0, 700]), few(&[5_000, WHOLE, 13_000, 25_000])),
        (booking, take_bps) in (few(&[0, 1, 200]), few(&[0, 1, 2_500, WHOLE])),
        (driver_bps, tax_bps) in (few(&[0, 7_000, 8_001, WHOLE]), few(&[0, 887, 2_000])),
    ) -> Rates {
        Rates { base, km, minute, least, tier_bps, booking, take_bps, driver_bps, tax_bps }
    }
}

proptest! {
    #[test]
    fn money_is_conserved_and_the_driver_has_his_floor(
        rates in rates(),
        (distance_m, duration_s, tolls) in (few(&[0, 1, 999, 5_000, 1_000_000]), few(&[1, 59, 900, 86_400]), few(&[0, 694])),
        (surge, competitor) in (few(&[0, 1, 500]), few(&[-300, 0, 300])),
        (optimum, loyalty) in (few(&[-200, 0, 200]), few(&[0, 1, 150, 10_000])),
        bounds in (few(&[0, 500, 2_000]), few(&[0, 1_000, AMOUNT])),
    ) {
        let moves = Moves { surge, competitor, optimum, loyalty };
        let charge = charge(&Trip { distance_m, duration_s, tolls }, &rates, &moves, bounds).unwrap();
        prop_assert!(charge.conserved());
        let items = [charge.base, charge.distance, charge.time, charge.tier, charge.least, charge.surge, charge.competitor];
        let rest = [charge.optimum, charge.loyalty, charge.capped, charge.booking, charge.tax, charge.tolls];
        prop_assert_eq!(items.iter().chain(&rest).sum::<i64>(), charge.total());
        prop_assert!(charge.split.driver >= share(charge.fare(), rates.driver_bps));
        prop_assert!(bounds.0 <= charge.fare() && charge.fare() <= bounds.1.max(bounds.0));
        prop_assert!(charge.total() >= charge.booking + charge.tax + charge.tolls, "nobody is paid for riding");
    }
}
