//! Schemas and what may follow them when a subject is held to BACKWARD.

use super::{call, levelled};

/// A schema, another that would follow it, and whether it may.
pub(super) struct Evolution {
    pub(super) name: &'static str,
    pub(super) old: String,
    pub(super) new: String,
    pub(super) allowed: bool,
}

fn record(more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!(r#"{{"type":"record","name":"R","namespace":"t","fields":[{{"name":"k","type":"string"}}{comma}{more}]}}"#)
}

fn field(kind: &str) -> String {
    record(&format!(r#"{{"name":"x","type":{kind}}}"#))
}

fn symbols(list: &str, default: &str) -> String {
    field(&format!(r#"{{"type":"enum","name":"E","symbols":[{list}]{default}}}"#))
}

const MILLIS: &str = r#"{"type":"long","logicalType":"timestamp-millis"}"#;
const MICROS: &str = r#"{"type":"long","logicalType":"timestamp-micros"}"#;

/// The evolutions that are tried.
pub(super) fn all() -> Vec<Evolution> {
    let one =
        |name, old: &str, new: &str, allowed| Evolution { name, old: old.to_owned(), new: new.to_owned(), allowed };
    let kinds = |name, old: &str, new: &str, allowed| one(name, &field(old), &field(new), allowed);
    let (bare, union) = (record(""), r#"["null","int"]"#);
    let wider = r#"["null","int","string"]"#;
    let (two, three, default) = (r#""A","B""#, r#""A","B","C""#, r#","default":"A""#);
    vec![
        one("a field is added, with a default", &bare, &record(r#"{"name":"x","type":"int","default":0}"#), true),
        one("a field is added, without", &bare, &field("\"int\""), false),
        one("a field is removed", &field("\"int\""), &bare, true),
        kinds("int -> long", "\"int\"", "\"long\"", true),
        kinds("long -> int", "\"long\"", "\"int\"", false),
        kinds("float -> double", "\"float\"", "\"double\"", true),
        kinds("string -> bytes", "\"string\"", "\"bytes\"", true),
        kinds("int -> string", "\"int\"", "\"string\"", false),
        kinds("int -> [null, int]", "\"int\"", union, true),
        kinds("[null, int] -> int", union, "\"int\"", false),
        kinds("[null, int] -> [null, int, string]", union, wider, true),
        kinds("[null, int, string] -> [null, int]", wider, union, false),
        one("a symbol is added", &symbols(two, ""), &symbols(three, ""), true),
        one("a symbol is removed, no default", &symbols(three, ""), &symbols(two, ""), false),
        one("a symbol is removed, default", &symbols(three, default), &symbols(two, default), true),
        one("the record is renamed", &bare, &bare.replace("\"R\"", "\"S\""), false),
        one(
            "a field is renamed, with an alias",
            &field("\"int\""),
            &record(r#"{"name":"y","aliases":["x"],"type":"int"}"#),
            true,
        ),
        kinds("long -> timestamp-millis", "\"long\"", MILLIS, true),
        kinds("timestamp-millis -> timestamp-micros", MILLIS, MICROS, true),
    ]
}

/// Which of the evolutions a registry lets pass.
pub(super) fn verdicts(url: &str) -> Vec<bool> {
    let posted = |schema: &str| serde_json::json!({"schema": schema}).to_string();
    let mut verdicts = Vec::new();
    for (number, evolution) in all().iter().enumerate() {
        let subject = format!("evolution-{number}");
        let versions = format!("/subjects/{subject}/versions");
        assert_eq!(call(url, "POST", &versions, &posted(&evolution.old)), 200, "{}", evolution.name);
        levelled(url, &subject);
        verdicts.push(match call(url, "POST", &versions, &posted(&evolution.new)) {
            200 => true,
            409 => false,
            status => panic!("{}: status {status}", evolution.name),
        });
    }
    verdicts
}
