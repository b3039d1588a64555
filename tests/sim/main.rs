//! Deterministic simulation: real workers with the real matching, a simulated log, seeded faults.
//!
//! `SIM_SEEDS=100000 cargo test --release -p tests --test sim` looks longer; a failure prints its seed, and `SIM_SEED=7` plays
//! that one alone and tells its last steps, `SIM_TRACE=1000` more of them.

#![allow(clippy::unwrap_used, reason = "the helpers of a test may panic as the test does")]

mod captures;
mod city;
mod oracle;
mod quotes;
mod story;
mod worker;

use devkit::sim::Plant;
use runtime::{Discipline, Sound};

use story::{Tally, play};

/// A transaction that no request led to sends no offsets.
struct TicksWithoutOffsets;

impl Discipline for TicksWithoutOffsets {
    const TICKS_SEND_OFFSETS: bool = false;
}

/// Decisions of an aborted transaction stay in the view.
struct OverlayKept;

impl Discipline for OverlayKept {
    const OVERLAY_DIES_ON_ABORT: bool = false;
}

/// What was ripe is not asked for again when its transaction was aborted.
struct TickLost;

impl Discipline for TickLost {
    const TICKS_COME_AGAIN: bool = false;
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Steps that a failure tells.
fn trace() -> usize {
    number("SIM_TRACE").map_or(60, |steps| steps as usize)
}

fn seeds() -> std::ops::Range<u64> {
    match number("SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SIM_SEEDS").unwrap_or(500),
    }
}

#[test]
fn the_laws_hold_whatever_goes_wrong() {
    let mut sum = Tally::default();
    for seed in seeds() {
        match play::<Sound>(seed, None, 0) {
            Ok(tally) => sum.add(&tally),
            // Once more, with its steps: the same seed tells the same story.
            Err(_) => panic!("{}", play::<Sound>(seed, None, trace()).err().unwrap_or_default()),
        }
    }
    println!("{} seeds: {sum:?}", seeds().count());
}

/// Plays seeds until the planted bug is found, and some more to say how often it shows.
fn finds<D: Discipline>(name: &str, plant: Option<Plant>) {
    let most = 100;
    let found: Vec<u64> = (0..most).filter(|seed| play::<D>(*seed, plant, 0).is_err()).collect();
    println!("{name}: first found by seed {:?}, by {} of {most}", found.first(), found.len());
    if number("SIM_SEED").is_some() {
        let told = found.first().map(|seed| play::<D>(*seed, plant, trace()));
        println!("{}", told.and_then(Result::err).unwrap_or_default());
    }
    assert!(!found.is_empty(), "{name} went unnoticed");
}

#[test]
fn a_log_without_fencing_is_found() {
    finds::<Sound>("no fencing", Some(Plant::NoFencing));
}

#[test]
fn offsets_outside_the_transaction_are_found() {
    finds::<Sound>("offsets outside the transaction", Some(Plant::OffsetsOutside));
}

#[test]
fn a_stale_view_is_found() {
    finds::<Sound>("stale view", Some(Plant::StaleView));
}

#[test]
fn a_tick_turn_without_offsets_is_found() {
    finds::<TicksWithoutOffsets>("tick turn without offsets", None);
}

#[test]
fn an_overlay_kept_after_an_abort_is_found() {
    finds::<OverlayKept>("overlay kept after an abort", None);
}

#[test]
fn a_lost_tick_is_found() {
    finds::<TickLost>("lost tick", None);
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in 0..10 {
        assert_eq!(play::<Sound>(seed, None, 60), play::<Sound>(seed, None, 60));
        let lost = || play::<Sound>(seed, Some(Plant::OffsetsOutside), 60);
        assert_eq!(lost(), lost());
    }
}
