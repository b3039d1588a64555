//! What a number of the policy did to a leak when it was moved before: the share of rides that leak, before and after.

use super::find::FOUR_OF_FIVE;
use super::{Market, Published};
use crate::Policy;

/// Rides on each side of a move, least, and those that leaked before it, least: fewer say nothing.
const RIDES: i64 = 200;
const LEAKING: i64 = 30;

/// A move of a number, and what came of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moved {
    /// The version that moved it.
    pub(super) version: i32,
    /// Rides that leaked so, and all rides, before it and after.
    pub(super) before: (i64, i64),
    pub(super) after: (i64, i64),
    /// Share of the leak that the proposed move ends: less, expected, more; four times of five it lies between.
    pub(super) ends: (f64, f64, f64),
}

/// Rides while a number stood at a value.
struct Stood {
    version: i32,
    value: i64,
    leaking: i64,
    rides: i64,
}

/// What is known of moving the number that `value` reads from `was` to `wanted`, by the last time it was moved that way in this market.
/// `None`: it never was, or too few rides say what came of it.
pub(super) fn moved(
    (market, class): (&Market, &str),
    published: &Published,
    value: impl Fn(&Policy) -> i64,
    (was, wanted): (i64, i64),
) -> Option<Moved> {
    let mut all: Vec<Stood> = Vec::new();
    for (version, policy) in published.in_turn() {
        let value = value(policy);
        let held = market.held.get(&version);
        let rides = held.map_or(0, |held| held.rides);
        let leaking = held.and_then(|held| held.leaking.get(class)).copied().unwrap_or(0);
        match all.last_mut().filter(|last| last.value == value) {
            Some(last) => (last.rides, last.leaking) = (last.rides + rides, last.leaking + leaking),
            None => all.push(Stood { version, value, leaking, rides }),
        }
    }
    let way = (wanted - was).signum();
    let fits = |pair: &&[Stood]| {
        let [before, after] = *pair else { return false };
        let enough = before.rides >= RIDES && after.rides >= RIDES && before.leaking >= LEAKING;
        (after.value - before.value).signum() == way && before.value.min(after.value) > 0 && enough
    };
    let pair = all.windows(2).rfind(fits)?;
    let (before, after) = (&pair[0], &pair[1]);
    let log = |from: i64, to: i64| libm::log(to as f64 / from.max(1) as f64).abs();
    // No further than it was moved then: nobody saw what lies beyond.
    let reach = (log(was, wanted.max(1)) / log(before.value, after.value)).min(1.0);
    let share = |stood: &Stood| (stood.leaking as f64 + 0.5) / stood.rides as f64;
    let left = libm::log(share(after) / share(before));
    // Both are counts of what is rare.
    let error = (1.0 / (before.leaking as f64 + 0.5) + 1.0 / (after.leaking as f64 + 0.5)).sqrt();
    let ends = |errors: f64| (1.0 - libm::exp(reach * (left + errors * error))).clamp(0.0, 1.0);
    Some(Moved {
        version: after.version,
        before: (before.leaking, before.rides),
        after: (after.leaking, after.rides),
        ends: (ends(FOUR_OF_FIVE), ends(0.0), ends(-FOUR_OF_FIVE)),
    })
}
