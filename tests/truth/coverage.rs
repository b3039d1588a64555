//! What is learned is told with an interval, and the truth lies in it as often as it says.

use pricing::Policy;
use pricing::fit::{Observed, learn};

use crate::street::{DAILY, Street};
use crate::{days, each, runs};

/// A run: where the elasticity was said to lie, where it lay, and what a regression on the price alone would have said.
struct Run {
    interval: (f64, f64),
    truth: f64,
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
    Run { interval, truth: -steep / accepts, width: interval.1 - interval.0 }
}

#[test]
fn the_interval_of_a_learned_elasticity_holds_the_truth_nine_times_in_ten() {
    let policy = Policy::default();
    let (count, days) = (runs(100), days());
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
    // Three points, or what chance does to so few runs (three standard errors).
    let room = f64::max(0.03, 3.0 * (0.09 / count as f64).sqrt());
    assert!((share - 0.9).abs() <= room, "{share}");
}
