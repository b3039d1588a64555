//! A store on a CQL server: ScyllaDB or Apache Cassandra.
//!
//! A row is written with its offset as CQL's own timestamp: the server itself lets the newer one win, in any order and any number of
//! times, without a read or a light-weight transaction. What is to be forgotten is deleted with that timestamp, too.
//!
//! Everything is written and read at LOCAL_QUORUM. Riders: a replica that missed a write may not be repaired for days, and alone it
//! would go on telling a consent that was withdrawn. Positions: a projection must not begin behind what it said it wrote.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use kernel::Millis;
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};

use super::{Positions, Row, Store, wall};
use crate::settings::Secret;

mod session;

use session::Session;

/// Reads, and writes, that are under way at a time.
const AT_ONCE: usize = 128;
/// First and longest pause between two tries to connect.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Where the server is, and who we are to it.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Some of its nodes, `host:port` with commas between.
    pub nodes: String,
    /// The keyspace.
    pub keyspace: String,
    /// Copies of each row in each datacentre, where the keyspace is made by us.
    pub replication: i64,
    /// The datacentre that is asked; empty: whichever the first node is in.
    pub datacenter: String,
    /// User; empty: none.
    pub username: String,
    /// His password.
    pub password: Secret,
    /// Whether the connections are encrypted.
    pub tls: bool,
    /// Who may sign the server's certificate, PEM; empty: whom the system trusts.
    pub tls_ca: String,
    /// Longest wait for a write.
    pub write: Duration,
    /// Keyspace and tables are made where they are missing: by the one that writes.
    pub creates: bool,
}

/// The store. It connects by itself, and again after it was cut off.
pub struct Cql {
    access: Access,
    runtime: Option<Runtime>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    session: OnceLock<Session>,
    why: Mutex<String>,
    stop: AtomicBool,
}

impl Cql {
    /// Begins to connect, to what a table of these names needs.
    ///
    /// # Errors
    /// One sentence when there is no thread to be had.
    pub fn open(access: Access, tables: &'static [&'static str]) -> Result<Cql, String> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("cql").enable_all().build();
        let runtime = runtime.map_err(|error| format!("cannot start a thread for the store: {error}"))?;
        let shared = Arc::<Shared>::default();
        runtime.spawn(connect(access.clone(), tables, shared.clone()));
        Ok(Cql { access, runtime: Some(runtime), shared })
    }

    fn session(&self) -> Result<&Session, String> {
        self.shared.session.get().ok_or_else(|| {
            let why = self.shared.why.lock().unwrap_or_else(PoisonError::into_inner);
            let why = if why.is_empty() { "not connected yet" } else { &why };
            format!("{}: {why}", self.name())
        })
    }

    /// Waits for `work`, at most so long.
    fn wait<T>(&self, most: Duration, work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
        let Some(runtime) = &self.runtime else { return Err(format!("{} is closed", self.name())) };
        match runtime.block_on(async { timeout(most, work).await }) {
            Ok(done) => done.map_err(|why| format!("{}: {why}", self.name())),
            Err(_) => Err(format!("{} does not answer within {} ms", self.name(), most.as_millis())),
        }
    }
}

impl Drop for Cql {
    fn drop(&mut self) {
        self.shared.stop.store(true, SeqCst);
        if let Some(runtime) = self.runtime.take() {
            // It may be dropped by whoever must not wait.
            runtime.shutdown_background();
        }
    }
}

/// Tries until there is a session.
async fn connect(access: Access, tables: &'static [&'static str], shared: Arc<Shared>) {
    let mut pause = PAUSE.0;
    while !shared.stop.load(SeqCst) {
        match Session::open(&access, tables).await {
            Ok(session) => {
                let _ = shared.session.set(session);
                return;
            }
            Err(why) => *shared.why.lock().unwrap_or_else(PoisonError::into_inner) = why,
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE.1);
    }
}

impl Store for Cql {
    fn name(&self) -> String {
        format!("the store at {}", self.access.nodes)
    }

    fn read(&self, table: &'static str, keys: &[&str], within: Duration) -> Result<Vec<Option<Row>>, String> {
        let (rows, why) = self.read_some(table, keys, within);
        why.map_or(Ok(rows), Err)
    }

    fn read_some(&self, table: &'static str, keys: &[&str], within: Duration) -> (Vec<Option<Row>>, Option<String>) {
        let end = Instant::now() + within;
        let session = match self.session() {
            Ok(session) => session,
            Err(why) => return (Vec::new(), Some(why)),
        };
        let mut rows = Vec::with_capacity(keys.len());
        for some in keys.chunks(AT_ONCE) {
            let left = end.saturating_duration_since(Instant::now());
            match self.wait(left, session.read(table, some)) {
                Ok(read) => rows.extend(read),
                Err(why) => {
                    // The whole bound is told, not what was left of it.
                    let left = format!("within {} ms", left.as_millis());
                    return (rows, Some(why.replace(&left, &format!("within {} ms", within.as_millis()))));
                }
            }
        }
        (rows, None)
    }

    fn write(&self, table: &'static str, rows: &[Row], read: &Positions) -> Result<(), String> {
        let session = self.session()?;
        for some in rows.chunks(AT_ONCE) {
            self.wait(self.access.write, session.write(table, some, wall()))?;
        }
        // Last: a row that is not written is read again.
        self.wait(self.access.write, session.write_positions(table, read))
    }

    fn positions(&self, table: &'static str) -> Result<Positions, String> {
        self.wait(self.access.write, self.session()?.positions(table)).map(BTreeMap::from_iter)
    }
}

/// Seconds that are left until `expires`, at least one; `None`: none are, zero: it never ends.
fn ttl(expires: Option<Millis>, now: Millis) -> Option<i32> {
    /// The longest that CQL takes: twenty years.
    const MOST: i64 = 630_720_000;
    let Some(expires) = expires else { return Some(0) };
    let left = expires.since(now).0;
    (left > 0).then(|| i32::try_from((left.saturating_add(999) / 1_000).min(MOST)).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_row_is_counted_from_its_event_time() {
        let now = Millis(1_700_000_000_000);
        assert_eq!(ttl(None, now), Some(0));
        assert_eq!(ttl(Some(now), now), None);
        assert_eq!(ttl(Some(now.plus(Millis(1))), now), Some(1));
        assert_eq!(ttl(Some(now.plus(Millis(1_001))), now), Some(2));
        assert_eq!(ttl(Some(Millis(i64::MAX)), now), Some(630_720_000));
    }

    #[test]
    fn a_server_that_is_not_there_is_said_in_one_line_and_at_once() {
        let access = Access { nodes: "127.0.0.1:1".to_owned(), keyspace: "tripo".to_owned(), ..Access::default() };
        let store = Cql::open(access, &["riders"]).unwrap();
        let begun = Instant::now();
        let said = store.read("riders", &["ann"], Duration::from_millis(20)).unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(1));
        assert!(said.starts_with("the store at 127.0.0.1:1: ") && !said.contains('\n'), "{said}");
    }
}
