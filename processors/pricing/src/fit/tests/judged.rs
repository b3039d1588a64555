//! Another policy is judged by what was drawn, and only inside it.

use super::demand::{Market, PLAIN, quotes};
use crate::fit::{Observed, Rival, Unjudged, Worth, judge};

/// The other policy moves the chosen price by so much of its logarithm.
fn rivals(all: &[Observed], other: impl Fn(&Observed) -> f64) -> Vec<Rival> {
    let rival = |one: &Observed| {
        let (fare, other) = (libm::exp(one.log_price()) * 1_000.0, other(one));
        let there = libm::exp(one.chosen + other) * 1_000.0;
        let worth = |fare| Worth { revenue: fare, profit: 0.2 * fare + 60.0 };
        Rival { observed: *one, worth: worth(fare), made_by: 1, other, rounding: 1e-3, other_worth: worth(there) }
    };
    all.iter().map(rival).collect()
}

/// Conversion of the market of [`quotes`] if each chosen price were moved so.
fn conversion(all: &[Observed], other: f64) -> f64 {
    let share = |one: &Observed| 1.0 / (1.0 + libm::exp(-(0.8 - 3.0 * (one.chosen + other) - 0.05 * one.wait_min)));
    all.iter().map(share).sum::<f64>() / all.len() as f64
}

#[test]
fn the_intervals_hold_what_another_price_brings_wherever_it_lies_within_the_draws() {
    let mut held = [0, 0];
    let mut seen = 0;
    for seed in 0..16 {
        let all = quotes(&PLAIN, 6_000, seed);
        for other in [libm::log(0.95), -0.02, 0.0, 0.03, libm::log(1.05)] {
            let judged = judge(&rivals(&all, |_| other), seed).unwrap();
            let truth = conversion(&all, other);
            for (held, figure) in held.iter_mut().zip([judged.conversion.ips, judged.conversion.robust]) {
                *held += usize::from((figure.low..=figure.high).contains(&truth));
            }
            seen += 1;
        }
    }
    println!("of {seen} intervals {held:?} hold the truth: by weights, and doubly robust");
    // Nine of ten, and what chance does to 16 logs that are each judged five times.
    assert!(held.iter().all(|held| (62..=80).contains(held)), "{held:?} of {seen}");
}

#[test]
fn the_draws_of_another_seed_give_other_intervals_and_those_of_the_same_the_same() {
    let all = rivals(&quotes(&PLAIN, 4_000, 1), |_| 0.01);
    assert_eq!(judge(&all, 7), judge(&all, 7));
    let (one, other) = (judge(&all, 7).unwrap(), judge(&all, 8).unwrap());
    assert_eq!(one.revenue.robust.value.to_bits(), other.revenue.robust.value.to_bits());
    assert_ne!(one.revenue.robust, other.revenue.robust);
}

#[test]
fn the_policy_that_was_there_is_as_good_as_it_was() {
    let quiet = Market { share: 0.0, ..PLAIN };
    let all = quotes(&quiet, 4_000, 1);
    // Nothing was drawn, so nothing teaches demand: yet what was asked may be asked again.
    assert_eq!(judge(&rivals(&all, |_| 0.0), 1), Err(Unjudged::Alike));
    let all = quotes(&PLAIN, 20_000, 1);
    let judged = judge(&rivals(&all, |_| 0.0), 1).unwrap();
    assert!((judged.conversion.ips.value - judged.conversion.logged.value).abs() < 0.02, "{judged:?}");
    assert!((judged.effective - 12_000.0).abs() < 500.0, "those that were not moved: {judged:?}");
}

#[test]
fn a_price_beyond_what_was_drawn_and_a_sample_of_too_little_weight_are_refused() {
    let all = quotes(&PLAIN, 10_000, 1);
    assert_eq!(judge(&rivals(&all, |_| 0.06), 1), Err(Unjudged::Beyond(10_000, 10_000)));
    let some = judge(&rivals(&all, |one| if one.wait_min < 2.3 { 0.06 } else { 0.04 }), 1).unwrap();
    assert!(some.beyond > 300 && some.quotes + some.beyond == 10_000, "{some:?}");
    // A fifth of them were moved down: 460 or so.
    let few = judge(&rivals(&all[..2_200], |_| libm::log(0.95)), 1).unwrap_err();
    assert!(matches!(few, Unjudged::TooFew(effective, 2_200) if (400.0..500.0).contains(&effective)), "{few:?}");
    assert!(few.to_string().starts_with("the effective sample size of 2200 quotes is 4"), "{few}");
    assert_eq!(judge(&[], 1), Err(Unjudged::TooFew(0.0, 0)));
}
