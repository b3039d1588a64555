//! The choice among prices.

use proptest::prelude::*;

use crate::{AMOUNT, Choice, Demand, GRID, Ground, PARETO, Weights, choose, grid};

const GROUND: Ground = Ground {
    fare: 2_000,
    bounds: (0, AMOUNT),
    band_bps: 2_000,
    take_bps: 2_500,
    fixed: 100,
    wait_min: 4.0,
    busy_min: 20.0,
    load: 0.8,
};
const DEMAND: Demand = Demand { odds: 1.5, slope: 4.0, error: 0.5, wait: 0.05 };
/// Only one of them counts.
const PROFIT: Weights = [1, 0, 0, 0];
const REVENUE: Weights = [0, 1, 0, 0];
const RIDERS: Weights = [0, 0, 1, 0];
const ALL: Weights = [4, 2, 2, 2];

#[test]
fn the_grid_spans_the_band_inside_the_bounds() {
    let fares = grid(&GROUND);
    assert_eq!((fares.len(), fares[0], fares[20], fares[40]), (GRID, 1_600, 2_000, 2_400));
    let held = Ground { bounds: (1_990, 2_010), ..GROUND };
    assert_eq!(grid(&held), [1_990, 2_000, 2_010]);
    let shut = Ground { bounds: (500, 500), ..GROUND };
    assert_eq!(grid(&shut), [500]);
    assert!(choose(&shut, &DEMAND, &ALL).bound);
}

/// The best price for revenue where the slope is known: `-b (1 - P) = -1`.
#[test]
fn revenue_is_best_where_elasticity_is_one() {
    let demand = Demand { odds: 0.8, slope: 3.0, error: 0.0, wait: 0.0 };
    let choice = choose(&GROUND, &demand, &REVENUE);
    let elasticity = |fare: f64| demand.slope * (1.0 - demand.accepts(3.0, libm::log(fare / 2_000.0), 0.0));
    let fares = grid(&GROUND);
    let closest = fares.iter().min_by(|a, b| {
        let off = |fare: &i64| (elasticity(*fare as f64) - 1.0).abs();
        off(a).total_cmp(&off(b))
    });
    assert!((choice.best.fare - closest.unwrap()).abs() <= 10, "{choice:?}");
    assert!(!choice.bound && choice.confidence_bps == 10_000);
    assert_eq!(choice.interval, (choice.best.fare, choice.best.fare));
}

#[test]
fn riders_want_it_cheap_and_where_demand_is_flat_the_bound_decides() {
    let cheap = choose(&GROUND, &DEMAND, &RIDERS);
    assert_eq!(cheap.best.fare, 1_600);
    let flat = Demand { slope: 0.5, ..DEMAND };
    let dear = choose(&Ground { bounds: (0, 2_100), ..GROUND }, &flat, &PROFIT);
    assert_eq!((dear.best.fare, dear.bound), (2_100, true));
}

#[test]
fn what_a_choice_is_worth_to_riders_is_its_inclusive_value() {
    for slope in [0.5, 2.0, 5.0] {
        let demand = Demand { slope, error: 0.0, ..DEMAND };
        let value = |fare: i64| {
            let odds = demand.odds - slope * libm::log(fare as f64 / 2_000.0) - demand.wait * GROUND.wait_min;
            libm::log(1.0 + libm::exp(odds))
        };
        let choice = choose(&GROUND, &demand, &ALL);
        for point in &choice.pareto {
            let exact = 1e6 * value(point.fare) / value(1_600);
            assert!((point.values[2] as f64 - exact).abs() < 10.0, "{slope}: {point:?} {exact}");
        }
    }
}

#[test]
fn what_is_less_known_has_a_wider_interval_and_less_confidence() {
    let sharp = choose(&GROUND, &Demand { odds: 0.8, error: 0.1, ..DEMAND }, &REVENUE);
    let vague = choose(&GROUND, &Demand { odds: 0.8, error: 2.0, ..DEMAND }, &REVENUE);
    let wide = |choice: &Choice| choice.interval.1 - choice.interval.0;
    assert!(wide(&sharp) < wide(&vague), "{:?} {:?}", sharp.interval, vague.interval);
    assert!(sharp.confidence_bps > vague.confidence_bps);
}

proptest! {
    #[test]
    fn the_choice_is_on_the_grid_and_no_told_price_is_beaten_by_another(
        (fare, band_bps) in (prop::sample::select(&[1_i64, 50, 2_000, 1_000_000][..]), prop::sample::select(&[0_i64, 500, 2_000][..])),
        bounds in prop::sample::select(&[(0, AMOUNT), (1_900, 2_100), (0, 0), (3_000, 1_000)][..]),
        (slope, error) in (prop::sample::select(&[0.1, 1.0, 4.0][..]), prop::sample::select(&[0.0, 0.5, 3.0][..])),
        weights in prop::sample::select(&[PROFIT, REVENUE, RIDERS, ALL, [0; 4]][..]),
    ) {
        let ground = Ground { fare, band_bps, bounds, ..GROUND };
        let choice = choose(&ground, &Demand { slope, error, ..DEMAND }, &weights);
        let fares = grid(&ground);
        prop_assert!(fares.contains(&choice.best.fare));
        prop_assert!(fares.iter().all(|fare| bounds.0 <= *fare && *fare <= bounds.1.max(bounds.0)));
        prop_assert!((1..=PARETO).contains(&choice.pareto.len()) && choice.pareto.contains(&choice.best));
        prop_assert!(choice.interval.0 <= choice.interval.1);
        prop_assert!((0..=10_000).contains(&choice.confidence_bps));
        for one in choice.pareto.iter().filter(|one| **one != choice.best) {
            let beaten = choice.pareto.iter().any(|other| {
                other.values != one.values && other.values.iter().zip(one.values).all(|(other, one)| *other >= one)
            });
            prop_assert!(!beaten, "{one:?}");
        }
        let score = |values: [i64; 4]| values.iter().zip(weights).map(|(value, weight)| value * weight).sum::<i64>();
        prop_assert!(choice.pareto.iter().all(|one| score(one.values) <= score(choice.best.values)));
    }
}
