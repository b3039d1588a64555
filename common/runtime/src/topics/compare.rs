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
    fix: Fix,
}

/// What mends a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fix {
    /// Another value of the key.
    Alter,
    /// The count of partitions that the topics share, asked for; `alone`: it is the only one.
    Ask {
        /// Nothing else has that count.
        alone: bool,
    },
    /// The topic made anew.
    Renew,
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
        let Difference { topic, key, found, wanted, fix } = self;
        let renewed = "delete the topic if it is empty, and run `tripo schemas topics` again";
        let fix = match fix {
            Fix::Ask { alone: false } => {
                format!("{found} partitions each: run with --partitions {found}; a count is for life")
            }
            Fix::Ask { alone: true } => format!("run with --partitions {found}, for a count is for life; or {renewed}"),
            Fix::Renew => format!("a count is for life: {renewed}"),
            Fix::Alter => format!(
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
            differences.push(Difference { topic: topic.name, key, found: value, wanted, fix: Fix::Alter });
        }
    }
    differences
}

/// Whether a retention keeps records at least so long; -1: for ever.
fn longer(found: &str, wanted: i64) -> bool {
    found.parse::<i64>().is_ok_and(|found| found == -1 || (wanted != -1 && found >= wanted))
}

/// Counts that are not what they must be: those of topics placed by market that differ from that of most, or from `wanted` as most do.
pub(super) fn partitions(topics: &[&'static Topic], found: &Found, wanted: impl Fn(&Topic) -> i32) -> Vec<Difference> {
    let counts = counted(topics, found);
    let most = most(&counts);
    let differs = |(topic, count): &(&'static Topic, i32)| {
        let placed = !matches!(topic.placed_by, PlacedBy::Key);
        let shared = most.filter(|_| placed);
        let alone = counts.iter().filter(|(_, other)| Some(*other) == most).count() < 2;
        match shared {
            Some(most) if *count != most => Some(difference(topic, *count, most, Fix::Renew)),
            Some(_) if *count != wanted(topic) => Some(difference(topic, *count, wanted(topic), Fix::Ask { alone })),
            None if *count != wanted(topic) => Some(difference(topic, *count, wanted(topic), Fix::Renew)),
            _ => None,
        }
    };
    let all = topics.iter().filter_map(|topic| Some((*topic, found.get(topic.name).copied()?)));
    all.filter_map(|counted| differs(&counted)).collect()
}

/// Topics placed by market whose counts differ from that of most: a market would have a partition in one and another elsewhere.
pub(super) fn uneven(topics: &[&'static Topic], found: &Found) -> Vec<Difference> {
    let counts = counted(topics, found);
    let Some(most) = most(&counts) else { return Vec::new() };
    let others = counts.into_iter().filter(|(_, count)| *count != most);
    others.map(|(topic, count)| difference(topic, count, most, Fix::Renew)).collect()
}

/// The topics that are placed by market and are there, with their counts.
fn counted(topics: &[&'static Topic], found: &Found) -> Vec<(&'static Topic, i32)> {
    let placed = topics.iter().filter(|topic| !matches!(topic.placed_by, PlacedBy::Key));
    placed.filter_map(|topic| Some((*topic, found.get(topic.name).copied()?))).collect()
}

/// The count of most, the greatest of several.
fn most(counts: &[(&'static Topic, i32)]) -> Option<i32> {
    let votes = |count: i32| counts.iter().filter(|(_, other)| *other == count).count();
    counts.iter().map(|(_, count)| *count).max_by_key(|count| (votes(*count), *count))
}

fn difference(topic: &'static Topic, found: i32, wanted: i32, fix: Fix) -> Difference {
    Difference { topic: topic.name, key: PARTITIONS, found: found.to_string(), wanted: wanted.to_string(), fix }
}
