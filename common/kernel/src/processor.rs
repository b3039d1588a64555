//! What a decision maker is.

use std::{fmt::Debug, sync::Arc};

use crate::{
    Emit, Millis, Topic,
    codec::Datum,
    contract::{Cause, Cut, Place},
    rider::Riders,
};

/// How much of a tail's topic an instance reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The same partition as the work topic's.
    Market,
    /// All partitions, from the start, on every instance.
    Global,
}

/// How far a tail must be read before a work record is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Past the end that was seen when the work record was polled.
    Must,
    /// As far as it is.
    Best,
}

/// A topic that a processor reads beside its work topic.
#[derive(Clone, Copy, Debug)]
pub struct Tail {
    /// Which.
    pub topic: &'static Topic,
    /// How much of it.
    pub reach: Reach,
    /// How far before deciding.
    pub need: Need,
    /// A take-over starts at the committed offset less this span of broker time; `None`: exactly at the committed
    /// offset, because what it said is in `state.kept`. A global tail ignores it.
    pub horizon: Option<Millis>,
}

/// Where a record lies, as the runtime names it; [`Place`] is the same in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// Topic.
    pub topic: &'static str,
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
}

impl From<Spot> for Place {
    fn from(Spot { topic, partition, offset }: Spot) -> Place {
        Place { topic: topic.to_owned(), partition, offset }
    }
}

/// A record of the work topic or of a tail, decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Event<T> {
    /// Where it lies.
    pub place: Spot,
    /// Event time, as its producer says.
    pub at: Millis,
    /// What it says.
    pub body: T,
}

/// What one transaction takes of one market.
pub struct Turn<P: Processor> {
    /// Which market.
    pub market: String,
    /// Number of the turn in its market, from 1; a turn that writes nothing has none.
    pub number: i64,
    /// The market's watermark: the only time that a decision knows.
    pub now: Millis,
    /// Work records in offset order.
    pub asks: Vec<Arc<Event<P::Ask>>>,
    /// Facts that are decided on, tail by tail in offset order.
    pub facts: Vec<Arc<Event<P::Fact>>>,
    /// The last record applied of every topic and partition, own answers not counted: see [`Processor::ECHOES`].
    pub cut: Vec<Cut>,
    /// Whether a tail that must be read was not read to its end.
    pub stale: bool,
    /// What the store said of the riders who ask; see [`Processor::rider`].
    pub riders: Riders,
}

impl<P: Processor> Clone for Turn<P> {
    fn clone(&self) -> Self {
        Turn {
            market: self.market.clone(),
            number: self.number,
            now: self.now,
            asks: self.asks.clone(),
            facts: self.facts.clone(),
            cut: self.cut.clone(),
            stale: self.stale,
            riders: self.riders.clone(),
        }
    }
}

/// What a record is to a processor.
pub enum Read<P: Processor> {
    /// It asks: it leads to exactly one fate (law 1).
    Ask(P::Ask),
    /// It is decided on in a turn, and its effect is kept. One of the work topic may be taken before asks that lie in front of it, so it may
    /// be read again, must change nothing then, and must never fail to be decided.
    Fact(P::Fact),
    /// It only changes what is seen; it expires by event time, or is read again from the start.
    Seen(P::Seen),
    /// It moves the market's watermark and says nothing else.
    Tick,
}

/// A record that is well formed Avro but breaks the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Why, as it will be parked.
    pub cause: Cause,
    /// What exactly, one line.
    pub detail: String,
}

/// Numbers that an operator may change without a release: checked when they are read, so a decision may trust them.
pub trait Rules: Send + Sync + Sized + 'static {
    /// The text that is built in.
    const BUILT_IN: &'static str;

    /// Reads a policy and checks it.
    ///
    /// # Errors
    /// Names the key, its value and its range; or what is no TOML, unknown or missing.
    fn parse(text: &str) -> Result<Self, String>;

    /// Version, greater than all before.
    fn version(&self) -> i32;

    /// What identifies the text, as decisions carry it.
    fn hash(&self) -> &str;
}

/// For a processor that has nothing to tune.
impl Rules for () {
    const BUILT_IN: &'static str = "";

    fn parse(_: &str) -> Result<(), String> {
        Ok(())
    }

    fn version(&self) -> i32 {
        0
    }

    fn hash(&self) -> &str {
        ""
    }
}

/// How much a view holds of a market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// Entities: drivers, rides, cells.
    pub entities: u64,
    /// Event time of the newest record that is only seen; `None`: there was none.
    pub newest: Option<Millis>,
}

/// A decision maker: a turn in, decisions out, the same every time.
///
/// All its memory is a [`Processor::View`], which the runtime fills by [`Processor::observe`] (what is seen and expires)
/// and [`Processor::evolve`] (what was decided and kept). The view rebuilt from the log equals the view carried (law 10).
pub trait Processor: Sized + 'static {
    /// Name in metrics, consumer groups and on the command line.
    const NAME: &'static str;
    /// The topic whose offsets the consumer group commits.
    const WORK: &'static Topic;
    /// What else it reads.
    const TAILS: &'static [Tail];
    /// What it writes.
    const OUTPUTS: &'static [&'static Topic];
    /// Outputs that are tails, too, for who takes over, and of which [`Processor::observe`] makes what [`Processor::evolve`] made of
    /// them. Only who owns the partition writes them, so he reads them no more once he took over, and no cut names them: at a turn all of
    /// the turns before are known. Each names its turn; see [`Processor::turn_of`].
    const ECHOES: &'static [&'static Topic] = &[];
    /// Steps of the degrade ladder, as [`Emit::degraded`] names them.
    const DEGRADES: &'static [&'static str] = &[];
    /// Whether each turn keeps its market's clock; where it has an own answer that tells as much, only once in a while. Without it a
    /// successor starts at the time of the records: for a processor that decides each record by itself.
    const KEEPS_CLOCK: bool = true;
    /// Whether [`Processor::rider`] names anybody: then it is given a store of riders' facts.
    const READS_RIDERS: bool = false;
    /// A work record.
    type Ask: Clone + Debug + Send;
    /// A tail's record that is decided on.
    type Fact: Clone + Debug + Send;
    /// A tail's record that is only seen.
    type Seen: Send;
    /// Facts of all markets that a worker owns, and of the global tails.
    type View: Default + Send;
    /// Tunable numbers, versioned and checked.
    type Policy: Rules;
    /// What it writes, and what it keeps.
    type Output: Emit + Clone + Debug + Send;

    /// Decodes a record of `topic` and checks it against the contract: market, event time, and what it is.
    ///
    /// # Errors
    /// Why it must be parked.
    fn read(topic: &str, datum: Datum<'_>) -> Result<(String, Millis, Read<Self>), Malformed>;

    /// The rider whose facts are looked up in the store before this is decided; `None`: nobody's. The answer is part of the turn.
    fn rider(_ask: &Self::Ask) -> Option<&str> {
        None
    }

    /// Decides a turn as one problem. Total: a refusal is a decision, not an error.
    fn decide(turn: &Turn<Self>, view: &Self::View, policy: &Self::Policy) -> Vec<Self::Output>;

    /// Folds what was written into the view; only what is kept changes it.
    fn evolve(view: &mut Self::View, output: &Self::Output);

    /// Folds a record of `state.kept` into the view: an entity of `market`, forgotten when there is no value.
    fn restore(view: &mut Self::View, market: &str, entity: &str, kept: Option<&crate::contract::StateKept>);

    /// Folds a record that is only seen into the view; `market` is empty for a global tail. False: it is about an entity that is not
    /// known yet, and the market (the global tail) holds `room` of them already.
    fn observe(view: &mut Self::View, market: &str, seen: Self::Seen, room: usize) -> bool;

    /// The turn that an own answer names ([`Processor::ECHOES`]): a successor goes on from there. Its event time is that turn's `now`.
    fn turn_of(_seen: &Self::Seen) -> Option<i64> {
        None
    }

    /// How much the view holds of `market`, for those who watch.
    fn measure(_view: &Self::View, _market: &str) -> Measure {
        Measure::default()
    }

    /// Whether `market` has something to decide at `now` though nothing arrived: an offer that lapsed, a rider who waits.
    fn ripe(view: &Self::View, market: &str, now: Millis, policy: &Self::Policy) -> bool;

    /// Drops all that is known of `market`; its partition went to another instance.
    fn forget(view: &mut Self::View, market: &str);
}
