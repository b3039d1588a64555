//! What is read of each topic, and what is parked.

use kernel::codec::{Datum, encode};
use kernel::contract::{Cause, Party, Point, Progress, RideProgressed, RideRequested, Service};
use kernel::{Malformed, Processor, Read, Record};

use super::{Capturing, Fact, MARKET, START, Seen, Step, done, ends};

fn read<R: Record>(record: &R) -> Result<Read<Capturing>, Malformed> {
    let mut bytes = Vec::new();
    encode(record, &mut bytes).unwrap();
    Capturing::read(R::TOPIC.name, Datum { bytes: &bytes, schema: R::schema() }).map(|(market, at, read)| {
        assert_eq!((market.as_str(), at.0), (MARKET, START));
        read
    })
}

fn request() -> RideRequested {
    RideRequested {
        ride: "a".to_owned(),
        at: START,
        market: MARKET.to_owned(),
        rider: "ann".to_owned(),
        pickup: Point { lat_e6: 37_780_000, lng_e6: -122_410_000 },
        dropoff: Point { lat_e6: 37_760_000, lng_e6: -122_430_000 },
        service: Service::Standard,
        tier: None,
        quote: Some("q".to_owned()),
    }
}

#[test]
fn what_ends_a_ride_asks_what_is_under_way_is_a_fact_and_the_rest_is_of_no_concern() {
    for progress in [Progress::Completed, Progress::Cancelled, Progress::NoShow] {
        assert!(matches!(read(&ends("a", 0, progress)), Ok(Read::Ask(fact)) if fact.progress == progress));
    }
    for (progress, step) in [(Progress::Arrived, Step::Arrived), (Progress::Started, Step::Started)] {
        let Ok(Read::Fact(came)) = read(&ends("a", 0, progress)) else { panic!("{progress:?} is a fact") };
        assert_eq!(came, super::came("a", 0, step));
    }
    for progress in [Progress::Accepted, Progress::Declined] {
        assert!(matches!(read(&ends("a", 0, progress)), Ok(Read::Seen(Seen::Nothing))));
    }
    let Ok(Read::Fact(Fact::Requested(asked))) = read(&request()) else { panic!("a request is a fact") };
    assert_eq!((asked.ride.as_str(), asked.quote.as_deref(), asked.straight_m), ("a", Some("q"), 2_835));
}

#[test]
fn what_breaks_the_contract_is_parked_with_its_place() {
    let why = |read: Result<Read<Capturing>, Malformed>| match read {
        Err(Malformed { cause: Cause::OutOfRange, detail }) => detail,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was taken"),
    };
    let nobody = RideProgressed { by: None, ..ends("a", 0, Progress::NoShow) };
    assert!(why(read(&nobody)).starts_with("by is neither"));
    let newer = RideProgressed { by: Some(Party::Unknown), ..done("a", 0) };
    assert!(why(read(&newer)).starts_with("by is UNKNOWN"));
    assert!(why(read(&RideProgressed { ride: String::new(), ..done("a", 0) })).starts_with("ride is"));
    assert!(why(read(&RideRequested { service: Service::Unknown, ..request() })).starts_with("service is UNKNOWN"));
    assert!(why(read(&RideRequested { quote: Some("\n".to_owned()), ..request() })).starts_with("quote is"));
}
