//! Decodes what quoting reads and checks it against the contract, field by field.

use std::borrow::Cow;

use kernel::check::{broken, decode, id, market, place, time, unread, within};
use kernel::codec::Datum;
use kernel::contract::{
    DriverLocated, DriverStatus, MarketSampled, MarketTicked, PriceQuoted, QuoteRequested, RideRequested, Service, Tier,
};
use kernel::{Malformed, Millis, Processor, Read, Record, geo};
use serde::Deserialize;

use super::{Quoting, Seen};

/// More turns than a market takes: a successor goes on from the newest.
const TURNS: i64 = 1 << 53;

/// What is needed of a request for a ride; the rest is matching's.
#[derive(Deserialize)]
struct Asked {
    ride: String,
    at: i64,
    market: String,
    pickup: kernel::contract::Point,
}

/// What is needed of our own answers.
#[derive(Deserialize)]
struct Answered<'a> {
    quote: String,
    at: i64,
    turn: i64,
    #[serde(borrow)]
    market: Cow<'a, str>,
}

/// Decodes a record of `topic`; see [`kernel::Processor::read`].
pub(crate) fn read(topic: &str, datum: Datum<'_>) -> Result<(String, Millis, Read<Quoting>), Malformed> {
    // Pings are by far the most.
    if topic == DriverLocated::TOPIC.name {
        let DriverLocated { driver, at, market: of, place: point, status, .. } = decode(datum)?;
        id("driver", &driver)?;
        market("market", &of)?;
        time(at)?;
        place("place", point)?;
        let free = (status == DriverStatus::Free).then(|| geo::cell(point));
        return Ok((of, Millis(at), Read::Seen(Seen::Located { driver, at, free })));
    }
    if topic == QuoteRequested::TOPIC.name {
        let asked: QuoteRequested = decode(datum)?;
        check(&asked)?;
        return Ok((asked.market.clone(), Millis(asked.at), Read::Ask(asked)));
    }
    if topic == RideRequested::TOPIC.name {
        let Asked { ride, at, market: of, pickup } = decode(datum)?;
        id("ride", &ride)?;
        market("market", &of)?;
        time(at)?;
        place("pickup", pickup)?;
        return Ok((of, Millis(at), Read::Seen(Seen::Requested { ride, at, cell: geo::cell(pickup) })));
    }
    if topic == PriceQuoted::TOPIC.name {
        let Answered { quote, at, turn, market: of } = decode(datum)?;
        id("quote", &quote)?;
        market("market", &of)?;
        time(at)?;
        within("turn", turn, (1, TURNS), "")?;
        return Ok((of.into_owned(), Millis(at), Read::Seen(Seen::Quoted { quote, at, turn })));
    }
    if topic == MarketSampled::TOPIC.name {
        let sample: MarketSampled = decode(datum)?;
        market("market", &sample.market)?;
        time(sample.at)?;
        let competitor = sample.competitor_bps.map_or(10_000, i64::from);
        within("competitor_bps", competitor, (0, 1_000_000), " basis points")?;
        if let Some(cell) = sample.cell.filter(|cell| !geo::is_cell(*cell as u64)) {
            return Err(broken("cell", cell, "an H3 cell of resolution 8, or null"));
        }
        return Ok((sample.market.clone(), Millis(sample.at), Read::Fact(sample)));
    }
    if topic == MarketTicked::TOPIC.name {
        let tick: MarketTicked = decode(datum)?;
        market("market", &tick.market)?;
        time(tick.at)?;
        return Ok((tick.market, Millis(tick.at), Read::Tick));
    }
    Err(unread(Quoting::NAME, topic))
}

/// What cannot be answered at all; a trip without a price is refused, with its reason.
fn check(asked: &QuoteRequested) -> Result<(), Malformed> {
    id("quote", &asked.quote)?;
    market("market", &asked.market)?;
    id("rider", &asked.rider)?;
    time(asked.at)?;
    place("pickup", asked.pickup)?;
    place("dropoff", asked.dropoff)?;
    if asked.service == Service::Unknown {
        return Err(broken("service", "UNKNOWN", "a service that this version knows"));
    }
    if asked.tier == Some(Tier::Unknown) {
        return Err(broken("tier", "UNKNOWN", "a tier that this version knows, or null"));
    }
    Ok(())
}
