//! How long it takes from the command to the first match: the demonstration started warm, against the start of the bare binary.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

/// Runs of each; the median is told.
const RUNS: usize = 5;

fn main() {
    let binary = tripo();
    let mut floor = Vec::new();
    let (mut ready, mut first) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let begun = Instant::now();
        let version = Command::new(&binary).arg("--version").stdout(Stdio::null()).status();
        assert!(version.is_ok_and(|status| status.success()), "{} does not start", binary.display());
        floor.push(begun.elapsed().as_secs_f64() * 1e3);
        let report = demo(&binary);
        ready.push(report["start_ms"].as_f64().expect("the report says start_ms"));
        first.push(
            report["start_ms"].as_f64().unwrap_or(0.0) + report["first_match_ms"].as_f64().expect("a first match"),
        );
    }
    let floor = median(&mut floor);
    println!("from the command on, warm; median of {RUNS} runs, floor: the binary says its version in {floor:.1} ms");
    for (what, mut values, target) in [
        ("broker, registry, topics, service made", ready, 1_000.0),
        ("first ride matched, simulated cities", first, 2_000.0),
    ] {
        let value = median(&mut values);
        let met = if value <= target { "target met" } else { "TARGET MISSED" };
        println!("{what:42} {value:>6.0} ms   {:>5.0} x the floor   at most {target:.0} ms: {met}", value / floor);
    }
}

fn demo(binary: &Path) -> Value {
    let report = std::env::temp_dir().join(format!("tripo-start-{}.json", std::process::id()));
    let ran =
        Command::new(binary).args(["demo", "--for", "3s", "--report"]).arg(&report).stdout(Stdio::null()).status();
    assert!(ran.is_ok_and(|status| status.success()), "the demonstration failed");
    let text = std::fs::read(&report).expect("the report was written");
    serde_json::from_slice(&text).expect("the report is JSON")
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The release binary beside this one, built if need be.
fn tripo() -> PathBuf {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let built = Command::new(cargo).args(["build", "--release", "-p", "tripo"]).status();
    assert!(built.is_ok_and(|status| status.success()), "cargo build --release -p tripo failed");
    let own = std::env::current_exe().expect("this program has a path");
    own.parent().and_then(Path::parent).expect("it lies in target/release/deps").join("tripo")
}
