//! Bytes no client sends.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::super::{Broker, shape};
use super::*;

fn broker() -> Broker {
    Broker::start(Config { max_request_bytes: 1 << 20, ..Config::default() }).unwrap()
}

/// Sends a frame and returns the body of the answer, none if the connection was closed.
fn ask(broker: &Broker, frame: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(broker.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.write_all(&(frame.len() as i32).to_be_bytes()).unwrap();
    stream.write_all(frame).ok()?;
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let mut answer = vec![0; i32::from_be_bytes(length) as usize];
    stream.read_exact(&mut answer).ok()?;
    Some(answer)
}

fn head(key: i16, version: i16) -> Vec<u8> {
    let mut frame = Vec::new();
    frame.extend(key.to_be_bytes());
    frame.extend(version.to_be_bytes());
    frame.extend(9i32.to_be_bytes());
    frame.extend((-1i16).to_be_bytes());
    frame
}

/// Whether it still answers which versions it has.
fn alive(broker: &Broker) -> bool {
    ask(broker, &head(18, 0)).is_some_and(|answer| answer[..6] == [0, 0, 0, 9, 0, 0])
}

#[test]
fn an_unknown_version_of_the_versions_request_is_answered_in_version_0() {
    let answer = ask(&broker(), &head(18, 99)).unwrap();
    assert_eq!(answer[..6], [0, 0, 0, 9, 0, 35]);
}

#[test]
fn a_count_larger_than_the_request_closes_the_connection() {
    let broker = broker();
    for (key, version) in [(0, 3), (1, 4), (2, 1), (3, 1), (8, 2), (11, 1), (19, 2), (20, 1), (24, 0), (28, 0), (32, 1)]
    {
        let mut frame = head(key, version);
        frame.extend([0x7f; 64]);
        assert_eq!(ask(&broker, &frame), None, "request {key}");
    }
    assert!(alive(&broker));
}

#[test]
fn a_length_over_the_limit_or_below_zero_closes_the_connection() {
    let broker = broker();
    for length in [i32::MAX, i32::MIN, -1, (1 << 20) + 1] {
        let mut stream = TcpStream::connect(broker.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream.write_all(&length.to_be_bytes()).unwrap();
        assert_eq!(stream.read(&mut [0; 8]).unwrap_or(0), 0, "length {length}");
    }
    assert!(alive(&broker));
}

#[test]
fn noise_ends_no_more_than_its_connection() {
    let broker = broker();
    let mut seed = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for round in 0..2_000 {
        let (key, version) = ((next() % 62) as i16, (next() % 10) as i16);
        let mut frame = head(key, version);
        // Few values, so that small counts and nulls occur.
        let length = next() % 60;
        frame.extend((0..length).map(|_| [0, 0, 0, 0, 1, 2, 3, 0xff][(next() % 8) as usize]));
        let mut stream = TcpStream::connect(broker.address()).unwrap();
        let _ = stream.write_all(&(frame.len() as i32).to_be_bytes());
        let _ = stream.write_all(&frame);
        assert!(round % 100 != 0 || alive(&broker), "round {round}");
    }
    assert!(alive(&broker));
}

#[test]
fn a_shape_is_walked_to_its_end() {
    let fits = |shape: &str, version, flexible, body: &[u8]| shape::check(shape, version, flexible, body).is_ok();
    assert!(fits("[ s ( 4 ) ] 3:1", 2, false, &[0, 0, 0, 1, 0, 1, b'a', 0, 0, 0, 1, 0, 0, 0, 9]));
    assert!(!fits("[ s ( 4 ) ] 3:1", 3, false, &[0, 0, 0, 1, 0, 1, b'a', 0, 0, 0, 1, 0, 0, 0, 9]));
    assert!(!fits("[ s ]", 0, false, &[0, 0, 0, 2, 0, 0]));
    assert!(fits("[ s ]", 0, true, &[2, 2, b'a', 0, 0]));
    assert!(!fits("[ s ]", 0, true, &[0xff, 0xff, 0xff, 0xff, 0x0f]));
    assert!(!fits("s", 0, true, &[1, 1, 0, 9]), "a tagged field longer than the rest");
}

#[test]
fn connections_over_the_limit_wait_for_a_place() {
    let broker = Broker::start(Config { max_connections: 1, ..Config::default() }).unwrap();
    let first = TcpStream::connect(broker.address()).unwrap();
    let mut second = TcpStream::connect(broker.address()).unwrap();
    let mut frame = head(18, 0);
    frame.splice(0..0, (frame.len() as i32).to_be_bytes());
    second.write_all(&frame).unwrap();
    second.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(second.read(&mut [0; 4]).is_err());
    drop(first);
    second.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    second.read_exact(&mut [0; 4]).unwrap();
}
