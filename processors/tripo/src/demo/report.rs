//! The summary: for people on the terminal, for programs as JSON.

use std::fs;
use std::path::Path;

use devkit::auditor::Verdict;
use serde_json::{Map, Value, json};

use super::Args;
use super::figures::ms;
use super::traffic::Traffic;

/// What was reached, as JSON: what the auditor found, then what was measured.
pub(super) fn json(args: &Args, traffic: &Traffic, verdict: &Verdict, start_ms: u128) -> Value {
    let mut report = Map::new();
    for part in [audited(verdict), measured(traffic), ran(args, traffic, start_ms)] {
        if let Value::Object(fields) = part {
            report.extend(fields);
        }
    }
    Value::Object(report)
}

fn audited(verdict: &Verdict) -> Value {
    json!({
        "requests": verdict.requests,
        "decided": verdict.decided,
        "waiting": verdict.waiting,
        "assigned": verdict.assigned,
        "completed": verdict.completed,
        "closed": verdict.closed,
        "expired": verdict.expired,
        "refused_late": verdict.refused_late,
        "duplicates_refused": verdict.duplicates_refused,
        "missing": verdict.missing,
        "duplicated": verdict.duplicated,
        "double_booked": verdict.double_booked,
        "parked": verdict.parked,
        "drivers_released": verdict.released,
        "turns": verdict.turns,
        "certificates_valid": verdict.certificates_valid,
        "certificates_checked": verdict.certificates_checked,
        "quotes": verdict.quotes,
        "quotes_priced": verdict.quotes_priced,
        "quotes_refused": verdict.quotes_refused,
        "quotes_repeated": verdict.quotes_repeated,
        "quotes_surged": verdict.quotes_surged,
        "quotes_capped": verdict.quotes_capped,
        "quotes_of_known": verdict.quotes_of_known,
        "quotes_lowered": verdict.quotes_lowered,
        "lowered_minor": verdict.lowered_minor,
        "quotes_of_unanswered": verdict.quotes_of_unanswered,
        "rides_ended": verdict.rides_ended,
        "fares_captured": verdict.fares_captured,
        "fares_by_quote": verdict.fares_by_quote,
        "fares_refused": verdict.fares_refused,
        "fares_repeated": verdict.fares_repeated,
        "fares_leaking": verdict.fares_leaking,
        "fares_unexplained": verdict.fares_unexplained,
        "lost_minor": verdict.lost_minor,
        "unjudged": verdict.unjudged,
        "faults": verdict.faults,
        "fault_sentences": verdict.sentences,
    })
}

fn measured(traffic: &Traffic) -> Value {
    let (tally, figures) = (traffic.world.tally(), &traffic.figures);
    let latency = |share| ms(figures.latency_us.quantile(share));
    let eta = |share| figures.eta_ms.quantile(share).div_ceil(1_000);
    json!({
        "latency_ms": { "p50": latency(0.5), "p99": latency(0.99) },
        "pickup_eta_s": { "p50": eta(0.5), "p99": eta(0.99) },
        "pings": tally.pings,
        "pings_dropped": tally.pings_dropped,
        "jumps": tally.jumps,
        "kills": traffic.upheavals.kills,
        "kill_to_decision_ms": traffic.recovery.report(traffic.begun),
        "memory_mb": traffic.memory,
        "upheavals": {
            "pauses": traffic.upheavals.pauses,
            "drains": traffic.upheavals.drains,
            "added": traffic.upheavals.added,
            "removed": traffic.upheavals.removed,
            "joined_ms": traffic.upheavals.joined_ms,
        },
        "behaviour": {
            "doubled_requests": tally.doubled_requests,
            "declined": tally.declined,
            "unanswered": tally.unanswered,
            "late": tally.late,
            "doubled_acceptances": tally.doubled_acceptances,
            "rider_cancelled": tally.rider_cancelled,
            "driver_cancelled": tally.driver_cancelled,
            "no_shows": tally.no_shows,
            "moves": tally.moves,
            "misbilled": tally.misbilled,
            "misbilled_minor": tally.misbilled_minor,
            "consents_withdrawn": tally.withdrawn,
            "riders_forgotten": tally.forgotten,
        },
    })
}

fn ran(args: &Args, traffic: &Traffic, start_ms: u128) -> Value {
    let (wall, event) = traffic.asked_for;
    let wall_s = wall.as_secs_f64().max(0.001);
    let first = traffic.figures.first_match.map(|at| at.saturating_duration_since(traffic.begun).as_millis());
    let skipped = traffic.world.source().skipped();
    json!({
        "pings_per_s": (traffic.pings_asked as f64 / wall_s).round(),
        "markets": traffic.settings.markets,
        "speed_asked": args.speed,
        "speed_reached": (event.0 as f64 / 1e3 / wall_s * 10.0).round() / 10.0,
        "asked_for_s": wall.as_secs_f64(),
        "total_s": traffic.begun.elapsed().as_secs_f64(),
        "start_ms": start_ms as u64,
        "live_ms": traffic.live.saturating_duration_since(traffic.begun).as_millis() as u64 + start_ms as u64,
        "first_match_ms": first.map(|first| first as u64 + start_ms as u64),
        "lines_skipped": skipped.map_or(0, |skipped| skipped.lines),
        "first_line_skipped": skipped.and_then(|skipped| skipped.first.clone()),
    })
}

/// The rows of the table: a label and the keys of the report that it shows.
const ROWS: [(&str, &[&str]); 17] = [
    ("requests (doubled ones included)", &["requests"]),
    ("rides decided / assigned / completed", &["decided", "assigned", "completed"]),
    ("still waiting / expired", &["waiting", "expired"]),
    ("duplicates / late answers refused", &["duplicates_refused", "refused_late"]),
    ("missing / duplicated / double-booked", &["missing", "duplicated", "double_booked"]),
    ("parked", &["parked"]),
    ("drivers handed to another city", &["drivers_released"]),
    ("certificates valid / checked", &["certificates_valid", "certificates_checked"]),
    ("quotes asked / priced / refused / repeated", &["quotes", "quotes_priced", "quotes_refused", "quotes_repeated"]),
    ("prices with surge / held by a cap", &["quotes_surged", "quotes_capped"]),
    ("riders known / prices lowered / cents off", &["quotes_of_known", "quotes_lowered", "lowered_minor"]),
    ("fares / by quote / refused / repeated", &["fares_captured", "fares_by_quote", "fares_refused", "fares_repeated"]),
    ("leaking fares / bills spoilt / cents lost", &["fares_leaking", "/behaviour/misbilled", "lost_minor"]),
    ("pickup ETA, seconds, median / p99", &["/pickup_eta_s/p50", "/pickup_eta_s/p99"]),
    ("decision latency, ms, p50 / p99", &["/latency_ms/p50", "/latency_ms/p99"]),
    ("pings / each second", &["pings", "pings_per_s"]),
    ("speed reached / asked for", &["speed_reached", "speed_asked"]),
];

/// The rows that are shown where something befell the processes, a store was silent, records were gone, or garbage was
/// published.
const UNREST: [(&str, &[&str]); 9] = [
    ("killed / stopped / drained", &["kills", "/upheavals/pauses", "/upheavals/drains"]),
    ("processes added / taken away", &["/upheavals/added", "/upheavals/removed"]),
    (
        "kill to next decision, ms, p50/p99/max",
        &["/kill_to_decision_ms/alone/p50", "/kill_to_decision_ms/alone/p99", "/kill_to_decision_ms/alone/max"],
    ),
    ("where two were silent at once, ms, max", &["/kill_to_decision_ms/beside_others/max"]),
    (
        "markets measured so, one / two / never",
        &["/kill_to_decision_ms/alone/count", "/kill_to_decision_ms/beside_others/count", "/kill_to_decision_ms/never"],
    ),
    ("no loyalty, for the store was silent", &["quotes_of_unanswered"]),
    ("not judged whole: compacted or trimmed", &["unjudged"]),
    ("garbage published / parked once", &["/garbage/published", "/garbage/parked_once"]),
    (
        "garbage not parked / again / sound parked",
        &["/garbage/not_parked", "/garbage/parked_again", "/garbage/sound_parked"],
    ),
];

fn unrest(report: &Value) {
    let happened = |key: &str| match key {
        _ if key.starts_with("garbage") => report["garbage"].is_object(),
        "quotes_of_unanswered" | "unjudged" => report[key] != 0,
        _ => ["kills", "/upheavals/pauses", "/upheavals/drains", "/upheavals/added", "/upheavals/removed"]
            .iter()
            .any(|key| value(report, key).as_u64().is_some_and(|count| count > 0)),
    };
    for (label, keys) in UNREST.iter().filter(|(label, _)| happened(label)) {
        row(label, report, keys);
    }
    let processes = report["memory_mb"].as_array().map_or(&[][..], Vec::as_slice);
    for process in processes.iter().filter(|process| process["warm_mb"].is_number()) {
        let name = format!("memory of {}", process["process"].as_str().unwrap_or_default());
        let (warm, end, lived) = (&process["warm_mb"], &process["end_mb"], &process["lived_s"]);
        println!("{name:42} {warm} MB after a minute / {end} MB after {lived} s");
    }
}

fn value<'a>(report: &'a Value, key: &str) -> &'a Value {
    report.pointer(key).unwrap_or(&report[key])
}

fn row(label: &str, report: &Value, keys: &[&str]) {
    let show = |value: &Value| if value.is_null() { "none".to_owned() } else { value.to_string() };
    let values: Vec<String> = keys.iter().map(|key| show(value(report, key))).collect();
    println!("{label:42} {}", values.join(" / "));
}

/// Prints the summary and the faults, if any.
pub(super) fn print(report: &Value) {
    println!();
    for (label, keys) in ROWS {
        row(label, report, keys);
    }
    unrest(report);
    if let Some(first) = report["first_line_skipped"].as_str() {
        println!("{:42} {} lines, the first: {first}", "not used", report["lines_skipped"]);
    }
    let faults = report["faults"].as_u64().unwrap_or(0);
    println!();
    for (what, key) in [("not parked once", "first_not_parked"), ("parked though sound", "first_sound_parked")] {
        let places = report["garbage"][key].as_array().map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(Value::as_str).for_each(|place| println!("{place} was {what}"));
    }
    if faults == 0 {
        println!("The auditor found every law kept.");
    } else {
        println!("The auditor found {faults} {}:", if faults == 1 { "fault" } else { "faults" });
        let sentences = report["fault_sentences"].as_array().map_or(&[][..], Vec::as_slice);
        sentences.iter().filter_map(Value::as_str).take(10).for_each(|sentence| println!("  {sentence}"));
    }
}

/// Makes the file before the demonstration runs: what cannot be written is said at once.
pub(super) fn prepare(path: &Path) -> Result<(), String> {
    fs::write(path, "").map_err(|error| format!("--report {}: {error}", path.display()))
}

/// Writes the report to a file.
pub(super) fn write(report: &Value, path: &Path) -> Result<(), String> {
    let text = serde_json::to_string_pretty(report).map_err(|error| error.to_string())? + "\n";
    fs::write(path, text).map_err(|error| format!("--report {}: {error}", path.display()))
}
