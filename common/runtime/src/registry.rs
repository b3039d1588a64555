//! The client of the schema registry: registers the contract, and finds the schema behind the id that a record carries.
//!
//! Calls block the thread that makes them, so they must not be made from inside an asynchronous task.

use std::collections::BTreeMap;
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

use expanse::bounded;

use crate::schemas::{Schemas, Unresolved};
use crate::settings::Secret;

mod access;
mod expanse;
mod remembered;

#[cfg(test)]
mod tests;

pub use access::Access;
use remembered::Remembered;

/// Longest answer, bytes: what is longer is no schema of ours.
const LONGEST: usize = 1 << 20;

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
    /// Name and password.
    user: Option<(String, Secret)>,
    /// Topic to the id of its own schema.
    ids: BTreeMap<&'static str, u32>,
    schemas: Remembered<Arc<Schema>>,
    unknown: Remembered<(Instant, String)>,
}

impl Registry {
    /// A client of the registry at `url`, such as `http://127.0.0.1:8081`, that asks nobody for a name. Nothing is asked yet.
    ///
    /// # Errors
    /// The client could not be built.
    pub fn new(url: &str) -> Result<Registry, String> {
        Registry::open(&Access::from(url))
    }

    /// A client with all that its access has. Nothing is asked yet.
    ///
    /// # Errors
    /// The client could not be built.
    pub fn open(access: &Access) -> Result<Registry, String> {
        let url = access.url.trim_end_matches('/').to_owned();
        let unusable = |error: String| format!("registry client for {url}: {error}");
        let mut settings = SrSettings::new_builder(url.clone());
        settings.no_proxy().set_timeout(access.timeout);
        let user = (!access.username.is_empty()).then(|| (access.username.clone(), access.password.clone()));
        if let Some((name, password)) = &user {
            settings.set_basic_authorization(name, Some(password.reveal()));
        }
        let settings = settings.build_with(access.client().map_err(unusable)?);
        let http = access.client().map_err(unusable)?.build();
        Ok(Registry {
            settings: settings.map_err(|error| unusable(error.to_string()))?,
            http: http.map_err(|error| unusable(cause(&error)))?,
            runtime: Builder::new_current_thread().enable_all().build().map_err(|error| unusable(error.to_string()))?,
            ids: BTreeMap::new(),
            schemas: Remembered::new(access.remembered),
            unknown: Remembered::new(access.remembered),
            user,
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
        let (status, answer) = self.exchange(request).map_err(|why| self.away(&subject, &why))?;
        match (status, serde_json::from_str::<Value>(&answer)) {
            (200, Ok(answer)) => Verdict::deserialize(answer)
                .map(Verdict::incompatibility)
                .map_err(|error| self.away(&subject, &error.to_string())),
            (404, Ok(answer)) if answer["error_code"].as_u64().is_some_and(|code| code / 100 == 404) => Ok(None),
            (422, Ok(answer)) => Err(Failure::Refused(format!("{subject}: {}", answer["message"]))),
            _ => Err(self.answered(&subject, status)),
        }
    }

    fn fetch(&self, id: u32) -> Result<Schema, Failure> {
        let place = format!("schema id {id}");
        let request = self.http.get(format!("{}/schemas/ids/{id}", self.url)).header("Accept", CONTENT);
        let (status, answer) = self.exchange(request).map_err(|why| self.away(&place, &why))?;
        match status {
            200 => {}
            // Whatever its body: a registry behind a gateway, or one that is not Confluent's, need not answer in JSON.
            400 | 404 | 422 => return Err(Failure::Unknown(format!("{place}: the registry answers status {status}"))),
            _ => return Err(self.answered(&place, status)),
        }
        // Somebody registered what nobody can use.
        if answer.len() > LONGEST {
            return Err(Failure::Unknown(format!("{place}: longer than {LONGEST} bytes")));
        }
        // What is no JSON may be a gateway's page: what needs the schema waits.
        let found = serde_json::from_str::<Found>(&answer).map_err(|error| self.away(&place, &error.to_string()))?;
        if let Some(kind) = found.schema_type.filter(|kind| kind != "AVRO") {
            return Err(Failure::Unknown(format!("{place}: of type {kind}, not AVRO")));
        }
        if !bounded(&found.schema) {
            return Err(Failure::Unknown(format!("{place}: its names stand for too many fields to be read")));
        }
        // A schema that cannot be used now never can.
        found.schema.parse().map_err(|error| Failure::Unknown(format!("{place}: not a usable Avro schema: {error}")))
    }

    /// Sends a request: status and text of the answer.
    fn exchange(&self, request: reqwest::RequestBuilder) -> Result<(u16, String), String> {
        let request = match &self.user {
            Some((name, password)) => request.basic_auth(name, Some(password.reveal())),
            None => request,
        };
        self.runtime.block_on(async {
            let mut response = request.send().await.map_err(|error| cause(&error))?;
            let mut answer = Vec::new();
            while let Some(part) = response.chunk().await.map_err(|error| cause(&error))? {
                answer.extend_from_slice(&part);
                // It is judged by what was read.
                if answer.len() > LONGEST {
                    break;
                }
            }
            Ok((response.status().as_u16(), String::from_utf8_lossy(&answer).into_owned()))
        })
    }

    fn failure(&self, place: &str, error: &SRCError) -> Failure {
        let refusal = error.source().and_then(|source| source.downcast_ref::<RawError>());
        match refusal {
            Some(raw) if raw.error_code / 100 == 404 => Failure::Unknown(format!("{place}: {}", raw.message)),
            Some(raw) if raw.error_code == 409 || raw.error_code / 100 == 422 || raw.error_code == 422 => {
                Failure::Refused(format!("{place}: {}", raw.message))
            }
            Some(raw) if (400..600).contains(&raw.error_code) => {
                self.answered(place, u16::try_from(raw.error_code).unwrap_or_default())
            }
            Some(raw) if raw.error_code != 0 => self.away(place, &format!("{}: {raw}", error.error)),
            // An answer that is no JSON says its status only when it is asked for again.
            _ => match self.exchange(self.http.get(format!("{}/subjects", self.url))) {
                Ok((status, _)) if status >= 300 => self.answered(place, status),
                Ok(_) => self.away(place, error.source().map_or_else(|| error.to_string(), cause).as_str()),
                Err(why) => self.away(place, &why),
            },
        }
    }

    fn away(&self, place: &str, why: &str) -> Failure {
        let fix = match why {
            why if why.contains("certificate") => ": name its authority in registry.tls_ca",
            why if why.contains("refused") => ": is it running?",
            _ => "",
        };
        Failure::Away(format!("{place}: the schema registry at {} does not answer: {why}{fix}", self.url))
    }

    /// It answered, but neither yes nor no.
    fn answered(&self, place: &str, status: u16) -> Failure {
        let fix = match status {
            401 | 403 => ": it does not take who we are: set registry.username and registry.password",
            300..=399 | 404 => ": is registry.url its address?",
            _ => "",
        };
        Failure::Away(format!("{place}: the schema registry at {} answers status {status}{fix}", self.url))
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

    fn remembers(&self, id: u32) -> bool {
        let unknown = self.unknown.get(id).is_some_and(|(since, _)| since.elapsed() < UNKNOWN_FOR);
        unknown || i32::try_from(id).is_err() || self.schemas.get(id).is_some()
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

/// What is at the bottom of an error: what lies above names the address again.
fn cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
