//! What the schemas say, checked.

use serde_json::Value;

/// All schemas together.
#[derive(Clone, Debug, PartialEq)]
pub struct Contract {
    /// One for each topic, by file name.
    pub files: Vec<File>,
    /// Every named type once, each after those it is made of.
    pub types: Vec<Named>,
}

impl Contract {
    /// A named type by its full name. Every [`Type::Named`] of a parsed contract is there.
    pub fn named(&self, full: &str) -> Option<&Named> {
        self.types.iter().find(|named| named.full == full)
    }
}

/// A topic's schema file.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// The `topic` attribute.
    pub topic: TopicAttribute,
    /// Full name of the topic's record.
    pub record: String,
    /// The file's text without insignificant white space.
    pub schema: String,
}

/// The custom attribute that makes a schema file the whole contract of its topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicAttribute {
    /// Topic name, `noun.participle`.
    pub name: String,
    /// What the record key holds.
    pub key: String,
    /// Partition count at creation.
    pub partitions: i32,
    /// What decides the partition: `key`, `market` or `origin`.
    pub placed_by: String,
    /// `delete` or `compact`.
    pub cleanup: String,
    /// How long records are kept, milliseconds; -1 for ever.
    pub retention_ms: i64,
    /// Greatest size of a record batch, bytes.
    pub max_message_bytes: i32,
    /// The topic's codec, where it is not left to the producer.
    pub compression: Option<String>,
}

/// A record or an enum.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Name with namespace.
    pub full: String,
    /// What it is.
    pub doc: String,
    /// What it is made of.
    pub body: Body,
}

/// What a named type is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Fields in wire order.
    Record(Vec<Field>),
    /// Symbols in wire order, and the one that stands for symbols of newer schemas.
    Enum {
        /// The symbols.
        symbols: Vec<String>,
        /// One of them.
        default: String,
    },
}

/// A record's field.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// `snake_case`.
    pub name: String,
    /// What it says.
    pub doc: String,
    /// Its type.
    pub kind: Type,
    /// What a reader takes where an older writer had no such field.
    pub default: Option<Value>,
}

/// The subset of Avro that the contract uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// `boolean`
    Boolean,
    /// `int`
    Int,
    /// `long`
    Long,
    /// `long` with the logical type `timestamp-millis`
    Timestamp,
    /// `float`
    Float,
    /// `double`
    Double,
    /// `bytes`
    Bytes,
    /// `string`
    String,
    /// `array` of
    Array(Box<Type>),
    /// `map` from string to
    Map(Box<Type>),
    /// `["null", T]`
    Optional(Box<Type>),
    /// A record or an enum, by full name.
    Named(String),
}
