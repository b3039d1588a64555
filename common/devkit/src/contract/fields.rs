//! Fields, symbols and their defaults.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::model::{Body, Contract, Field, File, Named, Type};
use super::names;
use super::parse::Scope;

/// The fields of the record `full`.
pub(super) fn fields(scope: &mut Scope, json: &Value, namespace: &str, full: &str) -> Result<Vec<Field>, String> {
    let Some(list) = json.as_array() else {
        return Err(scope.broken(full, "\"fields\" must be a list"));
    };
    harmless(scope, &names::screaming(names::simple(full)), full)?;
    let mut fields: Vec<Field> = Vec::with_capacity(list.len());
    for json in list {
        let Value::Object(map) = json else {
            return Err(scope.broken(full, "a field is an object"));
        };
        let field = field(scope, map, namespace, full)?;
        if fields.iter().any(|known| known.name == field.name) {
            return Err(scope.broken(full, &format!("has two fields {}", field.name)));
        }
        fields.push(field);
    }
    Ok(fields)
}

fn field(scope: &mut Scope, map: &Map<String, Value>, namespace: &str, full: &str) -> Result<Field, String> {
    let name = scope.text(map, "name", full)?.to_owned();
    let place = format!("{full}.{name}");
    // These three cannot be raw identifiers.
    if !names::is_snake(&name) || ["self", "super", "crate"].contains(&name.as_str()) {
        return Err(scope.broken(&place, "names of fields are snake_case and no word of Rust's own"));
    }
    harmless(scope, &name, &place)?;
    let doc = scope.text(map, "doc", &place)?.to_owned();
    if let Some(unknown) = map.keys().find(|key| !["name", "type", "doc", "default", "aliases"].contains(&key.as_str()))
    {
        return Err(scope.broken(&place, &format!("has an unknown \"{unknown}\"")));
    }
    if map.contains_key("aliases") {
        return Err(scope.broken(&place, "a field is never renamed: add a new one"));
    }
    let Some(json) = map.get("type") else {
        return Err(scope.broken(&place, "needs a \"type\""));
    };
    let kind = scope.kind(json, namespace, &place)?;
    let default = map.get("default").cloned();
    check_default(scope, &kind, default.as_ref(), &place)?;
    Ok(Field { name, doc, kind, default })
}

/// The name of a field, type or symbol says no protected attribute.
fn harmless(scope: &Scope, name: &str, place: &str) -> Result<(), String> {
    match names::protected(&name.to_ascii_lowercase()) {
        None => Ok(()),
        Some(word) => {
            let why = format!(
                "\"{word}\" says a protected attribute, or stands for one: leave it out, or name what else it is"
            );
            Err(scope.broken(place, &why))
        }
    }
}

/// A default must be one that a generated reader can take too.
fn check_default(scope: &Scope, kind: &Type, default: Option<&Value>, place: &str) -> Result<(), String> {
    let Some(default) = default else {
        return match kind {
            Type::Optional(_) => Err(scope.broken(place, "an optional field needs \"default\": null")),
            _ => Ok(()),
        };
    };
    let fits = match kind {
        Type::Optional(_) => default.is_null(),
        Type::Boolean => default.is_boolean(),
        Type::Int => default.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        Type::Long | Type::Timestamp => default.is_i64(),
        Type::Float | Type::Double => default.is_number(),
        Type::String => default.is_string(),
        Type::Bytes => default.as_str() == Some(""),
        Type::Array(_) => default.as_array().is_some_and(Vec::is_empty),
        Type::Map(_) => default.as_object().is_some_and(Map::is_empty),
        Type::Named(full) => match scope.named(full).map(|named| &named.body) {
            Some(Body::Enum { symbols, .. }) => {
                default.as_str().is_some_and(|symbol| symbols.iter().any(|known| known == symbol))
            }
            _ => return Err(scope.broken(place, "a record has no default: make the field optional")),
        },
    };
    match fits {
        true => Ok(()),
        false => Err(scope.broken(
            place,
            &format!("the default {default} does not fit the type (lists, maps and bytes: only empty)"),
        )),
    }
}

/// The body of the enum `full`.
pub(super) fn symbols(scope: &Scope, map: &Map<String, Value>, full: &str) -> Result<Body, String> {
    let Some(list) = map.get("symbols").and_then(Value::as_array) else {
        return Err(scope.broken(full, "needs \"fields\" (a record) or \"symbols\" (an enum)"));
    };
    let symbols: Vec<String> = list.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    harmless(scope, &names::screaming(names::simple(full)), full)?;
    symbols.iter().try_for_each(|symbol| harmless(scope, symbol, full))?;
    let variants: BTreeSet<String> = symbols.iter().map(|symbol| names::pascal(symbol)).collect();
    if symbols.len() != list.len() || variants.len() != list.len() || !symbols.iter().all(|s| names::is_screaming(s)) {
        return Err(scope.broken(full, "symbols are SCREAMING_SNAKE_CASE, each once"));
    }
    let default = map.get("default").and_then(Value::as_str).unwrap_or_default().to_owned();
    match symbols.contains(&default) {
        true => Ok(Body::Enum { symbols, default }),
        false => Err(scope.broken(full, "needs a \"default\" that is one of its symbols, for those of newer writers")),
    }
}

/// The topic's record has the fields that decide key and partition.
pub(super) fn check_places(file: &File, contract: &Contract) -> Result<(), String> {
    let name = &file.topic.name;
    let Some(Named { body: Body::Record(fields), .. }) = contract.named(&file.record) else {
        return Err(format!("{name}.avsc: a topic's schema is a record"));
    };
    let kind = |name: &str| fields.iter().find(|field| field.name == name).map(|field| &field.kind);
    let plain = match kind(&file.topic.key) {
        Some(Type::Optional(inner)) => Some(inner.as_ref()),
        other => other,
    };
    if !matches!(plain, Some(Type::String | Type::Bytes)) {
        return Err(format!(
            "{name}.avsc: topic's \"key\" must name a field of type string or bytes, not {}",
            file.topic.key
        ));
    }
    if file.topic.placed_by == "market" && kind("market") != Some(&Type::String) {
        return Err(format!("{name}.avsc: a topic placed by market needs a field \"market\" of type string"));
    }
    Ok(())
}
