//! What is done by the clock: sessions, transactions, retention, compaction.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::compaction;
use super::retention;
use super::state::{Shared, now_ms};

const TICK: Duration = Duration::from_millis(50);
/// Retention and expiry can wait longer than sessions.
const SWEEP: Duration = Duration::from_millis(500);

/// Runs until the broker stops.
pub(super) async fn run(shared: Arc<Shared>) {
    let (mut swept, mut compacted) = (Instant::now(), Instant::now());
    loop {
        tokio::time::sleep(TICK).await;
        tick(&shared);
        if swept.elapsed() >= SWEEP {
            swept = Instant::now();
            sweep(&shared);
        }
        if compacted.elapsed() >= shared.config.compaction_interval {
            let shared = shared.clone();
            // Decompressing is no work for the threads that answer requests.
            let _ = tokio::task::spawn_blocking(move || compaction::run(&shared)).await;
            compacted = Instant::now();
        }
    }
}

fn tick(shared: &Shared) {
    let mut state = shared.lock();
    let now = Instant::now();
    let mut changed = false;
    for group in state.groups.values_mut() {
        changed |= group.expire(now);
    }
    state.expire_transactions(shared.config.transactional_id_idle);
    drop(state);
    if changed {
        shared.groups.notify_waiters();
    }
}

fn sweep(shared: &Shared) {
    let mut state = shared.lock();
    let now = now_ms();
    let ago = |time: Duration| now.saturating_sub(i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
    retention::expire(&mut state, now);
    let (offsets, producers) = (ago(shared.config.offsets_retention), ago(shared.config.producer_idle));
    state.groups.retain(|_, group| group.outlives(offsets, now));
    for partition in state.topics.values_mut().flat_map(|topic| &mut topic.partitions) {
        partition.producers.expire(producers, shared.config.max_producers);
    }
}
