//! Sound records about nobody, and such as break the contract in one value.

use kernel::contract::{
    DriverChanged, DriverLocated, DriverReleased, DriverStatus, MarketTicked, Point, PolicyChanged, Progress,
    RideProgressed, RideRequested, Service, Vehicle,
};
use kernel::{Millis, Record, Topic, codec};

/// What a piece is about: market, a name of its own, event time.
type About<'a> = (&'a str, &'a str, Millis);

/// Whose policy the policies are.
const PROCESSOR: &str = "matching";
/// Greater than any version that somebody publishes.
const VERSION: i32 = 1_000_000;

/// The own key of a record that is placed by it.
pub(super) fn key(topic: &Topic, name: &str) -> String {
    if topic.name == PolicyChanged::TOPIC.name { format!("{name}@{VERSION}") } else { name.to_owned() }
}

/// A sound record of `topic`.
pub(super) fn datum(topic: &Topic, about: About<'_>) -> Result<Vec<u8>, String> {
    match topic.name {
        name if name == RideRequested::TOPIC.name => encoded(&request(about)),
        name if name == RideProgressed::TOPIC.name => encoded(&progress(about)),
        name if name == DriverReleased::TOPIC.name => encoded(&release(about)),
        name if name == MarketTicked::TOPIC.name => encoded(&tick(about)),
        name if name == DriverLocated::TOPIC.name => encoded(&ping(about)),
        name if name == DriverChanged::TOPIC.name => encoded(&profile(about)),
        name if name == PolicyChanged::TOPIC.name => encoded(&policy(about)),
        name => Err(format!("{name} gets no garbage")),
    }
}

/// The same with one value out of its range, another one by `number`.
pub(super) fn breach(topic: &Topic, about: About<'_>, number: u64) -> Result<Vec<u8>, String> {
    let odd = number % 2 == 1;
    let long = "x".repeat(65);
    match topic.name {
        name if name == RideRequested::TOPIC.name => encoded(&match odd {
            true => RideRequested { pickup: Point { lat_e6: 91_000_000, lng_e6: 0 }, ..request(about) },
            false => RideRequested { rider: long, ..request(about) },
        }),
        name if name == RideProgressed::TOPIC.name => encoded(&match odd {
            true => RideProgressed { revision: Some(-1), ..progress(about) },
            false => RideProgressed { charged_minor: Some(-1), ..progress(about) },
        }),
        name if name == DriverReleased::TOPIC.name => encoded(&match odd {
            true => DriverReleased { hop: 0, ..release(about) },
            false => DriverReleased { from: "a/b".to_owned(), ..release(about) },
        }),
        name if name == MarketTicked::TOPIC.name => {
            encoded(&MarketTicked { at: if odd { -1 } else { i64::MAX }, ..tick(about) })
        }
        name if name == DriverLocated::TOPIC.name => encoded(&match odd {
            true => DriverLocated { place: Point { lat_e6: 0, lng_e6: 180_000_001 }, ..ping(about) },
            false => DriverLocated { driver: String::new(), ..ping(about) },
        }),
        name if name == DriverChanged::TOPIC.name => encoded(&match odd {
            true => DriverChanged { rating_bps: 10_001, ..profile(about) },
            false => DriverChanged { reliability_bps: -1, ..profile(about) },
        }),
        // Whose key is not the record's own: a policy of ours must not stand under the name of a sound one.
        name if name == PolicyChanged::TOPIC.name => {
            encoded(&PolicyChanged { processor: PROCESSOR.to_owned(), ..policy(about) })
        }
        name => Err(format!("{name} gets no garbage")),
    }
}

fn encoded<R: Record>(record: &R) -> Result<Vec<u8>, String> {
    let mut datum = Vec::new();
    codec::encode(record, &mut datum)?;
    Ok(datum)
}

fn place() -> Point {
    Point { lat_e6: 37_780_000, lng_e6: -122_400_000 }
}

fn request((market, name, at): About<'_>) -> RideRequested {
    RideRequested {
        ride: name.to_owned(),
        at: at.0,
        market: market.to_owned(),
        rider: name.to_owned(),
        pickup: place(),
        dropoff: place(),
        service: Service::Standard,
        tier: None,
        quote: None,
    }
}

/// An acceptance: a record that asks.
fn progress((market, name, at): About<'_>) -> RideProgressed {
    RideProgressed {
        event: name.to_owned(),
        at: at.0,
        market: market.to_owned(),
        ride: name.to_owned(),
        revision: Some(0),
        driver: Some(name.to_owned()),
        progress: Progress::Accepted,
        by: None,
        why: None,
        charged_minor: None,
        paid_minor: None,
        currency: None,
        distance_m: None,
        duration_s: None,
        tolls_minor: None,
        wait_s: None,
        payment: None,
        bill: None,
    }
}

fn release((market, name, at): About<'_>) -> DriverReleased {
    let (driver, market, from) = (name.to_owned(), market.to_owned(), name.to_owned());
    DriverReleased { driver, at: at.0, market, from, hop: 1, turn: 1 }
}

fn tick((market, _, at): About<'_>) -> MarketTicked {
    MarketTicked { market: market.to_owned(), at: at.0 }
}

fn ping((market, name, at): About<'_>) -> DriverLocated {
    DriverLocated {
        driver: name.to_owned(),
        at: at.0,
        market: market.to_owned(),
        place: place(),
        heading_deg: None,
        speed_kmh: None,
        status: DriverStatus::Busy,
    }
}

fn profile((market, name, at): About<'_>) -> DriverChanged {
    DriverChanged {
        driver: name.to_owned(),
        at: at.0,
        registered_market: market.to_owned(),
        market: market.to_owned(),
        active: false,
        tier: None,
        vehicle: Vehicle::Sedan,
        rating_bps: 0,
        reliability_bps: 0,
    }
}

/// Of a processor that there is not.
fn policy((_, name, at): About<'_>) -> PolicyChanged {
    PolicyChanged {
        policy: format!("{name}@{VERSION}"),
        processor: name.to_owned(),
        version: VERSION,
        effective_from: at.0,
        author: name.to_owned(),
        reason: "garbage".to_owned(),
        text: "garbage".to_owned(),
        hash: "garbage".to_owned(),
    }
}
