//! What is parked, and what the message says.

use expect_test::{Expect, expect};
use kernel::codec::{Datum, encode};
use kernel::contract::{
    DriverChanged, DriverLocated, DriverReleased, DriverStatus, MarketTicked, Party, Point, Progress, RideProgressed,
    RideRequested, Service, Tier,
};
use kernel::{Millis, Processor, Read, Record};

use super::{MARKET, START, fact, near, ping, profile, request};
use crate::{Fact, Matching, Seen};

fn told<R: Record>(record: &R) -> String {
    let mut bytes = Vec::new();
    encode(record, &mut bytes).unwrap();
    match Matching::read(R::TOPIC.name, Datum { bytes: &bytes, schema: R::schema() }) {
        Ok((market, Millis(at), read)) => {
            let what = match read {
                Read::Ask(_) => "ask",
                Read::Fact(Fact::Progressed(_)) => "progress",
                Read::Fact(Fact::Released(_)) => "release",
                Read::Seen(Seen::Located(_)) => "ping",
                Read::Seen(Seen::Changed(_)) => "profile",
                Read::Tick => "tick",
            };
            format!("{what} of {market:?} at {}", at - START)
        }
        Err(malformed) => format!("{:?}: {}", malformed.cause, malformed.detail),
    }
}

#[track_caller]
fn check<R: Record>(record: R, expect: Expect) {
    expect.assert_eq(&told(&record));
}

#[test]
fn sound_records_are_what_their_topic_says() {
    check(request("r1", 1), expect![[r#"ask of "sf" at 1000"#]]);
    check(ping("d1", START + 2, near(1)), expect![[r#"ping of "sf" at 2"#]]);
    check(profile("d1"), expect![[r#"profile of "d1" at 0"#]]);
    check(MarketTicked { market: MARKET.into(), at: START + 3 }, expect![[r#"tick of "sf" at 3"#]]);
    check(fact(4, Progress::Completed, "r1", None), expect![[r#"progress of "sf" at 4000"#]]);
    let (market, from) = (MARKET.to_owned(), "la".to_owned());
    check(
        DriverReleased { driver: "d1".into(), at: START, market, from, hop: 1, turn: 1 },
        expect![[r#"release of "sf" at 0"#]],
    );
    check(
        DriverLocated { status: DriverStatus::Unknown, ..ping("d1", START, near(1)) },
        expect![[r#"ping of "sf" at 0"#]],
    );
    check(request("a ride / of ours, \u{e9}", 0), expect![[r#"ask of "sf" at 0"#]]);
}

#[test]
fn a_number_or_id_out_of_range_is_named() {
    check(request("", 0), expect![[r#"OutOfRange: ride is "": it must be 1 to 64 bytes without control characters"#]]);
    check(
        request(&"x".repeat(65), 0),
        expect![[
            r#"OutOfRange: ride is "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"...: it must be 1 to 64 bytes without control characters"#
        ]],
    );
    check(
        request("r\n1", 0),
        expect![[r#"OutOfRange: ride is "r\n1": it must be 1 to 64 bytes without control characters"#]],
    );
    check(
        request("r\u{85}1", 0),
        expect![[r#"OutOfRange: ride is "r\u{85}1": it must be 1 to 64 bytes without control characters"#]],
    );
    check(
        RideRequested { at: 0, ..request("r1", 0) },
        expect!["OutOfRange: at is 0: it must be milliseconds since 1970 that lie in 2000 to 2099"],
    );
    check(
        RideRequested { at: i64::MAX, ..request("r1", 0) },
        expect!["OutOfRange: at is 9223372036854775807: it must be milliseconds since 1970 that lie in 2000 to 2099"],
    );
    check(
        RideRequested { pickup: Point { lat_e6: 90_000_001, lng_e6: 0 }, ..request("r1", 0) },
        expect!["OutOfRange: pickup is 90000001, 0: it must be micro-degrees within +-90000000 and +-180000000"],
    );
    check(
        RideRequested { service: Service::Unknown, ..request("r1", 0) },
        expect!["OutOfRange: service is UNKNOWN: it must be a service that this version knows"],
    );
    check(
        RideRequested { tier: Some(Tier::Unknown), ..request("r1", 0) },
        expect!["OutOfRange: tier is UNKNOWN: it must be a tier that this version knows, or null"],
    );
    check(
        DriverLocated { place: Point { lat_e6: 0, lng_e6: i32::MIN }, ..ping("d1", START, near(0)) },
        expect!["OutOfRange: place is 0, -2147483648: it must be micro-degrees within +-90000000 and +-180000000"],
    );
    check(
        DriverChanged { rating_bps: 10_001, ..profile("d1") },
        expect!["OutOfRange: rating_bps is 10001: it must be 0 to 10000 basis points"],
    );
    check(
        DriverReleased { driver: "d1".into(), at: START, market: "sf".into(), from: "la".into(), hop: 0, turn: 1 },
        expect!["OutOfRange: hop is 0: it must be 1 or more"],
    );
    check(
        RideProgressed { paid_minor: Some(-1), ..fact(0, Progress::Completed, "r1", None) },
        expect!["OutOfRange: paid_minor is -1: it must be 0 to 1000000000000"],
    );
    check(
        RideProgressed { why: Some("x".repeat(257)), ..fact(0, Progress::Cancelled, "r1", None) },
        expect!["OutOfRange: why is a longer text: it must be at most 256 bytes"],
    );
}

#[test]
fn a_market_holds_no_slash() {
    let market = "sf/ride/r1".to_owned();
    let what = r#"is "sf/ride/r1": it must be without '/'"#;
    let slashed = |field: &str| format!("OutOfRange: {field} {what}");
    assert_eq!(told(&RideRequested { market: market.clone(), ..request("r1", 0) }), slashed("market"));
    assert_eq!(told(&DriverLocated { market: market.clone(), ..ping("d1", START, near(0)) }), slashed("market"));
    let arrived = fact(0, Progress::Arrived, "r1", Some("d1"));
    assert_eq!(told(&RideProgressed { market: market.clone(), ..arrived }), slashed("market"));
    assert_eq!(told(&MarketTicked { market: market.clone(), at: START }), slashed("market"));
    assert_eq!(told(&DriverChanged { market: market.clone(), ..profile("d1") }), slashed("market"));
    let registered_market = market.clone();
    assert_eq!(told(&DriverChanged { registered_market, ..profile("d1") }), slashed("registered_market"));
    let (driver, from) = ("d1".to_owned(), "la".to_owned());
    let released = DriverReleased { driver, at: START, market: MARKET.into(), from, hop: 1, turn: 1 };
    assert_eq!(told(&DriverReleased { market: market.clone(), ..released.clone() }), slashed("market"));
    assert_eq!(told(&DriverReleased { from: market, ..released }), slashed("from"));
}

#[test]
fn a_fact_needs_what_its_kind_needs() {
    check(
        fact(0, Progress::Unknown, "r1", None),
        expect!["OutOfRange: progress is UNKNOWN: it must be a progress that this version knows"],
    );
    check(
        fact(0, Progress::Accepted, "r1", Some("d1")),
        expect!["OutOfRange: revision is null or below zero: it must be the revision that is answered"],
    );
    check(
        RideProgressed { revision: Some(0), ..fact(0, Progress::Declined, "r1", None) },
        expect!["OutOfRange: driver is null: it must be the driver who did it"],
    );
    check(
        fact(0, Progress::Arrived, "r1", None),
        expect!["OutOfRange: driver is null: it must be the driver who did it"],
    );
    check(
        RideProgressed { by: Some(Party::Driver), ..fact(0, Progress::Cancelled, "r1", None) },
        expect!["OutOfRange: driver is null: it must be the driver who did it"],
    );
    check(
        RideProgressed { by: Some(Party::Unknown), ..fact(0, Progress::Cancelled, "r1", None) },
        expect!["OutOfRange: by is UNKNOWN: it must be a party that this version knows"],
    );
    check(
        fact(0, Progress::NoShow, "r1", None),
        expect!["OutOfRange: by is neither RIDER nor DRIVER: it must be who did not show"],
    );
}

#[test]
fn bytes_that_are_no_record_are_undecodable_and_never_panic() {
    let schema = RideRequested::schema();
    let mut bytes = Vec::new();
    encode(&request("r1", 0), &mut bytes).unwrap();
    for cut in 0..bytes.len() {
        let read = Matching::read(RideRequested::TOPIC.name, Datum { bytes: &bytes[..cut], schema });
        assert!(read.is_err(), "{cut} bytes");
    }
    bytes.push(0);
    let read = Matching::read(RideRequested::TOPIC.name, Datum { bytes: &bytes, schema });
    expect!["1 bytes after the record"].assert_eq(&read.err().map(|malformed| malformed.detail).unwrap());
}
