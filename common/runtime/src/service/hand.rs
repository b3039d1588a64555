//! One worker's thread: waits for what it needs, joins the group, steps, and says each trouble once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use kernel::{
    Processor, Record, Topic,
    contract::{RecordParked, StateKept},
};

use crate::{
    counts::Counts,
    kafka::{Access, KafkaLog},
    log::Fault,
    schemas::Schemas,
    store::{Reader, Reading, Store},
    tails, topics,
    watch::{Span, Watch},
    worker::{Pace, Worker},
};

/// First and longest pause after a fault; it doubles between.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// Within a pause, how often a look is taken at whether to stop.
const SLICE: Duration = Duration::from_millis(20);

/// What a worker's thread has besides the worker.
pub(super) struct Hand {
    number: usize,
    stop: Arc<AtomicBool>,
    joined: Arc<AtomicBool>,
    watch: Arc<Watch>,
    pause: Duration,
}

impl Hand {
    pub(super) fn new(number: usize, stop: Arc<AtomicBool>, watch: Arc<Watch>) -> Hand {
        Hand { number, stop, joined: Arc::default(), watch, pause: PAUSE.0 }
    }

    /// Set before the worker joins the group.
    pub(super) fn joined(&self) -> Arc<AtomicBool> {
        self.joined.clone()
    }

    /// Works until told to stop.
    ///
    /// # Errors
    /// One sentence when it cannot go on, or must not begin.
    pub(super) fn work<P: Processor, S: Schemas>(
        mut self,
        access: Access,
        (policy, pace): (&Arc<P::Policy>, Pace),
        schemas: &dyn Fn() -> Result<S, String>,
        store: Option<(Arc<dyn Store>, Reading)>,
    ) -> Result<(), String> {
        if let Some((log, schemas, counts)) = self.prepare::<P, S>(access, schemas)? {
            let worker = Worker::<P, _, _>::new(log, schemas, policy.clone(), (pace, counts), self.watch.clone());
            self.run(worker.reading(store.map(|(store, reading)| Reader::new(store, reading))))?;
        }
        self.watch.rest(self.number);
        Ok(())
    }

    /// Waits for registry, broker and topics, then joins the group; none when told to stop meanwhile.
    fn prepare<P: Processor, S>(
        &mut self,
        access: Access,
        schemas: &dyn Fn() -> Result<S, String>,
    ) -> Result<Option<(KafkaLog, S, Counts)>, String> {
        let Some(schemas) = self.insist(|| schemas().map_err(Fault::Registry)) else { return Ok(None) };
        let verify = || match topics::verify(&access, &topics_of::<P>()) {
            Ok(()) => Ok(Ok(())),
            Err(topics::Wrong::Away(why)) => Err(Fault::Away(why)),
            Err(topics::Wrong::Misconfigured(why)) => Ok(Err(why)),
        };
        let Some(verified) = self.insist(verify) else { return Ok(None) };
        verified?;
        let mut log = KafkaLog::open::<P>(access)?;
        let Some(counts) = self.insist(|| Counts::read::<P>(&mut log)) else { return Ok(None) };
        self.joined.store(true, SeqCst);
        // Nobody waits for who was told to stop before that.
        if self.stop.load(SeqCst) {
            return Ok(None);
        }
        log.join(&self.stop)?;
        Ok(Some((log, schemas, counts)))
    }

    fn run<P: Processor, S: Schemas>(&mut self, mut worker: Worker<P, KafkaLog, S>) -> Result<(), String> {
        let begun = Instant::now();
        while !(self.stop.load(SeqCst) && worker.settled()) {
            let step = Instant::now();
            let stepped = worker.step(begun.elapsed());
            self.watch.took(Span::Step, step.elapsed());
            self.watch.beat(self.number);
            match stepped {
                Ok(_) => {
                    self.pause = PAUSE.0;
                    match worker.trouble() {
                        None => self.watch.calm(worker.steady()),
                        Some(fault) => self.watch.lose(fault.side(), &fault.to_string()),
                    }
                }
                Err(Fault::Broken(why)) => return Err(why),
                Err(fault) => self.lose(&fault),
            }
        }
        Ok(())
    }

    /// Tries until it succeeds; none when told to stop.
    fn insist<T>(&mut self, mut attempt: impl FnMut() -> Result<T, Fault>) -> Option<T> {
        while !self.stop.load(SeqCst) {
            self.watch.beat(self.number);
            match attempt() {
                Ok(made) => {
                    self.pause = PAUSE.0;
                    self.watch.calm(true);
                    return Some(made);
                }
                Err(fault) => self.lose(&fault),
            }
        }
        None
    }

    /// Says a fault, if it is worth a line, and waits, longer each time.
    fn lose(&mut self, fault: &Fault) {
        match fault {
            // Normal when partitions move: counted, and decided again.
            Fault::Aborted(_) => tracing::debug!(side = fault.side(), "{fault}"),
            _ => self.watch.lose(fault.side(), &fault.to_string()),
        }
        let until = Instant::now() + self.pause;
        while Instant::now() < until && !self.stop.load(SeqCst) {
            std::thread::sleep(SLICE.min(until.saturating_duration_since(Instant::now())));
        }
        self.pause = (self.pause * 2).min(PAUSE.1);
    }
}

/// All topics that a processor reads or writes, each once.
fn topics_of<P: Processor>() -> Vec<&'static Topic> {
    let mut topics = vec![P::WORK, StateKept::TOPIC, RecordParked::TOPIC];
    topics.extend(tails::of::<P>().map(|tail| tail.topic));
    topics.extend(P::OUTPUTS);
    topics.sort_by_key(|topic| topic.name);
    topics.dedup_by_key(|topic| topic.name);
    topics
}
