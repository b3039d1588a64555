//! What a process tells of itself: metrics, `/live`, `/ready` and lines, from its start to its end.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use embedded::{Broker, Config, Registry};
use kernel::{
    Rules,
    contract::{MatchDecided, RecordParked, TOPICS},
};
use matching::{Matching, Policy};
use runtime::{Pace, Service, http, kafka::Access, service, topics};

use crate::{
    binary::Running,
    client::Client,
    journey::{MARKET, PARTITIONS, ping, profile, request},
    servers::free_port,
};

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(30);
/// Requests that are published.
const REQUESTS: usize = 5;

/// Status and body of an answer; none when nobody listens.
fn ask(address: &str, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

/// The values of a metric's lines that hold `label`, in their order.
fn values(metrics: &str, name: &str, label: &str) -> Vec<f64> {
    let lines = metrics.lines().filter(|line| line.starts_with(&format!("{name}{{")) && line.contains(label));
    lines.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect()
}

#[track_caller]
fn until<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

/// Publishes requests that are decided, and garbage that is parked: twice a wrong magic, once an unknown schema.
fn work(client: &Client) {
    client.publish(&profile("near"));
    client.publish(&ping("near", now(), 37_781_000));
    (0..REQUESTS).for_each(|number| client.publish(&request(&format!("ride{number}"), now())));
    for garbage in [&b"{}"[..], b"<xml/>", &[0, 0x7f, 0xff, 0xff, 0xff, 1]] {
        client.raw("ride.requested", MARKET.as_bytes(), garbage);
    }
    client.until(|all: &[MatchDecided]| {
        (0..REQUESTS).all(|number| all.iter().any(|one| one.ride == format!("ride{number}"))).then_some(())
    });
    client.until(|all: &[RecordParked]| (all.len() == 3).then_some(()));
}

/// The metrics, once all that was published is told of.
fn told(address: &str) -> String {
    until("all inputs are read", || {
        let (_, metrics) = ask(address, "/metrics")?;
        let lag = values(&metrics, "tripo_lag_records", "ride.requested");
        let view = values(&metrics, "tripo_view_entities", MARKET);
        let done = lag.len() == PARTITIONS as usize && lag.iter().sum::<f64>() == 0.0 && view.iter().sum::<f64>() > 0.0;
        done.then_some(metrics)
    })
}

#[test]
fn a_process_tells_of_itself_from_its_start_to_its_end() {
    let broker = Broker::start(Config::default()).unwrap();
    let registry = Registry::start(0, None).unwrap();
    topics::ensure(broker.address(), &TOPICS, topics::Layout { partitions: Some(PARTITIONS), replication: 1 }).unwrap();
    let client = Client::new(broker.address(), registry.url(), PARTITIONS);
    let at = ["--brokers", broker.address(), "--registry", registry.url(), "--set", "http.address=127.0.0.1:0"];
    let process = Running::start(&[&["run", "matching"], &at[..]].concat(), &[]);
    let introduced = process.says("joins group");
    let address = introduced.rsplit("http://").next().unwrap().to_owned();
    let mut first = None;
    until("ready", || {
        let (status, why) = ask(&address, "/ready")?;
        first.get_or_insert((status, why));
        (status == 200).then_some(())
    });
    assert_eq!(first.unwrap().0, 503, "it is not ready before its partitions are rebuilt");
    assert_eq!(ask(&address, "/live").unwrap(), (200, "live\n".to_owned()));

    work(&client);
    let metrics = told(&address);
    let one = |name: &str, label: &str| {
        let values = values(&metrics, name, label);
        assert_eq!(values.len(), 1, "{name} {label}:\n{metrics}");
        values[0]
    };
    assert_eq!(one("tripo_asked_total", "processor=\"matching\""), REQUESTS as f64);
    assert_eq!(one("tripo_end_to_end_seconds_count", ""), REQUESTS as f64);
    assert!(one("tripo_end_to_end_seconds_sum", "") < 60.0 * REQUESTS as f64);
    assert_eq!(one("tripo_parked_total", "wrong_magic"), 2.0);
    assert_eq!(one("tripo_parked_total", "unknown_schema"), 1.0);
    assert_eq!(values(&metrics, "tripo_parked_total", "").iter().sum::<f64>(), 3.0);
    assert_eq!(values(&metrics, "tripo_lag_records", "").iter().sum::<f64>(), 0.0);
    for gauge in ["tripo_partitions_owned", "tripo_partitions_live"] {
        assert_eq!(one(gauge, ""), f64::from(PARTITIONS));
    }
    assert_eq!((one("tripo_ready", ""), one("tripo_members", ""), one("tripo_aborts_total", "")), (1.0, 1.0, 0.0));
    assert!(one("tripo_commits_total", "") > 0.0 && one("tripo_commit_seconds_count", "") > 0.0);
    assert_eq!(one("tripo_restore_seconds_count", ""), f64::from(PARTITIONS));

    let begun = Instant::now();
    let stopping = std::thread::spawn(move || process.stop());
    let mut drains = false;
    while let Some((status, why)) = ask(&address, "/ready") {
        drains |= status == 503 && why.contains("draining");
    }
    let (status, said) = stopping.join().unwrap();
    assert!(status == Some(0) && begun.elapsed() < service::GRACE, "{status:?} after {:?}", begun.elapsed());
    assert!(drains, "it says that it drains");
    assert_eq!(said, [introduced], "one line, that of the start");
}

fn settings(brokers: &str) -> service::Settings {
    let access = Access { group: "matching".to_owned(), instance: "alone".to_owned(), ..Access::from(brokers) };
    service::Settings { access, workers: 2, pace: Pace::default(), grace: Duration::from_secs(5) }
}

fn policy() -> Arc<Policy> {
    Arc::new(Policy::parse(Policy::BUILT_IN).unwrap())
}

#[test]
fn a_service_that_waits_for_its_broker_says_so_and_ends_at_once() {
    let registry = Registry::start(0, None).unwrap();
    let nobody = format!("127.0.0.1:{}", free_port().unwrap());
    let url = registry.url().to_owned();
    let schemas = move || runtime::registry::Registry::new(&url);
    let service = Service::start::<Matching, _, _>(&settings(&nobody), policy(), schemas).unwrap();
    let http = http::serve("127.0.0.1:0", service.watch()).unwrap();
    let address = http.address().to_string();
    let why = until("a trouble", || service.watch().trouble());
    assert!(why.starts_with("kafka: "), "{why}");
    assert_eq!(ask(&address, "/live").unwrap().0, 200, "who waits lives");
    let (status, ready) = ask(&address, "/ready").unwrap();
    assert!(status == 503 && ready.starts_with("not ready: kafka: "), "the reason, not what it leads to: {ready}");
    let begun = Instant::now();
    service.stop().unwrap();
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
}

#[test]
fn a_worker_that_panics_ends_the_service_with_its_reason() {
    let schemas = || -> Result<runtime::registry::Registry, String> { panic!("a planted bug") };
    let service = Service::start::<Matching, _, _>(&settings("127.0.0.1:1"), policy(), schemas).unwrap();
    until("its end", || service.ended().then_some(()));
    let why = service.stop().unwrap_err();
    assert!(why.contains("panicked: a planted bug") && !why.contains('\n'), "{why}");
}
