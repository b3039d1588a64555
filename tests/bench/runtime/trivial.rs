//! A processor that decides nothing: each record that asks is answered by one as long. What remains is the runtime's cost.

use std::sync::{Arc, LazyLock};

use kernel::codec::{self, Datum};
use kernel::contract::{Cause, PolicyChanged, RecordParked, StateKept};
use kernel::{Emit, Malformed, Millis, PlacedBy, Processor, Read, Record, Tail, Topic, Turn};
use runtime::{Schemas, Unresolved};
use serde::{Deserialize, Serialize};
use serde_avro_fast::Schema;

/// Length of a value, bytes.
pub(crate) const VALUE: usize = 200;
/// Partitions, with one market each.
pub(crate) const PARTITIONS: i32 = 4;

/// What is asked, and what is answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) market: String,
    pub(crate) at: i64,
    pub(crate) body: String,
}

/// What a turn was decided from: its records, by offset.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Taken {
    pub(crate) market: String,
    pub(crate) turn: i64,
    pub(crate) asked: Vec<i64>,
}

const fn topic(name: &'static str, schema: &'static str) -> Topic {
    Topic {
        name,
        schema,
        partitions: PARTITIONS,
        placed_by: PlacedBy::Market,
        cleanup: "delete",
        retention_ms: -1,
        max_message_bytes: 1_048_576,
        compression: None,
    }
}

const ASKED: &str = r#"{"type":"record","name":"Asked","fields":[
    {"name":"market","type":"string"},{"name":"at","type":"long"},{"name":"body","type":"string"}]}"#;
const TAKEN: &str = r#"{"type":"record","name":"Taken","fields":[
    {"name":"market","type":"string"},{"name":"turn","type":"long"},
    {"name":"asked","type":{"type":"array","items":"long"}}]}"#;

/// Where the answers go; they are as the questions.
pub(crate) const ANSWERED: &Topic = &topic("bench.answered", ASKED);

impl Record for Asked {
    const TOPIC: &'static Topic = &topic("bench.asked", ASKED);

    fn schema() -> &'static Schema {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| ASKED.parse().expect("it is a schema"));
        &SCHEMA
    }

    fn key(&self) -> &[u8] {
        self.market.as_bytes()
    }
}

impl Record for Taken {
    const TOPIC: &'static Topic = &topic("bench.taken", TAKEN);

    fn schema() -> &'static Schema {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| TAKEN.parse().expect("it is a schema"));
        &SCHEMA
    }

    fn key(&self) -> &[u8] {
        self.market.as_bytes()
    }
}

/// What the processor writes.
#[derive(Clone, Debug)]
pub(crate) enum Output {
    Answered(Asked),
    Taken(Taken),
}

impl Emit for Output {
    fn topic(&self) -> &'static Topic {
        match self {
            Output::Answered(_) => ANSWERED,
            Output::Taken(_) => Taken::TOPIC,
        }
    }

    fn key(&self) -> &[u8] {
        self.market().as_bytes()
    }

    fn market(&self) -> &str {
        match self {
            Output::Answered(answered) => &answered.market,
            Output::Taken(taken) => &taken.market,
        }
    }

    fn datum(&self, to: &mut Vec<u8>) -> Result<bool, String> {
        match self {
            Output::Answered(answered) => codec::encode(answered, to)?,
            Output::Taken(taken) => codec::encode(taken, to)?,
        }
        Ok(true)
    }
}

/// Answers each record; where `RECORDED`, each turn also writes what it was decided from, and keeps its market's clock.
pub(crate) struct Trivial<const RECORDED: bool>;

impl<const RECORDED: bool> Processor for Trivial<RECORDED> {
    const NAME: &'static str = "trivial";
    const WORK: &'static Topic = Asked::TOPIC;
    const TAILS: &'static [Tail] = &[];
    const OUTPUTS: &'static [&'static Topic] = &[ANSWERED, Taken::TOPIC];
    const KEEPS_CLOCK: bool = RECORDED;
    type Ask = Asked;
    type Fact = ();
    type Seen = ();
    type View = ();
    type Policy = ();
    type Output = Output;

    fn read(_: &str, datum: Datum<'_>) -> Result<(String, Millis, Read<Self>), Malformed> {
        let asked: Asked = datum.read().map_err(|detail| Malformed { cause: Cause::Undecodable, detail })?;
        Ok((asked.market.clone(), Millis(asked.at), Read::Ask(asked)))
    }

    fn decide(turn: &Turn<Self>, (): &(), (): &()) -> Vec<Output> {
        let mut outputs: Vec<Output> = turn.asks.iter().map(|ask| Output::Answered(ask.body.clone())).collect();
        if RECORDED {
            let asked = turn.asks.iter().map(|ask| ask.place.offset).collect();
            outputs.push(Output::Taken(Taken { market: turn.market.clone(), turn: turn.number, asked }));
        }
        outputs
    }

    fn evolve((): &mut (), _: &Output) {}

    fn restore((): &mut (), _: &str, _: &str, _: Option<&StateKept>) {}

    fn observe((): &mut (), _: &str, (): (), _: usize) -> bool {
        true
    }

    fn ripe((): &(), _: &str, _: Millis, (): &()) -> bool {
        false
    }

    fn forget((): &mut (), _: &str) {}
}

/// Schemas without a registry: their ids are their places in a list.
#[derive(Clone)]
pub(crate) struct Listed(Vec<(&'static str, Arc<Schema>)>);

impl Listed {
    /// All that the processor reads and writes.
    pub(crate) fn new() -> Listed {
        let topics =
            [Asked::TOPIC, ANSWERED, Taken::TOPIC, StateKept::TOPIC, RecordParked::TOPIC, PolicyChanged::TOPIC];
        let parsed = |topic: &Topic| (topic.name, Arc::new(topic.schema.parse().expect("it is a schema")));
        Listed(topics.into_iter().map(|topic| (topic.name, parsed(topic).1)).collect())
    }
}

impl Schemas for Listed {
    fn by_id(&mut self, id: u32) -> Result<Arc<Schema>, Unresolved> {
        let found = self.0.get(id as usize).map(|(_, schema)| schema.clone());
        found.ok_or_else(|| Unresolved::Unknown(format!("no schema {id}")))
    }

    fn id_of(&self, topic: &str) -> Option<u32> {
        self.0.iter().position(|(name, _)| *name == topic).map(|at| at as u32)
    }
}
