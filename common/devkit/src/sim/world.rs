//! The log, the clock and the chance of one simulation.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, VecDeque},
    rc::Rc,
    sync::Arc,
};

use kernel::{
    Millis, Processor, Reach, Record, codec,
    contract::{Place, StateKept, TOPICS},
    partition, wire,
};
use runtime::{log::Raw, tails};

use super::{
    Faults, Plant, Rng, SimSchemas,
    group::Group,
    shelf::{Entry, Kind, Shelf},
    transactions::{Committed, Transaction},
};

/// Headers of a record, in order.
pub(super) type Headers = Vec<(String, Option<Vec<u8>>)>;

/// A topic and one of its partitions.
pub(super) type At = (&'static str, i32);

/// When the simulated day begins, milliseconds since the Unix epoch: 19 May 2008, 13:20 UTC.
const DAWN: Millis = Millis(1_211_203_200_000);

/// What a processor reads and writes.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The work topic.
    pub work: &'static str,
    /// Market tails, with their horizons.
    pub market_tails: Vec<(&'static str, Option<Millis>)>,
    /// Global tails.
    pub global_tails: Vec<&'static str>,
    /// Topics whose open transactions block a successor.
    pub outputs: Vec<&'static str>,
}

impl Shape {
    /// The shape of a processor.
    pub fn of<P: Processor>() -> Shape {
        let market = tails::of::<P>().filter(|tail| tail.reach == Reach::Market);
        let global = tails::of::<P>().filter(|tail| tail.reach == Reach::Global);
        let mut outputs: Vec<_> = P::OUTPUTS.iter().map(|topic| topic.name).collect();
        outputs.push(StateKept::TOPIC.name);
        outputs.dedup();
        Shape {
            work: P::WORK.name,
            market_tails: market.map(|tail| (tail.topic.name, tail.horizon)).collect(),
            global_tails: global.map(|tail| tail.topic.name).collect(),
            outputs,
        }
    }
}

/// The log with all that happens to it.
pub struct World {
    /// The chance of this simulation.
    pub rng: Rng,
    /// What goes wrong from now on.
    pub faults: Faults,
    pub(super) plant: Option<Plant>,
    pub(super) now: Millis,
    partitions: i32,
    shelves: BTreeMap<At, Shelf>,
    pub(super) offsets: BTreeMap<At, Committed>,
    pub(super) transactions: Vec<Transaction>,
    pub(super) open: BTreeSet<usize>,
    pub(super) epochs: BTreeMap<usize, u32>,
    pub(super) group: Group,
    /// Sessions that will end: when, whose, and whether the worker is dead indeed.
    pub(super) sessions: Vec<(Millis, usize, bool)>,
    /// Workers that died while they committed.
    pub(super) doomed: BTreeSet<usize>,
    /// Topics that nobody can read at the moment.
    pub(super) muted: BTreeSet<&'static str>,
    /// Transactions stay under way until they are waited for.
    pub(super) slow: bool,
    registry_until: Millis,
    /// Schemas for which the registry must be asked and does not answer.
    unlearned: BTreeSet<u32>,
    /// The last steps, and how many of them are remembered.
    trace: (VecDeque<String>, usize),
}

impl World {
    /// An empty log whose topics have `partitions` each, and that remembers its last `trace` steps.
    pub fn new(seed: u64, partitions: i32, plant: Option<Plant>, trace: usize) -> Rc<RefCell<World>> {
        Rc::new(RefCell::new(World {
            rng: Rng::new(seed),
            faults: Faults::NONE,
            plant,
            now: DAWN,
            partitions,
            shelves: BTreeMap::new(),
            offsets: BTreeMap::new(),
            transactions: Vec::new(),
            open: BTreeSet::new(),
            epochs: BTreeMap::new(),
            group: Group::new(partitions),
            sessions: Vec::new(),
            doomed: BTreeSet::new(),
            muted: BTreeSet::new(),
            slow: false,
            registry_until: Millis(0),
            unlearned: BTreeSet::new(),
            trace: (VecDeque::new(), trace),
        }))
    }

    /// The broker's clock.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// Partitions of every topic.
    pub fn partitions(&self) -> i32 {
        self.partitions
    }

    /// Lets time pass, and what it ends.
    pub fn pass(&mut self, span: Millis) {
        self.now = self.now.plus(span);
        self.expire();
        let now = self.now;
        let (ended, open): (Vec<_>, Vec<_>) = self.sessions.drain(..).partition(|(then, ..)| now >= *then);
        self.sessions = open;
        for (_, who, gone) in ended {
            self.say(|| format!("session of worker {who} ends"));
            self.group.kick(who, gone, &mut self.rng);
        }
    }

    /// Remembers a step.
    pub fn say(&mut self, what: impl FnOnce() -> String) {
        let now = self.now.since(DAWN).0;
        let (trace, most) = &mut self.trace;
        if *most > 0 {
            if trace.len() == *most {
                trace.pop_front();
            }
            trace.push_back(format!("{:>9.3} s {}", now as f64 / 1000.0, what()));
        }
    }

    /// The last steps, one a line.
    pub fn trace(&self) -> String {
        self.trace.0.iter().cloned().collect::<Vec<_>>().join("\n")
    }

    /// Stores a record as a producer without transactions does.
    pub fn append(&mut self, topic: &'static str, partition: i32, key: &[u8], value: Option<Vec<u8>>) -> Place {
        self.append_with(topic, partition, (key, Vec::new()), value)
    }

    /// The same, with headers beside the key.
    pub fn append_with(
        &mut self,
        topic: &'static str,
        partition: i32,
        (key, headers): (&[u8], Headers),
        value: Option<Vec<u8>>,
    ) -> Place {
        let (kind, appended, key) = (Kind::Data, self.now, Some(key.to_vec()));
        let offset = self.shelf((topic, partition)).push(Entry { kind, appended, key, value, headers, of: None });
        if !matches!(topic, "driver.located" | "market.ticked") {
            self.say(|| format!("{topic}/{partition}@{offset} appended"));
        }
        Place { topic: topic.to_owned(), partition, offset }
    }

    /// Stores a record of the contract where its market, or its key, places it.
    ///
    /// # Errors
    /// What cannot be encoded.
    pub fn produce<R: Record>(&mut self, market: &str, record: &R) -> Result<Place, String> {
        let value = World::encode(record)?;
        let partitions = if R::TOPIC.partitions == 1 { 1 } else { self.partitions };
        let partition = partition::of(market.as_bytes(), partitions);
        Ok(self.append(R::TOPIC.name, partition, record.key(), Some(value)))
    }

    /// A record in the wire format.
    ///
    /// # Errors
    /// What cannot be encoded.
    pub fn encode<R: Record>(record: &R) -> Result<Vec<u8>, String> {
        let mut value = Vec::with_capacity(128);
        wire::start(SimSchemas::id(R::TOPIC.name).ok_or("no such topic")?, &mut value);
        codec::encode(record, &mut value)?;
        Ok(value)
    }

    /// The next record at or after `position` that a `read_committed` reader sees, and where he stands then.
    pub fn next(&self, topic: &'static str, partition: i32, position: i64) -> (Option<Raw>, i64) {
        let at = (topic, partition);
        let stable = self.stable(at);
        let Some(shelf) = self.shelves.get(&at) else { return (None, position) };
        for offset in position..stable {
            let entry = &shelf.entries[offset as usize];
            if self.visible(entry) {
                let (key, value) = (entry.key.clone(), entry.value.clone());
                let (appended, headers) = (entry.appended, entry.headers.clone());
                let key = key.map(Arc::from);
                let raw = Raw { topic, partition, offset, appended, key, value, headers };
                return (Some(raw), offset + 1);
            }
        }
        (None, position.max(stable))
    }

    /// All records of a topic that a `read_committed` reader sees, partition by partition.
    pub fn committed(&self, topic: &'static str) -> Vec<Raw> {
        let mut all = Vec::new();
        for partition in 0..self.partitions {
            let mut position = 0;
            while let (Some(raw), next) = self.next(topic, partition, position) {
                all.push(raw);
                position = next;
            }
        }
        all
    }

    /// Retention deletes what lies before an offset.
    pub fn trim(&mut self, topic: &'static str, partition: i32, before: i64) {
        if let Some(shelf) = self.shelves.get_mut(&(topic, partition)) {
            shelf.trim(before);
        }
        self.say(|| format!("{topic}/{partition} begins at {before}"));
    }

    /// Somebody deletes a topic and creates it again.
    pub fn recreate(&mut self, topic: &'static str) {
        let all = self.shelves.iter_mut().filter(|((name, _), _)| *name == topic);
        all.for_each(|(_, shelf)| *shelf = Shelf::default());
        self.say(|| format!("{topic} is created anew"));
    }

    pub(super) fn first(&self, at: At) -> i64 {
        self.shelves.get(&at).map_or(0, |shelf| shelf.first)
    }

    /// Compacts a topic.
    pub fn compact(&mut self, topic: &'static str) {
        for partition in 0..self.partitions {
            let at = (topic, partition);
            let stable = self.stable(at);
            let Some(mut shelf) = self.shelves.remove(&at) else { continue };
            shelf.compact(stable, |entry| self.visible(entry));
            self.shelves.insert(at, shelf);
        }
        self.say(|| format!("{topic} compacted"));
    }

    /// Who owns a partition of the work topic, as the group's coordinator knows it.
    pub fn owner(&self, partition: i32) -> Option<usize> {
        self.group.owner(partition)
    }

    /// Lets nobody read a topic, or everybody again.
    pub fn mute(&mut self, topic: &'static str, mute: bool) {
        if mute {
            self.muted.insert(topic)
        } else {
            self.muted.remove(topic)
        };
    }

    /// How many transactions are written and open.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Lets transactions stay under way until they are waited for, or no longer.
    pub fn slow(&mut self, slow: bool) {
        self.slow = slow;
    }

    /// The group takes a worker for dead who is not: he hears of it when he polls.
    pub fn expel(&mut self, who: usize) {
        self.group.kick(who, false, &mut self.rng);
    }

    /// A worker is dead, and the group knows.
    pub fn bury(&mut self, who: usize) {
        self.group.kick(who, true, &mut self.rng);
    }

    /// The committed offset of a partition.
    pub fn position(&self, topic: &'static str, partition: i32) -> Option<i64> {
        self.offsets.get(&(topic, partition)).map(|committed| committed.offset)
    }

    /// Whether no transaction is open.
    pub fn settled(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn shelf(&mut self, at: At) -> &mut Shelf {
        self.shelves.entry(at).or_default()
    }

    pub(super) fn end_of(&self, at: At) -> i64 {
        self.shelves.get(&at).map_or(0, Shelf::end)
    }

    pub(super) fn since(&self, at: At, time: Millis) -> Option<i64> {
        self.shelves.get(&at).and_then(|shelf| shelf.since(time))
    }

    pub(super) fn knows(topic: &str) -> bool {
        TOPICS.iter().any(|known| known.name == topic)
    }

    /// The registry is away, and nobody remembers this topic's schema.
    pub fn forget_schema(&mut self, topic: &str) {
        self.unlearned.extend(SimSchemas::id(topic));
    }

    /// The registry is back.
    pub fn learn_schemas(&mut self) {
        self.unlearned.clear();
    }

    pub(super) fn unlearned(&self, id: u32) -> bool {
        self.unlearned.contains(&id)
    }

    pub(super) fn registry_away(&mut self, id: u32) -> bool {
        if self.unlearned.contains(&id) {
            return true;
        }
        if self.faults.registry > 0 && self.rng.chance(self.faults.registry) {
            self.registry_until = self.now.plus(Millis(self.rng.upto(2_000)));
        }
        self.faults.registry > 0 && self.now < self.registry_until
    }
}
