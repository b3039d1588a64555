//! The numbers an operator may change without a release: `policy.toml` says what each means.

mod ranges;

use std::collections::BTreeMap;

use kernel::{Rules, rules};
use serde::Deserialize;

use crate::COUNTS;

/// The policy that is built in: the text of `policy.toml`.
pub const BUILT_IN: &str = include_str!("../policy.toml");

/// How matching decides. Checked when it is read, so a decision may trust it.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(crate) version: i32,
    pub(crate) hash: String,
    pub(crate) search: SearchPolicy,
    pub(crate) cost: CostPolicy,
    pub(crate) chain: ChainPolicy,
    pub(crate) turn: TurnPolicy,
    pub(crate) eta: EtaPolicy,
}

impl Rules for Policy {
    const BUILT_IN: &'static str = BUILT_IN;

    fn parse(text: &str) -> Result<Policy, String> {
        let File { version, search, cost, chain, turn, eta } = rules::parse(text)?;
        let policy = Policy { version, hash: rules::hash(text), search, cost, chain, turn, eta };
        ranges::check(&policy)?;
        Ok(policy)
    }

    fn version(&self) -> i32 {
        self.version
    }

    /// First 16 hex digits of the SHA-256 of the text.
    fn hash(&self) -> &str {
        &self.hash
    }
}

impl Policy {
    /// Cost of leaving a ride without a driver: more than all that serving it can cost the others of its turn, so that the most rides
    /// are served first and the least waiting decides only between assignments that serve as many.
    pub(crate) fn unserved_ms(&self) -> i64 {
        let cost = &self.cost;
        let parts = [
            self.search.eta_max_ms(),
            cost.rating_ms,
            cost.reliability_ms,
            2 * cost.vehicle_step_ms,
            4 * cost.tier_step_ms,
            2 * cost.fairness_ms,
        ];
        let span: i64 = parts.into_iter().map(i64::from).sum();
        1 + self.search.rows_max as i64 * span
    }
}

impl Default for Policy {
    /// The built-in policy.
    fn default() -> Policy {
        // A test parses it: the text is part of the program.
        Policy::parse(BUILT_IN).expect("the built-in policy is sound")
    }
}

/// The file's layout.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: i32,
    search: SearchPolicy,
    cost: CostPolicy,
    chain: ChainPolicy,
    turn: TurnPolicy,
    eta: EtaPolicy,
}

/// Who is a candidate.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchPolicy {
    ping_max_age_s: i32,
    eta_max_s: i32,
    pub(crate) rings_max: u32,
    pub(crate) candidates_max: usize,
    pub(crate) rows_max: usize,
    pub(crate) searches_max: usize,
}

impl SearchPolicy {
    pub(crate) fn ping_max_age_ms(&self) -> i64 {
        (i64::from(self.ping_max_age_s) * 1000).min(COUNTS.0)
    }

    pub(crate) fn eta_max_ms(&self) -> i32 {
        self.eta_max_s * 1000
    }
}

/// What a candidate costs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CostPolicy {
    pub(crate) rating_ms: i32,
    pub(crate) reliability_ms: i32,
    pub(crate) vehicle_step_ms: i32,
    pub(crate) tier_step_ms: i32,
    pub(crate) fairness_ms: i32,
    fairness_after_s: i64,
}

impl CostPolicy {
    pub(crate) fn fairness_after_ms(&self) -> i64 {
        self.fairness_after_s * 1000
    }
}

/// The times of the chain.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChainPolicy {
    answer_s: i64,
    wait_max_s: i64,
    ride_max_s: i64,
    pub(crate) refused_max: usize,
    shift_gap_s: i64,
}

impl ChainPolicy {
    pub(crate) fn answer_ms(&self) -> i64 {
        self.answer_s * 1000
    }

    pub(crate) fn wait_max_ms(&self) -> i64 {
        self.wait_max_s * 1000
    }

    pub(crate) fn ride_max_ms(&self) -> i64 {
        self.ride_max_s * 1000
    }

    pub(crate) fn shift_gap_ms(&self) -> i64 {
        self.shift_gap_s * 1000
    }
}

/// The bounds of a turn.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TurnPolicy {
    pub(crate) steps_max: u64,
    pub(crate) sweep_max: usize,
}

/// The travel time model.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EtaPolicy {
    a1: f64,
    a2: f64,
    utc_offset_minutes: i32,
    k: Vec<f64>,
    #[serde(default)]
    markets: BTreeMap<String, EtaModel>,
}

/// Parameters of the travel time model in one market.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Model<'a> {
    /// Seconds a metre.
    pub(crate) a1: f64,
    /// Seconds a square root of a metre.
    pub(crate) a2: f64,
    /// Local time less UTC.
    pub(crate) utc_offset_minutes: i32,
    /// 48 factors: hours of a working day, then of a weekend day.
    pub(crate) k: &'a [f64],
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EtaModel {
    a1: f64,
    a2: f64,
    utc_offset_minutes: i32,
    k: Vec<f64>,
}

impl EtaPolicy {
    /// The parameters that hold in `market`.
    pub(crate) fn model(&self, market: &str) -> Model<'_> {
        match self.markets.get(market) {
            Some(EtaModel { a1, a2, utc_offset_minutes, k }) => {
                Model { a1: *a1, a2: *a2, utc_offset_minutes: *utc_offset_minutes, k }
            }
            None => Model { a1: self.a1, a2: self.a2, utc_offset_minutes: self.utc_offset_minutes, k: &self.k },
        }
    }
}

const _: () = assert!(COUNTS.0 == 300_000, "policy.toml says 300 seconds");
