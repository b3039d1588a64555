//! A Kafka broker of one node, in memory.
//!
//! It speaks the Kafka protocol, so any client can connect: idempotent and transactional producers, `read_committed`
//! consumers, consumer groups, topic configurations, retention and compaction. It is for one machine, for development and
//! tests: it listens on the loopback address only, keeps nothing when it stops, and has no access control.

mod alter;
mod api;
mod batch;
mod codec;
mod compaction;
mod configs;
mod connection;
mod fetch;
mod groups;
mod housekeeping;
mod log;
mod offsets;
mod produce;
mod producer;
mod retention;
mod shape;
mod state;
mod topics;
mod transactions;

#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use state::Shared;

/// The bounds of a broker. What happens at each is said with it.
#[derive(Clone, Debug)]
pub struct Config {
    /// The port to listen on; 0 takes a free one.
    pub port: u16,
    /// Threads that answer requests.
    pub threads: usize,
    /// Partitions of a topic that does not say how many it wants.
    pub partitions: i32,
    /// Whether asking for a topic creates it.
    pub auto_create: bool,
    /// Bytes of all logs. When they are taken and nothing may be dropped, producers wait; those without a transaction wait
    /// from seven eighths on, so that transactions can still commit the offsets that make room.
    pub memory_bytes: usize,
    /// How long a producer waits for room (and no longer than it asked for); then it is told to try again.
    pub produce_wait: Duration,
    /// Bytes of requests in memory at once; further ones wait to be read.
    pub request_memory_bytes: usize,
    /// Bytes of one request; a larger one closes its connection.
    pub max_request_bytes: usize,
    /// Bytes of one fetch response, but for a single batch that is larger.
    pub max_fetch_bytes: usize,
    /// Longest wait of a fetch.
    pub max_fetch_wait: Duration,
    /// Bytes a batch may have when decompressed; one in a compacted topic that has more is refused.
    pub max_decompressed_bytes: usize,
    /// Connections at once; further ones wait to be accepted.
    pub max_connections: usize,
    /// A connection silent for that long is closed.
    pub idle: Duration,
    /// Topics; creating more is refused.
    pub max_topics: usize,
    /// Partitions of all topics; creating more is refused.
    pub max_partitions: usize,
    /// Consumer groups; further ones are refused.
    pub max_groups: usize,
    /// Members of a group; further ones are refused.
    pub max_group_members: usize,
    /// Session timeouts a member may ask for.
    pub session_timeouts: RangeInclusive<Duration>,
    /// How long an empty group waits for more members after its first, as `group.initial.rebalance.delay.ms` says in Kafka.
    pub initial_rebalance_delay: Duration,
    /// Longest time a group waits for its members to join again.
    pub max_rebalance_timeout: Duration,
    /// Offsets of a group that nobody used for that long are forgotten.
    pub offsets_retention: Duration,
    /// Transactional ids; further ones are refused.
    pub max_transactional_ids: usize,
    /// Longest transaction timeout; a longer one is refused.
    pub max_transaction_timeout: Duration,
    /// A transactional id not used for that long is forgotten.
    pub transactional_id_idle: Duration,
    /// Producers a partition remembers the sequences of; above that, the longest unseen are forgotten.
    pub max_producers: usize,
    /// A producer not seen for that long is forgotten.
    pub producer_idle: Duration,
    /// Time between looks for something to compact.
    pub compaction_interval: Duration,
}

impl Default for Config {
    fn default() -> Config {
        let (second, minute, day) = (Duration::from_secs(1), Duration::from_secs(60), Duration::from_secs(86_400));
        Config {
            port: 0,
            threads: 2,
            partitions: 4,
            auto_create: true,
            memory_bytes: 1 << 30,
            produce_wait: 10 * second,
            request_memory_bytes: 256 << 20,
            max_request_bytes: 64 << 20,
            max_fetch_bytes: 16 << 20,
            max_fetch_wait: 30 * second,
            max_decompressed_bytes: 64 << 20,
            max_connections: 512,
            idle: 10 * minute,
            max_topics: 1_000,
            max_partitions: 10_000,
            max_groups: 1_000,
            max_group_members: 500,
            session_timeouts: second..=30 * minute,
            initial_rebalance_delay: Duration::from_millis(150),
            max_rebalance_timeout: 15 * minute,
            offsets_retention: 7 * day,
            max_transactional_ids: 10_000,
            max_transaction_timeout: 15 * minute,
            transactional_id_idle: 7 * day,
            max_producers: 10_000,
            producer_idle: day,
            compaction_interval: second,
        }
    }
}

impl Config {
    /// Bytes of all logs that a producer may fill.
    fn limit(&self, transactional: bool) -> usize {
        if transactional { self.memory_bytes } else { self.memory_bytes - self.memory_bytes / 8 }
    }
}

/// A running broker; it stops when dropped.
pub struct Broker {
    address: String,
    runtime: Option<Runtime>,
}

impl Broker {
    /// Listens on the loopback address and serves on threads of its own.
    ///
    /// # Errors
    ///
    /// If the port is taken, or the threads cannot be started.
    pub fn start(config: Config) -> io::Result<Broker> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let threads = config.threads.max(1);
        let runtime = Builder::new_multi_thread().worker_threads(threads).thread_name("broker").enable_all().build()?;
        let shared = Arc::new(Shared::new(config, port));
        let entered = runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener)?;
        drop(entered);
        runtime.spawn(connection::accept(listener, shared.clone()));
        runtime.spawn(housekeeping::run(shared));
        Ok(Broker { address: format!("127.0.0.1:{port}"), runtime: Some(runtime) })
    }

    /// Where clients find it: the value of their `bootstrap.servers`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Stops serving; all it held is gone.
    pub fn stop(self) {}
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background(); // Waits for nobody, so it may be done anywhere.
        }
    }
}
