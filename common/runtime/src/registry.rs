//! The client of the schema registry: registers the contract, and finds the schema behind the id that a record carries.
//!
//! Calls block the thread that makes them, so they must not be made from inside an asynchronous task.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error as _;
use std::fmt::{self, Display, Formatter};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kernel::Topic;
use schema_registry_converter::async_impl::schema_registry::{SrSettings, post_schema};
use schema_registry_converter::error::SRCError;
use schema_registry_converter::schema_registry_common::{RawError, SchemaType, SuppliedSchema};
use serde::Deserialize;
use serde_avro_fast::Schema;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::schemas::{Schemas, Unresolved};

/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Most schemas, and most unknown ids, that are remembered; the oldest is forgotten first and asked for again.
const REMEMBERED: usize = 1_024;

/// How long an unknown id stays unknown without asking again: its schema may be registered a moment later.
const UNKNOWN_FOR: Duration = Duration::from_secs(5);

/// Content type of the registry's interface.
const CONTENT: &str = "application/vnd.schemaregistry.v1+json";

/// Why the registry did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It did not answer, or answered that it cannot now: the same call may succeed later.
    Away(String),
    /// It knows no such schema, subject or version.
    Unknown(String),
    /// It will not: the schema is invalid or breaks compatibility.
    Refused(String),
}

impl Display for Failure {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let (Failure::Away(sentence) | Failure::Unknown(sentence) | Failure::Refused(sentence)) = self;
        to.write_str(sentence)
    }
}

impl std::error::Error for Failure {}

/// The subject of a topic's values (Confluent's topic name strategy).
pub fn subject(topic: &str) -> String {
    format!("{topic}-value")
}

/// A registry's client with what it learned: a worker has its own.
pub struct Registry {
    url: String,
    settings: SrSettings,
    http: reqwest::Client,
    runtime: Runtime,
    /// Topic to the id of its own schema.
    ids: BTreeMap<&'static str, u32>,
    schemas: Remembered<Arc<Schema>>,
    unknown: Remembered<(Instant, String)>,
}

impl Registry {
    /// A client of the registry at `url`, such as `http://127.0.0.1:8081`. Nothing is asked yet.
    ///
    /// # Errors
    /// The client could not be built.
    pub fn new(url: &str) -> Result<Registry, String> {
        let url = url.trim_end_matches('/').to_owned();
        let unusable = |error: String| format!("registry client for {url}: {error}");
        let http = reqwest::Client::builder().no_proxy().timeout(TIMEOUT);
        let settings = SrSettings::new_builder(url.clone()).no_proxy().set_timeout(TIMEOUT).build();
        Ok(Registry {
            settings: settings.map_err(|error| unusable(error.to_string()))?,
            http: http.build().map_err(|error| unusable(error.to_string()))?,
            runtime: Builder::new_current_thread().enable_all().build().map_err(|error| unusable(error.to_string()))?,
            ids: BTreeMap::new(),
            schemas: Remembered::new(REMEMBERED),
            unknown: Remembered::new(REMEMBERED),
            url,
        })
    }

    /// Registers the schema of each topic, if it is not there yet, and answers and remembers its id. What was registered before
    /// a failure stays so; calling again goes on.
    ///
    /// # Errors
    /// The first topic that failed, and why.
    pub fn register(&mut self, topics: &[&'static Topic]) -> Result<Vec<(&'static Topic, u32)>, Failure> {
        let mut ids = Vec::with_capacity(topics.len());
        for topic in topics {
            let supplied = SuppliedSchema::new(None, SchemaType::Avro, topic.schema.to_owned());
            let posted = self.runtime.block_on(post_schema(&self.settings, subject(topic.name), supplied));
            let id = posted.map_err(|error| self.failure(&subject(topic.name), &error))?.id;
            let schema = topic.schema.parse::<Schema>();
            let schema = schema.map_err(|error| Failure::Refused(format!("{}: {error}", topic.name)))?;
            self.ids.insert(topic.name, id);
            self.schemas.insert(id, Arc::new(schema));
            ids.push((*topic, id));
        }
        Ok(ids)
    }

    /// Why a schema may not follow what is registered for the topic, as the registry judges; `None`: it may, or nothing is
    /// registered yet.
    ///
    /// # Errors
    /// [`Failure::Away`] or [`Failure::Refused`].
    pub fn incompatibility(&self, topic: &str, schema: &str) -> Result<Option<String>, Failure> {
        let subject = subject(topic);
        let url = format!("{}/compatibility/subjects/{subject}/versions/latest?verbose=true", self.url);
        let body = json!({"schema": schema, "schemaType": "AVRO"}).to_string();
        let request = self.http.post(url).header("Content-Type", CONTENT).header("Accept", CONTENT).body(body);
        let (status, answer) = self.exchange(request).map_err(|error| self.away(&subject, &chain(&error)))?;
        match (status, serde_json::from_str::<Value>(&answer)) {
            (200, Ok(answer)) => Verdict::deserialize(answer)
                .map(Verdict::incompatibility)
                .map_err(|error| self.away(&subject, &error.to_string())),
            (404, Ok(answer)) if answer["error_code"].as_u64().is_some_and(|code| code / 100 == 404) => Ok(None),
            (422, Ok(answer)) => Err(Failure::Refused(format!("{subject}: {}", answer["message"]))),
            _ => Err(self.away(&subject, &format!("status {status}"))),
        }
    }

    fn fetch(&self, id: u32) -> Result<Schema, Failure> {
        let place = format!("schema id {id}");
        let request = self.http.get(format!("{}/schemas/ids/{id}", self.url)).header("Accept", CONTENT);
        let (status, answer) = self.exchange(request).map_err(|error| self.away(&place, &chain(&error)))?;
        match status {
            200 => {}
            // Whatever its body: a registry behind a gateway, or one that is not Confluent's, need not answer in JSON.
            400 | 404 | 422 => return Err(Failure::Unknown(format!("{place}: the registry answers status {status}"))),
            _ => return Err(self.away(&place, &format!("status {status}"))),
        }
        let found = serde_json::from_str::<Found>(&answer).map_err(|error| self.away(&place, &error.to_string()))?;
        if let Some(kind) = found.schema_type.filter(|kind| kind != "AVRO") {
            return Err(Failure::Unknown(format!("{place}: of type {kind}, not AVRO")));
        }
        // A schema that cannot be used now never can.
        found.schema.parse().map_err(|error| Failure::Unknown(format!("{place}: not a usable Avro schema: {error}")))
    }

    /// Sends a request: status and text of the answer.
    fn exchange(&self, request: reqwest::RequestBuilder) -> Result<(u16, String), reqwest::Error> {
        self.runtime.block_on(async {
            let response = request.send().await?;
            let status = response.status().as_u16();
            Ok((status, response.text().await?))
        })
    }

    fn failure(&self, place: &str, error: &SRCError) -> Failure {
        let refusal = error.source().and_then(|source| source.downcast_ref::<RawError>());
        match refusal {
            Some(raw) if raw.error_code / 100 == 404 => Failure::Unknown(format!("{place}: {}", raw.message)),
            Some(raw) if raw.error_code == 409 || raw.error_code / 100 == 422 || raw.error_code == 422 => {
                Failure::Refused(format!("{place}: {}", raw.message))
            }
            Some(raw) => self.away(place, &format!("{}: {raw}", error.error)),
            None => self.away(place, error.source().map_or_else(|| error.to_string(), chain).as_str()),
        }
    }

    fn away(&self, place: &str, why: &str) -> Failure {
        Failure::Away(format!("{place}: the schema registry at {} does not answer: {why}", self.url))
    }
}

impl Schemas for Registry {
    fn by_id(&mut self, id: u32) -> Result<Arc<Schema>, Unresolved> {
        if let Some(schema) = self.schemas.get(id) {
            return Ok(Arc::clone(schema));
        }
        // Ids are positive 32-bit signed integers: no registry gave this one, and some answer such a request with an error.
        if i32::try_from(id).is_err() {
            return Err(Unresolved::Unknown(format!("schema id {id}: larger than any that a registry gives")));
        }
        if let Some((since, sentence)) = self.unknown.get(id)
            && since.elapsed() < UNKNOWN_FOR
        {
            return Err(Unresolved::Unknown(sentence.clone()));
        }
        match self.fetch(id) {
            Ok(schema) => {
                let schema = Arc::new(schema);
                self.schemas.insert(id, Arc::clone(&schema));
                Ok(schema)
            }
            Err(Failure::Away(sentence)) => Err(Unresolved::Away(sentence)),
            Err(Failure::Unknown(sentence) | Failure::Refused(sentence)) => {
                self.unknown.insert(id, (Instant::now(), sentence.clone()));
                Err(Unresolved::Unknown(sentence))
            }
        }
    }

    fn id_of(&self, topic: &str) -> Option<u32> {
        self.ids.get(topic).copied()
    }
}

/// The answer to a schema's id; Avro is the type where none is named.
#[derive(Deserialize)]
struct Found {
    schema: String,
    #[serde(rename = "schemaType")]
    schema_type: Option<String>,
}

/// The answer of the compatibility call; Apicurio's has no messages.
#[derive(Deserialize)]
struct Verdict {
    is_compatible: bool,
    messages: Option<Vec<String>>,
}

impl Verdict {
    fn incompatibility(self) -> Option<String> {
        let messages = self.messages.filter(|messages| !messages.is_empty());
        let why =
            || messages.map_or_else(|| "incompatible, the registry says no more".to_owned(), |list| list.join("; "));
        (!self.is_compatible).then(why)
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// A map from id that forgets what it learned first.
struct Remembered<T> {
    values: BTreeMap<u32, T>,
    order: VecDeque<u32>,
    limit: usize,
}

impl<T> Remembered<T> {
    fn new(limit: usize) -> Self {
        Remembered { values: BTreeMap::new(), order: VecDeque::new(), limit }
    }

    fn get(&self, id: u32) -> Option<&T> {
        self.values.get(&id)
    }

    fn insert(&mut self, id: u32, value: T) {
        if self.values.insert(id, value).is_some() {
            return;
        }
        self.order.push_back(id);
        if self.order.len() > self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.values.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_learned_first_is_forgotten_first() {
        let mut remembered = Remembered::new(2);
        for id in [1, 2, 1, 3] {
            remembered.insert(id, id);
        }
        assert_eq!([1, 2, 3].map(|id| remembered.get(id).copied()), [None, Some(2), Some(3)]);
    }

    #[test]
    fn a_registry_that_is_not_there_is_away_and_is_asked_again() {
        // Bound and dropped: nothing listens there.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut registry = Registry::new(&format!("http://{free}/")).unwrap();
        for _ in 0..2 {
            assert!(matches!(registry.by_id(7), Err(Unresolved::Away(sentence)) if sentence.contains("schema id 7")));
        }
        assert!(matches!(registry.register(&kernel::contract::TOPICS), Err(Failure::Away(_))));
        assert!(matches!(registry.incompatibility("a.b", "\"int\""), Err(Failure::Away(_))));
        assert_eq!(registry.id_of("ride.requested"), None);
    }

    /// A registry that answers every call with the same status and body.
    fn answering(status: &'static str, body: &'static str) -> String {
        use std::io::{Read as _, Write as _};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 4_096]);
                let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
            }
        });
        url
    }

    #[test]
    fn an_id_that_is_refused_is_unknown_whatever_the_body_says() {
        let jax = r#"{"error_code":404,"message":"HTTP 404 Not Found"}"#;
        let confluent = r#"{"error_code":40403,"message":"Schema not found"}"#;
        for (status, body) in [("404 N", jax), ("404 N", confluent), ("404 N", "<html>"), ("400 B", ""), ("422 U", "")]
        {
            let mut registry = Registry::new(&answering(status, body)).unwrap();
            assert!(matches!(registry.by_id(7), Err(Unresolved::Unknown(_))), "{status} {body}");
        }
        for (status, body) in [("500 E", confluent), ("503 S", ""), ("200 O", "<html>"), ("401 A", "")] {
            let mut registry = Registry::new(&answering(status, body)).unwrap();
            assert!(matches!(registry.by_id(7), Err(Unresolved::Away(_))), "{status} {body}");
        }
        let mut registry = Registry::new(&answering("200 O", r#"{"schema":"\"int\""}"#)).unwrap();
        assert!(registry.by_id(7).is_ok());
        let mut registry = Registry::new(&answering("200 O", r#"{"schemaType":"JSON","schema":"{}"}"#)).unwrap();
        assert!(matches!(registry.by_id(7), Err(Unresolved::Unknown(_))));
    }

    #[test]
    fn an_id_beyond_32_signed_bits_is_unknown_without_asking() {
        let mut registry = Registry::new(&answering("500 E", "")).unwrap();
        assert!(matches!(registry.by_id(1 << 31), Err(Unresolved::Unknown(_))));
        assert!(matches!(registry.by_id(i32::MAX as u32), Err(Unresolved::Away(_))));
    }
}
