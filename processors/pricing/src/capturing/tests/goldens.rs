//! Turns as files, with the fares that they led to: `golden/capturing/*.json`. `UPDATE_EXPECT=1` rewrites the fares.

use std::collections::BTreeMap;

use kernel::contract::{FareCaptured, MarketSampled, Promise, RideProgressed, RideRequested};
use kernel::{Millis, Processor, geo};
use serde::{Deserialize, Serialize};

use super::{Asked, Capturing, Fact, POLICY, Stage, captures};
use crate::tests::goldens;

/// What happened in a market, and what was captured.
#[derive(Serialize, Deserialize)]
struct Golden {
    /// What it shows.
    about: String,
    turns: Vec<GoldenTurn>,
}

/// What was new at `now`.
#[derive(Serialize, Deserialize)]
struct GoldenTurn {
    now: i64,
    /// Promises of quotes by their id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    promised: BTreeMap<String, Promise>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    requested: Vec<RideRequested>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sampled: Vec<MarketSampled>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ended: Vec<RideProgressed>,
    #[serde(default)]
    captured: Vec<FareCaptured>,
}

fn asked(request: &RideRequested) -> Fact {
    let straight_m = geo::great_circle_m(request.pickup, request.dropoff).round_ties_even() as i64;
    let RideRequested { ride, at, service, tier, quote, .. } = request.clone();
    Fact::Requested(Asked { ride, at, service, tier, quote, straight_m })
}

/// Decides the golden's turns; with `crash`, another instance takes over before each.
fn decide(mut golden: Golden, crash: bool) -> Golden {
    let mut stage = Stage::new();
    for turn in &mut golden.turns {
        if crash {
            stage.view = stage.rebuilt((turn.now - super::START) / 1_000);
        }
        turn.promised.iter().for_each(|(quote, promise)| stage.quoted(quote, promise.clone()));
        let sampled = turn.sampled.iter().map(|sample| Fact::Sampled(Box::new(sample.clone())));
        let facts: Vec<Fact> = turn.requested.iter().map(asked).chain(sampled).collect();
        let mut gathered = stage.gathered(0, &facts, &turn.ended);
        gathered.now = Millis(turn.now);
        let outputs = Capturing::decide(&gathered, &stage.view, &POLICY);
        outputs.iter().for_each(|output| Capturing::evolve(&mut stage.view, output));
        turn.captured = captures(&outputs);
        stage.outputs.extend(outputs);
    }
    golden
}

#[test]
fn the_golden_turns_are_decided_as_before() {
    goldens::as_before("golden/capturing", 2, decide);
}

#[test]
fn the_golden_turns_are_decided_the_same_after_a_crash_before_each() {
    goldens::after_crashes("golden/capturing", decide);
}
