//! Settings say where things are and how much they may hold; how to decide is the policy's.
//!
//! Four layers, the later wins: the defaults of the table, a file, variables `TRIPO__SECTION__NAME`, flags. Each key is declared
//! once, with its kind, range, unit and help. Everything that is wrong is said at once, a line each, with the key, the value, where
//! it comes from and what it takes. This is our own code and no crate for configuration, as those know neither range nor unit nor
//! secrecy of a key, and tell little of where a value came from.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

mod check;
mod document;
mod file;
mod key;
mod keys;
mod near;
mod typed;

#[cfg(test)]
mod tests;

pub use document::document;
pub use file::text_of;
pub use key::{Key, Kind, Secret};
pub use keys::{KEYS, SECTIONS};

use key::Value;
use near::near;

/// What a variable that sets a key begins with.
const PREFIX: &str = "TRIPO__";
/// The variable that names the file.
const FILE: &str = "TRIPO_SETTINGS";

/// Where the layers above the defaults come from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file; without it the one that the variable `TRIPO_SETTINGS` names, if it names one.
    pub file: Option<PathBuf>,
    /// The environment; what begins otherwise than with `TRIPO__` sets nothing, and is refused where it spells a key all the same.
    pub environment: Vec<(OsString, OsString)>,
    /// The flags, in their order.
    pub flags: Vec<Flag>,
}

/// A flag that sets a key.
#[derive(Clone)]
pub struct Flag {
    /// How it is called, as a person knows it: `--brokers`.
    pub flag: &'static str,
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
}

impl fmt::Debug for Flag {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        // The value may be that of a secret.
        write!(to, "{} {}", self.flag, self.key)
    }
}

/// Which layer a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The table.
    Default,
    /// A line of a file.
    File(String, usize),
    /// A variable.
    Variable(String),
    /// A flag.
    Flag(&'static str),
}

impl Origin {
    /// The place of its layer; a later one wins.
    fn layer(&self) -> u8 {
        match self {
            Origin::Default => 0,
            Origin::File(..) => 1,
            Origin::Variable(_) => 2,
            Origin::Flag(_) => 3,
        }
    }
}

impl Display for Origin {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => to.write_str("default"),
            Origin::File(path, line) => write!(to, "{path}:{line}"),
            Origin::Variable(name) => to.write_str(name),
            Origin::Flag(flag) => to.write_str(flag),
        }
    }
}

/// A key with what it has.
#[derive(Clone)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// Where the value comes from.
    pub origin: Origin,
    value: Value,
}

impl Entry {
    /// The value as a person may see it: a secret is `***`.
    pub fn shown(&self) -> String {
        self.value.shown(&self.key)
    }
}

/// All settings, checked.
#[derive(Clone)]
pub struct Settings {
    entries: Vec<Entry>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        to.debug_map().entries(self.entries.iter().map(|entry| (entry.key.name, entry.shown()))).finish()
    }
}

impl Settings {
    /// Reads the layers and checks what they say. `keys` is the table: [`KEYS`] and those of the processors.
    ///
    /// # Errors
    /// A sentence for each thing that is wrong, of one line.
    pub fn load(keys: &[Key], sources: &Sources) -> Result<Settings, Vec<String>> {
        let mut loading = Loading::layers(keys, sources);
        check::all(&mut loading);
        match loading.problems.is_empty() {
            true => Ok(Settings { entries: loading.entries }),
            false => Err(loading.problems),
        }
    }

    /// All keys in the order of the table.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The text of a key of the table: a path, a word or a secret too.
    pub fn text(&self, key: &str) -> &str {
        text(&self.entries, key)
    }

    /// The number of a key of the table.
    pub fn number(&self, key: &str) -> i64 {
        number(&self.entries, key)
    }

    /// Where the value of a key of the table comes from.
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.entries.iter().find(|entry| entry.key.name == key).map(|entry| &entry.origin)
    }
}

fn text<'a>(entries: &'a [Entry], key: &str) -> &'a str {
    match entries.iter().find(|entry| entry.key.name == key).map(|entry| &entry.value) {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}

fn number(entries: &[Entry], key: &str) -> i64 {
    match entries.iter().find(|entry| entry.key.name == key).map(|entry| &entry.value) {
        Some(Value::Integer(number)) => *number,
        _ => 0,
    }
}

/// The layers so far, and what is wrong with them.
struct Loading {
    entries: Vec<Entry>,
    problems: Vec<String>,
    /// Keys that were given something that they do not take: what depends on them is not judged.
    broken: BTreeSet<&'static str>,
}

impl Loading {
    fn new(keys: &[Key]) -> Loading {
        let entry = |key: &Key| {
            // A test reads every default; an empty text stands for one that could not be.
            let value = key.kind.read(key.default).unwrap_or(Value::Text(String::new()));
            Entry { key: *key, origin: Origin::Default, value }
        };
        Loading { entries: keys.iter().map(entry).collect(), problems: Vec::new(), broken: BTreeSet::new() }
    }

    /// The layers on each other, each key judged by itself.
    fn layers(keys: &[Key], sources: &Sources) -> Loading {
        let mut loading = Loading::new(keys);
        loading.file(sources);
        for (name, value) in &sources.environment {
            loading.variable(&name.to_string_lossy(), value.to_str());
        }
        for Flag { flag, key, value } in &sources.flags {
            loading.give(key, value, &Origin::Flag(flag));
        }
        loading
    }

    fn file(&mut self, sources: &Sources) {
        let named = || sources.environment.iter().find(|(name, value)| name == FILE && !value.is_empty());
        match (&sources.file, named()) {
            (Some(path), _) => file::read(self, path, "--settings"),
            (None, Some((_, path))) => file::read(self, path.as_ref(), FILE),
            (None, None) => {}
        }
    }

    fn variable(&mut self, variable: &str, value: Option<&str>) {
        if !variable.starts_with(PREFIX) {
            let spelled = |key: &Key| key.variable().replace("__", "_") == variable.replace("__", "_");
            let key = self.entries.iter().map(|entry| entry.key).find(spelled);
            let said = |key: Key| format!("{variable} sets nothing: did you mean {}?", key.variable());
            self.problems.extend(key.map(said));
            return;
        }
        let key = self.entries.iter().map(|entry| entry.key).find(|key| key.variable() == variable);
        let origin = Origin::Variable(variable.to_owned());
        match (key, value) {
            (Some(key), Some(value)) => self.give(key.name, value, &origin),
            (Some(key), None) => self.refuse(key, "not UTF-8", &origin),
            (None, _) => {
                let names: Vec<String> = self.entries.iter().map(|entry| entry.key.variable()).collect();
                let meant = match near(variable, names.iter().map(String::as_str)) {
                    Some(meant) => format!("did you mean {meant}?"),
                    None => "unset it; `tripo config` lists all keys".to_owned(),
                };
                self.problems.push(format!("{variable} sets no key that exists: {meant}"));
            }
        }
    }

    /// Sets a key to what a person wrote.
    fn give(&mut self, name: &str, written: &str, origin: &Origin) {
        let Some(key) = self.known(name, origin) else { return };
        match key.kind.read(written) {
            Some(value) => self.set(key, value, origin),
            None => self.refuse(key, &quoted(key, written), origin),
        }
    }

    fn set(&mut self, key: Key, value: Value, origin: &Origin) {
        let entry = self.entries.iter_mut().find(|entry| entry.key.name == key.name);
        entry.into_iter().for_each(|entry| {
            entry.value = value.clone();
            entry.origin = origin.clone();
        });
    }

    /// The key of that name; says so when there is none.
    fn known(&mut self, name: &str, origin: &Origin) -> Option<Key> {
        let key = self.entries.iter().map(|entry| entry.key).find(|key| key.name == name);
        if key.is_none() {
            let names = || self.entries.iter().map(|entry| entry.key.name);
            // The right name in the wrong section, or a slip of the pen.
            let last = name.rsplit('.').next().unwrap_or(name);
            let moved = names().find(|other| other.ends_with(&format!(".{last}")));
            let meant = match near(name, names()).or(moved) {
                Some(meant) => format!("did you mean {meant}?"),
                None => "leave it out; `tripo config` lists all keys".to_owned(),
            };
            self.problems.push(format!("{} ({origin}) is not a setting: {meant}", one_line(name)));
        }
        key
    }

    /// Says that a key does not take this. `found` must hold nothing of a secret.
    fn refuse(&mut self, key: Key, found: &str, origin: &Origin) {
        let mut fix = format!("take {}", key.kind.takes());
        if let Kind::Choice(of) = key.kind
            && let Some(meant) = near(&found.trim_matches('"').to_lowercase(), of.iter().copied())
        {
            fix = format!("did you mean {meant}? It takes {}", key.kind.takes());
        }
        self.problem(key.name, format!("{} is {found} ({origin}): {fix}", key.name));
    }

    fn problem(&mut self, key: &'static str, sentence: String) {
        self.broken.insert(key);
        self.problems.push(sentence);
    }
}

/// A value as an error may show it.
fn quoted(key: Key, written: &str) -> String {
    match key.kind {
        Kind::Secret => "*** with a control character".to_owned(),
        Kind::Integer { .. } if written.parse::<i64>().is_ok() => written.to_owned(),
        _ if key.hides(written) => "***".to_owned(),
        _ => format!("\"{}\"", one_line(written)),
    }
}

/// The beginning of a text, without what would break the line.
fn one_line(text: &str) -> String {
    const MOST: usize = 120;
    let mut line: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
    if text.chars().count() > MOST {
        line.push_str("...");
    }
    line
}
