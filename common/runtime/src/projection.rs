//! The fold of `rider.changed` into a store: at least once, and idempotent, so that the store holds what the topic says whatever is killed.
//!
//! How far the topic was read lies in the store, beside the rows: a store that was lost, or brought back from a copy, is filled from
//! there by itself. The group's committed offsets are for those who watch; and for poison, which is parked together with them, once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use kernel::Millis;

use crate::{kafka::Access, schemas::Schemas, store::Store, watch::Watch};

mod hand;

use hand::Hand;

/// Name of the projection of riders, in metrics, in `record.parked` and as a group.
pub const RIDERS: &str = "riders";

/// How a topic is folded.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Kafka, the group, and this instance's name.
    pub access: Access,
    /// A member of a group folds its share, and parks what it cannot read. Alone it folds the whole topic, for a store of this
    /// process alone, and only says what it cannot read.
    pub alone: bool,
    /// Records that are written at a time, most.
    pub batch: usize,
    /// A larger value is not read, bytes.
    pub value_bytes: usize,
    /// So long after its event time a rider's record is forgotten, milliseconds; 0: never.
    pub keep: Millis,
    /// Longest wait for its end.
    pub grace: Duration,
}

/// A running fold.
pub struct Projection {
    stop: Arc<AtomicBool>,
    caught_up: Arc<AtomicBool>,
    grace: Duration,
    thread: JoinHandle<Result<(), String>>,
}

impl Projection {
    /// Starts to fold. It waits for broker, registry and store, whichever comes last; troubles are told to `watch`.
    ///
    /// # Errors
    /// One sentence when no thread can be started.
    pub fn start<S: Schemas>(
        settings: Settings,
        store: Arc<dyn Store>,
        schemas: impl Fn() -> Result<S, String> + Send + 'static,
        watch: Arc<Watch>,
    ) -> Result<Projection, String> {
        let (stop, caught_up, grace) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default(), settings.grace);
        let hand = Hand::new(settings, store, (stop.clone(), caught_up.clone()), watch);
        let thread = std::thread::Builder::new().name(RIDERS.to_owned()).spawn(move || hand.work(&schemas));
        let thread = thread.map_err(|error| format!("cannot start a thread: {error}"))?;
        Ok(Projection { stop, caught_up, grace, thread })
    }

    /// Set once the store holds all that the topic held when it was first looked at.
    pub fn caught_up(&self) -> Arc<AtomicBool> {
        self.caught_up.clone()
    }

    /// Whether it ended before it was told to.
    pub fn ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Drains: what was read is written, the group is left.
    ///
    /// # Errors
    /// What it ended with, or that it did not end in time; nothing is lost, for it begins again where the store stands.
    pub fn stop(self) -> Result<(), String> {
        self.stop.store(true, SeqCst);
        let begun = Instant::now();
        while !self.thread.is_finished() {
            if begun.elapsed() > self.grace {
                let seconds = self.grace.as_secs_f64();
                return Err(format!(
                    "the projection did not end within {seconds} s: the store or the broker hangs; nothing is lost"
                ));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.thread
            .join()
            .unwrap_or_else(|payload| Err(format!("the projection panicked: {}", crate::logs::why(&*payload))))
    }
}
