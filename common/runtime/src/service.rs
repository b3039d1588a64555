//! A processor as a service: its workers, each a thread, and how they are started, watched and drained.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use kernel::Processor;

use crate::{
    kafka::{Access, Calls},
    logs::why,
    schemas::Schemas,
    store::{Reading, Store},
    watch::Watch,
    worker::Pace,
};

mod hand;

use hand::Hand;

/// Where a service runs, and with how many hands.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Kafka, the group, and this instance's name.
    pub access: Access,
    /// Workers, each a member of the group and a thread.
    pub workers: usize,
    /// Bounds and pace of each worker.
    pub pace: Pace,
    /// Longest wait for the workers to end when the service is stopped.
    pub grace: Duration,
}

/// How long a service is given to end, unless said otherwise: less than the 30 s after which an orchestrator kills.
pub const GRACE: Duration = Duration::from_secs(25);
/// Longest wait for the registry: the most that its setting allows.
const REGISTRY: Duration = Duration::from_secs(10);
/// How often a look is taken at a worker that ends.
const LOOK: Duration = Duration::from_millis(5);

/// A store of riders' facts, and how it is read.
pub type Shelf = (Arc<dyn Store>, Reading);

/// A running processor.
pub struct Service {
    stop: Arc<AtomicBool>,
    watch: Arc<Watch>,
    grace: Duration,
    workers: Vec<Running>,
}

/// A worker's thread.
struct Running {
    /// Whether it may be a member of the group: one that never was has nothing to give back.
    joined: Arc<AtomicBool>,
    thread: JoinHandle<Result<(), String>>,
}

impl Service {
    /// Starts the workers; they join the group and take over what it gives them. Each makes its own client of the registry by
    /// `schemas`, and tries again while that fails: it does not matter who starts first. `policy` holds before any published one.
    ///
    /// # Errors
    /// One sentence when a thread cannot be started.
    pub fn start<P, S, F>(settings: &Settings, policy: Arc<P::Policy>, schemas: F) -> Result<Service, String>
    where
        P: Processor,
        S: Schemas,
        F: Fn() -> Result<S, String> + Clone + Send + 'static,
    {
        Service::watched::<P, S, F>(settings, (policy, None), schemas, Arc::new(Watch::of(P::NAME)))
    }

    /// The same with a store of riders' facts, if there is one; each worker remembers and waits by itself. What the workers do is told to
    /// `watch`, which whoever fills the store may tell its troubles, too.
    ///
    /// # Errors
    /// As [`Service::start`].
    pub fn watched<P, S, F>(
        settings: &Settings,
        (policy, store): (Arc<P::Policy>, Option<Shelf>),
        schemas: F,
        watch: Arc<Watch>,
    ) -> Result<Service, String>
    where
        P: Processor,
        S: Schemas,
        F: Fn() -> Result<S, String> + Clone + Send + 'static,
    {
        crate::allocator::keep_freed();
        let (stop, count) = (Arc::default(), settings.workers.max(1));
        // What one step may wait for: a commit with its abort, and the questions before it.
        let Calls { call, commit, .. } = settings.access.calls;
        watch.hire(count, commit * 2 + call * 3 + REGISTRY);
        let mut service = Service { stop, watch, grace: settings.grace, workers: Vec::new() };
        for number in 0..count {
            let mut access = settings.access.clone();
            access.instance = format!("{}-{number}", access.instance);
            let (pace, policy, schemas, store) = (settings.pace, policy.clone(), schemas.clone(), store.clone());
            let hand = Hand::new(number, service.stop.clone(), service.watch.clone());
            let joined = hand.joined();
            let body = move || {
                let work = AssertUnwindSafe(|| hand.work::<P, S>(access, (&policy, pace), &schemas, store));
                let panicked = |payload: Box<dyn std::any::Any + Send>| {
                    Err(format!(
                        "worker {number} panicked: {}: please report it; start the process again",
                        why(&*payload)
                    ))
                };
                catch_unwind(work).unwrap_or_else(panicked)
            };
            let thread = std::thread::Builder::new().name(format!("{}-{number}", P::NAME)).spawn(body);
            let thread = thread.map_err(|error| format!("cannot start a thread: {error}"))?;
            service.workers.push(Running { joined, thread });
        }
        Ok(service)
    }

    /// What it is doing.
    pub fn watch(&self) -> Arc<Watch> {
        self.watch.clone()
    }

    /// Whether a worker ended before it was told to: stop the service then, and it says why.
    pub fn ended(&self) -> bool {
        self.workers.iter().any(|worker| worker.thread.is_finished())
    }

    /// Drains: what is decided is committed, nothing more is taken, the group is left. A worker that still waits for a broker, a
    /// registry or a topic owns nothing and is not waited for.
    ///
    /// # Errors
    /// What a worker ended with, if it ended by itself; or that it did not end within the grace period.
    pub fn stop(self) -> Result<(), String> {
        let begun = Instant::now();
        self.watch.draining();
        self.stop.store(true, SeqCst);
        tracing::info!(side = "processor", "drains");
        let mut told = Ok(());
        for worker in self.workers {
            told = told.and(worker.end(begun, self.grace));
        }
        if told.is_ok() {
            tracing::info!(side = "processor", "drained in {:.1} s", begun.elapsed().as_secs_f64());
        }
        told
    }
}

impl Running {
    fn end(self, begun: Instant, grace: Duration) -> Result<(), String> {
        while !self.thread.is_finished() {
            if !self.joined.load(SeqCst) {
                return Ok(());
            }
            if begun.elapsed() > grace {
                return Err(format!(
                    "drain did not end within {} s: a call to the broker hangs; nothing is lost, what was not committed is decided again",
                    grace.as_secs_f64()
                ));
            }
            std::thread::sleep(LOOK);
        }
        self.thread.join().unwrap_or_else(|payload| Err(format!("a worker panicked: {}", why(&*payload))))
    }
}
