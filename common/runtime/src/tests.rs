//! The parts that need no log; `tests/sim` runs the whole worker.

use std::sync::Arc;

use kernel::{Millis, contract::Cause};

use crate::{
    clock::{Clock, Time},
    intake::placed,
    log::Raw,
    park::parked,
};

const REPLAY: Time = Time::Log { speed: 60 };

fn raw(key: &[u8], value: Vec<u8>) -> Raw {
    let (key, value) = (Some(Arc::from(key)), Some(value));
    let headers =
        vec![("a".to_owned(), Some(vec![0; 10_000])), ("b".to_owned(), None), ("c".to_owned(), Some(vec![0; 7_000]))];
    Raw { topic: "ride.requested", partition: 1, offset: 7, appended: Millis(1_000), key, value, headers }
}

#[test]
fn a_living_market_is_measured_by_the_brokers_clock() {
    let mut clock = Clock::start(Time::Live, Millis(0), Millis(100_000));
    assert_eq!(clock.now, Millis(100_000), "a first record of long ago does not set the time");
    assert_eq!(clock.ceiling(Time::Live, Millis(200_000)), Millis(205_000));
    clock.tick(Time::Live, Millis(50_000), Millis(100_000));
    assert_eq!(clock.now, Millis(100_000), "it never goes back");
}

#[test]
fn a_replayed_market_is_measured_by_its_first_tick() {
    let mut clock = Clock::start(REPLAY, Millis(10_000), Millis(1_000));
    assert_eq!(clock.ceiling(REPLAY, Millis(1_000)), Millis(i64::MAX), "nothing to measure against yet");
    clock.tick(REPLAY, Millis(90_000), Millis(2_000));
    assert_eq!(clock.now, Millis(90_000), "the late record before it set no limit");
    // One second of the broker's is a minute here, and 5 s of it are 5 minutes.
    assert_eq!(clock.ceiling(REPLAY, Millis(3_000)), Millis(90_000 + 60_000 + 300_000));
    clock.tick(REPLAY, Millis(80_000), Millis(2_500));
    assert_eq!(clock.now, Millis(90_000));
}

#[test]
fn a_first_record_from_the_future_does_not_keep_a_replayed_market_there() {
    let mut clock = Clock::start(REPLAY, Millis(9_000_000), Millis(1_000));
    clock.tick(REPLAY, Millis(90_000), Millis(2_000));
    assert_eq!(clock.now, Millis(90_000));
}

#[test]
fn a_clock_goes_on_from_what_is_kept() {
    let mut clock = Clock::start(REPLAY, Millis(10_000), Millis(1_000));
    assert_eq!(Clock::restore(&clock.keep()), clock);
    clock.tick(REPLAY, Millis(90_000), Millis(2_000));
    let clock = clock.at_turn(3);
    assert_eq!(Clock::restore(&clock.keep()), clock);
}

#[test]
fn a_record_lies_where_its_market_belongs() {
    let home = kernel::partition::of(b"bern", 2);
    let here = Raw { partition: home, ..raw(b"bern", Vec::new()) };
    assert_eq!(placed(&here, "bern", 2), Ok(()));
    let elsewhere = Raw { partition: 1 - home, ..here.clone() };
    assert_eq!(placed(&elsewhere, "bern", 2).unwrap_err().cause, Cause::Misplaced);
    assert_eq!(placed(&here, "cork", 2).unwrap_err().cause, Cause::Misplaced);
}

#[test]
fn what_is_parked_says_where_it_lay_and_stays_bounded() {
    let small = parked("tally", &raw(b"bern", vec![1; 100]), None, Cause::Undecodable, "two\nlines");
    assert_eq!((small.place.partition, small.place.offset, small.size), (1, 7, 100));
    assert_eq!((small.detail.as_str(), small.hash.as_deref()), ("two lines", None));
    let names: Vec<&str> = small.headers.iter().map(|header| header.name.as_str()).collect();
    assert_eq!(names, ["a", "b"], "those that fit");
    let large = parked("tally", &raw(&[0; 100_000], vec![1; 600_000]), None, Cause::Oversized, &"x ".repeat(1_000));
    assert_eq!((large.value.as_ref().map_or(0, Vec::len), large.size), (65_536, 600_000));
    assert!(large.hash.is_some_and(|hash| hash.len() == 64));
    assert!(large.detail.len() <= 512 && large.key.is_some_and(|key| key.len() == 65_536));
}
