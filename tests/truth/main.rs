//! Learning and judging where the truth is known: a simulated market whose riders decide by a demand that the test knows and what is
//! under test does not.
//!
//! Every test prints what it found: `cargo test --release -p tests --test truth -- --nocapture`. `TRUTH_RUNS=1000` looks at more markets,
//! `TRUTH_DAYS=7` learns from longer logs.

#![allow(clippy::unwrap_used, reason = "the helpers of a test may panic as the test does")]

mod caps;
mod coverage;
mod regret;
mod street;
mod whatif;

/// Runs of a market that a test makes; so many where nobody says more.
fn runs(few: usize) -> usize {
    number("TRUTH_RUNS").unwrap_or(few)
}

/// Days of a log that is learned from.
fn days() -> i64 {
    number("TRUTH_DAYS").map_or(1, |days| days as i64)
}

fn number(name: &str) -> Option<usize> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is {text:?}: write a number")))
}

/// Does `what` for each seed, on two threads; the results in the order of the seeds.
fn each<T: Send>(seeds: usize, what: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let half = |odd: u64| (odd..seeds as u64).step_by(2).map(&what).collect::<Vec<T>>();
    let (even, odd) = std::thread::scope(|scope| {
        let other = scope.spawn(|| half(1));
        (half(0), other.join().unwrap())
    });
    let (mut even, mut odd) = (even.into_iter(), odd.into_iter());
    (0..seeds).map(|seed| if seed.is_multiple_of(2) { even.next().unwrap() } else { odd.next().unwrap() }).collect()
}
