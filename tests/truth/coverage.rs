//! What is learned is told with an interval, and the truth lies in it as often as it says.

use pricing::Policy;
use pricing::fit::{Observed, learn};

use crate::street::{DAILY, Street};
use crate::{days, each, runs};

/// A run: where the elasticity was said to lie, where it lay, and what a regression on the price alone would have said.
struct Run {
    interval: (f64, f64),
    truth: f64,
    /// How far the estimate is off, in its standard errors.
    off: f64,
    width: f64,
}

fn run(seed: u64, days: i64, policy: &Policy) -> Run {
    let mut street = Street::new(seed);
    let mut all: Vec<Observed> = Vec::with_capacity(DAILY * days as usize);
    let (mut accepts, mut steep) = (0.0, 0.0);
    for day in 0..days {
        street.day(day, DAILY, policy, |seen| {
            let observed = seen.observed();
            let share = seen.accepts(observed.log_price());
            accepts += share;
            steep += seen.slope * share * (1.0 - share);
            all.push(observed);
        });
    }
    let learned = learn(&all).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
    let interval = learned.interval();
    let truth = -steep / accepts;
    let off = (learned.elasticity - truth) / learned.elasticity_error;
    Run { interval, truth, off, width: interval.1 - interval.0 }
}

#[test]
fn the_interval_of_a_learned_elasticity_holds_the_truth_nine_times_in_ten() {
    let policy = Policy::default();
    let (count, days) = (runs(400), days());
    let all = each(count, |seed| run(seed, days, &policy));
    let held = all.iter().filter(|run| (run.interval.0..=run.interval.1).contains(&run.truth)).count();
    let share = held as f64 / count as f64;
    let mut widths: Vec<f64> = all.iter().map(|run| run.width).collect();
    widths.sort_by(f64::total_cmp);
    println!(
        "{count} markets of {days} days of {DAILY} quotes: the interval holds the true elasticity in {:.1} %, half are narrower than {:.2}",
        share * 100.0,
        widths[count / 2]
    );
    let mean = all.iter().map(|run| run.off).sum::<f64>() / count as f64;
    let spread = (all.iter().map(|run| (run.off - mean) * (run.off - mean)).sum::<f64>() / count as f64).sqrt();
    println!("in standard errors estimates are off by {mean:.3} on average, with a spread of {spread:.3}");
    // Three points, or what chance does to so few runs (three standard errors); and neither bias nor errors that are too small or too large.
    let chance = 3.0 / (count as f64).sqrt();
    assert!((share - 0.9).abs() <= f64::max(0.03, 0.3 * chance), "{share}");
    assert!(mean.abs() <= chance && (spread - 1.0).abs() <= chance / 2.0_f64.sqrt(), "off by {mean} +- {spread}");
}
