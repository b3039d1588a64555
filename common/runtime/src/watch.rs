//! What a service is doing, for those who watch it. Its workers tell; a scrape, the demo's screen and the tests read.
//!
//! Telling is cheap: counters are atomics, and the few maps are locked for as long as a copy takes, so a scrape never holds a
//! worker up. Histograms are kept where somebody can ask for them, by [`Watch::of`]; a `Watch::default()` has none.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use kernel::{Millis, contract::Cause};

use crate::metrics::{BOUNDS, CAUSES, COUNTS, histogram::Histograms};

mod health;
mod names;
mod render;
mod trouble;

#[cfg(test)]
mod tests;

use health::Health;
pub use names::{Bound, Count, Size, Span};
use trouble::Troubles;

/// What the workers of a service tell.
#[derive(Default)]
pub struct Watch {
    processor: &'static str,
    counts: [AtomicU64; COUNTS.len()],
    parked: [AtomicU64; CAUSES.len()],
    bounds: [AtomicU64; BOUNDS.len()],
    degraded: Mutex<BTreeMap<&'static str, u64>>,
    now: Mutex<BTreeMap<String, Millis>>,
    views: Mutex<BTreeMap<String, View>>,
    lags: Mutex<BTreeMap<(&'static str, i32), i64>>,
    in_hand: Mutex<BTreeMap<i32, [usize; 3]>>,
    policy: Mutex<Option<Policy>>,
    health: Health,
    troubles: Troubles,
    histograms: Option<Histograms>,
}

/// What a view holds of a market.
#[derive(Clone, Copy)]
struct View {
    entities: u64,
    age: Option<Millis>,
}

/// The newest policy.
#[derive(Clone)]
struct Policy {
    version: i32,
    hash: String,
    effective_from: Millis,
}

/// A panic while it was held broke nothing: what is in it are plain numbers.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watch {
    /// For a service of `processor`, with histograms and [`Watch::render`].
    pub fn of(processor: &'static str) -> Watch {
        Watch { processor, histograms: Some(Histograms::new(processor)), ..Watch::default() }
    }

    /// Counts `n` more.
    pub fn add(&self, count: Count, n: usize) {
        self.counts[count as usize].fetch_add(n as u64, Relaxed);
    }

    /// The sum since the start.
    pub fn total(&self, count: Count) -> u64 {
        self.counts[count as usize].load(Relaxed)
    }

    /// Counts `n` records parked for `cause`.
    pub fn parked(&self, cause: Cause, n: usize) {
        self.parked[cause as usize].fetch_add(n as u64, Relaxed);
    }

    /// Records parked since the start.
    pub fn total_parked(&self) -> u64 {
        self.parked.iter().map(|count| count.load(Relaxed)).sum()
    }

    /// A bound was reached, and what is named for it happens.
    pub fn reached_bound(&self, bound: Bound) {
        self.bounds[bound as usize].fetch_add(1, Relaxed);
    }

    /// How often it was reached since the start.
    pub fn total_bound(&self, bound: Bound) -> u64 {
        self.bounds[bound as usize].load(Relaxed)
    }

    /// Steps of the degrade ladder that the processor knows: they are exposed, at 0, before the first decision on one.
    pub fn steps(&self, steps: &[&'static str]) {
        let mut degraded = hold(&self.degraded);
        steps.iter().for_each(|step| {
            degraded.entry(step).or_default();
        });
    }

    /// A decision was made on this step of the degrade ladder.
    pub fn degraded(&self, step: &'static str) {
        *hold(&self.degraded).entry(step).or_default() += 1;
    }

    /// Something took so long.
    pub fn took(&self, span: Span, took: Duration) {
        if let Some(histograms) = &self.histograms {
            histograms.took(span as usize, took.as_secs_f64(), 1);
        }
    }

    /// A work record that the broker stored at `appended` has its fate committed now.
    pub fn answered(&self, appended: impl Iterator<Item = Millis>) {
        if let Some(histograms) = &self.histograms {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as i64;
            // Another machine's clock may be ahead of ours.
            let took = |appended: Millis| now.saturating_sub(appended.0).max(0) as f64 / 1_000.0;
            let mut run: Option<(Millis, u64)> = None;
            let told = |run: &Option<(Millis, u64)>| {
                run.iter().for_each(|(at, times)| histograms.took(Span::EndToEnd as usize, took(*at), *times));
            };
            // Many were stored in the same millisecond.
            for appended in appended {
                match &mut run {
                    Some((at, times)) if *at == appended => *times += 1,
                    _ => {
                        told(&run);
                        run = Some((appended, 1));
                    }
                }
            }
            told(&run);
        }
    }

    /// Something was so large.
    pub fn sized(&self, size: Size, n: usize) {
        if let Some(histograms) = &self.histograms {
            histograms.sized(size as usize, n);
        }
    }

    /// Records of an input that are stored and not read yet.
    pub fn lag(&self, topic: &'static str, partition: i32, records: i64) {
        hold(&self.lags).insert((topic, partition), records);
    }

    /// The input is not read here any more: its partition went, and what of it was in hand is void.
    pub fn no_lag(&self, topic: &'static str, partition: i32) {
        hold(&self.lags).remove(&(topic, partition));
        hold(&self.in_hand).remove(&partition);
    }

    /// What a partition has in hand.
    pub fn in_hand(&self, partition: i32, asks: usize, facts: usize, parked: usize) {
        hold(&self.in_hand).insert(partition, [asks, facts, parked]);
    }

    /// What the view holds of a market, and how far its newest fact lies behind the market's time.
    pub fn view(&self, market: &str, entities: u64, age: Option<Millis>) {
        put(&mut hold(&self.views), market, View { entities, age });
    }

    /// The watermark of a market.
    pub fn reached(&self, market: &str, now: Millis) {
        put(&mut hold(&self.now), market, now);
    }

    /// The market is not ours any more.
    pub fn gone(&self, market: &str) {
        hold(&self.now).remove(market);
        hold(&self.views).remove(market);
    }

    /// The watermark of every market that is live here.
    pub fn now(&self) -> BTreeMap<String, Millis> {
        hold(&self.now).clone()
    }

    /// The policy in force, and since when it is; zero: from the start.
    pub fn policy(&self, version: i32, hash: &str, effective_from: Millis) {
        *hold(&self.policy) = Some(Policy { version, hash: hash.to_owned(), effective_from });
    }

    /// So many workers shall be members and step.
    pub fn hire(&self, workers: usize, silent: Duration) {
        self.health.hire(workers, silent, Instant::now());
    }

    /// A worker took a step.
    pub fn beat(&self, worker: usize) {
        self.health.beat(worker, Instant::now());
    }

    /// A worker ended: it is expected to step no more.
    pub fn rest(&self, worker: usize) {
        self.health.rest(worker);
        self.troubles.rest();
    }

    /// So many workers more are members of the group.
    pub fn members(&self, delta: i64) {
        self.health.members(delta, Instant::now());
    }

    /// So many partitions more were given to us.
    pub fn owned(&self, delta: i64) {
        let owned = self.health.owned(delta, Instant::now());
        if delta != 0 {
            tracing::info!(side = "kafka", "{delta:+} partitions, {owned} owned");
        }
    }

    /// So many partitions more are live: rebuilt, and deciding.
    pub fn live(&self, delta: i64) {
        self.health.live(delta);
    }

    /// Partitions that are live.
    pub fn total_live(&self) -> i64 {
        self.health.counted().live
    }

    /// A side ("kafka", "registry", "processor") is in trouble: said once, until it is over.
    pub fn lose(&self, side: &'static str, sentence: &str) {
        self.troubles.lose(side, sentence, Instant::now());
    }

    /// The worker that calls this is well: what it reported is over, once nothing was reported for a while. What it reported of Kafka
    /// only when it is `steady`, too.
    pub fn calm(&self, steady: bool) {
        self.troubles.calm(Instant::now, steady);
    }

    /// The last trouble, if it is not over.
    pub fn trouble(&self) -> Option<String> {
        self.troubles.now()
    }

    /// The process was told to end: it is not ready any more.
    pub fn draining(&self) {
        self.health.drain();
    }

    /// Whether every worker steps.
    ///
    /// # Errors
    /// One sentence: who does not, and for how long.
    pub fn alive(&self) -> Result<(), String> {
        self.health.alive(Instant::now())
    }

    /// Whether every worker is a member, all partitions are rebuilt, and nothing is in trouble.
    ///
    /// # Errors
    /// One sentence that says why not.
    pub fn ready(&self) -> Result<(), String> {
        // The reason first: what it leads to says less.
        self.troubles.stopping().map_or(Ok(()), Err)?;
        self.health.ready(Instant::now())
    }
}

fn put<T>(all: &mut BTreeMap<String, T>, market: &str, value: T) {
    match all.get_mut(market) {
        Some(known) => *known = value,
        None => {
            all.insert(market.to_owned(), value);
        }
    }
}
