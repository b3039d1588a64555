//! The HTTP interface, as Confluent's registry documents it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, Query, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Limits;
use super::compatibility::Level;
use super::connections::Bounded;
use super::refusal::{CONTENT, Refusal, respond};
use super::schema::{self, Parsed};
use super::state::{State, Version};

type Answer = Result<Response, Refusal>;
type Body = Result<Bytes, BytesRejection>;

/// Every request works on it alone, for a few milliseconds at most.
#[derive(Clone)]
struct Service(Arc<Mutex<State>>);

impl Service {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until the listener is gone.
pub(super) async fn serve(listener: std::net::TcpListener, state: State, limits: Limits) -> std::io::Result<()> {
    let listener = Bounded::new(tokio::net::TcpListener::from_std(listener)?, limits.connections);
    axum::serve(listener, router(state, limits)).await
}

fn router(state: State, limits: Limits) -> Router {
    Router::new()
        .route("/", get(async || ok(&json!({}))))
        .route("/subjects", get(subjects))
        .route("/subjects/{subject}", post(find))
        .route("/subjects/{subject}/versions", get(versions).post(register))
        .route("/subjects/{subject}/versions/{version}", get(version))
        .route("/subjects/{subject}/versions/{version}/schema", get(version_text))
        .route("/schemas/ids/{id}", get(by_id))
        .route("/schemas/ids/{id}/schema", get(text_by_id))
        .route("/schemas/ids/{id}/subjects", get(subjects_by_id))
        .route("/schemas/ids/{id}/versions", get(versions_by_id))
        .route("/schemas/types", get(async || ok(&json!(["AVRO"]))))
        .route("/compatibility/subjects/{subject}/versions", post(check_next))
        .route("/compatibility/subjects/{subject}/versions/{version}", post(check_against))
        .route("/config", get(level).put(set_level))
        .route("/config/{subject}", get(subject_level).put(set_subject_level))
        .route("/mode", get(async || ok(&json!({"mode": "READWRITE"}))))
        .route("/mode/{subject}", get(async || ok(&json!({"mode": "READWRITE"}))))
        .route("/contexts", get(async || ok(&json!(["."]))))
        .fallback(async || Refusal::no_such_call())
        .method_not_allowed_fallback(async || Refusal::no_such_method())
        .layer(DefaultBodyLimit::max(limits.body))
        .with_state(Service(Arc::new(Mutex::new(state))))
}

fn ok(body: &Value) -> Response {
    respond(StatusCode::OK, body)
}

/// Reads a body as JSON whatever its content type says: clients differ in what they send.
fn read<T: DeserializeOwned>(body: Body) -> Result<T, Refusal> {
    let body = body.map_err(|rejection| Refusal::unreadable_body(rejection.status(), rejection.body_text()))?;
    serde_json::from_slice(&body).map_err(|error| Refusal::unreadable_body(StatusCode::BAD_REQUEST, error.to_string()))
}

/// A schema as clients post it; what else they send (metadata, rule sets) is not kept.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Posted {
    schema: String,
    schema_type: Option<String>,
    references: Option<Vec<Value>>,
}

fn posted(body: Body) -> Result<(String, Parsed), Refusal> {
    let posted: Posted = read(body)?;
    if posted.schema_type.is_some_and(|kind| kind != "AVRO") {
        return Err(Refusal::invalid_schema("only AVRO here"));
    }
    if posted.references.is_some_and(|references| !references.is_empty()) {
        return Err(Refusal::invalid_schema("no references here: put the named types into the schema"));
    }
    let parsed = schema::parse(&posted.schema).map_err(Refusal::invalid_schema)?;
    Ok((posted.schema, parsed))
}

async fn subjects(Shared(service): Shared<Service>) -> Response {
    ok(&json!(service.lock().subjects()))
}

async fn register(Shared(service): Shared<Service>, Path(subject): Path<String>, body: Body) -> Answer {
    let (text, parsed) = posted(body)?;
    let id = service.lock().register(&subject, text, parsed)?;
    Ok(ok(&json!({"id": id})))
}

async fn find(Shared(service): Shared<Service>, Path(subject): Path<String>, body: Body) -> Answer {
    let (_, parsed) = posted(body)?;
    let state = service.lock();
    describe(&state, &subject, state.find(&subject, &parsed)?)
}

async fn versions(Shared(service): Shared<Service>, Path(subject): Path<String>) -> Answer {
    let count = service.lock().versions(&subject)?.len();
    Ok(ok(&json!((1..=count).collect::<Vec<_>>())))
}

async fn version(Shared(service): Shared<Service>, Path((subject, version)): Path<(String, String)>) -> Answer {
    let state = service.lock();
    describe(&state, &subject, state.version(&subject, &version)?)
}

async fn version_text(Shared(service): Shared<Service>, Path((subject, version)): Path<(String, String)>) -> Answer {
    let state = service.lock();
    Ok(bare(state.text(state.version(&subject, &version)?.id)?))
}

fn describe(state: &State, subject: &str, version: Version) -> Answer {
    let text = state.text(version.id)?;
    Ok(ok(&json!({"subject": subject, "version": version.number, "id": version.id, "schema": text})))
}

/// The schema itself, as it was registered.
fn bare(text: &str) -> Response {
    ([(header::CONTENT_TYPE, CONTENT)], text.to_owned()).into_response()
}

fn number(id: &str) -> Result<u32, Refusal> {
    id.parse().map_err(|_| Refusal::no_schema())
}

async fn by_id(Shared(service): Shared<Service>, Path(id): Path<String>) -> Answer {
    Ok(ok(&json!({"schema": service.lock().text(number(&id)?)?})))
}

async fn text_by_id(Shared(service): Shared<Service>, Path(id): Path<String>) -> Answer {
    Ok(bare(service.lock().text(number(&id)?)?))
}

async fn subjects_by_id(Shared(service): Shared<Service>, Path(id): Path<String>) -> Answer {
    let state = service.lock();
    let subjects: Vec<_> = state.uses(number(&id)?)?.into_iter().map(|(subject, _)| subject).collect();
    Ok(ok(&json!(subjects)))
}

async fn versions_by_id(Shared(service): Shared<Service>, Path(id): Path<String>) -> Answer {
    let state = service.lock();
    let uses = state.uses(number(&id)?)?.into_iter();
    Ok(ok(&uses.map(|(subject, version)| json!({"subject": subject, "version": version})).collect()))
}

async fn check_next(Shared(service): Shared<Service>, Path(subject): Path<String>, body: Body) -> Answer {
    let (_, parsed) = posted(body)?;
    let why = service.lock().against_subject(&subject, &parsed)?;
    Ok(verdict(why))
}

async fn check_against(
    Shared(service): Shared<Service>,
    Path((subject, version)): Path<(String, String)>,
    body: Body,
) -> Answer {
    let (_, parsed) = posted(body)?;
    let state = service.lock();
    // As Confluent's: anything may be the first version of a subject, and only versions are looked for.
    if state.versions(&subject).is_err() {
        return if version == "latest" { Ok(verdict(None)) } else { Err(Refusal::no_version(&version)) };
    }
    let old = state.version(&subject, &version)?;
    Ok(verdict(state.against(&subject, old.id, &parsed)?))
}

fn verdict(why: Option<String>) -> Response {
    ok(&json!({"is_compatible": why.is_none(), "messages": why.into_iter().collect::<Vec<_>>()}))
}

#[derive(Deserialize)]
struct Wanted {
    compatibility: Value,
}

/// The level that a body asks for.
fn wanted(body: Body) -> Result<Level, Refusal> {
    let Wanted { compatibility } = read(body)?;
    serde_json::from_value(compatibility).map_err(|error| Refusal::invalid_level(&error))
}

async fn level(Shared(service): Shared<Service>) -> Response {
    ok(&json!({"compatibilityLevel": service.lock().level()}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fallback {
    #[serde(default)]
    default_to_global: bool,
}

async fn subject_level(
    Shared(service): Shared<Service>,
    Path(subject): Path<String>,
    Query(fallback): Query<Fallback>,
) -> Answer {
    let state = service.lock();
    let level = if fallback.default_to_global { state.level_for(&subject) } else { state.own_level(&subject)? };
    Ok(ok(&json!({"compatibilityLevel": level})))
}

async fn set_level(Shared(service): Shared<Service>, body: Body) -> Answer {
    let compatibility = wanted(body)?;
    service.lock().set_level(None, compatibility)?;
    Ok(ok(&json!({"compatibility": compatibility})))
}

async fn set_subject_level(Shared(service): Shared<Service>, Path(subject): Path<String>, body: Body) -> Answer {
    let compatibility = wanted(body)?;
    service.lock().set_level(Some(&subject), compatibility)?;
    Ok(ok(&json!({"compatibility": compatibility})))
}
