//! Capturing: what a ride comes to once it has ended, and what was lost of it.
//!
//! `ride.progressed`, with the promises of `price.quoted` and what `ride.requested` asked for -> [`Capturing::decide`] ->
//! `fare.captured`. Each fact that ends a ride is answered once, each ride captured once.

mod answer;
mod decide;
mod output;
mod read;
mod view;

#[cfg(test)]
mod tests;

pub use answer::{capture, recapture};
pub use output::Output;
pub use view::{Kept, Step, View};

use kernel::codec::Datum;
use kernel::contract::{
    FareCaptured, MarketSampled, MarketTicked, PriceQuoted, Promise, RideProgressed, RideRequested, StateKept,
    TurnTaken,
};
use kernel::{Malformed, Measure, Millis, Need, Processor, Reach, Read, Record, Tail, Topic, Turn};

use crate::Policy;

/// How long before its request a quote may have been made, event time: the longest lock, with what the two may be read apart.
pub const BEFORE: Millis = Millis(4_500_000);
/// How far behind the market's time a quote counts. Who asked is read late where capturing stood still, or the edge did: after an outage
/// of two hours each ride has its quote still, after a longer one those that were asked for first are captured by the fare table.
pub const COUNTS: Millis = Millis(14_400_000);
/// How far back a successor reads quotes, broker time: all that count, and what broker time may be behind event time. So what counts does not
/// depend on who read it, nor on who else asked.
pub const HORIZON: Millis = Millis(COUNTS.0 + 300_000);

/// The capturing processor, as the runtime sees it.
#[derive(Clone, Copy, Debug)]
pub struct Capturing;

/// A fact that is decided on.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// A ride was asked for: what it was promised is kept.
    Requested(Asked),
    /// A word from outside: an emergency.
    Sampled(Box<MarketSampled>),
    /// A ride is under way.
    Came(Came),
}

/// How far a ride has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Came {
    /// The ride.
    pub ride: String,
    /// Event time, milliseconds.
    pub at: i64,
    /// With whom.
    pub driver: String,
    /// So far.
    pub step: Step,
}

/// What is needed of a request for a ride.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The ride.
    pub ride: String,
    /// Event time of the request.
    pub at: i64,
    /// What is asked for.
    pub service: kernel::contract::Service,
    /// Lowest tier; `None`: any driver.
    pub tier: Option<kernel::contract::Tier>,
    /// Quote that the rider accepted.
    pub quote: Option<String>,
    /// Metres in a straight line.
    pub straight_m: i64,
}

/// What is only seen.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// A quote with a price.
    Quoted(String, Box<Promise>),
    /// Of no concern here.
    Nothing,
}

impl Processor for Capturing {
    const NAME: &'static str = "capturing";
    const WORK: &'static Topic = RideProgressed::TOPIC;
    const TAILS: &'static [Tail] = &[
        // What was asked for is kept: a ride may last for 24 hours.
        Tail { topic: RideRequested::TOPIC, reach: Reach::Market, need: Need::Must, horizon: None },
        Tail { topic: PriceQuoted::TOPIC, reach: Reach::Market, need: Need::Must, horizon: Some(HORIZON) },
        // An emergency is in force from the next turn on.
        Tail { topic: MarketSampled::TOPIC, reach: Reach::Market, need: Need::Must, horizon: None },
        Tail { topic: MarketTicked::TOPIC, reach: Reach::Market, need: Need::Best, horizon: None },
    ];
    const OUTPUTS: &'static [&'static Topic] = &[FareCaptured::TOPIC, TurnTaken::TOPIC, StateKept::TOPIC];
    type Ask = RideProgressed;
    type Fact = Fact;
    type Seen = Seen;
    type View = View;
    type Policy = Policy;
    type Output = Output;

    fn read(topic: &str, datum: Datum<'_>) -> Result<(String, Millis, Read<Capturing>), Malformed> {
        read::read(topic, datum)
    }

    fn decide(turn: &Turn<Capturing>, view: &View, policy: &Policy) -> Vec<Output> {
        decide::decide(turn, view, policy)
    }

    fn evolve(view: &mut View, output: &Output) {
        view.evolve(output);
    }

    fn restore(view: &mut View, market: &str, entity: &str, kept: Option<&StateKept>) {
        view.fold(market, entity, kept);
    }

    fn observe(view: &mut View, market: &str, seen: Seen, room: usize) -> bool {
        view.see(market, seen, room)
    }

    fn measure(view: &View, market: &str) -> Measure {
        view.market(market).map(view::Market::measure).unwrap_or_default()
    }

    fn ripe(view: &View, market: &str, now: Millis, policy: &Policy) -> bool {
        view.market(market).is_some_and(|known| known.ripe(now, &policy.of(market).peak))
    }

    fn forget(view: &mut View, market: &str) {
        view.forget(market);
    }
}
