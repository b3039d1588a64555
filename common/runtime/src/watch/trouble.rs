//! Troubles: one line when a side gets into trouble, one when it is over, however many workers see it and however often.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

use super::hold;

/// A worker that reported nothing for so long is well again. Longer than its longest pause after a fault and the time until it asks
/// the broker something, so that a good step between two faults ends no trouble.
const QUIET: Duration = Duration::from_secs(3);

/// The troubles of a service.
#[derive(Default)]
pub(super) struct Troubles {
    /// Whether there is one: a worker without trouble asks no more than this.
    any: AtomicBool,
    sides: Mutex<BTreeMap<&'static str, Trouble>>,
    begun: Mutex<BTreeMap<&'static str, u64>>,
}

struct Trouble {
    since: Instant,
    last: Instant,
    sentence: String,
    /// Who reported it, and when last: it is over when each of them is well. The others may have nothing to do with that side.
    reporters: HashMap<ThreadId, Instant>,
}

impl Troubles {
    pub(super) fn lose(&self, side: &'static str, sentence: &str, now: Instant) {
        let mut sides = hold(&self.sides);
        let reporter = thread::current().id();
        if let Some(trouble) = sides.get_mut(side) {
            if trouble.sentence != sentence {
                tracing::debug!(side, "{sentence}");
                trouble.sentence = sentence.to_owned();
            }
            trouble.last = now;
            trouble.reporters.insert(reporter, now);
            return;
        }
        tracing::warn!(side, "{sentence}");
        *hold(&self.begun).entry(side).or_default() += 1;
        let reporters = HashMap::from([(reporter, now)]);
        sides.insert(side, Trouble { since: now, last: now, sentence: sentence.to_owned(), reporters });
        self.any.store(true, Relaxed);
    }

    pub(super) fn calm(&self, now: impl FnOnce() -> Instant, steady: bool) {
        if self.any.load(Relaxed) {
            let now = now();
            if !steady {
                self.go_on("kafka", now);
            }
            let well = |_: &str, last: Instant| now.saturating_duration_since(last) >= QUIET;
            for (side, span) in self.end(well) {
                tracing::warn!(side, "goes on after {} s", span.as_secs().max(1));
            }
        }
    }

    /// Who waits for partitions is in the trouble that he reported, though he asks nothing that could fail: he is quiet from when he has them.
    fn go_on(&self, side: &'static str, now: Instant) {
        let mut sides = hold(&self.sides);
        let Some(trouble) = sides.get_mut(side) else { return };
        if let Some(last) = trouble.reporters.get_mut(&thread::current().id()) {
            *last = now;
            trouble.last = now;
        }
    }

    /// The thread that calls this ends: it cannot say any more that it is well, and nothing goes on.
    pub(super) fn rest(&self) {
        self.end(|_, _| true);
    }

    /// Forgets what this thread reported, where it is well by the time of its last report: the sides whose trouble is over by
    /// that, and how long it lasted.
    fn end(&self, well: impl Fn(&str, Instant) -> bool) -> Vec<(&'static str, Duration)> {
        let (mut sides, mut over) = (hold(&self.sides), Vec::new());
        let reporter = thread::current().id();
        sides.retain(|side, trouble| {
            if trouble.reporters.get(&reporter).is_some_and(|last| well(side, *last)) {
                trouble.reporters.remove(&reporter);
            }
            let goes_on = trouble.reporters.is_empty();
            if goes_on {
                over.push((*side, trouble.last.saturating_duration_since(trouble.since)));
            }
            !goes_on
        });
        self.any.store(!sides.is_empty(), Relaxed);
        over
    }

    /// The last one that began and is not over.
    pub(super) fn now(&self) -> Option<String> {
        self.last(|_| true)
    }

    /// The same of those that keep anything from being decided: without the store of riders' facts quotes go out all the same.
    pub(super) fn stopping(&self) -> Option<String> {
        self.last(|side| side != "store")
    }

    fn last(&self, of: impl Fn(&str) -> bool) -> Option<String> {
        if !self.any.load(Relaxed) {
            return None;
        }
        let sides = hold(&self.sides);
        let (side, trouble) = sides.iter().filter(|(side, _)| of(side)).max_by_key(|(_, trouble)| trouble.since)?;
        Some(format!("{side}: {}", trouble.sentence))
    }

    /// For a side, how often it got into trouble, and whether it is now.
    pub(super) fn of(&self, side: &str) -> (u64, bool) {
        let begun = hold(&self.begun).get(side).copied().unwrap_or_default();
        (begun, hold(&self.sides).contains_key(side))
    }
}
