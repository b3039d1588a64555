//! The layer of a file.

use std::io::Read;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::key::{Key, Kind};
use super::{Loading, Origin, one_line};

/// A file that is longer holds no settings.
const LONGEST: u64 = 1 << 20;

/// Reads a file that `by` named.
pub(super) fn read(loading: &mut Loading, path: &Path, by: &str) {
    let shown = path.display();
    match text_of(path) {
        Ok(text) => take(loading, &text, &shown.to_string()),
        Err(why) => loading.problems.push(format!("{shown} ({by}) cannot be read: {why}: name a file with settings")),
    }
}

/// The text of a file of settings, a policy or a secret, which holds at most 1 MiB.
///
/// # Errors
/// Why it cannot be read.
pub fn text_of(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let read = file.take(LONGEST + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if read as u64 > LONGEST { Err("it is longer than 1 MiB".to_owned()) } else { Ok(text) }
}

fn take(loading: &mut Loading, text: &str, path: &str) {
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let line = error.span().map_or(1, |span| line(text, span.start));
        loading.problems.push(format!("{path}:{line} is no TOML: {}", one_line(error.message())));
    }
    let mut layer = Layer { loading, text, path };
    layer.table("", document.get_ref());
}

struct Layer<'a> {
    loading: &'a mut Loading,
    text: &'a str,
    path: &'a str,
}

impl Layer<'_> {
    fn table(&mut self, section: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let origin = Origin::File(self.path.to_owned(), line(self.text, name.span().start));
            let name =
                if section.is_empty() { name.get_ref().to_string() } else { format!("{section}.{}", name.get_ref()) };
            match value.get_ref() {
                DeValue::Table(table) if !self.loading.entries.iter().any(|entry| entry.key.name == name) => {
                    self.table(&name, table);
                }
                value => {
                    if let Some(key) = self.loading.known(&name, &origin) {
                        self.value(key, value, &origin);
                    }
                }
            }
        }
    }

    fn value(&mut self, key: Key, value: &DeValue<'_>, origin: &Origin) {
        let found = match (key.kind, value) {
            (Kind::Integer { .. }, DeValue::Integer(written)) => {
                match i64::from_str_radix(written.as_str(), written.radix())
                    .ok()
                    .and_then(|number| key.kind.number(number))
                {
                    Some(value) => return self.loading.set(key, value, origin),
                    None => written.as_str().to_owned(),
                }
            }
            (Kind::Integer { .. }, DeValue::String(text)) => format!("\"{}\", a text", one_line(text)),
            (_, DeValue::String(text)) => return self.loading.give(key.name, text, origin),
            (_, other) => format!("{}, not a text in quotes", kind_of(other)),
        };
        self.loading.refuse(key, &found, origin);
    }
}

/// What a value is, without saying it: it may be one of a secret.
fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a truth value",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn line(text: &str, at: usize) -> usize {
    1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count()
}
