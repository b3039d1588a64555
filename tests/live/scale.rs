//! Processes that come, go, stand still and are killed on a real Kafka: no record is lost or decided twice, and load moves.

use embedded::Registry;

use crate::demo::{alone, demo, kept, number};
use crate::servers;

const SESSION_MS: u64 = 6_000;

/// A session, and a second for the successor.
const MISSED_MS: u64 = SESSION_MS + 1_000;

#[test]
fn processes_come_and_go_under_load_and_every_law_is_kept() {
    let _alone = alone();
    let Some(kafka) = servers::kafka() else { return };
    let registry = Registry::start(0, None).unwrap();
    let on = ["--brokers", kafka.address(), "--registry", registry.url()];
    // Eight seconds apart on average: each kind of event comes once before one comes again.
    let with =
        ["--markets", "12", "--processes", "3", "--for", "60s", "--chaos", "8s", "--speed", "20", "--garbage", "2"];
    let report = demo("scale", &[&on[..], &with[..]].concat());
    kept(&report);
    assert_eq!(number(&report, "faults"), 0, "{report:#}");
    let of = |path: &str| {
        report.pointer(path).and_then(serde_json::Value::as_u64).unwrap_or_else(|| panic!("{path} in {report:#}"))
    };
    assert!(number(&report, "kills") >= 2 && of("/upheavals/pauses") >= 2, "{report:#}");
    assert!(of("/upheavals/added") >= 1 && of("/upheavals/removed") >= 1, "{report:#}");
    let missed = |kind: &str, field: &str| of(&format!("/kill_to_decision_ms/{kind}/{field}"));
    let (alone, beside) = (missed("alone", "count"), missed("beside_others", "count"));
    assert!(alone >= 2 && alone + beside >= 4, "{report:#}");
    assert_eq!(of("/kill_to_decision_ms/never"), 0, "{report:#}");
    assert!(missed("alone", "p99") <= MISSED_MS, "{report:#}");
    // Each other process that falls silent before the sessions have ended begins one of its own.
    let slowest = report.pointer("/kill_to_decision_ms/slowest").and_then(serde_json::Value::as_array).unwrap();
    for one in slowest {
        assert!(number(one, "ms") <= MISSED_MS + SESSION_MS * number(one, "others_silenced"), "{report:#}");
    }
    // Whoever was started beside others was given partitions.
    assert!(!report.pointer("/upheavals/joined_ms").unwrap().as_array().unwrap().is_empty(), "{report:#}");
    assert_eq!(of("/garbage/parked_once"), of("/garbage/published"));
}
