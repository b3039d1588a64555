//! Quoting: what a ride would cost, before it is asked for.
//!
//! `quote.requested`, and what is seen of requests, free drivers and signals from outside -> [`Quoting::decide`] -> `price.quoted`, with
//! `turn.taken` to prove it.

mod answer;
mod decide;
mod output;
mod personal;
mod read;
mod step;
mod view;

#[cfg(test)]
mod tests;

pub use answer::{reprice, requote};
pub use output::Output;
pub use view::{Kept, View};

use kernel::codec::Datum;
use kernel::contract::{
    DriverLocated, MarketSampled, MarketTicked, PriceQuoted, QuoteRequested, RideRequested, StateKept, TurnTaken,
};
use kernel::{Malformed, Measure, Millis, Need, Processor, Reach, Read, Record, Tail, Topic, Turn};

use crate::{Policy, policy::PINGS_COUNT_MS};

/// How long a request may count at most, by event time, with the 5 s that it may lie ahead: what a take-over reads again.
pub const HORIZON: Millis = Millis(610_000);

/// The same of a ping. By far the most that a take-over reads are pings.
pub const PINGED: Millis = Millis(PINGS_COUNT_MS + 10_000);

/// How long a quote may be remembered, with what a broker's time may be off from event time.
const REMEMBERED: Millis = Millis(900_000);

/// The quoting processor, as the runtime sees it.
#[derive(Clone, Copy, Debug)]
pub struct Quoting;

/// A fact that is only seen.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// A ping: whether the driver is free, and in which cell.
    Located {
        /// Who.
        driver: String,
        /// Event time.
        at: i64,
        /// H3 cell; `None`: he is not free.
        free: Option<u64>,
    },
    /// A ride was asked for.
    Requested {
        /// Its name: who says it twice counts once, when he said it last.
        ride: String,
        /// Event time.
        at: i64,
        /// H3 cell of the pickup.
        cell: u64,
    },
    /// A quote was answered, by us.
    Quoted {
        /// Its id.
        quote: String,
        /// Event time of the answer.
        at: i64,
        /// The turn that it was decided in.
        turn: i64,
    },
}

impl Processor for Quoting {
    const NAME: &'static str = "quoting";
    const WORK: &'static Topic = QuoteRequested::TOPIC;
    const TAILS: &'static [Tail] = &[
        // An emergency is in force from the next turn on.
        Tail { topic: MarketSampled::TOPIC, reach: Reach::Market, need: Need::Must, horizon: None },
        Tail { topic: MarketTicked::TOPIC, reach: Reach::Market, need: Need::Best, horizon: None },
        Tail { topic: RideRequested::TOPIC, reach: Reach::Market, need: Need::Best, horizon: Some(HORIZON) },
        Tail { topic: DriverLocated::TOPIC, reach: Reach::Market, need: Need::Best, horizon: Some(PINGED) },
        // Our own answers: what a successor knows of the quotes that it must not price again.
        Tail { topic: PriceQuoted::TOPIC, reach: Reach::Market, need: Need::Best, horizon: Some(REMEMBERED) },
    ];
    const OUTPUTS: &'static [&'static Topic] = &[PriceQuoted::TOPIC, TurnTaken::TOPIC, StateKept::TOPIC];
    const ECHOES: &'static [&'static Topic] = &[PriceQuoted::TOPIC];
    const DEGRADES: &'static [&'static str] = &["cells", "riders"];
    const READS_RIDERS: bool = true;
    type Ask = QuoteRequested;
    type Fact = MarketSampled;
    type Seen = Seen;
    type View = View;
    type Policy = Policy;
    type Output = Output;

    fn read(topic: &str, datum: Datum<'_>) -> Result<(String, Millis, Read<Quoting>), Malformed> {
        read::read(topic, datum)
    }

    fn rider(asked: &QuoteRequested) -> Option<&str> {
        Some(&asked.rider)
    }

    fn decide(turn: &Turn<Quoting>, view: &View, policy: &Policy) -> Vec<Output> {
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

    fn turn_of(seen: &Seen) -> Option<i64> {
        match seen {
            Seen::Quoted { turn, .. } => Some(*turn),
            Seen::Located { .. } | Seen::Requested { .. } => None,
        }
    }

    fn measure(view: &View, market: &str) -> Measure {
        view.market(market).map(view::Market::measure).unwrap_or_default()
    }

    fn ripe(view: &View, market: &str, now: Millis, policy: &Policy) -> bool {
        view.market(market).is_some_and(|known| known.ripe(now, policy.of(market)))
    }

    fn forget(view: &mut View, market: &str) {
        view.forget(market);
    }
}
