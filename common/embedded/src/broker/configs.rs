//! Topic configurations: which keys exist, their defaults, and the ones this broker acts on.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError as Error;

/// A key of a topic's configuration. The types are those of `DescribeConfigs`.
struct Key {
    name: &'static str,
    default: &'static str,
    kind: i8,
}

const BOOLEAN: i8 = 1;
const STRING: i8 = 2;
const INT: i8 = 3;
const LONG: i8 = 5;
const DOUBLE: i8 = 6;
const LIST: i8 = 7;

const fn key(name: &'static str, default: &'static str, kind: i8) -> Key {
    Key { name, default, kind }
}

/// Names and defaults as Apache Kafka 4.1 documents them.
const KEYS: &[Key] = &[
    key("cleanup.policy", "delete", LIST),
    key("compression.type", "producer", STRING),
    key("delete.retention.ms", "86400000", LONG),
    key("file.delete.delay.ms", "60000", LONG),
    key("flush.messages", "9223372036854775807", LONG),
    key("flush.ms", "9223372036854775807", LONG),
    key("index.interval.bytes", "4096", INT),
    key("max.compaction.lag.ms", "9223372036854775807", LONG),
    key("max.message.bytes", "1048588", INT),
    key("message.timestamp.after.max.ms", "3600000", LONG),
    key("message.timestamp.before.max.ms", "9223372036854775807", LONG),
    key("message.timestamp.type", "CreateTime", STRING),
    key("min.cleanable.dirty.ratio", "0.5", DOUBLE),
    key("min.compaction.lag.ms", "0", LONG),
    key("min.insync.replicas", "1", INT),
    key("preallocate", "false", BOOLEAN),
    key("retention.bytes", "-1", LONG),
    key("retention.ms", "604800000", LONG),
    key("segment.bytes", "1073741824", INT),
    key("segment.index.bytes", "10485760", INT),
    key("segment.jitter.ms", "0", LONG),
    key("segment.ms", "604800000", LONG),
    key("unclean.leader.election.enable", "false", BOOLEAN),
];

/// A key as `DescribeConfigs` answers it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) kind: i8,
    /// Whether it was set for this topic.
    pub(super) set: bool,
    pub(super) default: &'static str,
}

impl Entry {
    /// Where a default comes from, in `DescribeConfigs`.
    pub(super) const DEFAULT: i8 = 5;

    /// Where the value comes from, in `DescribeConfigs`.
    pub(super) fn source(&self) -> i8 {
        if self.set { 1 } else { Entry::DEFAULT }
    }
}

/// The configuration of a topic.
#[derive(Clone, Debug)]
pub(super) struct TopicConfig {
    set: BTreeMap<String, String>,
    pub(super) compact: bool,
    pub(super) delete: bool,
    pub(super) append_time: bool,
    pub(super) max_message_bytes: usize,
    pub(super) ahead_ms: i64,
    pub(super) retention_ms: i64,
    pub(super) retention_bytes: i64,
    pub(super) delete_retention_ms: i64,
    pub(super) compaction_lag_ms: i64,
    pub(super) dirty_ratio: f64,
}

impl TopicConfig {
    /// Checks these settings; what is not set has its default.
    pub(super) fn new(set: BTreeMap<String, String>) -> Result<TopicConfig, (Error, String)> {
        for (name, value) in &set {
            let Some(key) = KEYS.iter().find(|key| key.name == name) else {
                return Err((Error::InvalidConfig, format!("unknown topic config name: {name}")));
            };
            if !fits(key, value) {
                return Err((Error::InvalidConfig, format!("invalid value {value} for configuration {name}")));
            }
        }
        let text = |name: &str| set.get(name).map_or_else(|| default(name), |value| value.as_str());
        let long = |name: &str| text(name).parse::<i64>().unwrap_or(-1);
        let policy: Vec<&str> = text("cleanup.policy").split(',').map(str::trim).collect();
        Ok(TopicConfig {
            compact: policy.contains(&"compact"),
            delete: policy.contains(&"delete"),
            append_time: text("message.timestamp.type") == "LogAppendTime",
            max_message_bytes: usize::try_from(long("max.message.bytes")).unwrap_or(0),
            ahead_ms: long("message.timestamp.after.max.ms"),
            retention_ms: long("retention.ms"),
            retention_bytes: long("retention.bytes"),
            delete_retention_ms: long("delete.retention.ms"),
            compaction_lag_ms: long("min.compaction.lag.ms"),
            dirty_ratio: text("min.cleanable.dirty.ratio").parse().unwrap_or(0.5),
            set,
        })
    }

    /// What was set for this topic.
    pub(super) fn overrides(&self) -> &BTreeMap<String, String> {
        &self.set
    }

    /// Every key with its value.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> {
        KEYS.iter().map(|key| {
            let set = self.set.get(key.name);
            let value = set.cloned().unwrap_or_else(|| key.default.to_owned());
            Entry { name: key.name, value, kind: key.kind, set: set.is_some(), default: key.default }
        })
    }

    /// Whether the topic is kept for ever, so nothing of it may be dropped to make room.
    pub(super) fn keeps_all(&self) -> bool {
        !self.delete || (self.retention_ms < 0 && self.retention_bytes < 0)
    }
}

fn default(name: &str) -> &'static str {
    KEYS.iter().find(|key| key.name == name).map_or("", |key| key.default)
}

fn fits(key: &Key, value: &str) -> bool {
    let one_of = |allowed: &[&str]| value.split(',').all(|part| allowed.contains(&part.trim()));
    match (key.name, key.kind) {
        ("cleanup.policy", _) => one_of(&["compact", "delete"]),
        ("message.timestamp.type", _) => ["CreateTime", "LogAppendTime"].contains(&value),
        ("compression.type", _) => ["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"].contains(&value),
        ("min.cleanable.dirty.ratio", _) => value.parse().is_ok_and(|ratio: f64| (0.0..=1.0).contains(&ratio)),
        ("retention.ms" | "retention.bytes", _) => value.parse().is_ok_and(|long: i64| long >= -1),
        (_, BOOLEAN) => ["true", "false"].contains(&value),
        (_, INT) => value.parse().is_ok_and(|int: i32| int >= 0),
        (_, LONG) => value.parse().is_ok_and(|long: i64| long >= 0),
        _ => true,
    }
}
