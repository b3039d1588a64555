//! The embedded schema registry: Avro only, with the HTTP interface that Confluent's clients speak.
//!
//! It is for one machine, development and tests: it listens on the loopback interface, has no users and keeps everything in
//! memory, with an append-only log on disk if a path is given. Not there: schema references, deletion, other schema types.

mod api;
mod compatibility;
mod connections;
mod log;
mod refusal;
mod schema;
mod state;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

pub use compatibility::{Level, incompatibility};

/// What the registry holds at most; one more is refused with a sentence and status 422 (413 for the body).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Open connections; one more waits.
    pub(crate) connections: usize,
    /// Bytes of a request's body.
    pub(crate) body: usize,
    /// Bytes of a subject's name.
    pub(crate) subject: usize,
    /// Subjects.
    pub(crate) subjects: usize,
    /// Distinct schemas.
    pub(crate) schemas: usize,
    /// Bytes of all schemas together.
    pub(crate) text: usize,
    /// Registrations and changes of levels since the log began.
    pub(crate) records: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 256,
            body: 1 << 20,
            subject: 255,
            subjects: 4_096,
            schemas: 16_384,
            text: 64 << 20,
            records: 65_536,
        }
    }
}

/// A running registry. It stops when it is dropped.
pub struct Registry {
    url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Registry {
    /// Starts a registry on the loopback interface; port 0 takes any free one. With a path what is registered outlives the
    /// process: the file is created, or read back.
    ///
    /// # Errors
    /// The port is taken, or the log cannot be read or written; a log with a broken record (other than a torn last one) is
    /// refused.
    pub fn start(port: u16, log: Option<&Path>) -> io::Result<Registry> {
        let limits = Limits::default();
        let state = state::State::open(log, limits)?;
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("registry".to_owned()).spawn(move || {
            // Leaving `block_on` drops the runtime and with it every open connection: no request holds up the stop.
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    _ = api::serve(listener, state, limits) => {}
                }
            });
        })?;
        Ok(Registry { url, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens, such as `http://127.0.0.1:8081`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
