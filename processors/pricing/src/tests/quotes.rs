//! Whole quotes: what they come to, and what can never be.

use proptest::prelude::*;

use super::fares::RATES;
use crate::{AMOUNT, Arm, Asked, Breach, Caps, Demand, Explore, Plan, Rates, Refused, Trip, WHOLE, quote, share};

const PLAN: Plan<'_> = Plan {
    rates: RATES,
    surge_base: 1_200,
    competitor_bps: (5_000, 1_000),
    loyalty_bps: 1_000,
    caps: Caps::DOUBLE,
    band_bps: 2_000,
    weights: [4, 2, 2, 2],
    cost: 60,
    explore: Explore { salt: "s", share_bps: 0, step_bps: 500 },
};
const ASKED: Asked<'_> = Asked {
    quote: "q",
    trip: Trip { distance_m: 5_000, duration_s: 900, tolls: 694 },
    surge_bps: 0,
    competitor_bps: None,
    loyalty_bps: 0,
    emergency_bps: None,
    demand: Demand { odds: 1.0, slope: 3.0, error: 0.3, wait: 0.05 },
    wait_min: 4.0,
    load: 0.8,
};

#[test]
fn each_term_moves_the_price_its_own_way() {
    let fare = |asked: &Asked<'_>| quote(&PLAN, asked).unwrap().charge.fare();
    let plain = fare(&ASKED);
    assert!(fare(&Asked { surge_bps: 3_000, ..ASKED }) > plain);
    assert!(fare(&Asked { competitor_bps: Some(8_000), ..ASKED }) < plain);
    assert!(fare(&Asked { competitor_bps: Some(12_000), ..ASKED }) > plain);
    assert_eq!(fare(&Asked { competitor_bps: Some(WHOLE), ..ASKED }), plain);
    // A tenth is the most that is followed, however far they are away.
    assert_eq!(
        fare(&Asked { competitor_bps: Some(1), ..ASKED }),
        fare(&Asked { competitor_bps: Some(7_999), ..ASKED })
    );
}

#[test]
fn loyalty_only_lowers_and_is_told() {
    let plain = quote(&PLAN, &ASKED).unwrap();
    let loyal = quote(&PLAN, &Asked { loyalty_bps: 500, ..ASKED }).unwrap();
    assert!(loyal.charge.total() < plain.charge.total() && loyal.personal && !plain.personal);
    assert_eq!(loyal.charge.split.driver, plain.charge.split.driver);
    assert_eq!(loyal.choice, plain.choice, "who asks has no part in the choice");
    assert_eq!(quote(&PLAN, &Asked { loyalty_bps: -500, ..ASKED }), Ok(plain));
    let most = quote(&PLAN, &Asked { loyalty_bps: WHOLE, ..ASKED }).unwrap();
    assert_eq!(-most.charge.loyalty, share(most.charge.fare(), 1_000));
}

#[test]
fn a_cap_holds_and_says_so() {
    let dear = quote(&PLAN, &Asked { surge_bps: 40_000, ..ASKED }).unwrap();
    assert_eq!(dear.breaches, [Breach::Ceiling]);
    assert!(dear.charge.fare() <= 2 * dear.charge.metered() && dear.charge.capped < 0);
    let emergency = quote(&PLAN, &Asked { surge_bps: 40_000, emergency_bps: Some(WHOLE), ..ASKED }).unwrap();
    assert_eq!(emergency.breaches, [Breach::Emergency]);
    assert!(emergency.charge.fare() <= emergency.charge.metered());
    assert!(quote(&PLAN, &ASKED).unwrap().breaches.is_empty());
}

#[test]
fn a_trip_that_is_none_is_refused() {
    let none = Asked { trip: Trip { distance_m: -5, ..ASKED.trip }, ..ASKED };
    assert_eq!(quote(&PLAN, &none), Err(Refused::Distance));
}

#[test]
fn what_is_explored_is_as_frequent_as_it_is_said_to_be() {
    let explore = Explore { salt: "november", share_bps: 2_000, step_bps: 500 };
    let arms: Vec<Arm> = (0..20_000).map(|number| explore.arm(&format!("quote-{number}"))).collect();
    for (off_bps, propensity_bps) in [(-500, 1_000), (500, 1_000), (0, 8_000)] {
        let arm = Arm { off_bps, propensity_bps };
        let seen = arms.iter().filter(|other| **other == arm).count() as i64;
        // Five standard deviations of 20,000 draws are 2 %.
        assert!((seen - 2 * propensity_bps).abs() < 400, "{arm:?}: {seen}");
    }
    let other = Explore { salt: "december", ..explore };
    assert!((0..100).any(|number| other.arm(&format!("quote-{number}")) != arms[number]));
}

fn few(of: &'static [i64]) -> impl Strategy<Value = i64> {
    prop::sample::select(of)
}

proptest! {
    #[test]
    fn no_quote_breaks_a_cap_loses_a_cent_or_pays_below_the_floor(
        (distance_m, duration_s) in (few(&[0, 1, 5_000, 1_000_000]), few(&[1, 900, 86_400])),
        (surge_bps, loyalty_bps) in (few(&[-1, 0, 1_000, 1_000_000]), few(&[-1, 0, 500, 20_000])),
        competitor_bps in prop::sample::select(&[None, Some(i64::MIN), Some(0), Some(9_000), Some(i64::MAX)][..]),
        emergency_bps in prop::sample::select(&[None, Some(10_000), Some(17_000)][..]),
        caps in prop::sample::select(&[Caps::OPEN, Caps::DOUBLE, Caps { most: 900, ..Caps::OPEN }][..]),
        (tier_bps, share_bps) in (few(&[WHOLE, 25_000]), few(&[0, 5_000])),
        number in 0_u32..1_000,
    ) {
        let rates = Rates { tier_bps, ..PLAN.rates };
        let plan = Plan { caps, rates, explore: Explore { share_bps, ..PLAN.explore }, ..PLAN };
        let id = format!("q{number}");
        let trip = Trip { distance_m, duration_s, tolls: 100 };
        let asked = Asked { quote: &id, trip, surge_bps, loyalty_bps, competitor_bps, emergency_bps, ..ASKED };
        let quoted = quote(&plan, &asked).unwrap();
        let charge = quoted.charge;
        prop_assert!(charge.conserved());
        let (least, most) = caps.hold(charge.metered(), emergency_bps).bounds;
        prop_assert!((least..=most).contains(&charge.fare()), "{} not in {least} to {most}", charge.fare());
        prop_assert!(charge.fare() <= AMOUNT);
        prop_assert!(charge.split.driver >= share(charge.fare(), rates.driver_bps));
        prop_assert!(charge.loyalty <= 0 && charge.surge >= 0);
        prop_assert!(charge.capped == 0 || !quoted.breaches.is_empty());
        prop_assert_eq!(quote(&plan, &asked), Ok(quoted), "and the same again");
    }
}
