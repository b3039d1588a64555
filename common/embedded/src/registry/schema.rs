//! A schema's text, read within bounds that no text can break out of.

use std::collections::BTreeMap;

use apache_avro::Schema;
use apache_avro::schema::{Name, UnionSchema};
use serde_json::Value;

/// Deepest nesting of a schema, both as JSON and with every named type in place of its name.
pub(super) const DEPTH: usize = 100;

/// Most types in a schema with every named type in place of its name. Comparing two takes at most the square of it.
pub(super) const TYPES: usize = 4_096;

/// A schema that passed.
pub(super) struct Parsed {
    /// With every named type in place of its name, except where it contains itself.
    pub(super) expanded: Schema,
    /// The same text for schemas that differ only in white space and the order of keys.
    pub(super) canonical: String,
}

/// Reads a schema.
///
/// # Errors
/// One sentence: it is no JSON, no Avro, or beyond the bounds.
pub(super) fn parse(text: &str) -> Result<Parsed, String> {
    // serde_json refuses what nests deeper than 128, so neither this nor the walks below can exhaust the stack.
    let json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let schema = Schema::parse(&json).map_err(|error| error.to_string())?;
    let mut named = BTreeMap::new();
    collect(&schema, &mut named);
    let mut expansion = Expansion { named: &named, open: Vec::new(), left: TYPES };
    let expanded = expansion.expand(&schema, 0)?;
    let mut canonical = String::with_capacity(text.len());
    write_sorted(&json, &mut canonical);
    Ok(Parsed { expanded, canonical })
}

/// The schemas that a schema is made of.
fn parts(schema: &Schema) -> Vec<&Schema> {
    match schema {
        Schema::Record(record) => record.fields.iter().map(|field| &field.schema).collect(),
        Schema::Array(array) => vec![&array.items],
        Schema::Map(map) => vec![&map.types],
        Schema::Union(union) => union.variants().iter().collect(),
        _ => Vec::new(),
    }
}

fn collect<'a>(schema: &'a Schema, named: &mut BTreeMap<String, &'a Schema>) {
    if let (Some(name), false) = (schema.name(), matches!(schema, Schema::Ref { .. })) {
        named.insert(key(name), schema);
    }
    for part in parts(schema) {
        collect(part, named);
    }
}

fn key(name: &Name) -> String {
    name.fullname(None)
}

/// The library compares a name only with the same name, never with what it stands for: two schemas that define a type at
/// different places would be judged wrongly. So every name is replaced by its type first.
struct Expansion<'a> {
    named: &'a BTreeMap<String, &'a Schema>,
    /// Types whose inside is being expanded.
    open: Vec<String>,
    left: usize,
}

impl Expansion<'_> {
    fn expand(&mut self, schema: &Schema, depth: usize) -> Result<Schema, String> {
        if depth > DEPTH {
            return Err(format!("nests deeper than {DEPTH}"));
        }
        self.left = self.left.checked_sub(1).ok_or(format!("holds more than {TYPES} types, counted at each use"))?;
        let schema = match schema {
            Schema::Ref { name } => match self.named.get(&key(name)) {
                Some(target) if !self.open.contains(&key(name)) => target,
                Some(_) => return Ok(schema.clone()),
                None => return Err(format!("{} is not defined", key(name))),
            },
            other => other,
        };
        Ok(match schema {
            Schema::Record(record) => {
                self.open.push(key(&record.name));
                let mut expanded = record.clone();
                for field in &mut expanded.fields {
                    field.schema = self.expand(&field.schema, depth + 1)?;
                }
                self.open.pop();
                Schema::Record(expanded)
            }
            Schema::Array(array) => {
                let mut expanded = array.clone();
                expanded.items = Box::new(self.expand(&array.items, depth + 1)?);
                Schema::Array(expanded)
            }
            Schema::Map(map) => {
                let mut expanded = map.clone();
                expanded.types = Box::new(self.expand(&map.types, depth + 1)?);
                Schema::Map(expanded)
            }
            Schema::Union(union) => {
                let variants: Result<Vec<_>, _> =
                    union.variants().iter().map(|variant| self.expand(variant, depth + 1)).collect();
                Schema::Union(UnionSchema::new(variants?).map_err(|error| error.to_string())?)
            }
            other => other.clone(),
        })
    }
}

/// JSON with the keys of every object in order.
fn write_sorted(json: &Value, to: &mut String) {
    match json {
        Value::Object(map) => {
            let sorted: BTreeMap<_, _> = map.iter().collect();
            to.push('{');
            for (at, (key, value)) in sorted.into_iter().enumerate() {
                if at > 0 {
                    to.push(',');
                }
                to.push_str(&Value::from(key.as_str()).to_string());
                to.push(':');
                write_sorted(value, to);
            }
            to.push('}');
        }
        Value::Array(items) => {
            to.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    to.push(',');
                }
                write_sorted(item, to);
            }
            to.push(']');
        }
        plain => to.push_str(&plain.to_string()),
    }
}
