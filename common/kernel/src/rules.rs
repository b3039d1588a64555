//! From a policy's text to numbers that are inside their ranges, or to one sentence that names what is not.

use std::fmt::Display;

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use toml::de::{DeTable, DeValue};

/// So many numbers are named; who has more wrong has another file in mind.
const NAMED: usize = 20;

/// Reads a policy's text.
///
/// # Errors
/// The key and what is wrong with its value; or what is no TOML, unknown or missing, with its place.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| refused(text, &error))
}

/// First 16 hex digits of the SHA-256 of a policy's text.
pub fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// What is wrong with a policy's numbers so far, a sentence each.
#[derive(Debug, Default)]
pub struct Ranges(Vec<String>);

impl Ranges {
    /// Notes a number that lies outside `least` to `most`.
    pub fn within<T: PartialOrd + Display>(&mut self, key: &str, value: T, least: T, most: T) {
        // Not a number is in no range.
        let inside = least <= value && value <= most;
        if !inside {
            self.note(format!("{key} is {value}: it must lie in {least} to {most}"));
        }
    }

    /// Notes what no range can say.
    pub fn note(&mut self, sentence: String) {
        self.0.push(sentence);
    }

    /// All at once.
    ///
    /// # Errors
    /// What was noted, in one line.
    pub fn finish(self) -> Result<(), String> {
        match self.0.len() {
            0 => Ok(()),
            1..=NAMED => Err(self.0.join("; ")),
            many => Err(format!("{}; and {} more", self.0[..NAMED].join("; "), many - NAMED)),
        }
    }
}

/// Why a text is none of a policy. What is wrong with a value names its key; the rest, such as a key that is missing, its place.
fn refused(text: &str, error: &toml::de::Error) -> String {
    let document = DeTable::parse(text).ok();
    let key = error.span().zip(document).and_then(|(span, document)| key_at(document.get_ref(), span.start));
    match key.filter(|_| error.message().starts_with("invalid")) {
        Some(key) => format!("{key}: {}", one_line(error.message())),
        None => one_line(&error.to_string()),
    }
}

/// The key whose value lies at `at` of a text, with its section; `None`: that is no value.
fn key_at(table: &DeTable<'_>, at: usize) -> Option<String> {
    table.iter().find_map(|(name, value)| {
        let inner = match value.get_ref() {
            DeValue::Table(inner) => key_at(inner, at).map(|key| format!("{}.{key}", name.get_ref())),
            _ => None,
        };
        inner.or_else(|| value.span().contains(&at).then(|| name.get_ref().to_string()))
    })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
