//! The embedded registry and a real one (Apicurio): the same clients, the same answers.

mod apicurio;
mod evolutions;
mod matrix;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use apache_avro::types::Value as Avro;
use embedded::Registry as Embedded;
use kernel::contract::TOPICS;
use runtime::registry::{Failure, Registry};
use runtime::{Schemas, Unresolved};
use schema_registry_converter::async_impl::avro::{AvroDecoder, AvroEncoder};
use schema_registry_converter::async_impl::schema_registry::SrSettings;
use schema_registry_converter::schema_registry_common::{SchemaType, SubjectNameStrategy, SuppliedSchema};
use serde_json::Value;

use apicurio::apicurio;

#[test]
fn the_embedded_registry_answers_its_clients() {
    let registry = Embedded::start(0, None).unwrap();
    our_client(registry.url());
    another_client(registry.url());
    let verdicts = evolutions::verdicts(registry.url());
    for (evolution, verdict) in evolutions::all().iter().zip(verdicts) {
        assert_eq!(verdict, evolution.allowed, "{}", evolution.name);
    }
}

#[test]
fn apicurio_answers_the_same() {
    let Some(apicurio) = apicurio() else { return };
    our_client(apicurio.url());
    another_client(apicurio.url());
    let verdicts = evolutions::verdicts(apicurio.url());
    for (evolution, verdict) in evolutions::all().iter().zip(&verdicts) {
        println!("{:<45}{}", evolution.name, if *verdict { "may follow" } else { "refused" });
    }
    let wanted: Vec<_> = evolutions::all().iter().map(|evolution| evolution.allowed).collect();
    assert_eq!(verdicts, wanted);
    let embedded = Embedded::start(0, None).unwrap();
    for answers in [matrix::verdicts, matrix::ids, matrix::codes] {
        let (ours, theirs) = (answers(embedded.url()), answers(apicurio.url()));
        let differing = ours.iter().zip(&theirs).filter(|(ours, theirs)| ours != theirs);
        let differing: Vec<_> = differing
            .map(|((question, ours), (_, theirs))| (question.as_str(), ours.as_str(), theirs.as_str()))
            .filter(|answer| !matrix::DIFFERENT.contains(answer))
            .collect();
        assert_eq!(differing, [], "a question, what the embedded registry answers, and what Apicurio does");
        println!("{} questions, answered alike", ours.len());
    }
}

/// The product's client: registers the contract, knows the ids, tells unknown from away.
fn our_client(url: &str) {
    let mut first = Registry::new(url).unwrap();
    let ids = first.register(&TOPICS).unwrap();
    let mut second = Registry::new(url).unwrap();
    assert_eq!(second.register(&TOPICS).unwrap(), ids, "registering again changes nothing");
    let mut reader = Registry::new(url).unwrap();
    for (topic, id) in ids {
        assert_eq!(first.id_of(topic.name), Some(id));
        let wanted: serde_avro_fast::Schema = topic.schema.parse().unwrap();
        // A registry may write the text anew, in another order.
        assert_eq!(reader.by_id(id).unwrap().rabin_fingerprint(), wanted.rabin_fingerprint(), "{}", topic.name);
    }
    assert!(matches!(reader.by_id(1_000_000), Err(Unresolved::Unknown(_))));
    // Answered from memory for a while, and unknown still.
    assert!(matches!(reader.by_id(1_000_000), Err(Unresolved::Unknown(_))));

    let ticked = TOPICS.iter().find(|topic| topic.name == "market.ticked").unwrap();
    levelled(url, "market.ticked-value");
    assert_eq!(reader.incompatibility(ticked.name, ticked.schema), Ok(None));
    assert_eq!(reader.incompatibility("never.registered", ticked.schema), Ok(None));
    let changed = ticked.schema.replace("\"name\":\"at\"", "\"name\":\"when\"");
    assert!(matches!(reader.incompatibility(ticked.name, &changed), Ok(Some(_))));
    assert!(matches!(reader.incompatibility(ticked.name, "{"), Err(Failure::Refused(_))));
}

const V1: &str = r#"{"type":"record","name":"Ping","namespace":"t","fields":[{"name":"driver","type":"string"},
    {"name":"seq","type":"int"}]}"#;

/// A client that we did not write: the wire format, and a record that comes back.
fn another_client(url: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let settings = SrSettings::new_builder(url.to_owned()).no_proxy().build().unwrap();
        let encoder = AvroEncoder::new(settings.clone());
        let supplied = SuppliedSchema::new(None, SchemaType::Avro, V1.to_owned());
        let strategy = SubjectNameStrategy::TopicNameStrategyWithSchema("ping".to_owned(), false, supplied);
        let fields = vec![("driver", Avro::String("d".to_owned())), ("seq", Avro::Int(5))];
        let bytes = encoder.encode(fields, strategy).await.unwrap();
        let (id, datum) = kernel::wire::split(&bytes).unwrap();
        assert_eq!((id > 0, datum), (true, &[2, b'd', 10][..]));
        let decoder = AvroDecoder::new(settings);
        let Avro::Record(fields) = decoder.decode(Some(&bytes)).await.unwrap().value else { panic!("a record") };
        assert_eq!(fields[1], ("seq".to_owned(), Avro::Int(5)));
        assert!(decoder.decode(Some(&[0, 0, 15, 66, 64, 2])).await.unwrap_err().to_string().contains("40403"));
    });
}

/// Holds a subject to BACKWARD, which not every registry does by itself.
fn levelled(url: &str, subject: &str) {
    assert_eq!(call(url, "PUT", &format!("/config/{subject}"), r#"{"compatibility":"BACKWARD"}"#), 200, "{subject}");
}

/// The status of a call.
fn call(url: &str, method: &str, path: &str, body: &str) -> u16 {
    ask(url, method, path, body).0
}

/// Status and body of a call; null where the body is no JSON.
fn ask(url: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
    let (host, base) =
        url.trim_start_matches("http://").split_once('/').unwrap_or((url.trim_start_matches("http://"), ""));
    let slash = if base.is_empty() { "" } else { "/" };
    let head = format!(
        "{method} {slash}{base}{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Type: application/vnd.schemaregistry.v1+json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    // A server under load may close a connection without a word, or never answer; every question may be asked again.
    let answer = (0..5).map(|_| sent(host, &head)).find(|answer| !answer.is_empty()).unwrap_or_default();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("{method} {url}{path}: no status in {answer:?}"));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let body = match head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        true => unchunked(body),
        false => body.to_owned(),
    };
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

/// Longest wait for a part of an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What comes back on a connection of its own.
fn sent(host: &str, head: &str) -> String {
    let mut answer = Vec::new();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    if stream.write_all(head.as_bytes()).and_then(|()| stream.read_to_end(&mut answer).map(drop)).is_err() {
        answer.clear();
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// A body that came in chunks, each behind its length in hex.
fn unchunked(mut rest: &str) -> String {
    let mut body = String::new();
    while let Some((length, after)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length.trim(), 16).unwrap();
        body.push_str(&after[..length]);
        rest = after[length..].trim_start_matches("\r\n");
    }
    body
}
