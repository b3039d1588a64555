//! Whether a schema may follow another.

use std::error::Error;

use apache_avro::Schema;
use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};
use serde::{Deserialize, Serialize};

use super::schema;

/// What a new schema of a subject must be able to do, in Confluent's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    /// Anything goes.
    None,
    /// Read what the last schema wrote.
    Backward,
    /// Read what any earlier schema wrote.
    BackwardTransitive,
    /// Be read by the last schema.
    Forward,
    /// Be read by any earlier schema.
    ForwardTransitive,
    /// Both, with the last schema.
    Full,
    /// Both, with all earlier schemas.
    FullTransitive,
}

impl Level {
    /// Whether all earlier schemas count, not only the last.
    pub(super) fn transitive(self) -> bool {
        matches!(self, Level::BackwardTransitive | Level::ForwardTransitive | Level::FullTransitive)
    }
}

/// Why the schema `new` may not follow the schema `old` at this level; `None`: it may.
///
/// # Errors
/// One of the two is no schema.
pub fn incompatibility(level: Level, old: &str, new: &str) -> Result<Option<String>, String> {
    let [old, new] = [("old", old), ("new", new)]
        .map(|(which, text)| schema::parse(text).map_err(|error| format!("the {which} schema is not valid: {error}")));
    Ok(between(level, &old?.expanded, &new?.expanded))
}

/// The same for expanded schemas.
pub(super) fn between(level: Level, old: &Schema, new: &Schema) -> Option<String> {
    let backward = || unreadable(old, new, "the new schema cannot read what the old one wrote");
    let forward = || unreadable(new, old, "the old schema cannot read what the new one wrote");
    match level {
        Level::None => None,
        Level::Backward | Level::BackwardTransitive => backward(),
        Level::Forward | Level::ForwardTransitive => forward(),
        Level::Full | Level::FullTransitive => backward().or_else(forward),
    }
}

/// Data that can be read only in part counts as unreadable, as in Avro's Java checker.
fn unreadable(writer: &Schema, reader: &Schema, what: &str) -> Option<String> {
    match SchemaCompatibility::can_read(writer, reader) {
        Ok(Compatibility::Full) => None,
        Ok(Compatibility::Partial) => Some(format!("{what}: symbols or union branches are missing")),
        Err(error) => Some(format!("{what}: {}", chain(&error))),
    }
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
