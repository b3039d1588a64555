//! Matching: offers each ride to one driver and follows it to its end.
//!
//! `ride.requested` and what happens on the way -> [`Matching::decide`] -> `match.decided`, with `turn.taken` to prove it.

mod assign;
mod chain;
mod decide;
mod eta;
mod keep;
mod output;
mod policy;
mod read;
mod record;
mod score;
mod search;
mod settle;
mod view;

#[cfg(test)]
mod tests;

pub use assign::{Assignment, Edge, certify, solve};
pub use decide::redecide;
pub use output::Output;
pub use policy::{BUILT_IN, Policy};
pub use view::{Kept, View};

use kernel::codec::Datum;
use kernel::contract::{
    DriverChanged, DriverLocated, DriverReleased, MarketTicked, MatchDecided, RideProgressed, RideRequested, StateKept,
    TurnTaken,
};
use kernel::{Malformed, Measure, Millis, Need, Processor, Reach, Read, Record, Tail, Topic, Turn};

/// How long a ping may count at most, by event time, whatever a policy says.
pub const COUNTS: Millis = Millis(300_000);

/// The same with the 5 s that it may lie ahead: what a take-over reads again.
pub const HORIZON: Millis = Millis(COUNTS.0 + 10_000);

/// The matching processor, as the runtime sees it.
#[derive(Clone, Copy, Debug)]
pub struct Matching;

/// A fact that is decided on.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// What happened to a ride.
    Progressed(Box<RideProgressed>),
    /// Another market hands a driver over.
    Released(DriverReleased),
}

/// A fact that is only seen.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// A ping.
    Located(DriverLocated),
    /// A profile.
    Changed(Box<DriverChanged>),
}

impl Processor for Matching {
    const NAME: &'static str = "matching";
    const WORK: &'static Topic = RideRequested::TOPIC;
    const TAILS: &'static [Tail] = &[
        Tail { topic: RideProgressed::TOPIC, reach: Reach::Market, need: Need::Must, horizon: None },
        Tail { topic: DriverReleased::TOPIC, reach: Reach::Market, need: Need::Must, horizon: None },
        Tail { topic: MarketTicked::TOPIC, reach: Reach::Market, need: Need::Best, horizon: None },
        Tail { topic: DriverLocated::TOPIC, reach: Reach::Market, need: Need::Best, horizon: Some(HORIZON) },
        Tail { topic: DriverChanged::TOPIC, reach: Reach::Global, need: Need::Must, horizon: None },
    ];
    const OUTPUTS: &'static [&'static Topic] =
        &[MatchDecided::TOPIC, TurnTaken::TOPIC, StateKept::TOPIC, DriverReleased::TOPIC];
    const DEGRADES: &'static [&'static str] = &["greedy"];
    type Ask = RideRequested;
    type Fact = Fact;
    type Seen = Seen;
    type View = View;
    type Policy = Policy;
    type Output = Output;

    fn read(topic: &str, datum: Datum<'_>) -> Result<(String, Millis, Read<Matching>), Malformed> {
        read::read(topic, datum)
    }

    fn decide(turn: &Turn<Matching>, view: &View, policy: &Policy) -> Vec<Output> {
        decide::decide(turn, view, policy)
    }

    fn evolve(view: &mut View, output: &Output) {
        match output {
            Output::Kept(kept) => view.fold(&kept.market, &kept.entity, Some(kept)),
            Output::Forgotten { market, entity } => view.fold(market, entity, None),
            Output::Decided(_) | Output::Taken(_) | Output::Released(_) => {}
        }
    }

    fn restore(view: &mut View, market: &str, entity: &str, kept: Option<&StateKept>) {
        view.fold(market, entity, kept);
    }

    fn observe(view: &mut View, market: &str, seen: Seen, room: usize) -> bool {
        view.see(market, seen, room)
    }

    fn measure(view: &View, market: &str) -> Measure {
        view.market(market).map(|market| market.measure()).unwrap_or_default()
    }

    fn ripe(view: &View, market: &str, now: Millis, policy: &Policy) -> bool {
        view.ripe(market, now, policy)
    }

    fn forget(view: &mut View, market: &str) {
        view.forget(market);
    }
}
