//! Decodes what matching reads and checks it against the contract, field by field.

use std::fmt::Display;

use kernel::codec::Datum;
use kernel::contract::{
    Cause, DriverChanged, DriverLocated, DriverReleased, MarketTicked, Party, Point, Progress, RideProgressed,
    RideRequested, Service, Tier,
};
use kernel::{Malformed, Millis, Read, Record, geo};
use serde::Deserialize;

use crate::{Fact, Matching, Seen};

/// 1 January 2000 and 2100, UTC.
const TIMES: (i64, i64) = (946_684_800_000, 4_102_444_800_000);

/// Most that one ride can pay, minor units: a sum of them never overflows.
const AMOUNT_MAX: i64 = 1_000_000_000_000;

/// Bytes of an id.
const ID_MAX: usize = 64;

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
    let detail = format!("matching does not read {}: take it off the tails", shown(topic));
    Err(Malformed { cause: Cause::UnknownSchema, detail })
}

fn decode<'a, T: Deserialize<'a>>(datum: Datum<'a>) -> Result<T, Malformed> {
    datum.read().map_err(|detail| Malformed { cause: Cause::Undecodable, detail })
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

fn id(field: &str, value: &str) -> Result<(), Malformed> {
    // Most ids are ASCII: one pass over the bytes tells; the rest is looked at letter by letter.
    let plain = value.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    match (1..=ID_MAX).contains(&value.len()) && (plain || !value.contains(char::is_control)) {
        true => Ok(()),
        false => Err(broken(field, shown(value), "1 to 64 bytes without control characters")),
    }
}

/// A market's name stands before others in the keys of `state.kept`, so it holds no `/`.
fn market(field: &str, value: &str) -> Result<(), Malformed> {
    id(field, value)?;
    match value.contains('/') {
        false => Ok(()),
        true => Err(broken(field, shown(value), "without '/'")),
    }
}

fn optional_id(field: &str, value: Option<&str>) -> Result<(), Malformed> {
    value.map_or(Ok(()), |value| id(field, value))
}

fn time(at: i64) -> Result<(), Malformed> {
    match (TIMES.0..=TIMES.1).contains(&at) {
        true => Ok(()),
        false => Err(broken("at", at, "milliseconds since 1970 that lie in 2000 to 2099")),
    }
}

fn place(field: &str, point: Point) -> Result<(), Malformed> {
    match geo::on_earth(point) {
        true => Ok(()),
        false => {
            let value = format!("{}, {}", point.lat_e6, point.lng_e6);
            Err(broken(field, value, "micro-degrees within +-90000000 and +-180000000"))
        }
    }
}

fn amount(field: &str, value: Option<i64>) -> Result<(), Malformed> {
    match value {
        None | Some(0..=AMOUNT_MAX) => Ok(()),
        Some(value) => Err(broken(field, value, "0 to 1000000000000")),
    }
}

fn share(field: &str, value: i32) -> Result<(), Malformed> {
    match (0..=10_000).contains(&value) {
        true => Ok(()),
        false => Err(broken(field, value, "0 to 10000 basis points")),
    }
}

fn broken(field: &str, value: impl Display, range: &str) -> Malformed {
    Malformed { cause: Cause::OutOfRange, detail: format!("{field} is {value}: it must be {range}") }
}

/// A value as it may stand in a message: quoted, escaped, at most 64 characters of it.
fn shown(value: &str) -> String {
    let start: String = value.chars().take(ID_MAX).collect();
    let rest = if start.len() < value.len() { "..." } else { "" };
    format!("{start:?}{rest}")
}
