//! What a topic is, and what a record of it is.

use serde::{Serialize, de::DeserializeOwned};
use serde_avro_fast::Schema;

use crate::contract::Place;

/// Which partition a record lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlacedBy {
    /// By its key.
    Key,
    /// By its field `market`, so that all of a market lies in one partition of every topic.
    Market,
    /// By the partition of the record that it is about.
    Origin,
}

/// A topic as its schema file describes it: the whole contract.
#[derive(Debug, PartialEq, Eq)]
pub struct Topic {
    /// Name, `noun.participle`.
    pub name: &'static str,
    /// The Avro schema, JSON, as it is registered.
    pub schema: &'static str,
    /// Partitions when it is created by us; equal for all market-keyed topics and fixed for life.
    pub partitions: i32,
    /// How records find their partition.
    pub placed_by: PlacedBy,
    /// `cleanup.policy`: `delete` or `compact`.
    pub cleanup: &'static str,
    /// `retention.ms`, by the broker's time; -1: for ever.
    pub retention_ms: i64,
    /// `max.message.bytes`.
    pub max_message_bytes: i32,
    /// `compression.type` of the topic, when the contract asks for one.
    pub compression: Option<&'static str>,
}

/// A record of a topic: one struct of [`crate::contract`].
pub trait Record: Serialize + DeserializeOwned {
    /// The topic that it belongs to.
    const TOPIC: &'static Topic;

    /// The topic's schema, parsed once.
    fn schema() -> &'static Schema;

    /// The Kafka key.
    fn key(&self) -> &[u8];

    /// Appends the record to `to` as an Avro datum of its own schema. Types of the contract write themselves; any other goes by its schema.
    ///
    /// # Errors
    /// What the schema has no form for, in one line.
    fn write(&self, to: &mut Vec<u8>) -> Result<(), String> {
        crate::codec::by_schema(self, to)
    }
}

/// Something that a decision writes to a topic.
pub trait Emit {
    /// Where to.
    fn topic(&self) -> &'static Topic;

    /// The Kafka key.
    fn key(&self) -> &[u8];

    /// The market that decides the partition, where the topic is placed by market.
    fn market(&self) -> &str;

    /// The record as an Avro datum appended to `to`; `false`: a tombstone, a key without a value.
    ///
    /// # Errors
    /// What cannot be encoded; the record that led to it is parked.
    fn datum(&self, to: &mut Vec<u8>) -> Result<bool, String>;

    /// The record that led to it, so that a trace goes on; `None`: time alone, or no single one.
    fn cause(&self) -> Option<&Place> {
        None
    }

    /// It is written: lets go of all but what names it and what [`crate::Processor::evolve`] needs, for it is held until it is committed.
    fn shed(&mut self) {}

    /// The step of the degrade ladder on which it was decided, as metrics name it; `None`: none.
    fn degraded(&self) -> Option<&'static str> {
        None
    }
}
