//! A processor as a service: its workers, each a thread, and how they are started, watched and drained.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use kernel::Processor;

use crate::{
    counts::Counts,
    kafka::{Access, KafkaLog},
    log::Fault,
    schemas::Schemas,
    watch::Watch,
    worker::{Pace, Worker},
};

/// Where a service runs, and with how many hands.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Kafka, the group, and this instance's name.
    pub access: Access,
    /// Workers, each a member of the group and a thread.
    pub workers: usize,
    /// Bounds and pace of each worker.
    pub pace: Pace,
}

/// First and longest pause after a fault; it doubles between.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// A running processor.
pub struct Service {
    stop: Arc<AtomicBool>,
    watch: Arc<Watch>,
    threads: Vec<JoinHandle<Result<(), String>>>,
}

impl Service {
    /// Starts the workers; they join the group and take over what it gives them. Each makes its own client of the
    /// registry by `schemas`, and tries again while that fails.
    ///
    /// # Errors
    /// One sentence when a thread cannot be started.
    pub fn start<P, S, F>(settings: &Settings, policy: Arc<P::Policy>, schemas: F) -> Result<Service, String>
    where
        P: Processor,
        S: Schemas,
        F: Fn() -> Result<S, String> + Clone + Send + 'static,
    {
        let mut service = Service { stop: Arc::default(), watch: Arc::default(), threads: Vec::new() };
        for number in 0..settings.workers.max(1) {
            let mut access = settings.access.clone();
            access.instance = format!("{}-{number}", access.instance);
            let (pace, policy, schemas) = (settings.pace, policy.clone(), schemas.clone());
            let hand = Hand { stop: service.stop.clone(), watch: service.watch.clone(), pause: PAUSE.0 };
            let body = move || hand.work::<P, S>(access, &policy, pace, &schemas);
            let thread = std::thread::Builder::new().name(format!("{}-{number}", P::NAME));
            service.threads.push(thread.spawn(body).map_err(|error| format!("cannot start a thread: {error}"))?);
        }
        Ok(service)
    }

    /// What it is doing.
    pub fn watch(&self) -> Arc<Watch> {
        self.watch.clone()
    }

    /// Whether a worker ended before it was told to.
    pub fn ended(&self) -> bool {
        self.threads.iter().any(JoinHandle::is_finished)
    }

    /// Drains: what is decided is committed, nothing more is taken, the group is left.
    ///
    /// # Errors
    /// What a worker ended with, if it ended by itself.
    pub fn stop(self) -> Result<(), String> {
        self.stop.store(true, Relaxed);
        for thread in self.threads {
            thread.join().map_err(|_| "a worker panicked: see the lines above".to_owned())??;
        }
        Ok(())
    }
}

/// One worker's thread.
struct Hand {
    stop: Arc<AtomicBool>,
    watch: Arc<Watch>,
    pause: Duration,
}

impl Hand {
    fn work<P: Processor, S: Schemas>(
        mut self,
        access: Access,
        policy: &Arc<P::Policy>,
        pace: Pace,
        schemas: &dyn Fn() -> Result<S, String>,
    ) -> Result<(), String> {
        let Some(schemas) = self.insist(P::NAME, || schemas().map_err(Fault::Away)) else { return Ok(()) };
        let mut log = KafkaLog::open::<P>(access)?;
        let Some(counts) = self.insist(P::NAME, || Counts::read::<P>(&mut log)) else { return Ok(()) };
        log.join(&self.stop)?;
        let mut worker = Worker::<P, _, _>::new(log, schemas, policy.clone(), (pace, counts), self.watch.clone());
        let begun = Instant::now();
        while !(self.stop.load(Relaxed) && worker.settled()) {
            match worker.step(begun.elapsed()) {
                Ok(_) => self.regain(P::NAME),
                Err(fault) => self.lose(P::NAME, &fault),
            }
        }
        Ok(())
    }

    /// Tries until it succeeds; `None` when told to stop.
    fn insist<T>(&mut self, who: &str, mut attempt: impl FnMut() -> Result<T, Fault>) -> Option<T> {
        while !self.stop.load(Relaxed) {
            match attempt() {
                Ok(made) => {
                    self.regain(who);
                    return Some(made);
                }
                Err(fault) => self.lose(who, &fault),
            }
        }
        None
    }

    /// Waits after a fault, longer each time, and says each trouble once.
    fn lose(&mut self, who: &str, fault: &Fault) {
        if self.watch.troubled(&fault.to_string()) {
            eprintln!("{who}: {fault}");
        }
        std::thread::sleep(self.pause);
        self.pause = (self.pause * 2).min(PAUSE.1);
    }

    fn regain(&mut self, who: &str) {
        self.pause = PAUSE.0;
        if self.watch.well() {
            eprintln!("{who}: goes on");
        }
    }
}
