use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{bounded::Bounds, serve, start};
use crate::watch::Watch;

/// Sends a request's head and reads to the end of the connection.
fn ask(address: SocketAddr, head: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(format!("{head} HTTP/1.1\r\nHost: here\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

#[test]
fn each_path_answers_and_nothing_else_does() {
    let watch = Arc::new(Watch::of("matching"));
    let http = serve("127.0.0.1:0", watch.clone()).unwrap();
    let asked = |head: &str| ask(http.address(), head);
    let metrics = asked("GET /metrics");
    assert!(metrics.starts_with("HTTP/1.1 200 OK\r\n") && metrics.contains("text/plain; version=0.0.4"), "{metrics}");
    assert!(metrics.contains("tripo_commits_total{processor=\"matching\"} 0\n"));
    let head = asked("HEAD /metrics");
    assert!(status(&head) == "200" && head.ends_with("\r\n\r\n"), "{head}");
    assert_eq!(
        ["GET /", "GET /metrics/x", "GET /live/"].map(|head| status(&asked(head)).to_owned()),
        ["404", "404", "404"]
    );
    assert_eq!(["POST /metrics", "DELETE /ready"].map(|head| status(&asked(head)).to_owned()), ["405", "405"]);
    assert_eq!(status(&asked("GET /live")), "200");
    let ready = asked("GET /ready");
    assert!(status(&ready) == "503" && ready.ends_with("not ready: no worker has started\n"), "{ready}");
    watch.hire(1, std::time::Duration::from_secs(60));
    watch.members(1);
    assert!(asked("GET /ready").ends_with("not ready: the group settles\n"));
    std::thread::sleep(Duration::from_millis(1_100));
    assert!(asked("GET /ready").ends_with("\r\n\r\nready\n"));
    watch.lose("kafka", "no answer");
    assert!(asked("GET /ready").ends_with("not ready: kafka: no answer\n"));
}

#[test]
fn slow_clients_lose_their_place_and_hold_nobody_up_for_long() {
    let bounds = Bounds { connections: 2, asks: Duration::from_millis(300), lasts: Duration::from_secs(60) };
    let http = start("127.0.0.1:0", Arc::new(Watch::of("matching")), bounds).unwrap();
    let slow = || {
        let mut stream = TcpStream::connect(http.address()).unwrap();
        stream.write_all(b"GET /metrics HT").unwrap();
        stream
    };
    let mut silent: Vec<TcpStream> = (0..4).map(|_| slow()).collect();
    let begun = Instant::now();
    assert_eq!(status(&ask(http.address(), "GET /live")), "200");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    for stream in &mut silent {
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        assert_eq!(stream.read(&mut [0; 16]).unwrap_or(0), 0, "it is closed");
    }
}

#[test]
fn an_address_that_cannot_be_had_names_the_setting_and_is_free_after_the_end() {
    let watch = Arc::new(Watch::of("matching"));
    let http = serve("127.0.0.1:0", watch.clone()).unwrap();
    let address = http.address().to_string();
    let taken = serve(&address, watch.clone()).err().unwrap();
    assert_eq!(
        taken,
        format!("http.address {address}: another process listens there: choose another port, or 0 for a free one")
    );
    drop(http);
    drop(serve(&address, watch.clone()).unwrap());
    for wrong in ["nonsense", "127.0.0.1:99999", "192.0.2.1:0"] {
        let why = serve(wrong, watch.clone()).err().unwrap();
        assert!(why.starts_with(&format!("http.address {wrong}: ")) && !why.contains('\n'), "{why}");
    }
}
