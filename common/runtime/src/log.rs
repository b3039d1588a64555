//! The port between the worker and the log: Kafka in production, memory in the simulator.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use kernel::{Millis, Spot, Topic, contract::Cut};

/// A record as it lies in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw {
    /// Topic.
    pub topic: &'static str,
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
    /// When the broker stored it, milliseconds since the Unix epoch.
    pub appended: Millis,
    /// Key, if it has one; shared, for the keys of most topics are few.
    pub key: Option<Arc<[u8]>>,
    /// Value; `None`: a tombstone.
    pub value: Option<Vec<u8>>,
    /// Headers, in order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Raw {
    /// Where it lies.
    pub(crate) fn spot(&self) -> Spot {
        Spot { topic: self.topic, partition: self.partition, offset: self.offset }
    }

    /// Bytes that it takes in memory, about.
    pub(crate) fn weight(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.as_ref().map_or(0, Vec::len));
        128 + self.key.as_ref().map_or(0, |key| key.len())
            + self.value.as_ref().map_or(0, Vec::len)
            + headers.sum::<usize>()
    }
}

/// What the log has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Polled {
    /// The group gave us these partitions of the work topic. They are paused until taken over.
    Assigned(Vec<i32>),
    /// The group took these partitions; what is in hand of them is void.
    Revoked(Vec<i32>),
    /// A record of the work topic, of a tail, or of `state.kept`.
    Record(Raw),
}

/// Why a call did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The broker does not answer; nothing was done. Try again later.
    Away(String),
    /// The schema registry does not answer; what needs it waits.
    Registry(String),
    /// The store does not answer; what it knows is decided without.
    Store(String),
    /// A market cannot be decided though no record is to blame; its partition waits.
    Halted(String),
    /// The transaction was aborted; nothing happened.
    Aborted(String),
    /// This worker cannot go on; another process can.
    Broken(String),
    /// What happened is unknown, or another worker owns the partitions: give them up and rebuild from the log.
    Unknown(String),
}

impl Fault {
    /// Where the trouble is.
    pub fn side(&self) -> &'static str {
        match self {
            Fault::Away(_) | Fault::Aborted(_) | Fault::Unknown(_) | Fault::Broken(_) => "kafka",
            Fault::Registry(_) => "registry",
            Fault::Store(_) => "store",
            Fault::Halted(_) => "processor",
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fault::Away(why) | Fault::Registry(why) | Fault::Store(why) | Fault::Halted(why) | Fault::Broken(why) => {
                to.write_str(why)
            }
            Fault::Aborted(why) => write!(to, "transaction aborted: {why}"),
            Fault::Unknown(why) => write!(to, "outcome unknown, rebuilding from the log: {why}"),
        }
    }
}

/// Where the reading of one topic begins on a take-over, and how far it must come before the partition is live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Topic.
    pub topic: &'static str,
    /// Partition.
    pub partition: i32,
    /// First offset to read.
    pub from: i64,
    /// Committed position; a record before it was dealt with by a predecessor.
    pub committed: i64,
    /// End, as a `read_committed` reader saw it after the predecessor's transaction was settled.
    pub end: i64,
}

/// What a worker must read before it may decide for a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// Committed offset of the work topic.
    pub work: i64,
    /// `state.kept`, the market tails, and the global tails that are not yet read here.
    pub stretches: Vec<Stretch>,
    /// Offsets that retention deleted before anybody read them.
    pub lost: i64,
}

/// A record to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Topic.
    pub topic: &'static Topic,
    /// Partition.
    pub partition: i32,
    /// Key.
    pub key: Vec<u8>,
    /// Value; `None`: a tombstone.
    pub value: Option<Vec<u8>>,
    /// Trace context, written as the header `traceparent`.
    pub trace: Option<String>,
}

/// What leaves in one transaction: all of it, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// Encoded already: nothing can fail between begin and commit but the log.
    pub records: Vec<Outgoing>,
    /// Next offset of the work topic and the tails, for each partition that is written for. Never empty: an empty list
    /// fences nothing.
    pub offsets: Vec<Cut>,
    /// For each partition of the work topic, broker time of the newest record that was read: where a successor's horizons
    /// are measured from.
    pub newest: Vec<(i32, Millis)>,
}

/// The log as one worker sees it.
pub trait Log {
    /// Proof of membership in the group, taken when a turn starts; it fences a stale owner.
    type Member;

    /// The next thing the log has to say, waiting at most `wait`; nothing of what is held.
    ///
    /// # Errors
    /// [`Fault::Away`] when the broker does not answer.
    fn poll(&mut self, wait: Duration) -> Result<Option<Polled>, Fault>;

    /// Holds exactly these topics' partitions back, the work topic's among them; all others flow. News of the group always do.
    ///
    /// # Errors
    /// [`Fault::Away`] when the client refuses.
    fn hold(&mut self, held: &BTreeSet<(&'static str, i32)>) -> Result<(), Fault>;

    /// Takes over a partition that was assigned: reads its committed offsets, waits until no transaction of a
    /// predecessor is open, and says what must be read. `None`: not yet, ask again.
    ///
    /// # Errors
    /// [`Fault::Away`] when the broker does not answer.
    fn settle(&mut self, partition: i32) -> Result<Option<Start>, Fault>;

    /// Starts to read the stretches of a partition that was settled.
    ///
    /// # Errors
    /// [`Fault::Away`] when the client refuses.
    fn follow(&mut self, stretches: &[Stretch]) -> Result<(), Fault>;

    /// Lets work records of a partition flow from `offset` on.
    ///
    /// # Errors
    /// [`Fault::Away`] when the client refuses.
    fn resume(&mut self, partition: i32, offset: i64) -> Result<(), Fault>;

    /// Stops reading these topics' partitions.
    ///
    /// # Errors
    /// [`Fault::Away`] when the client refuses.
    fn unfollow(&mut self, what: &[(&'static str, i32)]) -> Result<(), Fault>;

    /// For everything that is read: the offset before which all was polled, markers and aborted records included.
    ///
    /// # Errors
    /// [`Fault::Away`] when the client refuses.
    fn positions(&mut self) -> Result<Vec<(&'static str, i32, i64)>, Fault>;

    /// The ends of these topics' partitions as a `read_committed` reader sees them, in the order asked.
    ///
    /// # Errors
    /// [`Fault::Away`] when the broker does not answer.
    fn ends(&mut self, of: &[(&'static str, i32)]) -> Result<Vec<i64>, Fault>;

    /// Where each begins: what lay before was deleted by retention.
    ///
    /// # Errors
    /// [`Fault::Away`] when the broker does not answer.
    fn firsts(&mut self, of: &[(&'static str, i32)]) -> Result<Vec<i64>, Fault>;

    /// Proof that we are a member of the group now; `None`: we are not, and may not write.
    fn member(&mut self) -> Option<Self::Member>;

    /// Begins to write the records and to move the offsets: both, or neither. What fails is told by [`Log::commit`].
    fn send(&mut self, transaction: &Arc<Transaction>, member: Self::Member);

    /// Whether what was sent is still on its way.
    fn underway(&mut self) -> bool;

    /// Waits for the end of the transaction that was sent.
    ///
    /// # Errors
    /// [`Fault::Aborted`] or [`Fault::Away`] when nothing happened, [`Fault::Unknown`] when that cannot be known.
    fn commit(&mut self) -> Result<(), Fault>;

    /// The number of partitions of a topic.
    ///
    /// # Errors
    /// [`Fault::Away`] when the broker does not answer.
    fn partitions(&mut self, topic: &'static str) -> Result<i32, Fault>;
}
