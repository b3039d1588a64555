//! What is read: the parts that count, and what breaks the contract.

use kernel::codec::{Datum, encode};
use kernel::contract::{
    Cause, DriverLocated, DriverStatus, MarketSampled, MarketTicked, Point, QuoteRequested, RideRequested, Service,
};
use kernel::{Malformed, Millis, Read, Record, geo};

use super::{MARKET, PICKUP, START, Seen, Stage, ask, sample};
use crate::quoting::read::read;

fn of<R: Record>(record: &R) -> Result<(String, Millis, Read<super::Quoting>), Malformed> {
    let mut bytes = Vec::new();
    encode(record, &mut bytes).unwrap();
    read(R::TOPIC.name, Datum { bytes: &bytes, schema: R::schema() })
}

fn seen<R: Record>(record: &R) -> Seen {
    match of(record).unwrap() {
        (market, Millis(START), Read::Seen(seen)) if market == MARKET => seen,
        _ => panic!("it is only seen, at the start"),
    }
}

#[track_caller]
fn refused<R: Record>(record: &R, detail: &str) {
    let Err(Malformed { cause, detail: found }) = of(record) else { panic!("it was taken") };
    assert_eq!((cause, found.as_str()), (Cause::OutOfRange, detail));
}

fn ping(status: DriverStatus) -> DriverLocated {
    DriverLocated {
        driver: "d".into(),
        at: START,
        market: MARKET.into(),
        place: PICKUP,
        heading_deg: None,
        speed_kmh: None,
        status,
    }
}

#[test]
fn of_pings_and_requests_the_cell_is_read() {
    let cell = geo::cell(PICKUP);
    let located = |free| Seen::Located { driver: "d".into(), at: START, free };
    assert_eq!(seen(&ping(DriverStatus::Free)), located(Some(cell)));
    for status in [DriverStatus::Busy, DriverStatus::Offline, DriverStatus::Unknown] {
        assert_eq!(seen(&ping(status)), located(None));
    }
    let request = RideRequested {
        ride: "r".into(),
        at: START,
        market: MARKET.into(),
        rider: "x".into(),
        pickup: PICKUP,
        dropoff: PICKUP,
        service: Service::Xl,
        tier: None,
        quote: None,
    };
    assert_eq!(seen(&request), Seen::Requested { ride: "r".into(), at: START, cell });
}

#[test]
fn our_own_answers_are_read_back_by_their_id() {
    let quoted = Stage::with(1).play(0, &[ask("a", 0)], &[]);
    assert_eq!(seen(&quoted[0]), Seen::Quoted { quote: "a".into(), at: START, turn: 1 });
}

#[test]
fn what_asks_samples_and_ticks() {
    assert!(matches!(of(&ask("a", 0)), Ok((_, Millis(START), Read::Ask(asked))) if asked == ask("a", 0)));
    assert!(matches!(of(&sample(0)), Ok((_, Millis(START), Read::Fact(_)))));
    let tick = MarketTicked { market: MARKET.into(), at: START };
    assert!(matches!(of(&tick), Ok((_, Millis(START), Read::Tick))));
}

#[test]
fn what_breaks_the_contract_is_told() {
    let id = "it must be 1 to 64 bytes without control characters";
    refused(&QuoteRequested { quote: String::new(), ..ask("a", 0) }, &format!("quote is \"\": {id}"));
    refused(&QuoteRequested { rider: "a\n".into(), ..ask("a", 0) }, &format!("rider is \"a\\n\": {id}"));
    refused(&QuoteRequested { market: "a/b".into(), ..ask("a", 0) }, "market is \"a/b\": it must be without '/'");
    let nowhere = Point { lat_e6: 90_000_001, lng_e6: 0 };
    let place = "90000001, 0: it must be micro-degrees within +-90000000 and +-180000000";
    refused(&QuoteRequested { pickup: nowhere, ..ask("a", 0) }, &format!("pickup is {place}"));
    refused(
        &QuoteRequested { service: Service::Unknown, ..ask("a", 0) },
        "service is UNKNOWN: it must be a service that this version knows",
    );
    for cell in [0, -1, 1, geo::cell(PICKUP) as i64 + 1] {
        let why = format!("cell is {cell}: it must be an H3 cell of resolution 8, or null");
        refused(&MarketSampled { cell: Some(cell), ..sample(0) }, &why);
    }
    refused(
        &MarketSampled { competitor_bps: Some(-1), ..sample(0) },
        "competitor_bps is -1: it must be 0 to 1000000 basis points",
    );
}
