//! Where topics differ from the contract.

use std::collections::BTreeMap;

use kernel::{PlacedBy, Topic};

/// Topics that a cluster has, and their partition counts.
pub(super) type Found = BTreeMap<String, i32>;

/// One key of a topic that is not as the contract has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    topic: &'static str,
    key: &'static str,
    found: String,
    wanted: String,
}

const CLEANUP: &str = "cleanup.policy";
const RETENTION: &str = "retention.ms";
const SIZE: &str = "max.message.bytes";
const COMPRESSION: &str = "compression.type";
const PARTITIONS: &str = "partitions";

impl Difference {
    /// Whether the laws cannot be kept with it. Compression costs space alone.
    pub(super) fn breaks_a_law(&self) -> bool {
        self.key != COMPRESSION
    }

    /// Topic, key, found, wanted, and the command that mends it.
    pub(super) fn sentence(&self, brokers: &str) -> String {
        let Difference { topic, key, found, wanted } = self;
        let fix = match *key {
            PARTITIONS => "a count is for life: delete the topic and run `tripo schemas topics`".to_owned(),
            _ => format!(
                "kafka-configs.sh --bootstrap-server {brokers} --alter --topic {topic} --add-config {key}={}",
                wanted.trim_start_matches("at least ")
            ),
        };
        format!("{topic}: {key} is {found}, wanted {wanted}: {fix}")
    }
}

/// The contract's part of a topic's configuration, as a topic is created.
pub(super) fn wanted(topic: &Topic) -> Vec<(&'static str, String)> {
    let mut wanted = vec![
        (CLEANUP, topic.cleanup.to_owned()),
        (RETENTION, topic.retention_ms.to_string()),
        // A producer's own times, which may lie in the past or the future, would break retention.
        ("message.timestamp.type", "LogAppendTime".to_owned()),
        (SIZE, topic.max_message_bytes.to_string()),
    ];
    wanted.extend(topic.compression.map(|codec| (COMPRESSION, codec.to_owned())));
    wanted
}

/// Where a configuration, given by its keys, falls short of the contract's. More retention and larger records do not.
pub(super) fn configuration(topic: &'static Topic, found: impl Fn(&str) -> String) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (key, wanted) in wanted(topic) {
        let value = found(key);
        let enough = match key {
            // What is only compacted is kept whatever this says.
            RETENTION => found(CLEANUP) == "compact" || longer(&value, topic.retention_ms),
            SIZE => value.parse::<i64>().is_ok_and(|size| size >= i64::from(topic.max_message_bytes)),
            _ => value == wanted,
        };
        if !enough {
            let at_least = (key == RETENTION && topic.retention_ms >= 0) || key == SIZE;
            let wanted = if at_least { format!("at least {wanted}") } else { wanted };
            differences.push(Difference { topic: topic.name, key, found: value, wanted });
        }
    }
    differences
}

/// Whether a retention keeps records at least so long; -1: for ever.
fn longer(found: &str, wanted: i64) -> bool {
    found.parse::<i64>().is_ok_and(|found| found == -1 || (wanted != -1 && found >= wanted))
}

/// A count that is not what it must be.
pub(super) fn partitions(topic: &'static Topic, found: i32, wanted: i32) -> Option<Difference> {
    let difference =
        || Difference { topic: topic.name, key: PARTITIONS, found: found.to_string(), wanted: wanted.to_string() };
    (found != wanted).then(difference)
}

/// Topics placed by market whose counts differ from that of most: a market would have a partition in one and another elsewhere.
pub(super) fn uneven(topics: &[&'static Topic], found: &Found) -> Vec<Difference> {
    let placed = topics.iter().filter(|topic| !matches!(topic.placed_by, PlacedBy::Key));
    let counts: Vec<(&'static Topic, i32)> =
        placed.filter_map(|topic| Some((*topic, found.get(topic.name).copied()?))).collect();
    let votes = |count: i32| counts.iter().filter(|(_, other)| *other == count).count();
    let Some(most) = counts.iter().map(|(_, count)| *count).max_by_key(|count| (votes(*count), *count)) else {
        return Vec::new();
    };
    counts.into_iter().filter_map(|(topic, count)| partitions(topic, count, most)).collect()
}
