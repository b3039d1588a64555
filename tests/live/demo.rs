//! `tripo demo` as a person starts it: recorded rides, and processes that are killed while they work.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::Value;

/// The binary, built once by the cargo that runs these tests.
pub(crate) fn tripo() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let built = Command::new(cargo).args(["build", "--release", "-p", "tripo"]).status().unwrap();
        assert!(built.success(), "cargo build --release -p tripo failed");
        let tests = std::env::current_exe().unwrap();
        tests.parent().unwrap().parent().unwrap().join("tripo")
    })
}

/// Runs the demonstration and reads its report; the auditor inside must have found every law kept.
pub(crate) fn demo(name: &str, arguments: &[&str]) -> Value {
    let report = std::env::temp_dir().join(format!("tripo-{}-{name}.json", std::process::id()));
    let mut command = Command::new(tripo());
    let output = command.arg("demo").args(arguments).arg("--report").arg(&report).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let last: Vec<&str> = said.lines().rev().take(20).collect();
    assert!(output.status.success(), "{}\n{}", last.join("\n"), String::from_utf8_lossy(&output.stderr));
    let read = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    std::fs::remove_file(&report).unwrap();
    read
}

pub(crate) fn number(report: &Value, field: &str) -> u64 {
    report[field].as_u64().unwrap_or_else(|| panic!("{field} in {report:#}"))
}

pub(crate) fn kept(report: &Value) {
    for field in ["missing", "duplicated", "double_booked"] {
        assert_eq!(number(report, field), 0, "{field} in {report:#}");
    }
    assert!(number(report, "certificates_checked") > 0, "{report:#}");
    assert_eq!(number(report, "certificates_valid"), number(report, "certificates_checked"));
    assert!(number(report, "assigned") > 0, "{report:#}");
}

#[test]
fn processes_killed_under_load_lose_nothing_and_book_nobody_twice() {
    let report = demo("killed", &["--for", "40s", "--processes", "2", "--kill-every", "9s", "--declined", "15"]);
    kept(&report);
    assert!(number(&report, "kills") >= 4, "{report:#}");
    // A third of the riders is known, and what is known lowers prices.
    assert!(number(&report, "quotes_of_known") * 5 > number(&report, "quotes_priced"), "{report:#}");
    assert!(number(&report, "quotes_lowered") > 0 && number(&report, "lowered_minor") > 0, "{report:#}");
    assert_eq!(number(&report, "quotes_of_unanswered"), 0, "{report:#}");
}

#[test]
fn a_recorded_hour_is_matched_exactly_once() {
    let Ok(data) = std::env::var("TRIPO_DATA") else {
        assert!(std::env::var("TRIPO_REQUIRE_DATA").is_err(), "TRIPO_DATA must name the recorded data");
        tests::not_run("a recorded hour", "TRIPO_DATA names no folder with sf_cabs_2008/");
        return;
    };
    let folder = PathBuf::from(data).join("sf_cabs_2008");
    let file = |prefix: &str| {
        let mut found: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        found.retain(|path| path.file_name().unwrap().to_string_lossy().starts_with(prefix));
        found.sort();
        found.first().unwrap_or_else(|| panic!("no {prefix} file in {}", folder.display())).display().to_string()
    };
    // The evening of a Friday.
    let (rides, pings) = (file("trips_"), file("pings_"));
    let span = ["--from", "2008-05-31T02:00:00Z", "--to", "2008-05-31T03:00:00Z", "--speed", "120"];
    let report = demo("hour", &[&["--rides", &rides, "--pings", &pings][..], &span[..]].concat());
    kept(&report);
    assert!(number(&report, "requests") > 500, "{report:#}");
}

/// Held by tests that measure times, or load the machine for as long as they run: one at a time.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
