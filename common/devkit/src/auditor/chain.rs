//! Law 1, the chain: `waiting? -> offered -> (withdrawn -> offered)* -> assigned -> (reassigned)* -> closed`.

use kernel::contract::{MatchDecided, Outcome, Reason};

use super::fates::Spot;

/// Where a ride stands after what was read of its chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Stand {
    /// No decision yet.
    #[default]
    Unasked,
    /// It waits, or its offer was withdrawn.
    Waiting,
    /// A driver is asked.
    Offered {
        /// Who.
        driver: String,
        /// Before when he must accept.
        answer_by: i64,
    },
    /// A driver drives, or nobody since the assigned one gave the ride back.
    Assigned {
        /// Who; `None`: another one is looked for.
        driver: Option<String>,
    },
    /// The chain has ended.
    Closed,
}

/// What was read of one ride's chain.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    /// Where it stands.
    pub(super) stand: Stand,
    /// Number of the newest step; -1 before the first.
    pub(super) revision: i32,
    /// Id of the first decision.
    pub(super) first: String,
    /// Revision that was accepted, and by whom.
    pub(super) accepted: Option<(i32, String)>,
    /// Where the acceptance lies, while its assignment is the newest step.
    pub(super) answered: Option<Spot>,
    /// Event time of the first decision.
    pub(super) began: i64,
    /// Why it was closed.
    pub(super) closed: Option<Reason>,
    /// Whether it was ever assigned.
    pub(super) assigned: bool,
}

impl Default for Chain {
    fn default() -> Self {
        Chain {
            stand: Stand::Unasked,
            revision: -1,
            first: String::new(),
            accepted: None,
            answered: None,
            began: 0,
            closed: None,
            assigned: false,
        }
    }
}

impl Chain {
    /// The driver that the ride holds.
    pub(super) fn driver(&self) -> Option<&str> {
        match &self.stand {
            Stand::Offered { driver, .. } | Stand::Assigned { driver: Some(driver) } => Some(driver),
            _ => None,
        }
    }

    /// Whether the chain is open and nobody is assigned.
    pub(super) fn waits(&self) -> bool {
        matches!(self.stand, Stand::Waiting | Stand::Offered { .. } | Stand::Assigned { driver: None })
    }

    /// Takes the next step.
    ///
    /// # Errors
    /// What the step breaks, without the ride's name; the chain then follows the log all the same.
    pub(super) fn step(&mut self, decided: &MatchDecided) -> Result<(), String> {
        let revision = decided.revision.unwrap_or(-1);
        let expected = self.revision + 1;
        let next = self.next(decided);
        self.revision = revision.max(expected);
        if expected == 0 {
            self.first.clone_from(&decided.decision);
            self.began = decided.at;
        }
        let grammar = match next {
            Ok(stand) => {
                self.stand = stand;
                Ok(())
            }
            Err(fault) => Err(fault),
        };
        self.assigned |= decided.outcome == Outcome::Assigned;
        if decided.outcome == Outcome::Closed {
            self.closed = Some(decided.reason);
        }
        if revision != expected {
            return Err(format!("revision {revision} follows {}: a gap or a repetition", expected - 1));
        }
        grammar
    }

    fn next(&self, decided: &MatchDecided) -> Result<Stand, String> {
        let named = || decided.driver.clone().ok_or(format!("{:?} names no driver", decided.outcome));
        match (&self.stand, decided.outcome) {
            (Stand::Unasked, Outcome::Waiting) => Ok(Stand::Waiting),
            (Stand::Unasked | Stand::Waiting, Outcome::Offered) => {
                let answer_by = decided.answer_by.ok_or("an offer without a time to answer by")?;
                Ok(Stand::Offered { driver: named()?, answer_by })
            }
            (Stand::Offered { driver, .. }, Outcome::Withdrawn) => same(driver, &named()?).map(|()| Stand::Waiting),
            (Stand::Offered { driver, .. }, Outcome::Assigned) => {
                same(driver, &named()?).map(|()| Stand::Assigned { driver: Some(driver.clone()) })
            }
            (Stand::Assigned { driver: None }, Outcome::Reassigned) if decided.driver.is_none() => {
                Err("given back twice".to_owned())
            }
            (Stand::Assigned { .. }, Outcome::Reassigned) => Ok(Stand::Assigned { driver: decided.driver.clone() }),
            (Stand::Unasked, Outcome::Closed) if !without_a_search(decided.reason) => {
                Err(format!("closed as {:?} before it was ever looked for", decided.reason))
            }
            (
                Stand::Unasked | Stand::Waiting | Stand::Offered { .. } | Stand::Assigned { driver: None },
                Outcome::Closed,
            ) if decided.reason == Reason::Completed => Err("completed, but nobody was assigned".to_owned()),
            (Stand::Closed, outcome) => Err(format!("{outcome:?} after the chain was closed")),
            (_, Outcome::Closed) => Ok(Stand::Closed),
            (stand, outcome) => Err(format!("{outcome:?} cannot follow {}", stand.name())),
        }
    }
}

impl Stand {
    fn name(&self) -> &'static str {
        match self {
            Stand::Unasked => "nothing",
            Stand::Waiting => "a wait",
            Stand::Offered { .. } => "an offer",
            Stand::Assigned { .. } => "an assignment",
            Stand::Closed => "the end",
        }
    }
}

fn same(held: &str, named: &str) -> Result<(), String> {
    if held == named { Ok(()) } else { Err(format!("names driver {named}, but {held} was asked")) }
}

/// Whether a ride may end for this reason before it was looked for: it was cancelled, or its request was read too late.
fn without_a_search(reason: Reason) -> bool {
    let cancelled = [Reason::CancelledByRider, Reason::CancelledByDriver, Reason::CancelledByOperator];
    cancelled.contains(&reason) || reason == Reason::Expired
}
