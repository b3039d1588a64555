//! From Avro JSON to the [`Contract`], by the project's rules.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::model::{Body, Contract, File, Named, Type};
use super::{Source, fields, names, topic};

/// Reads all schemas; a named type may stand in several files if it is the same in each.
///
/// # Errors
/// One sentence: file, place and the rule that is broken.
pub fn parse(sources: &[Source]) -> Result<Contract, String> {
    let mut contract = Contract { files: Vec::new(), types: Vec::new() };
    for source in sources {
        let json: Value = serde_json::from_str(&source.text).map_err(|error| format!("{}: {error}", source.file))?;
        let Value::Object(schema) = &json else {
            return Err(format!("{}: must be one record", source.file));
        };
        let topic = topic::parse(schema, &source.file)?;
        let mut scope = Scope::new(&source.file, &mut contract.types);
        let record = match scope.kind(&json, "", "")? {
            Type::Named(full) => full,
            _ => return Err(format!("{}: must be one record", source.file)),
        };
        let file = File { topic, record, schema: names::minify(&source.text) };
        fields::check_places(&file, &contract)?;
        contract.files.push(file);
    }
    names_apart(&contract.types)?;
    partitions_equal(&contract.files)?;
    Ok(contract)
}

/// The generated types share one module, so the last part of a full name must be unique.
fn names_apart(types: &[Named]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    match types.iter().find(|named| !seen.insert(names::simple(&named.full))) {
        Some(twice) => Err(format!("{}: another namespace has a type of this name too: rename one", twice.full)),
        None => Ok(()),
    }
}

/// A market lies in the same partition of every topic only if all of them have equally many.
fn partitions_equal(files: &[File]) -> Result<(), String> {
    let mut placed = files.iter().filter(|file| file.topic.placed_by == "market");
    let Some(first) = placed.next() else { return Ok(()) };
    match placed.find(|file| file.topic.partitions != first.topic.partitions) {
        Some(other) => Err(format!(
            "{}.avsc has {} partitions, {}.avsc {}: topics placed by market have equally many",
            other.topic.name, other.topic.partitions, first.topic.name, first.topic.partitions
        )),
        None => Ok(()),
    }
}

/// One file while it is read.
pub(super) struct Scope<'a> {
    file: &'a str,
    /// Full names defined in this file so far; Avro lets a name be used only after its definition.
    defined: BTreeSet<String>,
    /// Full names whose definition is being read.
    open: Vec<String>,
    /// The named types of all files.
    types: &'a mut Vec<Named>,
}

impl<'a> Scope<'a> {
    fn new(file: &'a str, types: &'a mut Vec<Named>) -> Self {
        Scope { file, defined: BTreeSet::new(), open: Vec::new(), types }
    }

    /// A named type that was read already.
    pub(super) fn named(&self, full: &str) -> Option<&Named> {
        self.types.iter().find(|named| named.full == full)
    }

    /// The sentence for a broken rule at `place`.
    pub(super) fn broken(&self, place: &str, rule: &str) -> String {
        if place.is_empty() { format!("{}: {rule}", self.file) } else { format!("{}: {place}: {rule}", self.file) }
    }

    /// The text of `key`, which must be there.
    pub(super) fn text<'v>(&self, map: &'v Map<String, Value>, key: &str, place: &str) -> Result<&'v str, String> {
        match map.get(key).and_then(Value::as_str).map(str::trim) {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(self.broken(place, &format!("needs a \"{key}\""))),
        }
    }

    /// A type as it stands in a schema, inside `namespace`.
    pub(super) fn kind(&mut self, json: &Value, namespace: &str, place: &str) -> Result<Type, String> {
        match json {
            Value::String(name) => self.by_name(name, namespace, place),
            Value::Array(branches) => self.union(branches, namespace, place),
            Value::Object(map) => self.complex(map, namespace, place),
            _ => Err(self.broken(place, "a type is a name, an object or a list")),
        }
    }

    fn by_name(&self, name: &str, namespace: &str, place: &str) -> Result<Type, String> {
        Ok(match name {
            "boolean" => Type::Boolean,
            "int" => Type::Int,
            "long" => Type::Long,
            "float" => Type::Float,
            "double" => Type::Double,
            "bytes" => Type::Bytes,
            "string" => Type::String,
            "null" => return Err(self.broken(place, "null stands only in [\"null\", T]")),
            name => {
                let full = full_name(name, namespace);
                if self.open.contains(&full) {
                    return Err(
                        self.broken(place, &format!("{full} contains itself: the contract has no recursive types"))
                    );
                }
                if !self.defined.contains(&full) {
                    return Err(self.broken(place, &format!("{full} is not defined before it is used in this file")));
                }
                Type::Named(full)
            }
        })
    }

    fn union(&mut self, branches: &[Value], namespace: &str, place: &str) -> Result<Type, String> {
        match branches {
            [Value::String(null), other] if null == "null" && !other.is_array() => {
                Ok(Type::Optional(Box::new(self.kind(other, namespace, place)?)))
            }
            _ => Err(self.broken(place, "the only unions are [\"null\", T]")),
        }
    }

    fn complex(&mut self, map: &Map<String, Value>, namespace: &str, place: &str) -> Result<Type, String> {
        let Some(Value::String(kind)) = map.get("type") else {
            return Err(self.broken(place, "needs a \"type\" that is a name"));
        };
        if let Some(logical) = map.get("logicalType") {
            return match (kind.as_str(), logical.as_str()) {
                ("long", Some("timestamp-millis")) => Ok(Type::Timestamp),
                _ => Err(self.broken(place, "the only logical type is timestamp-millis on a long")),
            };
        }
        match kind.as_str() {
            "array" => Ok(Type::Array(Box::new(self.element(map, "items", namespace, place)?))),
            "map" => Ok(Type::Map(Box::new(self.element(map, "values", namespace, place)?))),
            "record" | "enum" => self.define(map, namespace, place),
            "fixed" | "error" => Err(self.broken(place, &format!("{kind} is not in the contract's subset of Avro"))),
            name => self.by_name(name, namespace, place),
        }
    }

    fn element(&mut self, map: &Map<String, Value>, key: &str, namespace: &str, place: &str) -> Result<Type, String> {
        let Some(items) = map.get(key) else {
            return Err(self.broken(place, &format!("needs \"{key}\"")));
        };
        match self.kind(items, namespace, place)? {
            // `serde_bytes` reads a field or an optional one, nothing deeper.
            Type::Bytes => Err(self.broken(place, "bytes stand only in a field, not in an array or a map")),
            kind => Ok(kind),
        }
    }

    fn define(&mut self, map: &Map<String, Value>, namespace: &str, place: &str) -> Result<Type, String> {
        let name = self.text(map, "name", place)?;
        let namespace = map.get("namespace").and_then(Value::as_str).unwrap_or(namespace);
        let full = full_name(name, namespace);
        let namespace = full.rsplit_once('.').map_or("", |(namespace, _)| namespace).to_owned();
        if !names::is_pascal(names::simple(&full)) {
            return Err(self.broken(&full, "names of types are PascalCase"));
        }
        if !self.defined.insert(full.clone()) {
            return Err(self.broken(&full, "is defined twice in this file: name it the second time"));
        }
        let doc = self.text(map, "doc", &full)?.to_owned();
        self.open.push(full.clone());
        let body = match map.get("fields") {
            Some(fields) => Body::Record(fields::fields(self, fields, &namespace, &full)?),
            None => fields::symbols(self, map, &full)?,
        };
        self.open.pop();
        self.keep(Named { full: full.clone(), doc, body })?;
        Ok(Type::Named(full))
    }

    fn keep(&mut self, named: Named) -> Result<(), String> {
        match self.named(&named.full) {
            None => self.types.push(named),
            Some(known) if *known == named => {}
            Some(_) => {
                return Err(
                    self.broken(&named.full, "differs from the type of this name in another file: make both the same")
                );
            }
        }
        Ok(())
    }
}

fn full_name(name: &str, namespace: &str) -> String {
    if namespace.is_empty() || name.contains('.') { name.to_owned() } else { format!("{namespace}.{name}") }
}
