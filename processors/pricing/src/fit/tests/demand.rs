//! Demand is found again where its truth is known, whatever the price goes along with, and what says nothing is refused.

use super::Dice;
use crate::fit::shrink::{Guess, shrunk, spread};
use crate::fit::{Learned, Observed, Unlearned, learn, locals};

/// A market: log odds 0.8, slope 3, a minute 0.05; who asks at a high price wants it more by `keen` for each unit of its logarithm.
pub(super) struct Market {
    pub(super) keen: f64,
    /// Share of the quotes that are moved.
    pub(super) share: f64,
    /// Of those that were to be moved up, whether all are held back by a cap.
    pub(super) capped: bool,
    /// What each of three cells adds to the slope.
    pub(super) steeper: f64,
    /// What a unit of surge adds to the log odds; nothing: there is none.
    pub(super) wants: f64,
}

pub(super) const PLAIN: Market = Market { keen: 0.0, share: 0.4, capped: false, steeper: 0.0, wants: 0.0 };
const STEP: f64 = 0.05;

pub(super) fn quotes(market: &Market, count: usize, seed: u64) -> Vec<Observed> {
    let mut dice = Dice(seed);
    // Seeds that are near draw alike at first.
    (0..100).for_each(|_| _ = dice.unit());
    let mut quote = |number: usize| {
        let (chosen, wait_min) = (0.4 * dice.unit() - 0.2, 2.0 + 6.0 * dice.unit());
        let draw = dice.unit();
        let drawn = match draw {
            draw if draw < market.share / 2.0 => -STEP,
            draw if draw < market.share => STEP,
            _ => 0.0,
        };
        let moved = if market.capped && drawn > 0.0 { 0.0 } else { libm::log(1.0 + drawn) };
        let propensity = if drawn == 0.0 { 1.0 - market.share } else { market.share / 2.0 };
        let cell = number % 3;
        let surge = if market.wants == 0.0 { 0.0 } else { dice.unit() };
        let slope = 3.0 + market.steeper * (cell as f64 - 1.0);
        let odds = 0.8 + market.keen * chosen + market.wants * surge - slope * (chosen + moved) - 0.05 * wait_min;
        let accepted = dice.unit() < 1.0 / (1.0 + libm::exp(-odds));
        Observed { cell: cell as u64, at: 0, chosen, moved, drawn, propensity, wait_min, surge, accepted }
    };
    (0..count).map(&mut quote).collect()
}

/// Mean and standard error of the slopes that are learned of many markets.
fn slopes(market: &Market) -> (f64, f64) {
    let found: Vec<f64> = (0..40).map(|seed| learn(&quotes(market, 8_000, seed)).unwrap().slope).collect();
    let mean = found.iter().sum::<f64>() / found.len() as f64;
    let spread = found.iter().map(|one| (one - mean) * (one - mean)).sum::<f64>() / (found.len() - 1) as f64;
    (mean, (spread / found.len() as f64).sqrt())
}

#[test]
fn the_slope_is_that_of_the_draws_whatever_else_the_price_goes_along_with() {
    let confounded = [PLAIN, Market { keen: 3.0, ..PLAIN }, Market { keen: -3.0, ..PLAIN }];
    let capped = Market { keen: 3.0, capped: true, ..PLAIN };
    for market in confounded.iter().chain([&capped]) {
        let (mean, error) = slopes(market);
        println!("keen {}, capped {}: slope {mean:.2} +- {error:.2}, the truth is 3", market.keen, market.capped);
        assert!((mean - 3.0).abs() < 3.0 * error && error < 0.5, "{mean} +- {error}");
    }
}

#[test]
fn odds_and_wait_are_found_again_and_the_error_is_the_spread() {
    let all: Vec<Learned> = (0..40).map(|seed| learn(&quotes(&PLAIN, 8_000, seed)).unwrap()).collect();
    let mean = |of: fn(&Learned) -> f64| all.iter().map(of).sum::<f64>() / all.len() as f64;
    assert!((mean(|one| one.odds) - 0.8).abs() < 0.05 && (mean(|one| one.wait) - 0.05).abs() < 0.01);
    let (_, error) = slopes(&PLAIN);
    let told = mean(|one| one.error) / (all.len() as f64).sqrt();
    assert!((0.7..1.4).contains(&(told / error)), "{told} told, {error} seen");
    // Of the 40 intervals 36 are expected to hold the truth.
    let truth = |one: &Learned| one.elasticity / one.slope * 3.0;
    let held = all.iter().filter(|one| (one.interval().0..one.interval().1).contains(&truth(one))).count();
    assert!((31..=40).contains(&held), "{held} of 40");
}

#[test]
fn what_surge_says_of_who_asks_is_found_again_and_where_it_says_nothing_it_is_shrunk_to_that() {
    let of = |wants: f64| -> Vec<Learned> {
        (0..40).map(|seed| learn(&quotes(&Market { wants, ..PLAIN }, 8_000, seed)).unwrap()).collect()
    };
    for wants in [1.5, -1.0] {
        let all = of(wants);
        let mean = all.iter().map(|one| one.surge).sum::<f64>() / 40.0;
        let odds = all.iter().map(|one| one.odds).sum::<f64>() / 40.0;
        assert!((mean - wants).abs() < 0.1 && (odds - 0.8).abs() < 0.05, "{mean} is not {wants}, odds {odds}");
    }
    // So little that no log tells it from nothing: half of what each seems to say, or less.
    let size = |all: &[Learned]| all.iter().map(|one| one.surge.abs()).sum::<f64>() / all.len() as f64;
    let little = size(&of(1e-9));
    assert!(little < 0.05, "{little}");
    assert!(of(0.0).iter().all(|one| one.surge == 0.0), "where there is no surge it says nothing");
}

#[test]
fn what_tells_nothing_is_refused_with_a_sentence() {
    let refused = |all: &[Observed]| learn(all).unwrap_err();
    assert_eq!(refused(&quotes(&PLAIN, 499, 1)), Unlearned::TooFew(499));
    let quiet = Market { share: 0.0, ..PLAIN };
    assert_eq!(refused(&quotes(&quiet, 5_000, 1)), Unlearned::Unmoved(0, 0));
    let all = quotes(&PLAIN, 5_000, 1);
    let same = |accepted| all.iter().map(|one| Observed { accepted, ..*one }).collect::<Vec<_>>();
    assert_eq!(refused(&same(true)), Unlearned::Alike);
    assert_eq!(refused(&same(false)), Unlearned::Alike);
    // Somebody lost every third quote that was moved.
    let lost: Vec<Observed> =
        all.iter().zip(0..).filter(|(one, at)| one.drawn == 0.0 || at % 3 > 0).map(|(one, _)| *one).collect();
    assert!(matches!(refused(&lost), Unlearned::Unlikely(..)));
    for why in [Unlearned::TooFew(1), Unlearned::Unmoved(0, 1), Unlearned::Unlikely(1, 9), Unlearned::Alike] {
        assert!(!why.to_string().contains('\n'));
    }
}

#[test]
fn a_wait_that_is_the_same_for_all_and_a_choice_that_never_moves_take_nothing_from_the_slope() {
    let dull = |one: &Observed| Observed { wait_min: 3.0, chosen: 0.0, ..*one };
    let all: Vec<Observed> = quotes(&PLAIN, 60_000, 3).iter().map(dull).collect();
    let learned = learn(&all).unwrap();
    assert!((learned.slope - 3.0).abs() < 3.0 * learned.error && learned.error < 1.0, "{learned:?}");
}

#[test]
fn a_part_lies_between_what_it_says_and_what_is_expected_nearer_to_what_is_better_known() {
    let guess = |value, error| Guess { value, error };
    let prior = guess(0.0, 0.1);
    let near = shrunk(guess(2.0, 1.0), prior, 1.0);
    assert!((near.value - 1.0).abs() < 1e-12, "as well known as spread: halfway: {near:?}");
    assert!((near.error * near.error - (0.5 + 0.25 * 0.01)).abs() < 1e-12, "{near:?}");
    assert_eq!(shrunk(guess(2.0, 1.0), prior, 0.0), prior, "nothing differs: as expected");
    assert!((shrunk(guess(2.0, 1e-6), prior, 1.0).value - 2.0).abs() < 1e-9, "it is known");
    assert_eq!(spread(&[guess(5.0, 1.0), guess(-5.0, 1.0)]), 0.0, "two tell no spread");
    assert_eq!(spread(&[guess(0.5, 1.0), guess(-0.5, 1.0), guess(0.0, 1.0)]), 0.0, "less than chance");
    // Variance of 1, 0, -1 is 1, of which the errors explain a quarter.
    assert!((spread(&[guess(1.0, 0.5), guess(0.0, 0.5), guess(-1.0, 0.5)]) - 0.75).abs() < 1e-12);
}

#[test]
fn cells_that_differ_have_rows_and_cells_that_do_not_have_none() {
    let alike = quotes(&PLAIN, 60_000, 5);
    let learned = learn(&alike).unwrap();
    let rows = locals(&alike, &learned, 0, 100);
    let apart = rows.iter().map(|row| (row.slope - learned.slope).abs()).fold(0.0, f64::max);
    assert!(apart < 0.5, "{rows:?}");
    let market = Market { steeper: 4.0, ..PLAIN };
    let differing = quotes(&market, 120_000, 5);
    let learned = learn(&differing).unwrap();
    let rows = locals(&differing, &learned, 0, 100);
    for (cell, truth) in [(0, -1.0), (1, 3.0), (2, 7.0)] {
        let row = rows.iter().find(|row| row.cell == Some(cell) && row.hour.is_none()).unwrap();
        assert!((row.slope - truth).abs() < 3.0 * row.error && row.error < learned.error * 3.0, "{row:?}, not {truth}");
    }
    assert!(locals(&differing, &learned, 0, 2).len() == 2, "no more rows than are wanted");
}
