//! The `topic` attribute of a schema file.

use serde_json::{Map, Value};

use super::model::TopicAttribute;

const NEEDED: [&str; 7] = ["name", "key", "partitions", "placed_by", "cleanup", "retention_ms", "max_message_bytes"];

/// Reads and checks the attribute of the file `file`.
pub(super) fn parse(schema: &Map<String, Value>, file: &str) -> Result<TopicAttribute, String> {
    let Some(Value::Object(attribute)) = schema.get("topic") else {
        return Err(format!("{file}: no \"topic\" attribute: add one with {}", NEEDED.join(", ")));
    };
    if let Some(missing) = NEEDED.iter().find(|key| !attribute.contains_key(**key)) {
        return Err(format!("{file}: topic has no \"{missing}\""));
    }
    if let Some(unknown) = attribute.keys().find(|key| !NEEDED.contains(&key.as_str()) && *key != "compression") {
        return Err(format!("{file}: topic has an unknown \"{unknown}\""));
    }
    let reader = Reader { attribute, file };
    let topic = TopicAttribute {
        name: reader.text("name")?,
        key: reader.text("key")?,
        partitions: reader.number("partitions", 1..=10_000)?,
        placed_by: reader.one_of("placed_by", &["key", "market", "origin"])?,
        cleanup: reader.one_of("cleanup", &["delete", "compact"])?,
        retention_ms: reader.number("retention_ms", -1..=i64::MAX)?,
        max_message_bytes: reader.number("max_message_bytes", 1_024..=i32::MAX)?,
        compression: match attribute.contains_key("compression") {
            true => Some(reader.one_of("compression", &["gzip", "snappy", "lz4", "zstd"])?),
            false => None,
        },
    };
    check(&topic, file)?;
    Ok(topic)
}

fn check(topic: &TopicAttribute, file: &str) -> Result<(), String> {
    if format!("{}.avsc", topic.name) != file {
        return Err(format!("{file}: the topic's name is {}: name the file {0}.avsc", topic.name));
    }
    let word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase());
    if !topic.name.split_once('.').is_some_and(|(noun, participle)| word(noun) && word(participle)) {
        return Err(format!("{file}: topic names are noun.participle in small letters"));
    }
    match (topic.cleanup.as_str(), topic.retention_ms) {
        ("compact", -1) | ("delete", -1 | 1..) => Ok(()),
        ("compact", _) => {
            Err(format!("{file}: a compacted topic keeps the last record of a key for ever: retention_ms is -1"))
        }
        _ => Err(format!("{file}: a topic that is not compacted needs a retention_ms above 0, or -1: for ever")),
    }
}

/// The attribute's values, each with a sentence when it is not what it should be.
struct Reader<'a> {
    attribute: &'a Map<String, Value>,
    file: &'a str,
}

impl Reader<'_> {
    fn text(&self, key: &str) -> Result<String, String> {
        match self.attribute[key].as_str() {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err(format!("{}: topic's \"{key}\" must be a text", self.file)),
        }
    }

    fn one_of(&self, key: &str, allowed: &[&str]) -> Result<String, String> {
        let text = self.text(key)?;
        match allowed.contains(&text.as_str()) {
            true => Ok(text),
            false => Err(format!("{}: topic's \"{key}\" is {text}: must be one of {}", self.file, allowed.join(", "))),
        }
    }

    fn number<N>(&self, key: &str, range: std::ops::RangeInclusive<N>) -> Result<N, String>
    where
        N: TryFrom<i64> + PartialOrd + std::fmt::Display,
    {
        let number = self.attribute[key].as_i64().and_then(|number| N::try_from(number).ok());
        number.filter(|number| range.contains(number)).ok_or_else(|| {
            format!("{}: topic's \"{key}\" must be a whole number, {} to {}", self.file, range.start(), range.end())
        })
    }
}
