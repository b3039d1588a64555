//! What the registry answers when it does not do what it was asked.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// The content type that registry clients expect.
pub(super) const CONTENT: &str = "application/vnd.schemaregistry.v1+json";

/// Longest message; a schema that fails deep inside has a long story.
const MESSAGE: usize = 2_000;

/// An HTTP status, one of Confluent's error codes and a sentence.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    code: u32,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, code: u32, message: impl Into<String>) -> Self {
        let message: String = message.into();
        Refusal { status, code, message: message.chars().take(MESSAGE).collect() }
    }

    pub(super) fn no_subject(subject: &str) -> Self {
        Refusal::new(StatusCode::NOT_FOUND, 40_401, format!("subject '{subject}' not found"))
    }

    pub(super) fn no_version(version: &str) -> Self {
        Refusal::new(StatusCode::NOT_FOUND, 40_402, format!("version {version} not found"))
    }

    pub(super) fn no_schema() -> Self {
        Refusal::new(StatusCode::NOT_FOUND, 40_403, "schema not found")
    }

    pub(super) fn no_level(subject: &str) -> Self {
        let message = format!("subject '{subject}' has no compatibility level of its own");
        Refusal::new(StatusCode::NOT_FOUND, 40_408, message)
    }

    pub(super) fn no_such_call() -> Self {
        Refusal::new(StatusCode::NOT_FOUND, 404, "no such call: see the embedded crate for what is there")
    }

    pub(super) fn no_such_method() -> Self {
        Refusal::new(StatusCode::METHOD_NOT_ALLOWED, 405, "no such method here: deletion is not supported")
    }

    pub(super) fn invalid_schema(why: impl std::fmt::Display) -> Self {
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, 42_201, format!("invalid schema: {why}"))
    }

    pub(super) fn invalid_version(version: &str) -> Self {
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, 42_202, format!("'{version}' is no version: a number or latest"))
    }

    pub(super) fn invalid_level(why: &serde_json::Error) -> Self {
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, 42_203, format!("invalid compatibility level: {why}"))
    }

    pub(super) fn invalid_request(why: impl Into<String>) -> Self {
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, 422, why)
    }

    pub(super) fn unreadable_body(status: StatusCode, why: impl Into<String>) -> Self {
        Refusal::new(status, u32::from(status.as_u16()), why)
    }

    pub(super) fn incompatible(subject: &str, why: &str) -> Self {
        let message =
            format!("schema being registered is incompatible with an earlier one of subject '{subject}': {why}");
        Refusal::new(StatusCode::CONFLICT, 409, message)
    }

    pub(super) fn full(what: &str, limit: usize) -> Self {
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, 422, format!("the registry is full: at most {limit} {what}"))
    }

    pub(super) fn storage(error: &std::io::Error) -> Self {
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, 50_001, format!("error in the backend data store: {error}"))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        respond(self.status, &json!({"error_code": self.code, "message": self.message}))
    }
}

/// An answer in JSON.
pub(super) fn respond(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, CONTENT)], body.to_string()).into_response()
}
