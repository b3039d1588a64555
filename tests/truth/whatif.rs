//! Another policy is judged by a log of this one, and what it truly would bring lies in the interval.

use devkit::sim::Rng;
use kernel::Rules;
use pricing::fit::{Judgement, Rival, judge};
use pricing::{BUILT_IN, Policy};

use crate::street::{Street, Truth};
use crate::{each, runs};

/// Quotes of a log.
const QUOTES: usize = 10_000;

/// What another policy truly brings for each quote of a log, and what was said of it: conversion, revenue, profit.
struct Run {
    truth: [f64; 3],
    judged: Judgement,
}

fn run(seed: u64, (was, other): (&Policy, &Policy)) -> Run {
    // All logs are of one market, so what is true of it is the mean over them.
    let truth = Truth { shock: 0.0, places: (0.0, 0.0), drift: (0.0, 0.0), ..Truth::draw(&mut Rng::new(3)) };
    let mut street = Street::with(seed, truth);
    let (mut sums, mut rivals) = ([0.0; 3], Vec::new());
    street.day(0, QUOTES, was, |seen| {
        let Ok(mut rival) = Rival::of(&seen.quoted, other) else { return };
        rival.observed.accepted = seen.accepted;
        let share = seen.accepts(rival.observed.chosen + rival.other);
        let of = [1.0, rival.other_worth.revenue, rival.other_worth.profit];
        sums.iter_mut().zip(of).for_each(|(sum, worth)| *sum += share * worth);
        rivals.push(rival);
    });
    let judged = judge(&rivals, seed).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
    assert_eq!(judged.beyond, 0, "all are judged, so the truth is that of all");
    Run { truth: sums.map(|sum| sum / rivals.len() as f64), judged }
}

#[test]
fn what_another_policy_truly_brings_lies_in_the_interval_nine_times_in_ten() {
    // The log explores two quotes of five; the other policy takes demand to be flatter, so it asks a little more: both lie within a fiftieth
    // of the start price, so within what was explored.
    let log = BUILT_IN.replacen("share_bps = 1_000", "share_bps = 4_000", 1).replacen(
        "band_bps = 2_000",
        "band_bps = 200",
        1,
    );
    let (was, other) =
        (Policy::parse(&log).unwrap(), Policy::parse(&log.replacen("slope = 3.0", "slope = 2.4", 1)).unwrap());
    let count = runs(60);
    let all = each(count, |seed| run(seed, (&was, &other)));
    let mean = |at: usize| all.iter().map(|one| one.truth[at]).sum::<f64>() / count as f64;
    let truth = [0, 1, 2].map(mean);
    let room = f64::max(0.03, 3.0 * (0.09 / count as f64).sqrt());
    for (name, ips) in [("by weights", true), ("doubly robust", false)] {
        let figures = |one: &Run| {
            [one.judged.conversion, one.judged.revenue, one.judged.profit]
                .map(|figure| if ips { figure.ips } else { figure.robust })
        };
        let held = [0, 1, 2].map(|at| {
            let held =
                all.iter().filter(|one| (figures(one)[at].low..=figures(one)[at].high).contains(&truth[at])).count();
            held as f64 / count as f64
        });
        let width = [0, 1, 2].map(|at| {
            all.iter().map(|one| figures(one)[at].high - figures(one)[at].low).sum::<f64>() / count as f64 / truth[at]
        });
        println!(
            "{count} logs of {QUOTES} quotes, {name}: conversion, revenue and profit hold the truth in {:.1?} %, and are {:.1?} % of it wide",
            held.map(|share| share * 100.0),
            width.map(|width| width * 100.0)
        );
        assert!(held.iter().all(|share| (share - 0.9).abs() <= room), "{name}: {held:?}");
    }
}
