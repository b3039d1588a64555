//! How long a killed process is missed: from its kill to the next decision of every market that it owned.
//!
//! Right after the kill each of these markets is sent its newest request again, one millisecond of event time later than all that
//! was sent before, so that there is something to decide and whatever is decided from then on has a later `at`: the dead process
//! cannot have written it. The time ends when a `read_committed` reader has the decision.
//!
//! A second process that falls silent meanwhile, killed or stopped, is missed for a session of its own: the group waits for each of
//! its members to come to a rebalance, and for the one that led it to tell who has what. Such samples are told apart.

use std::time::Instant;

use devkit::world::{Body, Published};
use kernel::Millis;
use kernel::contract::{MatchDecided, RideRequested};
use serde_json::{Value, json};

/// Slowest ones that are told of.
const TOLD: usize = 5;

/// A market that a killed process owned and that nothing was decided for since.
struct Open {
    at: Instant,
    event: Millis,
    market: String,
    /// Processes that had been killed or stopped until then, this one among them.
    silenced: u64,
}

/// How long a market waited.
#[derive(Clone)]
struct Took {
    ms: u64,
    market: String,
    killed: Instant,
    /// Processes that were killed or stopped meanwhile.
    others: u64,
}

/// The times measured.
#[derive(Default)]
pub(super) struct Recovery {
    open: Vec<Open>,
    took: Vec<Took>,
    silenced: u64,
}

impl Recovery {
    /// So many processes have been killed or stopped by now.
    pub(super) fn silenced(&mut self, count: u64) {
        self.silenced = count;
    }

    /// A process was killed that owned these markets, when everything until `event` had been sent: what is to be sent again.
    pub(super) fn killed(&mut self, at: Instant, event: Millis, newest: Vec<RideRequested>) -> Vec<Published> {
        let mut again = Vec::new();
        for request in newest {
            self.open.push(Open { at, event, market: request.market.clone(), silenced: self.silenced });
            let later = event.plus(Millis(1));
            again.push(Published { at: later, body: Body::Requested(RideRequested { at: later.0, ..request }) });
        }
        again
    }

    /// A decision was read at `at`.
    pub(super) fn hear(&mut self, decided: &MatchDecided, at: Instant) {
        let Recovery { open, took, silenced } = self;
        open.retain(|one| {
            let over = one.market == decided.market && decided.at > one.event.0;
            if over {
                let ms = at.saturating_duration_since(one.at).as_millis() as u64;
                let others = *silenced - one.silenced;
                took.push(Took { ms, market: one.market.clone(), killed: one.at, others });
            }
            !over
        });
    }

    /// Markets that still wait.
    pub(super) fn waiting(&self) -> usize {
        self.open.len()
    }

    /// For the report; of the slowest it says how long after `begun` the process was killed.
    pub(super) fn report(&self, begun: Instant) -> Value {
        let mut took = self.took.clone();
        took.sort_by_key(|one| one.ms);
        let slowest = took.iter().rev().take(TOLD);
        let slowest: Vec<Value> = slowest
            .map(|Took { ms, market, killed, others }| {
                let at = killed.saturating_duration_since(begun).as_secs();
                json!({ "ms": ms, "market": market, "killed_after_s": at, "others_silenced": others })
            })
            .collect();
        let (alone, beside): (Vec<&Took>, Vec<&Took>) = took.iter().partition(|one| one.others == 0);
        json!({ "never": self.open.len(), "alone": times(&alone), "beside_others": times(&beside), "slowest": slowest })
    }
}

/// How many, and their quantiles; shortest first.
fn times(took: &[&Took]) -> Value {
    let at = |share: f64| took.get(((took.len() as f64 * share) as usize).min(took.len().saturating_sub(1)));
    let ms = |share| at(share).map(|one| one.ms);
    json!({ "count": took.len(), "p50": ms(0.5), "p99": ms(0.99), "max": ms(1.0) })
}
