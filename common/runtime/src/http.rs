//! What an operator's tools ask a process by HTTP: `/metrics`, `/live` and `/ready`.
//!
//! A thread of its own answers, one request a connection: a slow or hostile client costs one of a few places for a few seconds, and
//! never a worker's time.

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
};

use crate::watch::Watch;

mod bounded;

#[cfg(test)]
mod tests;

use bounded::{Bounded, Bounds};

/// Most connections that are open at a time, those beyond wait; how long one may take to say what it asks; and how long it may last,
/// from its acceptance to the last byte of the answer.
const BOUNDS: Bounds = Bounds { connections: 32, asks: Duration::from_secs(2), lasts: Duration::from_secs(10) };
/// The media type of Prometheus's text format.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A running server; it ends when it is dropped.
pub struct Http {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Http {
    /// Where it listens, also when port 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It may have ended by itself.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Listens at `address`, `host:port` (port 0: any that is free), and answers about `watch`.
///
/// # Errors
/// One sentence that names the setting `http.address` when nothing can listen there.
pub fn serve(address: &str, watch: Arc<Watch>) -> Result<Http, String> {
    start(address, watch, BOUNDS)
}

fn start(address: &str, watch: Arc<Watch>, bounds: Bounds) -> Result<Http, String> {
    let unusable = |error: std::io::Error| {
        let fix = match error.kind() {
            std::io::ErrorKind::AddrInUse => "another process listens there: choose another port, or 0 for a free one",
            std::io::ErrorKind::PermissionDenied => "not allowed: choose a port above 1023",
            std::io::ErrorKind::AddrNotAvailable => "not an address of this machine: 0.0.0.0 is all of them",
            _ => return format!("http.address {address}: {error}: give host:port, such as 127.0.0.1:9464"),
        };
        format!("http.address {address}: {fix}")
    };
    let listener = TcpListener::bind(address).map_err(unusable)?;
    listener.set_nonblocking(true).map_err(unusable)?;
    let bound = listener.local_addr().map_err(unusable)?;
    let runtime = Builder::new_current_thread().enable_all().build().map_err(unusable)?;
    let (stop, stopped) = oneshot::channel();
    let body = move || {
        let guard = runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener).map(|listener| Bounded::new(listener, bounds));
        drop(guard);
        listen(&runtime, listener, watch, stopped);
    };
    let thread = std::thread::Builder::new().name("http".to_owned()).spawn(body).map_err(unusable)?;
    Ok(Http { address: bound, stop: Some(stop), thread: Some(thread) })
}

fn listen(runtime: &Runtime, listener: std::io::Result<Bounded>, watch: Arc<Watch>, stopped: oneshot::Receiver<()>) {
    let answer = async move { axum::serve(listener?, router(watch)).await };
    runtime.block_on(async {
        tokio::select! {
            _ = stopped => {}
            ended = answer => {
                if let Err(error) = ended {
                    tracing::error!(side = "http", "the server ended: {error}");
                }
            }
        }
    });
}

fn router(watch: Arc<Watch>) -> Router {
    // `get` answers HEAD too, without the body.
    Router::new()
        .route("/metrics", get(metrics))
        .route("/live", get(live))
        .route("/ready", get(ready))
        .fallback(nothing)
        .method_not_allowed_fallback(refused)
        .with_state(watch)
}

async fn metrics(State(watch): State<Arc<Watch>>) -> Response {
    answer(StatusCode::OK, watch.render())
}

async fn live(State(watch): State<Arc<Watch>>) -> Response {
    judged("live", watch.alive())
}

async fn ready(State(watch): State<Arc<Watch>>) -> Response {
    judged("ready", watch.ready())
}

async fn nothing() -> Response {
    answer(StatusCode::NOT_FOUND, "ask for /metrics, /live or /ready\n".to_owned())
}

async fn refused() -> Response {
    answer(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n".to_owned())
}

fn judged(what: &str, verdict: Result<(), String>) -> Response {
    match verdict {
        Ok(()) => answer(StatusCode::OK, format!("{what}\n")),
        Err(why) => answer(StatusCode::SERVICE_UNAVAILABLE, format!("not {what}: {why}\n")),
    }
}

fn answer(status: StatusCode, body: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(TEXT)),
        (header::CONNECTION, HeaderValue::from_static("close")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, body).into_response()
}
