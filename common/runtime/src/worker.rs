//! The exactly-once worker: polls, restores, decides, commits. A worker is stepped, so that a simulation can interleave
//! it with others and with faults.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    marker::PhantomData,
    sync::Arc,
    time::{Duration, Instant},
};

use kernel::Processor;

use crate::{
    clock::Time,
    counts::Counts,
    limits::Limits,
    log::{Fault, Log, Raw, Transaction},
    policies::Policies,
    schemas::Schemas,
    seat::{At, Seat},
    store::Reader,
    turn::{Bench, Taken},
    watch::{Bound, Count, Span, Watch},
};

mod barrier;
mod intake;
mod kept;
mod pressure;
mod pulse;
mod remembered;
mod restore;
mod riders;
mod tell;

use remembered::Remembered;

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
    /// How long a step waits for the first record.
    pub wait: Duration,
    /// Least time between two transactions, unless a bound is reached; zero: each is committed as soon as it is decided.
    pub interval: Duration,
    /// All bounds.
    pub limits: Limits,
}

impl Default for Pace {
    fn default() -> Self {
        let (wait, interval) = (Duration::from_millis(5), Duration::ZERO);
        Pace { time: Time::Live, wait, interval, limits: Limits::default() }
    }
}

/// A transaction that was decided and is not committed yet.
struct Prepared<P: Processor> {
    transaction: Arc<Transaction>,
    /// When it was sent.
    since: Instant,
    taken: Vec<Taken<P>>,
}

/// One worker: a member of the group with the partitions that it was given.
pub struct Worker<P: Processor, L: Log, S: Schemas, D: Discipline = Sound> {
    log: L,
    schemas: S,
    policies: Policies<P::Policy>,
    pace: Pace,
    watch: Arc<Watch>,
    counts: Counts,
    view: P::View,
    seats: BTreeMap<i32, Seat<P>>,
    /// Next offset to read of the global tails.
    global: BTreeMap<At, i64>,
    /// Poison of the global tails, for the owner of the partition that answers for it.
    global_parked: Remembered,
    prepared: Option<Prepared<P>>,
    /// Where riders' facts are read; `None`: nowhere.
    riders: Option<Reader>,
    /// How often the limits of a transaction are halved: what was aborted is tried again in smaller pieces.
    halved: u32,
    /// The last transaction did not come through.
    failed: bool,
    /// Tails of partitions that were dropped, still to be unfollowed.
    loose: BTreeSet<At>,
    /// Records that wait for the registry, in the order in which they were polled; nothing more is polled of these.
    stuck: BTreeMap<At, VecDeque<Raw>>,
    /// When the registry is asked again, and the pause after that.
    registry: (Duration, Duration),
    /// Why the registry did not answer, while something waits for it.
    unanswered: Option<Fault>,
    /// A trouble that stops some of the work only.
    trouble: Option<Fault>,
    member: bool,
    /// Counts looks at partitions that settle, so that each has its turn.
    looked: usize,
    /// Elapsed time as of this step, of the last transaction, and of the last pulse of living time.
    elapsed: Duration,
    begun: Duration,
    pulse: Duration,
    told: Duration,
    /// Where the inputs ended at that pulse.
    ends: BTreeMap<At, i64>,
    discipline: PhantomData<D>,
}

impl<P: Processor, L: Log, S: Schemas, D: Discipline> Worker<P, L, S, D> {
    /// A worker that owns nothing yet. `base` is the policy that holds before any published one, `counts` come from
    /// [`Counts::read`] on the same log.
    pub fn new(log: L, schemas: S, base: Arc<P::Policy>, (pace, counts): (Pace, Counts), watch: Arc<Watch>) -> Self {
        watch.steps(&["stale"]);
        watch.steps(P::DEGRADES);
        Worker {
            log,
            schemas,
            policies: Policies::new(base),
            pace,
            watch,
            counts,
            view: P::View::default(),
            seats: BTreeMap::new(),
            global: BTreeMap::new(),
            global_parked: Remembered::default(),
            prepared: None,
            riders: None,
            halved: 0,
            failed: false,
            loose: BTreeSet::new(),
            stuck: BTreeMap::new(),
            registry: (Duration::ZERO, REGISTRY.0),
            unanswered: None,
            trouble: None,
            member: false,
            looked: 0,
            elapsed: Duration::ZERO,
            begun: Duration::ZERO,
            pulse: Duration::ZERO,
            told: Duration::ZERO,
            ends: BTreeMap::new(),
            discipline: PhantomData,
        }
    }

    /// The same, with a store of riders' facts.
    pub fn reading(self, riders: Option<Reader>) -> Self {
        Worker { riders, ..self }
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

    /// A trouble that did not stop the last step: the registry or the store is away, or a market stands still.
    pub fn trouble(&self) -> Option<&Fault> {
        self.trouble.as_ref()
    }

    /// Whether it may say of itself that it goes on: it is a member of the group, and all partitions that it was given are live. To
    /// wait for a predecessor's transaction looks the same while the broker is away, for the answer is: none yet.
    pub fn steady(&self) -> bool {
        self.member && self.seats.values().all(Seat::live)
    }

    /// Records that were polled and wait for the registry.
    pub fn waiting(&self) -> usize {
        self.stuck.values().map(VecDeque::len).sum()
    }

    /// Whether nothing is in hand: all that was polled has been decided and committed.
    pub fn idle(&self) -> bool {
        let idle = |seat: &Seat<P>| seat.live() && seat.empty() && seat.ripe.is_empty();
        self.prepared.is_none() && self.stuck.is_empty() && self.seats.values().all(idle)
    }

    /// Takes one step: commits what was decided, or polls and decides. `elapsed` is the time since the worker began, by
    /// a clock that never goes back. True when something was done.
    ///
    /// # Errors
    /// Any fault of the log; the worker is in a sound state and may be stepped again after a pause.
    pub fn step(&mut self, elapsed: Duration) -> Result<bool, Fault> {
        self.elapsed = elapsed;
        self.trouble = None;
        if let Some(prepared) = self.prepared.take() {
            return self.meanwhile(prepared);
        }
        // Proof of membership costs the client a switch of threads.
        let due = self.due();
        let member = if due { self.log.member() } else { None };
        if due {
            self.tell_member(member.is_some());
        }
        // A fault with one partition must not stop the others: it is told once they had their turn.
        let gathered = self.gather(self.wait());
        if gathered == Ok(None) {
            return Ok(false);
        }
        let mut told = gathered.map(drop);
        told = told.and(self.restore());
        told = told.and(self.release());
        told = told.and(self.ripen());
        if let Some(member) = member
            && self.due()
        {
            self.prepare(member);
        }
        self.tell();
        match told {
            Err(fault) if self.prepared.is_none() => Err(fault),
            told => {
                self.trouble =
                    self.trouble.take().or(told.err()).or_else(|| self.unanswered.clone()).or_else(|| self.storeless());
                Ok(self.prepared.is_some())
            }
        }
    }

    /// Whether a transaction may begin: its interval is over, or a partition holds all that one takes.
    fn due(&self) -> bool {
        let since = self.elapsed.saturating_sub(self.begun);
        since >= self.pace.interval || self.seats.values().any(|seat| seat.asks() >= self.pace.limits.asks_taken)
    }

    /// Decides all that is ready in all live partitions as one transaction.
    fn prepare(&mut self, member: L::Member) {
        self.look_up();
        let started = Instant::now();
        let bench = Bench {
            view: &self.view,
            policies: &self.policies,
            schemas: &self.schemas,
            counts: &self.counts,
            limits: self.pace.limits.halved(self.halved),
            time: self.pace.time,
            global: &self.global,
            watch: &self.watch,
        };
        let mut transaction = Transaction::default();
        let mut taken = Vec::new();
        for seat in self.seats.values_mut().filter(|seat| seat.live() && self.elapsed >= seat.halted) {
            match bench.take(seat, &mut transaction) {
                Ok(one) => taken.extend(one),
                Err(why) => {
                    seat.halted = self.elapsed + HALT;
                    self.trouble = Some(Fault::Halted(why));
                }
            }
        }
        if !D::TICKS_SEND_OFFSETS && taken.iter().all(|taken| taken.asks == 0) {
            transaction.offsets.clear();
        }
        if transaction.records.is_empty() {
            taken.into_iter().for_each(|taken| self.merge(taken));
        } else {
            self.watch.took(Span::Decide, started.elapsed());
            self.begun = self.elapsed;
            let transaction = Arc::new(transaction);
            self.log.send(&transaction, member);
            self.prepared = Some(Prepared { transaction, since: Instant::now(), taken });
        }
    }

    /// While what was decided is written, what comes next is polled; until there is nothing to poll, the next transaction is full,
    /// or partitions come or go. Without that bound polling would outrun deciding, and transactions grow for ever.
    fn meanwhile(&mut self, prepared: Prepared<P>) -> Result<bool, Fault> {
        let mut told = Ok(());
        if !self.full() && self.log.underway() {
            let gathered = self.gather(Duration::ZERO);
            told = match &gathered {
                Ok(Some(_)) => self.pass_time(false),
                _ => Ok(()),
            };
            if matches!(gathered, Ok(Some(polled)) if polled > 0) && told.is_ok() && self.log.underway() {
                self.prepared = Some(prepared);
                return Ok(true);
            }
            told = gathered.map(drop).and(told);
        }
        self.commit(prepared)?;
        told.map(|()| true)
    }

    /// Whether a partition holds, beside what is being written, all that one more transaction takes.
    fn full(&self) -> bool {
        let Limits { asks_taken, facts_taken, .. } = self.pace.limits;
        // One that stands still, or waits for its tails, holds what it holds.
        let moves = |seat: &&Seat<P>| seat.live() && seat.barrier.is_none() && self.elapsed >= seat.halted;
        let mut moving = self.seats.values().filter(moves);
        moving.any(|seat| seat.asks() / 2 >= asks_taken || seat.facts.len() / 2 >= facts_taken)
    }

    fn commit(&mut self, prepared: Prepared<P>) -> Result<(), Fault> {
        let Prepared { transaction, since, taken } = prepared;
        match self.log.commit() {
            Ok(()) => {
                self.tell_commit(&transaction, since.elapsed());
                self.halved = self.halved.saturating_sub(1);
                self.failed = false;
                taken.into_iter().for_each(|taken| self.merge(taken));
                Ok(())
            }
            Err(fault) => {
                self.watch.add(Count::Aborts, 1);
                self.failed = true;
                self.halved = (self.halved + 1).min(HALVED);
                self.watch.reached_bound(Bound::Halved);
                if !D::OVERLAY_DIES_ON_ABORT {
                    let outputs = taken.iter().flat_map(|taken| &taken.outputs);
                    outputs.for_each(|output| P::evolve(&mut self.view, output));
                }
                if D::TICKS_COME_AGAIN {
                    // What is in hand stays in hand; what was ripe is asked for again.
                    self.seats.values_mut().for_each(|seat| seat.asked_at.clear());
                }
                if matches!(fault, Fault::Unknown(_) | Fault::Broken(_)) {
                    self.give_up();
                }
                match fault {
                    // Once in a while it is normal. Again and again somebody must know.
                    Fault::Aborted(why) if self.halved >= TROUBLE => {
                        Err(Fault::Away(format!("transactions are aborted again and again: {why}")))
                    }
                    fault => Err(fault),
                }
            }
        }
    }

    /// The transaction is committed: its decisions become part of the view.
    fn merge(&mut self, taken: Taken<P>) {
        if !self.seats.get(&taken.partition).is_some_and(Seat::live) {
            return; // It went away meanwhile, and its market is forgotten.
        }
        taken.outputs.iter().for_each(|output| P::evolve(&mut self.view, output));
        self.tell_taken(&taken);
        if let Some(seat) = self.seats.get_mut(&taken.partition) {
            seat.consume(&taken);
            for (market, clock) in &seat.clocks {
                self.watch.reached(market, clock.now);
            }
        }
    }
}

/// Most halvings: by then a transaction takes one record of each kind.
const HALVED: u32 = 12;
/// So many halvings are no accident any more.
const TROUBLE: u32 = 6;
/// A market that cannot be decided is tried again after so long.
const HALT: Duration = Duration::from_secs(1);
/// First and longest pause before the registry is asked again.
const REGISTRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
