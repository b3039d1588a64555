//! The exactly-once worker: polls, restores, decides, commits. A worker is stepped, so that a simulation can interleave
//! it with others and with faults.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    marker::PhantomData,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use kernel::{Millis, Processor, Reach, contract::RecordParked};

use crate::{
    clock::Time,
    counts::Counts,
    log::{Fault, Log, Raw, Transaction},
    schemas::Schemas,
    seat::{At, Barrier, Seat},
    turn::{Bench, Limits, Taken},
    watch::Watch,
};

mod intake;
mod restore;

/// What a sound worker does. It exists so that a simulation can plant the bugs that it must find.
pub trait Discipline {
    /// A transaction without a work record sends offsets too, else it fences nothing.
    const TICKS_SEND_OFFSETS: bool = true;
    /// Decisions of an aborted transaction are no part of the view.
    const OVERLAY_DIES_ON_ABORT: bool = true;
    /// A tick whose transaction was aborted comes again.
    const TICKS_COME_AGAIN: bool = true;
}

/// A sound worker.
pub struct Sound;

impl Discipline for Sound {}

/// Bounds and pace of a worker.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Who moves the time of a market.
    pub time: Time,
    /// Most records polled in one step.
    pub polled: usize,
    /// Most work records in hand of one partition; at the bound no more are polled.
    pub in_hand: usize,
    /// Most records that a transaction takes of one partition.
    pub limits: Limits,
    /// How long a step waits for the first record.
    pub wait: Duration,
    /// Longest wait for a tail that must be read; then the turn is decided with the flag `stale`.
    pub patience: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            time: Time::Live,
            polled: 5_000,
            in_hand: 4_000,
            limits: Limits { asks: 256, facts: 2_000 },
            wait: Duration::from_millis(5),
            patience: Duration::from_secs(30),
        }
    }
}

/// A transaction that was decided and is not committed yet.
struct Prepared<P: Processor, M> {
    transaction: Transaction,
    member: M,
    taken: Vec<Taken<P>>,
}

/// One worker: a member of the group with the partitions that it was given.
pub struct Worker<P: Processor, L: Log, S: Schemas, D: Discipline = Sound> {
    log: L,
    schemas: S,
    policy: Arc<P::Policy>,
    pace: Pace,
    watch: Arc<Watch>,
    counts: Counts,
    view: P::View,
    seats: BTreeMap<i32, Seat<P>>,
    /// Next offset to read of the global tails.
    global: BTreeMap<At, i64>,
    /// Poison of the global tails, for the owner of the partition that answers for it.
    global_parked: VecDeque<RecordParked>,
    prepared: Option<Prepared<P, L::Member>>,
    /// How often the limits of a transaction are halved: what was aborted is tried again in smaller pieces.
    halved: u32,
    /// Tails of partitions that were dropped, still to be unfollowed.
    loose: BTreeSet<At>,
    /// Records that wait for the registry, in the order in which they were polled.
    stuck: VecDeque<Raw>,
    /// Counts looks at partitions that settle, so that each has its turn.
    looked: usize,
    /// Elapsed time as of this step, and of the last pulse of living time.
    elapsed: Duration,
    pulse: Duration,
    /// Where the inputs ended at that pulse.
    ends: BTreeMap<At, i64>,
    discipline: PhantomData<D>,
}

impl<P: Processor, L: Log, S: Schemas, D: Discipline> Worker<P, L, S, D> {
    /// A worker that owns nothing yet. `counts` come from [`Counts::read`] on the same log.
    pub fn new(log: L, schemas: S, policy: Arc<P::Policy>, (pace, counts): (Pace, Counts), watch: Arc<Watch>) -> Self {
        Worker {
            log,
            schemas,
            policy,
            pace,
            watch,
            counts,
            view: P::View::default(),
            seats: BTreeMap::new(),
            global: BTreeMap::new(),
            global_parked: VecDeque::new(),
            prepared: None,
            halved: 0,
            loose: BTreeSet::new(),
            stuck: VecDeque::new(),
            looked: 0,
            elapsed: Duration::ZERO,
            pulse: Duration::ZERO,
            ends: BTreeMap::new(),
            discipline: PhantomData,
        }
    }

    /// The view, for those who check it.
    pub fn view(&self) -> &P::View {
        &self.view
    }

    /// The log that it works on.
    pub fn log(&mut self) -> &mut L {
        &mut self.log
    }

    /// Partitions that are live.
    pub fn live(&self) -> Vec<i32> {
        self.seats.values().filter(|seat| seat.live()).map(|seat| seat.partition).collect()
    }

    /// Whether no transaction is decided and uncommitted: the worker may be dropped without waste.
    pub fn settled(&self) -> bool {
        self.prepared.is_none()
    }

    /// Records that were polled and wait for the registry.
    pub fn waiting(&self) -> usize {
        self.stuck.len()
    }

    /// Whether nothing is in hand: all that was polled has been decided and committed.
    pub fn idle(&self) -> bool {
        self.prepared.is_none()
            && self.stuck.is_empty()
            && self
                .seats
                .values()
                .all(|seat| seat.live() && seat.asks() == 0 && seat.facts.is_empty() && seat.parked.is_empty())
    }

    /// Takes one step: commits what was decided, or polls and decides. `elapsed` is the time since the worker began, by
    /// a clock that never goes back. True when something was done.
    ///
    /// # Errors
    /// Any fault of the log; the worker is in a sound state and may be stepped again after a pause.
    pub fn step(&mut self, elapsed: Duration) -> Result<bool, Fault> {
        self.elapsed = elapsed;
        if let Some(prepared) = self.prepared.take() {
            self.commit(prepared)?;
            return Ok(true);
        }
        let member = self.log.member();
        // A fault with one partition, or with the registry, must not stop the others: it is told once they had their turn.
        let gathered = self.gather();
        if gathered == Ok(false) {
            return Ok(false);
        }
        let mut told = gathered.map(drop);
        told = told.and(self.restore());
        told = told.and(self.release());
        told = told.and(self.ripen());
        if let Some(member) = member {
            told = told.and(self.prepare(member));
        }
        if self.prepared.is_none() {
            told?;
        }
        Ok(self.prepared.is_some())
    }

    /// Decides all that is ready in all live partitions as one transaction.
    fn prepare(&mut self, member: L::Member) -> Result<(), Fault> {
        let bench = Bench {
            view: &self.view,
            policy: &*self.policy,
            schemas: &self.schemas,
            counts: &self.counts,
            limits: self.pace.limits.halved(self.halved),
            global: &self.global,
        };
        let mut transaction = Transaction::default();
        let (mut taken, mut told) = (Vec::new(), Ok(()));
        for seat in self.seats.values_mut().filter(|seat| seat.live()) {
            match bench.take(seat, &mut transaction) {
                Ok(one) => taken.extend(one),
                Err(why) => told = told.and(Err(Fault::Away(why))),
            }
        }
        if !D::TICKS_SEND_OFFSETS && taken.iter().all(|taken| taken.asks == 0) {
            transaction.offsets.clear();
        }
        if transaction.records.is_empty() {
            taken.into_iter().for_each(|taken| self.merge(taken));
        } else {
            self.prepared = Some(Prepared { transaction, member, taken });
        }
        told
    }

    fn commit(&mut self, prepared: Prepared<P, L::Member>) -> Result<(), Fault> {
        let Prepared { transaction, member, taken } = prepared;
        match self.log.commit(&transaction, &member) {
            Ok(()) => {
                self.watch.commits.fetch_add(1, Relaxed);
                self.halved = self.halved.saturating_sub(1);
                Watch::add(&self.watch.written, transaction.records.len());
                taken.into_iter().for_each(|taken| self.merge(taken));
                Ok(())
            }
            Err(fault) => {
                self.watch.aborts.fetch_add(1, Relaxed);
                self.halved = (self.halved + 1).min(HALVED);
                if !D::OVERLAY_DIES_ON_ABORT {
                    let outputs = taken.iter().flat_map(|taken| &taken.outputs);
                    outputs.for_each(|output| P::evolve(&mut self.view, output));
                }
                if D::TICKS_COME_AGAIN {
                    // What is in hand stays in hand; what was ripe is asked for again.
                    self.seats.values_mut().for_each(|seat| seat.asked_at.clear());
                }
                if matches!(fault, Fault::Unknown(_)) {
                    self.give_up();
                }
                Err(fault)
            }
        }
    }

    /// The transaction is committed: its decisions become part of the view.
    fn merge(&mut self, taken: Taken<P>) {
        taken.outputs.iter().for_each(|output| P::evolve(&mut self.view, output));
        Watch::add(&self.watch.turns, taken.turns);
        Watch::add(&self.watch.asked, taken.asks);
        Watch::add(&self.watch.parked, taken.parked);
        if let Some(seat) = self.seats.get_mut(&taken.partition) {
            seat.consume(&taken);
            for (market, clock) in &seat.clocks {
                self.watch.reached(market, clock.now);
            }
        }
    }

    /// Sets barriers for work records that arrived, and releases those whose `must` tails were read far enough.
    fn release(&mut self) -> Result<(), Fault> {
        let told = self.look();
        for partition in self.live() {
            let (global, patience, elapsed) = (&self.global, self.pace.patience, self.elapsed);
            let Some(seat) = self.seats.get_mut(&partition) else { continue };
            let Some(barrier) = &seat.barrier else { continue };
            let read = |at: &At| seat.read.get(at).or_else(|| global.get(at)).copied().unwrap_or(i64::MIN);
            let passed = barrier.ends.as_ref().is_some_and(|ends| ends.iter().all(|(at, end)| read(at) >= *end));
            if passed || elapsed.saturating_sub(barrier.since) >= patience {
                seat.stale |= !passed;
                seat.barrier = None;
                seat.ready.append(&mut seat.held);
            }
        }
        told
    }

    /// Sets barriers, and asks for the ends of all that have none in one call.
    fn look(&mut self) -> Result<(), Fault> {
        let mut asked: Vec<(i32, Vec<At>)> = Vec::new();
        for partition in self.live() {
            let musts = self.musts(partition);
            let Some(seat) = self.seats.get_mut(&partition) else { continue };
            if seat.held.is_empty() && !seat.arrived.is_empty() {
                std::mem::swap(&mut seat.held, &mut seat.arrived);
                seat.barrier = Some(Barrier { ends: None, since: self.elapsed });
            }
            if matches!(seat.barrier, Some(Barrier { ends: None, .. })) {
                asked.push((partition, musts));
            }
        }
        let all: BTreeSet<At> = asked.iter().flat_map(|(_, musts)| musts).copied().collect();
        let all: Vec<At> = all.into_iter().collect();
        let found: BTreeMap<At, i64> = all.iter().copied().zip(self.log.ends(&all)?).collect();
        for (partition, musts) in asked {
            if let Some(Barrier { ends, .. }) = self.seats.get_mut(&partition).and_then(|seat| seat.barrier.as_mut()) {
                *ends = Some(musts.into_iter().filter_map(|at| Some((at, *found.get(&at)?))).collect());
            }
        }
        Ok(())
    }

    fn musts(&self, partition: i32) -> Vec<At> {
        let musts = P::TAILS.iter().filter(|tail| tail.need == kernel::Need::Must);
        let of = |tail: &kernel::Tail| match tail.reach {
            Reach::Market => vec![(tail.topic.name, partition)],
            Reach::Global => (0..self.counts.of(tail.topic)).map(|other| (tail.topic.name, other)).collect(),
        };
        musts.flat_map(of).collect()
    }

    /// Asks the markets whose watermark moved whether something is ripe.
    fn ripen(&mut self) -> Result<(), Fault> {
        let told = self.pass_time();
        for seat in self.seats.values_mut().filter(|seat| seat.live()) {
            for (market, now) in seat.due() {
                if P::ripe(&self.view, &market, now, &self.policy) {
                    seat.ripe.insert(market.clone());
                }
                self.watch.reached(&market, now);
                seat.asked_at.insert(market, now);
            }
        }
        told
    }

    /// Where time is alive, moves the clocks of partitions in which every input was read as far as it went at the last pulse.
    fn pass_time(&mut self) -> Result<(), Fault> {
        let since = self.elapsed.saturating_sub(self.pulse);
        if self.pace.time != Time::Live || since < PULSE {
            return Ok(());
        }
        self.pulse = self.elapsed;
        let span = Millis(since.min(PULSE_MOST).as_millis() as i64);
        let ends = std::mem::take(&mut self.ends);
        for seat in self.seats.values_mut().filter(|seat| seat.live()) {
            let read = |(at, next): (&At, &i64)| ends.get(at).is_some_and(|end| next >= end);
            if seat.read.iter().all(read) {
                seat.clocks.values_mut().for_each(|clock| clock.now = clock.now.plus(span));
            }
        }
        let live = self.seats.values().filter(|seat| seat.live());
        let inputs: Vec<At> = live.flat_map(|seat| seat.read.keys().copied()).collect();
        // No answer, no ends: at the next pulse time stands still.
        self.ends = inputs.iter().copied().zip(self.log.ends(&inputs)?).collect();
        Ok(())
    }
}

/// Most halvings: by then a transaction takes one record of each kind.
const HALVED: u32 = 12;
/// How often living time moves on.
const PULSE: Duration = Duration::from_millis(250);
/// The most that it moves at once: a longer silence was no successful fetch.
const PULSE_MOST: Duration = Duration::from_secs(1);
