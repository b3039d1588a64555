//! Turns as files, with the decisions that they led to: `golden/*.json`. `UPDATE_EXPECT=1` rewrites the decisions.

use std::collections::BTreeMap;
use std::path::PathBuf;

use kernel::contract::{DriverChanged, DriverLocated, DriverReleased, MatchDecided, RideProgressed, RideRequested};
use kernel::{Millis, Processor};
use serde::{Deserialize, Serialize};

use super::{POLICY, Say, Stage, decisions};
use crate::{Fact, Matching, Seen};

/// What happened in a market, and what was decided.
#[derive(Serialize, Deserialize)]
struct Golden {
    /// What it shows.
    about: String,
    market: String,
    drivers: Vec<DriverChanged>,
    turns: Vec<GoldenTurn>,
}

/// What was new at `now`.
#[derive(Serialize, Deserialize)]
struct GoldenTurn {
    now: i64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pings: Vec<DriverLocated>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    released: Vec<DriverReleased>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    progressed: Vec<RideProgressed>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    requested: Vec<RideRequested>,
    #[serde(default)]
    decided: Vec<MatchDecided>,
}

fn files() -> BTreeMap<PathBuf, String> {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/golden")).unwrap();
    let paths =
        folder.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|end| end == "json"));
    paths.map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

/// Decides the golden's turns; with `crash`, another instance takes over before each.
fn decide(mut golden: Golden, crash: bool) -> Golden {
    let mut stage = Stage::with(&[]);
    stage.market.clone_from(&golden.market);
    golden.drivers.iter().for_each(|driver| stage.see(Seen::Changed(Box::new(driver.clone()))));
    let mut pings = Vec::new();
    for turn in &mut golden.turns {
        let released = turn.released.iter().cloned().map(Fact::Released);
        let facts = released.chain(turn.progressed.iter().cloned().map(|fact| Fact::Progressed(Box::new(fact))));
        let says = facts.map(Say::Fact).chain(turn.requested.iter().cloned().map(Say::Ask));
        let says: Vec<Say> = says.collect();
        pings.extend(turn.pings.iter().cloned());
        if crash {
            let kept: Vec<_> = stage.outputs.clone();
            Matching::forget(&mut stage.view, &golden.market);
            kept.iter().for_each(|output| Matching::evolve(&mut stage.view, output));
            pings.iter().for_each(|ping| stage.see(Seen::Located(ping.clone())));
        }
        turn.pings.iter().for_each(|ping| stage.see(Seen::Located(ping.clone())));
        let mut gathered = stage.gathered(0, &says);
        gathered.now = Millis(turn.now);
        let outputs = Matching::decide(&gathered, &stage.view, &POLICY);
        outputs.iter().for_each(|output| Matching::evolve(&mut stage.view, output));
        turn.decided = decisions(&outputs).cloned().collect();
        stage.outputs.extend(outputs);
    }
    golden
}

#[test]
fn the_golden_turns_are_decided_as_before() {
    let files = files();
    assert!(files.len() >= 4, "{} goldens", files.len());
    for (path, text) in files {
        let decided = decide(serde_json::from_str(&text).unwrap(), false);
        let now = serde_json::to_string_pretty(&decided).unwrap() + "\n";
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, &now).unwrap();
        } else {
            assert_eq!(now, text, "{} ({}): UPDATE_EXPECT=1 rewrites it", path.display(), decided.about);
        }
    }
}

#[test]
fn the_golden_turns_are_decided_the_same_after_a_crash_before_each() {
    for (path, text) in files() {
        let told = |golden: Golden| serde_json::to_string(&golden).unwrap();
        let (straight, crashed): (Golden, Golden) =
            (serde_json::from_str(&text).unwrap(), serde_json::from_str(&text).unwrap());
        assert_eq!(told(decide(straight, false)), told(decide(crashed, true)), "{}", path.display());
    }
}
