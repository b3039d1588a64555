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
    /// An answer that is written: what is remembered of it.
    Answered {
        /// Of which market.
        market: String,
        /// Its id.
        quote: String,
        /// Event time.
        at: i64,
    },
    /// What the turn was decided from.
    Taken(Box<TurnTaken>),
    /// Something of the market to remember.
    Kept(Box<StateKept>),
}

impl Emit for Output {
    fn topic(&self) -> &'static Topic {
        match self {
            Output::Quoted(_) | Output::Answered { .. } => PriceQuoted::TOPIC,
            Output::Taken(_) => TurnTaken::TOPIC,
            Output::Kept(_) => StateKept::TOPIC,
        }
    }

    fn key(&self) -> &[u8] {
        match self {
            Output::Quoted(quoted) => quoted.key(),
            Output::Answered { market, .. } => market.as_bytes(),
            Output::Taken(taken) => taken.key(),
            Output::Kept(kept) => kept.key(),
        }
    }

    fn market(&self) -> &str {
        match self {
            Output::Quoted(quoted) => &quoted.market,
            Output::Answered { market, .. } => market,
            Output::Taken(taken) => &taken.market,
            Output::Kept(kept) => &kept.market,
        }
    }

    fn datum(&self, to: &mut Vec<u8>) -> Result<bool, String> {
        match self {
            Output::Quoted(quoted) => encode(quoted.as_ref(), to)?,
            Output::Taken(taken) => encode(taken.as_ref(), to)?,
            Output::Kept(kept) => encode(kept.as_ref(), to)?,
            Output::Answered { quote, .. } => return Err(format!("quote {quote} is written already")),
        }
        Ok(true)
    }

    fn cause(&self) -> Option<&Place> {
        match self {
            Output::Quoted(quoted) => quoted.cause.as_ref(),
            Output::Answered { .. } | Output::Taken(_) | Output::Kept(_) => None,
        }
    }

    fn shed(&mut self) {
        if let Output::Quoted(quoted) = self {
            let PriceQuoted { market, quote, at, .. } = quoted.as_mut();
            *self = Output::Answered { market: std::mem::take(market), quote: std::mem::take(quote), at: *at };
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
