//! What decides: the matching service in this process, or processes of their own that are killed while they work.

use std::sync::Arc;
use std::time::Duration;

use kernel::Millis;
use runtime::{Count, Service, Watch};
use serde_json::Value;

use super::feed::Sent;
use super::flock::{Flock, Happened, Tally};
use super::memory::Memory;

/// A request that waits longer holds the world back while processes are killed.
const UNANSWERED: Duration = Duration::from_millis(500);

/// What decides.
pub(super) enum Engine {
    /// In this process.
    Here(Service, Arc<Watch>, Memory),
    /// In processes of their own.
    There(Box<Flock>),
}

impl Engine {
    /// How far it is in the market where it is furthest behind; `None` while it lacks one.
    pub(super) fn reached(&self, markets: &[String], now: Millis, sent: &Sent) -> Option<Millis> {
        match self {
            Engine::Here(_, watch, _) => {
                let reached = watch.now();
                markets.iter().map(|market| reached.get(market).copied()).min().flatten()
            }
            Engine::There(_) => {
                let waits = sent.values().any(|since| since.elapsed() > UNANSWERED);
                Some(if waits { Millis(0) } else { now })
            }
        }
    }

    /// Whether every one of these requests has its answer.
    pub(super) fn answered(&self, requests: u64, sent: &Sent) -> bool {
        match self {
            Engine::Here(_, watch, _) => watch.total(Count::Asked) >= requests,
            Engine::There(_) => sent.is_empty(),
        }
    }

    /// Records parked, as far as this process can know.
    pub(super) fn parked(&self) -> Option<u64> {
        match self {
            Engine::Here(_, watch, _) => Some(watch.total_parked()),
            Engine::There(_) => None,
        }
    }

    /// What is wrong at the moment.
    pub(super) fn trouble(&self) -> Option<String> {
        match self {
            Engine::Here(_, watch, _) => watch.trouble(),
            Engine::There(_) => None,
        }
    }

    /// What it is like, in few words; empty where there is nothing to tell.
    pub(super) fn describe(&self) -> String {
        match self {
            Engine::Here(..) => String::new(),
            Engine::There(flock) => flock.describe(),
        }
    }

    /// Lets happen to the processes what is due, and says what did.
    pub(super) fn tend(&mut self) -> Result<Vec<Happened>, String> {
        match self {
            Engine::Here(_, _, memory) => {
                memory.look();
                Ok(Vec::new())
            }
            Engine::There(flock) => flock.tend(),
        }
    }

    /// How often what befell the processes.
    pub(super) fn tally(&self) -> Tally {
        match self {
            Engine::Here(..) => Tally::default(),
            Engine::There(flock) => flock.tally.clone(),
        }
    }

    /// Nothing befalls the processes any more.
    pub(super) fn spare(&mut self) {
        if let Engine::There(flock) = self {
            flock.spare();
        }
    }

    /// Drains and ends it; the memory that each process held.
    pub(super) fn stop(self) -> Result<Vec<Value>, String> {
        match self {
            Engine::Here(service, _, memory) => service.stop().map(|()| vec![memory.report()]),
            Engine::There(flock) => flock.stop(),
        }
    }
}
