//! Whether the workers live, and whether the process is ready.

use std::{
    collections::BTreeMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use super::hold;

/// The group has settled when no membership and no ownership changed for so long: a new member is first given nothing, and its
/// partitions a heartbeat later.
const SETTLED: Duration = Duration::from_secs(1);

/// Steps, membership and partitions.
#[derive(Default)]
pub(super) struct Health {
    state: Mutex<State>,
    beats: Mutex<BTreeMap<usize, Instant>>,
    /// A worker that took no step for so long is taken for dead: longer than the calls of a step may block.
    silent: Mutex<Duration>,
}

#[derive(Clone, Default)]
struct State {
    counted: Counted,
    draining: bool,
    changed: Option<Instant>,
}

/// What is counted of all workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// Workers that there shall be.
    pub(super) workers: i64,
    /// Those that are members of the group.
    pub(super) members: i64,
    /// Partitions that the group gave them.
    pub(super) owned: i64,
    /// Those that are rebuilt and decide.
    pub(super) live: i64,
}

impl Health {
    pub(super) fn hire(&self, workers: usize, silent: Duration, now: Instant) {
        *hold(&self.silent) = silent;
        hold(&self.state).counted.workers = workers as i64;
        *hold(&self.beats) = (0..workers).map(|worker| (worker, now)).collect();
    }

    pub(super) fn beat(&self, worker: usize, now: Instant) {
        hold(&self.beats).insert(worker, now);
    }

    pub(super) fn rest(&self, worker: usize) {
        hold(&self.beats).remove(&worker);
    }

    pub(super) fn members(&self, delta: i64, now: Instant) {
        let mut state = hold(&self.state);
        state.counted.members += delta;
        state.changed = Some(now);
    }

    /// How many are owned now.
    pub(super) fn owned(&self, delta: i64, now: Instant) -> i64 {
        let mut state = hold(&self.state);
        state.counted.owned += delta;
        state.changed = Some(now);
        state.counted.owned
    }

    pub(super) fn live(&self, delta: i64) {
        hold(&self.state).counted.live += delta;
    }

    pub(super) fn drain(&self) {
        hold(&self.state).draining = true;
    }

    pub(super) fn counted(&self) -> Counted {
        hold(&self.state).counted
    }

    pub(super) fn is_draining(&self) -> bool {
        hold(&self.state).draining
    }

    /// For each worker, how long ago it took its last step.
    pub(super) fn steps(&self, now: Instant) -> Vec<(usize, Duration)> {
        let beats = hold(&self.beats);
        beats.iter().map(|(worker, beat)| (*worker, now.saturating_duration_since(*beat))).collect()
    }

    pub(super) fn alive(&self, now: Instant) -> Result<(), String> {
        let steps = self.steps(now);
        let most = *hold(&self.silent);
        let silent = steps.iter().filter(|(_, since)| *since > most);
        let silent: Vec<String> =
            silent.map(|(worker, since)| format!("worker {worker} took no step for {} s", since.as_secs())).collect();
        if silent.is_empty() { Ok(()) } else { Err(silent.join("; ")) }
    }

    pub(super) fn ready(&self, now: Instant) -> Result<(), String> {
        let State { counted: Counted { workers, members, owned, live }, draining, changed } = hold(&self.state).clone();
        if draining {
            return Err("draining: told to end".to_owned());
        }
        if workers == 0 {
            return Err("no worker has started".to_owned());
        }
        if members < workers {
            return Err(format!("{members} of {workers} workers are members of the group"));
        }
        if live < owned {
            return Err(format!("{live} of {owned} partitions are rebuilt"));
        }
        if changed.is_some_and(|changed| now.saturating_duration_since(changed) < SETTLED) {
            return Err("the group settles".to_owned());
        }
        Ok(())
    }
}
