//! What quoting writes.

use kernel::codec::encode;
use kernel::contract::{HighsKept, Place, PriceQuoted, RiderFacts, SignalsKept, StateKept, SurgeKept, TurnTaken};
use kernel::{Emit, Processor, Record, Topic};

use super::Quoting;

/// A record that a turn writes.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// The answer to a request.
    Quoted(Box<PriceQuoted>),
    /// What the turn was decided from.
    Taken(Box<TurnTaken>),
    /// Something of the market to remember.
    Kept(Box<StateKept>),
}

impl Emit for Output {
    fn topic(&self) -> &'static Topic {
        match self {
            Output::Quoted(_) => PriceQuoted::TOPIC,
            Output::Taken(_) => TurnTaken::TOPIC,
            Output::Kept(_) => StateKept::TOPIC,
        }
    }

    fn key(&self) -> &[u8] {
        match self {
            Output::Quoted(quoted) => quoted.key(),
            Output::Taken(taken) => taken.key(),
            Output::Kept(kept) => kept.key(),
        }
    }

    fn market(&self) -> &str {
        match self {
            Output::Quoted(quoted) => &quoted.market,
            Output::Taken(taken) => &taken.market,
            Output::Kept(kept) => &kept.market,
        }
    }

    fn datum(&self, to: &mut Vec<u8>) -> Result<bool, String> {
        match self {
            Output::Quoted(quoted) => encode(quoted.as_ref(), to)?,
            Output::Taken(taken) => encode(taken.as_ref(), to)?,
            Output::Kept(kept) => encode(kept.as_ref(), to)?,
        }
        Ok(true)
    }

    fn cause(&self) -> Option<&Place> {
        match self {
            Output::Quoted(quoted) => quoted.cause.as_ref(),
            Output::Taken(_) | Output::Kept(_) => None,
        }
    }

    fn degraded(&self) -> Option<&'static str> {
        match self {
            // More cells than are counted: those with the least demand have no surge.
            Output::Taken(taken) if !taken.exact => Some("cells"),
            // What the store knows of the rider is missing.
            Output::Quoted(quoted) => {
                let facts = quoted.inputs.as_ref().map(|inputs| inputs.rider_facts);
                (facts == Some(RiderFacts::Unanswered)).then_some("riders")
            }
            _ => None,
        }
    }
}

impl Output {
    pub(super) fn surge(market: &str, surge: SurgeKept) -> Output {
        Output::Kept(Box::new(StateKept { surge: Some(surge), ..nothing(market, "surge") }))
    }

    pub(super) fn signals(market: &str, signals: SignalsKept) -> Output {
        Output::Kept(Box::new(StateKept { signals: Some(signals), ..nothing(market, "signals") }))
    }

    pub(super) fn highs(market: &str, highs: HighsKept) -> Output {
        Output::Kept(Box::new(StateKept { highs: Some(highs), ..nothing(market, "highs") }))
    }
}

fn nothing(market: &str, what: &str) -> StateKept {
    StateKept {
        processor: Quoting::NAME.to_owned(),
        market: market.to_owned(),
        entity: format!("{}/{market}/{what}", Quoting::NAME),
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
