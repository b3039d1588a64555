//! Decodes what matching reads and checks it against the contract, field by field.

use kernel::check::{broken, decode, id, market, optional_id, place, time, unread, within};
use kernel::codec::Datum;
use kernel::contract::{
    DriverChanged, DriverLocated, DriverReleased, MarketTicked, Party, Progress, RideProgressed, RideRequested,
    Service, Tier,
};
use kernel::{Malformed, Millis, Processor, Read, Record};

use crate::{Fact, Matching, Seen};

/// Most that one ride can pay, minor units: a sum of them never overflows.
const AMOUNT_MAX: i64 = 1_000_000_000_000;

/// Decodes a record of `topic`; see [`kernel::Processor::read`].
///
/// The name that comes first is the key of the record: the market, of a profile the driver.
pub(crate) fn read(topic: &str, datum: Datum<'_>) -> Result<(String, Millis, Read<Matching>), Malformed> {
    // Pings are by far the most.
    if topic == DriverLocated::TOPIC.name {
        let mut ping: DriverLocated = decode(datum)?;
        check_ping(&ping)?;
        let market = std::mem::take(&mut ping.market);
        return Ok((market, Millis(ping.at), Read::Seen(Seen::Located(ping))));
    }
    if topic == RideRequested::TOPIC.name {
        let request: RideRequested = decode(datum)?;
        check_request(&request)?;
        return Ok((request.market.clone(), Millis(request.at), Read::Ask(request)));
    }
    if topic == RideProgressed::TOPIC.name {
        let progress: Box<RideProgressed> = decode(datum)?;
        check_progress(&progress)?;
        return Ok((progress.market.clone(), Millis(progress.at), Read::Fact(Fact::Progressed(progress))));
    }
    if topic == MarketTicked::TOPIC.name {
        let tick: MarketTicked = decode(datum)?;
        market("market", &tick.market)?;
        time(tick.at)?;
        return Ok((tick.market, Millis(tick.at), Read::Tick));
    }
    if topic == DriverChanged::TOPIC.name {
        let profile: Box<DriverChanged> = decode(datum)?;
        check_profile(&profile)?;
        // Profiles are read by every instance: they belong to no market, and are placed by their driver.
        return Ok((profile.driver.clone(), Millis(profile.at), Read::Seen(Seen::Changed(profile))));
    }
    if topic == DriverReleased::TOPIC.name {
        let released: DriverReleased = decode(datum)?;
        check_release(&released)?;
        return Ok((released.market.clone(), Millis(released.at), Read::Fact(Fact::Released(released))));
    }
    Err(unread(Matching::NAME, topic))
}

fn check_ping(ping: &DriverLocated) -> Result<(), Malformed> {
    id("driver", &ping.driver)?;
    market("market", &ping.market)?;
    time(ping.at)?;
    place("place", ping.place)
}

fn check_request(request: &RideRequested) -> Result<(), Malformed> {
    id("ride", &request.ride)?;
    market("market", &request.market)?;
    id("rider", &request.rider)?;
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

fn check_progress(fact: &RideProgressed) -> Result<(), Malformed> {
    id("event", &fact.event)?;
    market("market", &fact.market)?;
    id("ride", &fact.ride)?;
    optional_id("driver", fact.driver.as_deref())?;
    time(fact.at)?;
    amount("charged_minor", fact.charged_minor)?;
    amount("paid_minor", fact.paid_minor)?;
    if fact.why.as_ref().is_some_and(|why| why.len() > 256) {
        return Err(broken("why", "a longer text", "at most 256 bytes"));
    }
    if fact.by == Some(Party::Unknown) {
        return Err(broken("by", "UNKNOWN", "a party that this version knows"));
    }
    let answers = matches!(fact.progress, Progress::Accepted | Progress::Declined);
    let drivers = matches!(fact.progress, Progress::Arrived | Progress::Started);
    let ended_by_driver = fact.progress == Progress::Cancelled && fact.by == Some(Party::Driver);
    if answers && fact.revision.is_none_or(|revision| revision < 0) {
        return Err(broken("revision", "null or below zero", "the revision that is answered"));
    }
    if (answers || drivers || ended_by_driver) && fact.driver.is_none() {
        return Err(broken("driver", "null", "the driver who did it"));
    }
    match (fact.progress, fact.by) {
        (Progress::Unknown, _) => Err(broken("progress", "UNKNOWN", "a progress that this version knows")),
        (Progress::NoShow, None | Some(Party::Operator)) => {
            Err(broken("by", "neither RIDER nor DRIVER", "who did not show"))
        }
        _ => Ok(()),
    }
}

fn check_profile(profile: &DriverChanged) -> Result<(), Malformed> {
    id("driver", &profile.driver)?;
    market("registered_market", &profile.registered_market)?;
    if !profile.market.is_empty() {
        market("market", &profile.market)?;
    }
    time(profile.at)?;
    share("rating_bps", profile.rating_bps)?;
    share("reliability_bps", profile.reliability_bps)
}

fn check_release(released: &DriverReleased) -> Result<(), Malformed> {
    id("driver", &released.driver)?;
    market("market", &released.market)?;
    market("from", &released.from)?;
    time(released.at)?;
    match released.hop {
        1..=i32::MAX => Ok(()),
        hop => Err(broken("hop", hop, "1 or more")),
    }
}

fn amount(field: &str, value: Option<i64>) -> Result<(), Malformed> {
    value.map_or(Ok(()), |value| within(field, value, (0, AMOUNT_MAX), ""))
}

fn share(field: &str, value: i32) -> Result<(), Malformed> {
    within(field, i64::from(value), (0, 10_000), " basis points")
}
