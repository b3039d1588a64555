//! Decodes what capturing reads and checks it against the contract, field by field.

use std::borrow::Cow;

use kernel::check::{broken, decode, id, market, optional_id, place, time, unread};
use kernel::codec::Datum;
use kernel::contract::{
    MarketSampled, MarketTicked, Party, PriceQuoted, Progress, Promise, QuoteInputs, QuoteOutcome, QuotePrice,
    RideProgressed, RideRequested, Service, Tier,
};
use kernel::{Malformed, Millis, Processor, Read, Record, geo};
use serde::Deserialize;

use super::{Asked, Came, Capturing, Fact, Seen, Step};
use crate::capture::sound;

/// What is needed of a quote.
#[derive(Deserialize)]
struct Quoted<'a> {
    quote: String,
    at: i64,
    #[serde(borrow)]
    market: Cow<'a, str>,
    outcome: QuoteOutcome,
    price: Option<QuotePrice>,
    inputs: Option<QuoteInputs>,
}

/// Decodes a record of `topic`; see [`kernel::Processor::read`].
pub(crate) fn read(topic: &str, datum: Datum<'_>) -> Result<(String, Millis, Read<Capturing>), Malformed> {
    if topic == RideProgressed::TOPIC.name {
        let fact: RideProgressed = decode(datum)?;
        check_progress(&fact)?;
        let driver = || fact.driver.clone().unwrap_or_default();
        let came = |step| Read::Fact(Fact::Came(Came { ride: fact.ride.clone(), at: fact.at, driver: driver(), step }));
        let read = match fact.progress {
            Progress::Completed | Progress::Cancelled | Progress::NoShow => Read::Ask(fact.clone()),
            Progress::Arrived => came(Step::Arrived),
            Progress::Started => came(Step::Started),
            _ => Read::Seen(Seen::Nothing),
        };
        return Ok((fact.market, Millis(fact.at), read));
    }
    if topic == PriceQuoted::TOPIC.name {
        let quoted: Quoted<'_> = decode(datum)?;
        id("quote", &quoted.quote)?;
        market("market", &quoted.market)?;
        time(quoted.at)?;
        let (market, at) = (quoted.market.clone().into_owned(), Millis(quoted.at));
        let seen = promise(quoted).map_or(Seen::Nothing, |(quote, promise)| Seen::Quoted(quote, Box::new(promise)));
        return Ok((market, at, Read::Seen(seen)));
    }
    if topic == RideRequested::TOPIC.name {
        let request: RideRequested = decode(datum)?;
        check_request(&request)?;
        let straight_m = geo::great_circle_m(request.pickup, request.dropoff).round_ties_even() as i64;
        let RideRequested { ride, at, market, service, tier, quote, .. } = request;
        let asked = Asked { ride, at, service, tier, quote, straight_m };
        return Ok((market, Millis(at), Read::Fact(Fact::Requested(asked))));
    }
    if topic == MarketSampled::TOPIC.name {
        let sample: MarketSampled = decode(datum)?;
        market("market", &sample.market)?;
        time(sample.at)?;
        return Ok((sample.market.clone(), Millis(sample.at), Read::Fact(Fact::Sampled(Box::new(sample)))));
    }
    if topic == MarketTicked::TOPIC.name {
        let tick: MarketTicked = decode(datum)?;
        market("market", &tick.market)?;
        time(tick.at)?;
        return Ok((tick.market, Millis(tick.at), Read::Tick));
    }
    Err(unread(Capturing::NAME, topic))
}

/// What a quote promised; `None`: it has no price, or one that does not add up, of which no fare is made.
fn promise(quoted: Quoted<'_>) -> Option<(String, Promise)> {
    let (price, inputs) = quoted.price.zip(quoted.inputs).filter(|_| quoted.outcome == QuoteOutcome::Quoted)?;
    let promise = Promise {
        at: quoted.at,
        expires_at: price.expires_at,
        currency: price.currency,
        items: price.items,
        split: price.split,
        distance_m: inputs.distance_m,
        service: inputs.service,
        tier: inputs.tier,
        surge_bps: inputs.surge_bps,
    };
    sound::promised(&promise).then_some((quoted.quote, promise))
}

/// What cannot be answered at all; an end without a fare is refused, with its reason.
fn check_progress(fact: &RideProgressed) -> Result<(), Malformed> {
    id("event", &fact.event)?;
    market("market", &fact.market)?;
    id("ride", &fact.ride)?;
    optional_id("driver", fact.driver.as_deref())?;
    time(fact.at)?;
    if fact.by == Some(Party::Unknown) {
        return Err(broken("by", "UNKNOWN", "a party that this version knows"));
    }
    match (fact.progress, fact.by) {
        (Progress::Unknown, _) => Err(broken("progress", "UNKNOWN", "a progress that this version knows")),
        (Progress::NoShow, None | Some(Party::Operator)) => {
            Err(broken("by", "neither RIDER nor DRIVER", "who did not show"))
        }
        _ => Ok(()),
    }
}

fn check_request(request: &RideRequested) -> Result<(), Malformed> {
    id("ride", &request.ride)?;
    market("market", &request.market)?;
    optional_id("quote", request.quote.as_deref())?;
    time(request.at)?;
    place("pickup", request.pickup)?;
    place("dropoff", request.dropoff)?;
    if request.service == Service::Unknown {
        return Err(broken("service", "UNKNOWN", "a service that this version knows"));
    }
    if request.tier == Some(Tier::Unknown) {
        return Err(broken("tier", "UNKNOWN", "a tier that this version knows, or null"));
    }
    Ok(())
}
