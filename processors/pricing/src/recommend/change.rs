//! A policy's text with one number changed, as it would be published.

use kernel::Rules;

use crate::Policy;

/// A policy that would be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its version, one after all that were published.
    pub version: i32,
    /// What differs, as TOML: the section as it would be, and the number that is new.
    pub fragment: String,
    /// The whole text; it parses.
    pub text: String,
}

/// A number of a policy: in `section`, or in the table of that name below it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number<'a> {
    pub(super) section: &'a str,
    pub(super) table: Option<&'a str>,
    pub(super) key: &'a str,
    pub(super) value: i64,
}

impl Number<'_> {
    fn header(&self) -> String {
        self.table.map_or(self.section.to_owned(), |table| format!("{}.{table}", self.section))
    }
}

/// The text with a number changed, as the version after it and after `published`, for one market, or with none for all: a market without a section of its own gets a copy of it, with
/// all tables below it, for sections are whole. `None`: there is no such number, or the text would not be a policy.
pub(super) fn change((text, published): (&str, i32), market: Option<&str>, number: Number<'_>) -> Option<Change> {
    let version = Policy::parse(text).ok()?.version().max(published).checked_add(1)?;
    let text = versioned(text, version)?;
    let wanted = match market {
        None => number.header(),
        Some(market) => format!("markets.{}.{}", quoted(market), number.header()),
    };
    let own = market.is_some_and(|market| {
        let section = format!("markets.{}.{}", quoted(market), number.section);
        text.lines().filter_map(header).any(|header| header == section)
    });
    let (text, fragment) = match market {
        Some(market) if !own => {
            let copy = replaced(&copied(&text, market, number.section), &wanted, number)?;
            (format!("{}\n\n{copy}", text.trim_end()), copy)
        }
        _ => {
            let line = format!("[{wanted}]\n{} = {}\n", number.key, number.value);
            (replaced(&text, &wanted, number)?, line)
        }
    };
    Policy::parse(&text).ok()?;
    Some(Change { version, fragment, text })
}

/// The name in a line that begins a section.
fn header(line: &str) -> Option<&str> {
    line.trim().strip_prefix('[')?.rsplit_once(']').map(|(name, _)| name)
}

/// A market's name as a key of TOML.
fn quoted(market: &str) -> String {
    let bare = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if !market.is_empty() && market.chars().all(bare) {
        return market.to_owned();
    }
    format!("\"{}\"", market.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The text with another version.
fn versioned(text: &str, version: i32) -> Option<String> {
    let mut found = false;
    let top = text.lines().position(|line| header(line).is_some()).unwrap_or(usize::MAX);
    let line = |(at, line): (usize, &str)| match at < top && key(line) == Some("version") {
        true => {
            found = true;
            format!("version = {version}\n")
        }
        false => format!("{line}\n"),
    };
    let text = text.lines().enumerate().map(line).collect();
    found.then_some(text)
}

/// The key that a line sets.
fn key(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    Some(key.trim()).filter(|key| !key.starts_with('#'))
}

/// A section and the tables below it, without comments, as the market's own.
fn copied(text: &str, market: &str, section: &str) -> String {
    let mut copy = String::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(name) = header(line) {
            inside = name == section || name.strip_prefix(section).is_some_and(|rest| rest.starts_with('.'));
            if inside {
                copy.push_str(&format!("[markets.{}.{name}]\n", quoted(market)));
            }
        } else if inside && key(line).is_some() {
            copy.push_str(&format!("{}\n", line.trim()));
        }
    }
    copy
}

/// The text with the number in its section replaced; `None`: it is not there.
fn replaced(text: &str, wanted: &str, number: Number<'_>) -> Option<String> {
    let (mut inside, mut found) = (false, false);
    let line = |line: &str| {
        if let Some(name) = header(line) {
            inside = name == wanted;
        } else if inside && key(line) == Some(number.key) {
            found = true;
            return format!("{} = {}\n", number.key, number.value);
        }
        format!("{line}\n")
    };
    let text = text.lines().map(line).collect();
    found.then_some(text)
}
