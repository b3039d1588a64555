//! Turns as files, with the quotes that they led to: `golden/*.json`. `UPDATE_EXPECT=1` rewrites the quotes.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::contract::{MarketSampled, Point, PriceQuoted, QuoteRequested, RiderChanged};
use kernel::rider::{Facts, Known, Riders};
use kernel::{Millis, Processor, Record, Spot, geo};
use serde::{Deserialize, Serialize};

use super::{POLICY, Quoting, Seen, Stage, quotes};
use crate::tests::goldens;

/// What happened in a market, and what was answered.
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
    /// Free drivers, and requests for rides, at their places.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    free: BTreeMap<String, Point>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    wanted: BTreeMap<String, Point>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sampled: Vec<MarketSampled>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    requested: Vec<QuoteRequested>,
    /// What the store said of who asks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    riders: Vec<RiderChanged>,
    #[serde(default)]
    quoted: Vec<PriceQuoted>,
}

/// Decides the golden's turns; with `crash`, another instance takes over before each.
fn decide(mut golden: Golden, crash: bool) -> Golden {
    let mut stage = Stage::with(0);
    let mut seen = Vec::new();
    for turn in &mut golden.turns {
        let at = turn.now;
        let free = turn.free.iter().map(|(driver, place)| Seen::Located {
            driver: driver.clone(),
            at,
            free: Some(geo::cell(*place)),
        });
        let wanted =
            turn.wanted.iter().map(|(ride, place)| Seen::Requested { ride: ride.clone(), at, cell: geo::cell(*place) });
        if crash {
            stage.view = stage.rebuilt();
            seen.iter().cloned().for_each(|one| stage.see(one));
        }
        let new: Vec<Seen> = free.chain(wanted).collect();
        new.iter().cloned().for_each(|one| stage.see(one));
        seen.extend(new);
        stage.riders = Riders::default();
        for (offset, rider) in (0..).zip(&turn.riders) {
            let place = Spot { topic: RiderChanged::TOPIC.name, partition: 0, offset };
            let known = Known { place, rider: rider.clone() };
            stage.riders.add(&rider.rider, Facts::Found(Arc::new(known)));
        }
        let mut gathered = stage.gathered(0, &turn.requested, &turn.sampled);
        gathered.now = Millis(turn.now);
        let outputs = Quoting::decide(&gathered, &stage.view, &POLICY);
        outputs.iter().for_each(|output| Quoting::evolve(&mut stage.view, output));
        turn.quoted = quotes(&outputs);
        stage.outputs.extend(outputs);
    }
    golden
}

#[test]
fn the_golden_turns_are_decided_as_before() {
    goldens::as_before("golden", 2, decide);
}

#[test]
fn the_golden_turns_are_decided_the_same_after_a_crash_before_each() {
    goldens::after_crashes("golden", decide);
}
