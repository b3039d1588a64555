//! All that the broker holds, behind one lock.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use kafka_protocol::ResponseError as Error;
use kafka_protocol::messages::TopicName;
use kafka_protocol::protocol::StrBytes;
use tokio::sync::{Notify, Semaphore};

use super::Config;
use super::configs::TopicConfig;
use super::groups::Group;
use super::log::Partition;
use super::transactions::Transaction;

/// What all connections share.
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) host: StrBytes,
    pub(super) port: u16,
    state: Mutex<State>,
    /// Woken when a group's membership or assignment changed.
    pub(super) groups: Notify,
    /// Kibibytes of requests that may be in memory at once.
    pub(super) requests: Semaphore,
}

impl Shared {
    pub(super) fn new(config: Config, port: u16) -> Shared {
        let requests = Semaphore::new((config.request_memory_bytes / 1024).clamp(1, Semaphore::MAX_PERMITS));
        Shared {
            config,
            host: StrBytes::from_static_str("127.0.0.1"),
            port,
            state: Mutex::default(),
            groups: Notify::new(),
            requests,
        }
    }

    /// The most one request may take of `requests`.
    pub(super) fn request_share(&self) -> u32 {
        u32::try_from(self.config.request_memory_bytes / 1024).unwrap_or(u32::MAX).max(1)
    }

    /// The state. A request that panicked left it as consistent as it was: the others go on.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One topic.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) config: TopicConfig,
    pub(super) partitions: Vec<Partition>,
}

/// Topics, groups and transactions.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) topics: BTreeMap<String, Topic>,
    pub(super) groups: HashMap<String, Group>,
    pub(super) transactions: HashMap<String, Transaction>,
    /// Bytes all logs take.
    used: Arc<AtomicUsize>,
    producers: i64,
    members: u64,
}

impl State {
    /// Bytes all logs take.
    pub(super) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// A producer id never given before.
    pub(super) fn next_producer(&mut self) -> i64 {
        self.producers += 1;
        self.producers
    }

    /// A member id never given before.
    pub(super) fn next_member(&mut self, client: &str) -> String {
        self.members += 1;
        let client: String = client.chars().take(100).collect();
        format!("{client}-{:08}", self.members)
    }

    /// A topic and one of its partitions.
    pub(super) fn partition(&mut self, topic: &str, index: i32) -> Result<(&TopicConfig, &mut Partition), Error> {
        let topic = self.topics.get_mut(topic).ok_or(Error::UnknownTopicOrPartition)?;
        let index = usize::try_from(index).map_err(|_| Error::UnknownTopicOrPartition)?;
        let partition = topic.partitions.get_mut(index).ok_or(Error::UnknownTopicOrPartition)?;
        Ok((&topic.config, partition))
    }

    /// Whether there is such a partition.
    pub(super) fn has(&self, topic: &str, index: i32) -> bool {
        let partitions = self.topics.get(topic).map_or(0, |topic| topic.partitions.len());
        usize::try_from(index).is_ok_and(|index| index < partitions)
    }

    /// Creates a topic, within the bounds; with `dry`, only says whether it could.
    pub(super) fn create(
        &mut self,
        bounds: &Config,
        name: &str,
        (partitions, config): (i32, TopicConfig),
        dry: bool,
    ) -> Result<(), (Error, String)> {
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if name.is_empty() || name.len() > 249 || name == "." || name == ".." || !name.bytes().all(sound) {
            return Err((Error::InvalidTopicException, "topic names are 1 to 249 of a-z A-Z 0-9 . _ -".to_owned()));
        }
        if self.topics.contains_key(name) {
            return Err((Error::TopicAlreadyExists, format!("topic {name} already exists")));
        }
        let wanted = usize::try_from(partitions).ok().filter(|count| *count > 0);
        let count = wanted.ok_or((Error::InvalidPartitions, "a topic has at least one partition".to_owned()))?;
        let total: usize = self.topics.values().map(|topic| topic.partitions.len()).sum();
        if self.topics.len() >= bounds.max_topics || count > bounds.max_partitions.saturating_sub(total) {
            let why = "the embedded broker's bound on topics or partitions is reached: raise it in its Config";
            return Err((Error::PolicyViolation, why.to_owned()));
        }
        if !dry {
            let partitions = (0..count).map(|_| Partition::new(self.used.clone())).collect();
            self.topics.insert(name.to_owned(), Topic { config, partitions });
        }
        Ok(())
    }

    /// Deletes a topic with all groups' offsets in it.
    pub(super) fn delete(&mut self, name: &str) -> Result<(), Error> {
        self.topics.remove(name).ok_or(Error::UnknownTopicOrPartition)?;
        for group in self.groups.values_mut() {
            group.forget_topic(name);
        }
        for transaction in self.transactions.values_mut() {
            transaction.forget_topic(name);
        }
        Ok(())
    }
}

/// Milliseconds since 1970.
pub(super) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

/// The code of a result: 0 if it is no error.
pub(super) fn code<T>(result: &Result<T, Error>) -> i16 {
    result.as_ref().err().map_or(0, Error::code)
}

/// A topic's name as the protocol carries it.
pub(super) fn topic_name(name: &str) -> TopicName {
    TopicName(text(name))
}

/// A string as the protocol carries it.
pub(super) fn text(value: &str) -> StrBytes {
    StrBytes::from_string(value.to_owned())
}
