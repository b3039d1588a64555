use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::compatibility::Level;
use super::log::Event;
use super::state::State;
use super::{Limits, Registry, incompatibility, schema};

fn call(url: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    let head =
        format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    // A body over the limit is answered before it is read.
    let _ = stream.write_all(body.as_bytes());
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap_or(Value::Null))
}

fn post(url: &str, path: &str, schema: &str) -> (u16, Value) {
    call(url, "POST", path, &json!({"schema": schema}).to_string())
}

fn record(fields: &str) -> String {
    format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#)
}

fn scratch(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("registry-{name}-{}.jsonl", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}

const INT: &str = r#"{"name":"a","type":"int"}"#;
const STRING: &str = r#"{"name":"a","type":"string"}"#;

#[test]
fn registers_finds_and_lists_a_schema() {
    let registry = Registry::start(0, None).unwrap();
    let url = registry.url();
    let text = record(INT);
    assert_eq!(post(url, "/subjects/a-value/versions", &text), (200, json!({"id": 1})));
    assert_eq!(post(url, "/subjects/a-value/versions", &format!(" {text} ")), (200, json!({"id": 1})));
    assert_eq!(post(url, "/subjects/b%2Fc/versions", &text), (200, json!({"id": 1})));
    assert_eq!(post(url, "/subjects/a-value/versions", r#""long""#).0, 409);
    let described = json!({"subject": "a-value", "version": 1, "id": 1, "schema": text});
    assert_eq!(post(url, "/subjects/a-value", &text), (200, described.clone()));
    assert_eq!(call(url, "GET", "/subjects/a-value/versions/latest", ""), (200, described));
    assert_eq!(call(url, "GET", "/subjects/a-value/versions/1/schema", "").1["name"], "R");
    assert_eq!(call(url, "GET", "/subjects", ""), (200, json!(["a-value", "b/c"])));
    assert_eq!(call(url, "GET", "/schemas/ids/1", ""), (200, json!({"schema": text})));
    let uses = json!([{"subject": "a-value", "version": 1}, {"subject": "b/c", "version": 1}]);
    assert_eq!(call(url, "GET", "/schemas/ids/1/versions", ""), (200, uses));
}

#[test]
fn what_is_unknown_has_confluents_codes() {
    let registry = Registry::start(0, None).unwrap();
    let url = registry.url();
    post(url, "/subjects/s/versions", &record(INT));
    let code = |method: &str, path: &str, body: &str| {
        let (status, answer) = call(url, method, path, body);
        (status, answer["error_code"].as_u64().unwrap())
    };
    assert_eq!(code("GET", "/subjects/none/versions", ""), (404, 40_401));
    assert_eq!(code("GET", "/subjects/s/versions/2", ""), (404, 40_402));
    assert_eq!(code("GET", "/subjects/s/versions/0", ""), (404, 40_402));
    assert_eq!(code("GET", "/subjects/s/versions/x", ""), (422, 42_202));
    assert_eq!(code("GET", "/schemas/ids/9", ""), (404, 40_403));
    assert_eq!(code("POST", "/subjects/s", r#"{"schema":"\"int\""}"#), (404, 40_403));
    assert_eq!(code("POST", "/subjects/s/versions", r#"{"schema":"{"}"#), (422, 42_201));
    assert_eq!(code("GET", "/config/s", ""), (404, 40_408));
    assert_eq!(code("PUT", "/config", r#"{"compatibility":"SOME"}"#), (422, 42_203));
    assert_eq!(code("PUT", "/config", "{"), (400, 400));
    assert_eq!(code("DELETE", "/subjects/s", ""), (405, 405));
    assert_eq!(code("GET", "/nowhere", ""), (404, 404));
}

#[test]
fn the_level_decides_what_may_follow() {
    let registry = Registry::start(0, None).unwrap();
    let url = registry.url();
    post(url, "/subjects/s/versions", &record(INT));
    let check = "/compatibility/subjects/s/versions/latest";
    assert_eq!(post(url, "/compatibility/subjects/t/versions/latest", &record(INT)).1["is_compatible"], true);
    assert_eq!(post(url, "/compatibility/subjects/t/versions/1", &record(INT)).0, 404);
    assert_eq!(post(url, check, &record(STRING)).1["is_compatible"], false);
    assert_eq!(post(url, "/subjects/s/versions", &record(STRING)).0, 409);
    assert_eq!(call(url, "PUT", "/config/s", r#"{"compatibility":"NONE"}"#).0, 200);
    assert_eq!(post(url, check, &record(STRING)).1["is_compatible"], true);
    assert_eq!(post(url, "/subjects/s/versions", &record(STRING)), (200, json!({"id": 2})));
    assert_eq!(call(url, "GET", "/config?x=y", "").1["compatibilityLevel"], "BACKWARD");
    assert_eq!(call(url, "GET", "/config/t?defaultToGlobal=true", "").1["compatibilityLevel"], "BACKWARD");
}

#[test]
fn a_transitive_level_looks_at_every_version() {
    let mut state = State::open(None, Limits::default()).unwrap();
    let mut register = |text: &str| state.register("s", text.to_owned(), schema::parse(text).unwrap());
    register(&record(INT)).unwrap();
    register(&record("")).unwrap();
    // Readable from the last version, not from the first.
    let third = record(r#"{"name":"a","type":"string","default":""}"#);
    let parsed = || schema::parse(&third).unwrap();
    assert_eq!(state.against_subject("s", &parsed()).unwrap(), None);
    state.set_level(Some("s"), Level::BackwardTransitive).unwrap();
    assert!(state.against_subject("s", &parsed()).unwrap().is_some());
}

#[test]
fn a_type_counts_wherever_it_is_defined() {
    let inner = |kind: &str| format!(r#"{{"type":"record","name":"T","fields":[{{"name":"p","type":"{kind}"}}]}}"#);
    let first = |kind: &str| record(&format!(r#"{{"name":"a","type":{}}},{{"name":"b","type":"T"}}"#, inner(kind)));
    let second = |kind: &str| record(&format!(r#"{{"name":"b","type":{}}}"#, inner(kind)));
    let why = |new: &str| incompatibility(Level::Backward, &first("int"), new).unwrap();
    assert_eq!(why(&second("int")), None, "the definition moved to where only its name stood");
    assert_eq!(why(&second("long")), None);
    assert!(why(&second("string")).is_some());
    let renamed =
        format!(r#"{{"name":"c","default":null,"type":["null",{}]}},{{"name":"b","type":"T"}}"#, inner("string"));
    assert!(why(&record(&renamed)).is_some(), "the same name with another inside");
}

#[test]
fn hostile_schemas_are_refused() {
    let deep = format!("{}\"int\"{}", r#"{"type":"array","items":"#.repeat(120), "}".repeat(120));
    assert!(schema::parse(&deep).err().unwrap().contains("nests deeper"));
    let deeper = format!("{}\"int\"{}", r#"{"type":"array","items":"#.repeat(100_000), "}".repeat(100_000));
    assert!(schema::parse(&deeper).is_err());
    let mut doubling = r#"{"name":"f0","type":{"type":"record","name":"T0","fields":[]}}"#.to_owned();
    for n in 1..30 {
        let last = n - 1;
        doubling += &format!(
            r#",{{"name":"f{n}","type":{{"type":"record","name":"T{n}","fields":[{{"name":"a","type":"T{last}"}},{{"name":"b","type":"T{last}"}}]}}}}"#
        );
    }
    assert!(schema::parse(&record(&doubling)).err().unwrap().contains("types"));
    let endless = record(r#"{"name":"next","type":["null","R"],"default":null}"#);
    assert_eq!(
        incompatibility(Level::Full, &endless, &endless),
        Ok(None),
        "a type that contains itself is no hostile one"
    );
}

#[test]
fn a_body_over_the_limit_is_refused() {
    let registry = Registry::start(0, None).unwrap();
    let (status, answer) = call(registry.url(), "POST", "/subjects/s/versions", &"x".repeat((1 << 20) + 1));
    assert_eq!((status, &answer["error_code"]), (413, &json!(413)));
}

#[test]
fn every_count_is_bounded() {
    let limits = Limits { subjects: 2, schemas: 2, text: 100, records: 4, subject: 3, ..Limits::default() };
    let mut state = State::open(None, limits).unwrap();
    let mut register = |subject: &str, text: &str| {
        state.register(subject, text.to_owned(), schema::parse(text).unwrap()).map_err(|refusal| format!("{refusal:?}"))
    };
    assert_eq!(register("a", "\"int\""), Ok(1));
    assert_eq!(register("b", "\"int\""), Ok(1));
    assert!(register("c", "\"int\"").unwrap_err().contains("subjects"));
    assert!(register("long", "\"int\"").unwrap_err().contains("bytes"));
    assert!(register("a", &format!("{:100}", "\"long\"")).unwrap_err().contains("bytes of schemas"));
    assert_eq!(register("a", "\"long\""), Ok(2));
    assert!(register("a", "\"float\"").unwrap_err().contains("schemas"));
    state.set_level(None, Level::None).unwrap();
    state.set_level(None, Level::None).unwrap();
    assert!(state.set_level(None, Level::Full).is_err());
}

#[test]
fn the_log_is_read_back_and_a_torn_end_is_dropped() {
    let path = scratch("torn");
    let registry = Registry::start(0, Some(&path)).unwrap();
    post(registry.url(), "/subjects/s/versions", &record(INT));
    call(registry.url(), "PUT", "/config/s", r#"{"compatibility":"FULL"}"#);
    drop(registry);
    let whole = std::fs::read(&path).unwrap();
    let mut torn = whole.clone();
    torn.extend_from_slice(br#"{"event":"regis"#);
    std::fs::write(&path, torn).unwrap();
    let registry = Registry::start(0, Some(&path)).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), whole);
    assert_eq!(call(registry.url(), "GET", "/subjects/s/versions", "").1, json!([1]));
    assert_eq!(call(registry.url(), "GET", "/config/s", "").1["compatibilityLevel"], "FULL");
    assert_eq!(post(registry.url(), "/subjects/s/versions", &record("")), (409, call_message(registry.url())));
    std::fs::remove_file(path).unwrap();
}

/// Why the field `a` may not go under FULL, as the compatibility call says it, in the words of a refused registration.
fn call_message(url: &str) -> Value {
    let why = post(url, "/compatibility/subjects/s/versions/latest", &record("")).1["messages"][0].clone();
    let message = format!(
        "schema being registered is incompatible with an earlier one of subject 's': {}",
        why.as_str().unwrap()
    );
    json!({"error_code": 409, "message": message})
}

#[test]
fn a_log_with_a_broken_line_is_refused_by_its_number() {
    let path = scratch("broken");
    let event = Event::Registered { subject: "s".to_owned(), id: 1, schema: "\"int\"".to_owned() };
    let line = serde_json::to_string(&event).unwrap();
    std::fs::write(&path, format!("{line}\nnonsense\n{line}\n")).unwrap();
    let error = Registry::start(0, Some(&path)).err().unwrap().to_string();
    assert!(error.contains("line 2"), "{error}");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn dropping_it_frees_the_port() {
    let registry = Registry::start(0, None).unwrap();
    let url = registry.url().to_owned();
    let idle = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    drop(registry);
    assert!(TcpStream::connect(url.trim_start_matches("http://")).is_err());
    drop(idle);
}
