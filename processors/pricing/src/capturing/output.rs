//! What capturing writes.

use kernel::codec::encode;
use kernel::contract::{FareCaptured, FareKept, Place, RideKept, RideStatus, StateKept, TideKept, TurnTaken};
use kernel::{Emit, Processor, Record, Topic};

use super::{Came, Capturing, Step};

/// A record that a turn writes.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// What became of a fact that ends a ride.
    Captured(Box<FareCaptured>),
    /// The turn that they were decided in.
    Taken(Box<TurnTaken>),
    /// A ride's promise, how far it has come, or that it was captured; the market's peak and surge.
    Kept(Box<StateKept>),
    /// An entity that no longer counts.
    Forgotten {
        /// Its market.
        market: String,
        /// Its key.
        entity: String,
    },
}

impl Emit for Output {
    fn topic(&self) -> &'static Topic {
        match self {
            Output::Captured(_) => FareCaptured::TOPIC,
            Output::Taken(_) => TurnTaken::TOPIC,
            Output::Kept(_) | Output::Forgotten { .. } => StateKept::TOPIC,
        }
    }

    fn key(&self) -> &[u8] {
        match self {
            Output::Captured(captured) => captured.key(),
            Output::Taken(taken) => taken.key(),
            Output::Kept(kept) => kept.key(),
            Output::Forgotten { entity, .. } => entity.as_bytes(),
        }
    }

    fn market(&self) -> &str {
        match self {
            Output::Captured(captured) => &captured.market,
            Output::Taken(taken) => &taken.market,
            Output::Kept(kept) => &kept.market,
            Output::Forgotten { market, .. } => market,
        }
    }

    fn datum(&self, to: &mut Vec<u8>) -> Result<bool, String> {
        match self {
            Output::Captured(captured) => encode(captured.as_ref(), to)?,
            Output::Taken(taken) => encode(taken.as_ref(), to)?,
            Output::Kept(kept) => encode(kept.as_ref(), to)?,
            Output::Forgotten { .. } => return Ok(false),
        }
        Ok(true)
    }

    fn cause(&self) -> Option<&Place> {
        match self {
            Output::Captured(captured) => captured.cause.as_ref(),
            _ => None,
        }
    }
}

impl Output {
    pub(super) fn fare(market: &str, fare: FareKept) -> Output {
        let entity = fare_entity(market, &fare.ride);
        Output::Kept(Box::new(StateKept { fare: Some(fare), ..nothing(market, entity) }))
    }

    /// A ride came so far; when it was asked for is told where that is known, and else when it came so far.
    pub(super) fn way(market: &str, came: Came, requested_at: Option<i64>) -> Output {
        let entity = way_entity(market, &came.ride, came.step);
        let ride = RideKept {
            ride: came.ride,
            requested_at: requested_at.unwrap_or(came.at),
            request: None,
            status: RideStatus::Assigned,
            revision: -1,
            since: came.at,
            driver: Some(came.driver),
            answer_by: None,
            accepted: None,
            started: came.step == Step::Started,
            refused: Vec::new(),
            first: None,
        };
        Output::Kept(Box::new(StateKept { ride: Some(ride), ..nothing(market, entity) }))
    }

    pub(super) fn tide(market: &str, tide: TideKept) -> Output {
        let entity = format!("{}/{market}/tide", Capturing::NAME);
        Output::Kept(Box::new(StateKept { tide: Some(tide), ..nothing(market, entity) }))
    }
}

/// The key of a ride's fare.
pub(super) fn fare_entity(market: &str, ride: &str) -> String {
    format!("{}/{market}/fare/{ride}", Capturing::NAME)
}

/// The key of how far a ride has come.
pub(super) fn way_entity(market: &str, ride: &str, step: Step) -> String {
    format!("{}/{market}/{}/{ride}", Capturing::NAME, step.name())
}

fn nothing(market: &str, entity: String) -> StateKept {
    StateKept {
        processor: Capturing::NAME.to_owned(),
        market: market.to_owned(),
        entity,
        ride: None,
        driver: None,
        clock: None,
        surge: None,
        signals: None,
        highs: None,
        fare: None,
        tide: None,
    }
}
