//! The documents on metrics against the table in the code: all that is declared is described, and nothing else is.

use std::{collections::BTreeSet, fs, path::Path};

use runtime::metrics::{Kind, Metric, all};

fn document(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)).unwrap()
}

/// A metric as the document has it.
fn row(metric: &Metric) -> String {
    let kind = match metric.kind {
        Kind::Counter => "counter".to_owned(),
        Kind::Gauge => "gauge".to_owned(),
        Kind::Histogram(buckets) => format!("histogram, {} to {}", buckets[0], buckets[buckets.len() - 1]),
    };
    let labels = metric.labels.iter().map(|label| match label.values {
        [] => format!("`{}`", label.name),
        values => format!("`{}`: {}", label.name, values.join(", ")),
    });
    let labels: Vec<String> = labels.collect();
    format!("| `{}` | {kind} | {} | {} | {} |", metric.name, metric.unit, labels.join("; "), metric.help)
}

#[test]
fn the_document_has_each_metric_as_it_is_declared() {
    let found: Vec<String> =
        document("metrics.md").lines().filter(|line| line.starts_with("| `")).map(str::to_owned).collect();
    let wanted: Vec<String> = all().iter().map(|metric| row(metric)).collect();
    assert!(
        found == wanted,
        "docs/metrics.md is not as the code has it; these rows are wanted:\n{}\n",
        wanted.join("\n")
    );
}

#[test]
fn names_are_unique_and_as_prometheus_wants_them() {
    let mut names = BTreeSet::new();
    for metric in all() {
        let Metric { name, kind, unit, help, labels } = metric;
        assert!(names.insert(*name), "{name} is declared twice");
        assert!(name.starts_with("tripo_") || name.starts_with("process_"), "{name}");
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
        assert_eq!(matches!(kind, Kind::Counter), name.ends_with("_total"), "{name}: counters alone end in _total");
        let base = name.trim_end_matches("_total");
        assert_eq!(unit.starts_with("seconds"), base.ends_with("_seconds"), "{name} is in {unit}");
        assert_eq!(*unit == "bytes", base.ends_with("_bytes"), "{name} is in {unit}");
        assert!(help.ends_with('.') && !help.contains(['\n', '|', '\\', '"']), "{name}: {help}");
        for label in *labels {
            assert!(!["processor", "le", "job", "instance"].contains(&label.name), "{name}: {}", label.name);
            assert_eq!(label.values.len(), label.values.iter().collect::<BTreeSet<_>>().len(), "{name}: a value twice");
        }
        if let Kind::Histogram(buckets) = kind {
            assert!(buckets.is_sorted_by(|one, next| one < next) && buckets.len() <= 24, "{name}: {buckets:?}");
        }
    }
}

#[test]
fn the_runbook_names_only_metrics_that_there_are() {
    let names: BTreeSet<&str> = all().iter().map(|metric| metric.name).collect();
    let text = document("runbook.md");
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let named: BTreeSet<&str> =
        words.filter(|word| word.starts_with("tripo_") || word.starts_with("process_")).collect();
    let histogram = |word: &str| {
        ["_bucket", "_sum", "_count"].iter().find_map(|suffix| word.strip_suffix(suffix)).map(str::to_owned)
    };
    let unknown = named
        .iter()
        .filter(|word| !names.contains(**word) && !histogram(word).is_some_and(|base| names.contains(base.as_str())));
    let unknown: Vec<&&str> = unknown.collect();
    assert!(unknown.is_empty(), "docs/runbook.md names {unknown:?}, which nothing exposes");
    assert!(named.len() > 10, "it says what to watch");
}
