//! How large a schema is when every name in it is replaced by what it stands for. A few lines can stand for billions of nodes, and
//! parsing and decoding visit each.

use std::collections::BTreeMap;

use serde_json::Value;

/// Nodes of the largest schema that is used; ours have some hundred.
const MOST: u64 = 20_000;

/// Whether a schema, as JSON, is small enough to be parsed and decoded by.
pub(super) fn bounded(schema: &str) -> bool {
    // What is no JSON is told by who parses it.
    let Ok(schema) = serde_json::from_str::<Value>(schema) else { return true };
    nodes(&schema, "", &mut BTreeMap::new()) <= MOST
}

/// Nodes of `schema` within `namespace`, where `known` are the sizes of the named types so far.
fn nodes(schema: &Value, namespace: &str, known: &mut BTreeMap<String, u64>) -> u64 {
    match schema {
        Value::String(name) => known.get(&full(name, namespace)).or_else(|| known.get(name)).copied().unwrap_or(1),
        Value::Array(branches) => sum(branches.iter(), namespace, known),
        Value::Object(object) => {
            let text = |key: &str| object.get(key).and_then(Value::as_str);
            let namespace = text("namespace").unwrap_or(namespace).to_owned();
            let name = text("name").map(|name| full(name, &namespace));
            if let Some(name) = &name {
                // Where it stands within itself it is not opened again.
                known.insert(name.clone(), 1);
            }
            let fields = object.get("fields").and_then(Value::as_array).into_iter().flatten();
            let inner = fields.filter_map(|field| field.get("type"));
            let inner = inner.chain(object.get("items")).chain(object.get("values"));
            let inner = inner.chain(object.get("type").filter(|kind| !kind.is_string()));
            let size = sum(inner, &namespace, known);
            if let Some(name) = name {
                known.insert(name, size);
            }
            size
        }
        _ => 1,
    }
}

fn sum<'a>(all: impl Iterator<Item = &'a Value>, namespace: &str, known: &mut BTreeMap<String, u64>) -> u64 {
    all.fold(1, |size, one| size.saturating_add(nodes(one, namespace, known)))
}

fn full(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records that hold the one before twice.
    fn doubling(levels: usize) -> String {
        let first = r#"{"type":"record","name":"A0","fields":[]}"#.to_owned();
        (1..=levels).fold(first, |inner, level| {
            let before = level - 1;
            format!(
                r#"{{"type":"record","name":"A{level}","fields":[{{"name":"l","type":{inner}}},{{"name":"r","type":"A{before}"}}]}}"#
            )
        })
    }

    #[test]
    fn a_schema_that_doubles_with_each_name_is_not_used() {
        assert!(bounded(&doubling(8)));
        assert!(!bounded(&doubling(30)));
    }

    #[test]
    fn the_contract_and_types_that_contain_themselves_are() {
        kernel::contract::TOPICS.iter().for_each(|topic| assert!(bounded(topic.schema), "{}", topic.name));
        let list = r#"{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]}"#;
        assert!(bounded(list) && bounded("no json"));
    }
}
