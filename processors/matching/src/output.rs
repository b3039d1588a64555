//! What matching writes.

use kernel::codec::encode;
use kernel::contract::{DriverKept, DriverReleased, MatchDecided, Place, RideKept, StateKept, TurnTaken};
use kernel::{Emit, Processor, Record, Topic};

use crate::Matching;

/// A record that a turn writes.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// A step of a ride's chain, or the answer to a record.
    Decided(Box<MatchDecided>),
    /// What the turn was decided from.
    Taken(Box<TurnTaken>),
    /// A ride or a driver to remember.
    Kept(Box<StateKept>),
    /// A ride or a driver to forget.
    Forgotten {
        /// City; decides the partition.
        market: String,
        /// The record's key.
        entity: String,
    },
    /// A driver handed over to another market.
    Released(DriverReleased),
}

impl Emit for Output {
    fn topic(&self) -> &'static Topic {
        match self {
            Output::Decided(_) => MatchDecided::TOPIC,
            Output::Taken(_) => TurnTaken::TOPIC,
            Output::Kept(_) | Output::Forgotten { .. } => StateKept::TOPIC,
            Output::Released(_) => DriverReleased::TOPIC,
        }
    }

    fn key(&self) -> &[u8] {
        match self {
            Output::Decided(decided) => decided.key(),
            Output::Taken(taken) => taken.key(),
            Output::Kept(kept) => kept.key(),
            Output::Forgotten { entity, .. } => entity.as_bytes(),
            Output::Released(released) => released.key(),
        }
    }

    fn market(&self) -> &str {
        match self {
            Output::Decided(decided) => &decided.market,
            Output::Taken(taken) => &taken.market,
            Output::Kept(kept) => &kept.market,
            Output::Forgotten { market, .. } => market,
            Output::Released(released) => &released.market,
        }
    }

    fn datum(&self, to: &mut Vec<u8>) -> Result<bool, String> {
        match self {
            Output::Decided(decided) => encode(decided.as_ref(), to)?,
            Output::Taken(taken) => encode(taken.as_ref(), to)?,
            Output::Kept(kept) => encode(kept.as_ref(), to)?,
            Output::Forgotten { .. } => return Ok(false),
            Output::Released(released) => encode(released, to)?,
        }
        Ok(true)
    }

    fn cause(&self) -> Option<&Place> {
        match self {
            Output::Decided(decided) => decided.cause.as_ref(),
            _ => None,
        }
    }

    fn degraded(&self) -> Option<&'static str> {
        match self {
            // The bound on the assignment's steps was reached: the rest was given out greedily.
            Output::Taken(taken) if !taken.exact => Some("greedy"),
            _ => None,
        }
    }
}

impl Output {
    /// A ride to remember.
    pub(crate) fn ride(market: &str, ride: RideKept) -> Output {
        let entity = ride_entity(market, &ride.ride);
        Output::kept(market, entity, Some(ride), None)
    }

    /// A driver to remember.
    pub(crate) fn driver(market: &str, driver: DriverKept) -> Output {
        let entity = driver_entity(market, &driver.driver);
        Output::kept(market, entity, None, Some(driver))
    }

    fn kept(market: &str, entity: String, ride: Option<RideKept>, driver: Option<DriverKept>) -> Output {
        let (processor, market) = (Matching::NAME.to_owned(), market.to_owned());
        Output::Kept(Box::new(StateKept {
            processor,
            market,
            entity,
            ride,
            driver,
            clock: None,
            surge: None,
            signals: None,
            highs: None,
            fare: None,
            tide: None,
        }))
    }
}

/// Key of a ride in `state.kept`.
pub(crate) fn ride_entity(market: &str, ride: &str) -> String {
    format!("matching/{market}/ride/{ride}")
}

/// Key of a driver in `state.kept`.
pub(crate) fn driver_entity(market: &str, driver: &str) -> String {
    format!("matching/{market}/driver/{driver}")
}
