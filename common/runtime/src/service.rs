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
    /// Starts the workers; they join the group and take over what it gives them.
    ///
    /// # Errors
    /// One sentence when a client cannot be made.
    pub fn start<P, S>(settings: &Settings, policy: Arc<P::Policy>, schemas: S) -> Result<Service, String>
    where
        P: Processor,
        S: Schemas + Clone + Send + 'static,
    {
        let mut service = Service { stop: Arc::default(), watch: Arc::default(), threads: Vec::new() };
        for number in 0..settings.workers.max(1) {
            let mut access = settings.access.clone();
            access.instance = format!("{}-{number}", access.instance);
            let pace = settings.pace;
            let (policy, schemas) = (policy.clone(), schemas.clone());
            let (stop, watch) = (service.stop.clone(), service.watch.clone());
            let body = move || work::<P, S>(access, (policy, schemas), pace, &stop, watch);
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

fn work<P: Processor, S: Schemas>(
    access: Access,
    (policy, schemas): (Arc<P::Policy>, S),
    pace: Pace,
    stop: &AtomicBool,
    watch: Arc<Watch>,
) -> Result<(), String> {
    let mut patience = Patience { watch: watch.clone(), pause: PAUSE.0 };
    let mut log = Some(KafkaLog::open::<P>(access)?);
    let mut schemas = Some(schemas);
    let mut worker = loop {
        if stop.load(Relaxed) {
            return Ok(());
        }
        let (Some(mut opened), Some(ids)) = (log.take(), schemas.take()) else { return Ok(()) };
        match crate::counts::Counts::read::<P>(&mut opened) {
            Ok(_) => match Worker::<P, _, _>::new(opened, ids, policy.clone(), pace, watch.clone()) {
                Ok(worker) => break worker,
                Err(fault) => return Err(fault.to_string()),
            },
            Err(fault) => patience.lose(P::NAME, &fault),
        }
        (log, schemas) = (Some(opened), Some(ids));
    };
    let begun = Instant::now();
    while !(stop.load(Relaxed) && worker.settled()) {
        match worker.step(begun.elapsed()) {
            Ok(_) => patience.regain(P::NAME),
            Err(fault) => patience.lose(P::NAME, &fault),
        }
    }
    Ok(())
}

/// Waits after faults, longer each time, and says each trouble once.
struct Patience {
    watch: Arc<Watch>,
    pause: Duration,
}

impl Patience {
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
