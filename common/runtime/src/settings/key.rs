//! What a key is: declared once, read the same way from every layer.

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// `section.name`.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Its value where no layer gives one, written as in the environment.
    pub default: &'static str,
    /// What it is for.
    pub help: &'static str,
}

/// What a setting takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// One line of text.
    Text,
    /// Text that is never shown. Where the table has a key of the same name with `_file` behind it, that names a file with it.
    Secret,
    /// A file; a relative one lies in the folder in which the program was started.
    Path,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number.
    Integer {
        /// Least.
        least: i64,
        /// Most.
        most: i64,
        /// What is counted.
        unit: &'static str,
    },
}

/// What a setting was given.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
}

impl Key {
    /// One line of text.
    pub const fn text(name: &'static str, default: &'static str, help: &'static str) -> Key {
        Key { name, kind: Kind::Text, default, help }
    }

    /// Text that is never shown.
    pub const fn secret(name: &'static str, help: &'static str) -> Key {
        Key { name, kind: Kind::Secret, default: "", help }
    }

    /// A file; none, where nothing is said.
    pub const fn path(name: &'static str, help: &'static str) -> Key {
        Key { name, kind: Kind::Path, default: "", help }
    }

    pub(super) const fn choice(
        name: &'static str,
        of: &'static [&'static str],
        default: &'static str,
        help: &'static str,
    ) -> Key {
        Key { name, kind: Kind::Choice(of), default, help }
    }

    pub(super) const fn integer(
        name: &'static str,
        (least, most, unit): (i64, i64, &'static str),
        default: &'static str,
        help: &'static str,
    ) -> Key {
        Key { name, kind: Kind::Integer { least, most, unit }, default, help }
    }

    /// The part before the dot.
    pub fn section(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(section, _)| section)
    }

    /// The variable that sets it.
    pub fn variable(&self) -> String {
        format!("TRIPO__{}", self.name.to_uppercase().replace('.', "__"))
    }

    /// Whether a value is shown as `***` alone: it is a secret, or an address with what may be a user's password.
    pub(super) fn hides(&self, text: &str) -> bool {
        let address = matches!(self.name, "kafka.brokers" | "registry.url") && text.contains('@');
        !text.is_empty() && (matches!(self.kind, Kind::Secret) || address)
    }

    /// What is counted, where something is.
    pub fn unit(&self) -> &'static str {
        match self.kind {
            Kind::Integer { unit, .. } => unit,
            _ => "",
        }
    }
}

impl Kind {
    /// What it takes, as a sentence goes on after "take".
    pub fn takes(&self) -> String {
        match self {
            Kind::Text | Kind::Secret => "one line of text".to_owned(),
            Kind::Path => "the path of a file".to_owned(),
            Kind::Choice(of) => format!("one of {}", of.join(", ")),
            Kind::Integer { least, most, unit } => format!("{least} to {most} {unit}"),
        }
    }

    /// Reads what a person or a variable wrote: text stays text, digits or not.
    pub(super) fn read(&self, text: &str) -> Option<Value> {
        match self {
            Kind::Integer { .. } => self.number(text.parse().ok()?),
            Kind::Choice(of) => of.contains(&text).then(|| Value::Text(text.to_owned())),
            Kind::Text | Kind::Path | Kind::Secret => {
                (!text.chars().any(char::is_control)).then(|| Value::Text(text.to_owned()))
            }
        }
    }

    /// A number, if this is one within the range.
    pub(super) fn number(&self, number: i64) -> Option<Value> {
        match self {
            Kind::Integer { least, most, .. } => (*least..=*most).contains(&number).then_some(Value::Integer(number)),
            _ => None,
        }
    }
}

impl Value {
    /// As it is written on one line, where it is a value of `key`.
    pub(super) fn shown(&self, key: &Key) -> String {
        match self {
            Value::Text(text) if key.hides(text) => "***".to_owned(),
            Value::Text(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
        }
    }
}

/// A text that is never shown: not in `Debug`, not in an error.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text to itself.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text, for the one who must send it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("***")
    }
}
