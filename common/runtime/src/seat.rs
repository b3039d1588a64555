//! One partition of the work topic, with the tails beside it, as a worker holds it.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use kernel::{
    Event, Millis, Processor, Spot,
    contract::{Cut, Place, RecordParked},
    rider::Facts,
};

use crate::{clock::Clock, log::Stretch, park::Origin, tails, turn::Taken};

mod load;

pub(crate) use load::weight;

/// A topic and one of its partitions.
pub(crate) type At = (&'static str, i32);

/// A record that waits for its turn.
pub(crate) struct Pending<T> {
    /// Shared with the turn that takes it, which may be tried more than once.
    pub(crate) event: Arc<Event<T>>,
    pub(crate) origin: Origin,
    /// What the store said of who asks, and when. It stays with the record: a turn that is decided again soon knows the same.
    pub(crate) rider: (Facts, Duration),
}

impl<T> Pending<T> {
    pub(crate) fn new(event: Event<T>, origin: Origin) -> Self {
        Pending { event: Arc::new(event), origin, rider: (Facts::Unasked, Duration::ZERO) }
    }
}

/// Which topics hold too much, and of what.
pub(crate) type Pressed = BTreeSet<(&'static str, Load)>;

/// What there is too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Load {
    Asks,
    Facts,
    Poison,
}

/// How far a partition is on its way to deciding.
pub(crate) enum Phase {
    /// A predecessor's transaction may be open.
    Settling,
    /// What is kept, and own answers, are being read. They tell the markets' clocks, and the tails' records are measured against them.
    Remembering(Vec<Stretch>),
    /// The tails are being read up to these ends.
    Restoring(Vec<Stretch>),
    /// Deciding.
    Live,
}

/// Ends of the tails that must be passed before the work records polled so far are decided.
pub(crate) struct Barrier {
    /// `None`: not known yet; the wait for them counts.
    pub(crate) ends: Option<Vec<(At, i64)>>,
    pub(crate) since: Duration,
}

/// Says what nobody will ever read.
pub(crate) fn deleted(processor: &str, (topic, partition): At, (from, to): (i64, i64)) {
    let count = to - from;
    tracing::error!(
        side = "kafka",
        "{count} records of {topic}/{partition} were deleted by retention before {processor} read them: offsets {from} to {to}"
    );
}

/// One partition.
pub(crate) struct Seat<P: Processor> {
    pub(crate) partition: i32,
    pub(crate) phase: Phase,
    /// Work records read after the barrier was set.
    pub(crate) arrived: VecDeque<Pending<P::Ask>>,
    /// Work records behind the barrier.
    pub(crate) held: VecDeque<Pending<P::Ask>>,
    /// Work records that may be decided.
    pub(crate) ready: VecDeque<Pending<P::Ask>>,
    pub(crate) barrier: Option<Barrier>,
    /// The barrier was given up; the next turn says so.
    pub(crate) stale: bool,
    pub(crate) facts: VecDeque<Pending<P::Fact>>,
    pub(crate) parked: Vec<RecordParked>,
    /// Next offset to read, of the work topic and the market tails.
    pub(crate) read: BTreeMap<At, i64>,
    /// Offsets that were passed over, from and to, until it is known why: markers and aborted records, or retention.
    pub(crate) gaps: BTreeMap<At, (i64, i64)>,
    /// Topics that ended before what was read of them, and at how many looks running.
    pub(crate) shrunk: BTreeMap<At, u32>,
    /// How far `state.kept` was read when the partition was taken over.
    pub(crate) kept_until: i64,
    /// A record before this position was dealt with by a predecessor.
    pub(crate) committed: BTreeMap<At, i64>,
    /// Broker time of the newest record that was read.
    pub(crate) newest: Millis,
    pub(crate) clocks: BTreeMap<String, Clock>,
    /// The clocks as they are kept, and the broker time of the newest record when they were written.
    pub(crate) kept: BTreeMap<String, (Clock, Millis)>,
    /// Markets of which anything is known.
    pub(crate) markets: BTreeSet<String>,
    /// Event time at which a market was last asked whether something is ripe.
    pub(crate) asked_at: BTreeMap<String, Millis>,
    /// Markets in which something is ripe though nothing arrived.
    pub(crate) ripe: BTreeSet<String>,
    /// When it was assigned, and until when it is left alone because a market cannot be decided.
    pub(crate) since: Duration,
    pub(crate) halted: Duration,
    /// Topics that are held back.
    pub(crate) pressed: Pressed,
    /// Bytes in hand of asks, facts, poison.
    weight: [usize; 3],
}

impl<P: Processor> Seat<P> {
    pub(crate) fn new(partition: i32, since: Duration) -> Self {
        Seat {
            partition,
            phase: Phase::Settling,
            arrived: VecDeque::new(),
            held: VecDeque::new(),
            ready: VecDeque::new(),
            barrier: None,
            stale: false,
            facts: VecDeque::new(),
            parked: Vec::new(),
            read: BTreeMap::new(),
            gaps: BTreeMap::new(),
            shrunk: BTreeMap::new(),
            kept_until: 0,
            committed: BTreeMap::new(),
            newest: Millis(0),
            clocks: BTreeMap::new(),
            kept: BTreeMap::new(),
            markets: BTreeSet::new(),
            asked_at: BTreeMap::new(),
            ripe: BTreeSet::new(),
            since,
            halted: Duration::ZERO,
            pressed: Pressed::new(),
            weight: [0; 3],
        }
    }

    pub(crate) fn live(&self) -> bool {
        matches!(self.phase, Phase::Live)
    }

    /// The next offset to read of a topic is `next`, at least.
    pub(crate) fn read_to(&mut self, at: At, (offset, next): (i64, i64)) {
        let known = self.read.entry(at).or_insert(offset);
        if offset > *known {
            self.gaps.entry(at).or_insert((*known, offset)).1 = offset;
        }
        *known = (*known).max(next);
    }

    /// The next offset of every topic that is still read once this decides: own answers are not.
    pub(crate) fn heard(&self) -> impl Iterator<Item = (&At, &i64)> {
        self.read.iter().filter(|(at, _)| !tails::own::<P>(at.0))
    }

    /// Work records in hand.
    pub(crate) fn asks(&self) -> usize {
        self.arrived.len() + self.held.len() + self.ready.len()
    }

    /// Whether every stretch was read to its end, or so much was read that it must be worked off first.
    pub(crate) fn caught_up(&self, stretches: &[Stretch], global: &BTreeMap<At, i64>) -> bool {
        // What is held back because so much of it is in hand must be worked off first.
        let held = |stretch: &Stretch| self.pressed.iter().any(|(topic, _)| *topic == stretch.topic);
        stretches.iter().all(|stretch| self.passed(stretch, global) || held(stretch))
    }

    /// Whether a stretch was read to its end.
    pub(crate) fn passed(&self, stretch: &Stretch, global: &BTreeMap<At, i64>) -> bool {
        let at = (stretch.topic, stretch.partition);
        self.read.get(&at).or_else(|| global.get(&at)).copied().unwrap_or(stretch.from) >= stretch.end
    }

    /// The next offset of every topic that this seat reads once `asks` ready work records and `facts` facts are taken:
    /// what the transaction commits, and the cut of its turns but for own answers.
    pub(crate) fn positions(&self, asks: usize, facts: usize) -> Vec<Cut> {
        let mut next = self.read.clone();
        let ask = self.ready.iter().skip(asks).chain(&self.held).chain(&self.arrived).next().map(|ask| ask.event.place);
        for place in ask.into_iter().chain(self.facts.iter().skip(facts).map(|fact| fact.event.place)) {
            for ((topic, partition), offset) in &mut next {
                if *topic == place.topic && *partition == place.partition {
                    *offset = (*offset).min(place.offset);
                }
            }
        }
        next.iter().map(|(at, offset)| cut(at, *offset)).collect()
    }

    /// Puts poison that lies before `positions` first; how much that is. What lies behind them waits: a successor would read
    /// it again, and park it again.
    pub(crate) fn line_up(&mut self, positions: &[Cut]) -> usize {
        let behind = |record: &RecordParked| {
            let Place { topic, partition, offset } = &record.place;
            positions.iter().any(|cut| cut.topic == *topic && cut.partition == *partition && *offset >= cut.offset)
        };
        self.parked.sort_by_key(behind);
        self.parked.partition_point(|record| !behind(record))
    }

    /// The bytes of a record in hand.
    pub(crate) fn origin(&self, place: &Spot) -> Option<&Origin> {
        let facts = self.facts.iter().map(|fact| (&fact.event.place, &fact.origin));
        let mut all = facts.chain(self.ready.iter().map(|ask| (&ask.event.place, &ask.origin)));
        all.find(|(at, _)| *at == place).map(|(_, origin)| origin)
    }

    /// Takes out what a transaction committed, or what needed none.
    pub(crate) fn consume(&mut self, taken: &Taken<P>) {
        let asks: usize = self.ready.drain(..taken.asks).map(|ask| ask.origin.raw.weight()).sum();
        let facts: usize = self.facts.drain(..taken.facts).map(|fact| fact.origin.raw.weight()).sum();
        let parked: usize = self.parked.drain(..taken.parked).map(|record| load::weight(&record)).sum();
        for (weight, gone) in self.weight.iter_mut().zip([asks, facts, parked]) {
            *weight = weight.saturating_sub(gone);
        }
        self.stale &= !self.ready.is_empty();
        self.kept.extend(taken.kept.iter().map(|(market, clock)| (market.clone(), (*clock, self.newest))));
        for (market, clock) in &taken.clocks {
            if let Some(known) = self.clocks.get_mut(market) {
                known.turn = clock.turn;
            }
        }
    }

    /// Whether a market's kept clock knows its first tick.
    pub(crate) fn anchored(&self, market: &str) -> bool {
        self.kept.get(market).is_some_and(|(clock, _)| clock.ticked())
    }

    /// Whether a successor learns from own answers what a market's kept clock does not say.
    pub(crate) fn knows_clock(&self, market: &str) -> bool {
        self.kept.get(market).is_some_and(|(_, newest)| self.newest.since(*newest) < TOLD)
    }

    /// Whether a market's kept clock must be written anew, for the answers that tell the same will soon be read by nobody.
    pub(crate) fn outdated(&self, market: &str) -> bool {
        let turn = self.clocks.get(market).map_or(0, |clock| clock.turn);
        self.kept.get(market).is_some_and(|(kept, _)| kept.turn < turn) && !self.knows_clock(market)
    }

    /// Markets whose watermark moved by [`RETRY`] since they were last looked at.
    pub(crate) fn due(&self) -> Vec<(String, Millis)> {
        let due = |(market, clock): (&String, &Clock)| {
            let last = self.asked_at.get(market).copied().unwrap_or(Millis(i64::MIN));
            (clock.now.since(last) >= RETRY).then(|| (market.clone(), clock.now))
        };
        self.clocks.iter().filter_map(due).collect()
    }
}

/// How often, in event time, a market is asked whether something is ripe.
const RETRY: Millis = Millis(1_000);

/// How long own answers stand for a clock that is not kept, by the broker's time: far less than the horizon in which they are read.
const TOLD: Millis = Millis(300_000);

pub(crate) fn cut(at: &At, offset: i64) -> Cut {
    Cut { topic: at.0.to_owned(), partition: at.1, offset }
}
