//! What a normal week brings: servers that start late, a broker that goes away and comes back, a registry that is down, a leader that
//! is lost. The service says so once, time stands still, and nothing is lost.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use devkit::auditor;
use embedded::Registry;
use kernel::contract::{MatchDecided, Outcome, Progress, RecordParked, RideProgressed, RideRequested, TOPICS};
use kernel::{Record, codec, wire};
use runtime::topics;

use crate::binary::Running;
use crate::client::Client;
use crate::cluster::Cluster;
use crate::demo::{alone, demo, kept};
use crate::journey::{MARKET, PARTITIONS, ping, profile, request};
use crate::servers::{self, free_port};

/// A broker that is back may answer nobody for some seconds, and then the group gathers.
const AGAIN: Duration = Duration::from_secs(25);

/// A process of `tripo run matching`, and how much of what it said is known.
struct Process {
    running: Running,
    known: usize,
}

impl Process {
    fn start(brokers: &str, registry: &str) -> Process {
        let arguments = ["run", "matching", "--brokers", brokers, "--registry", registry, "--instance", "steady"];
        Process { running: Running::start(&arguments, &[]), known: 0 }
    }

    /// The lines that it said since the last call, but for the one by which it introduces itself.
    fn said(&mut self) -> Vec<String> {
        let lines = self.running.said();
        let new = lines[self.known..].iter().filter(|line| !line.contains(" joins group ")).cloned().collect();
        self.known = lines.len();
        new
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

fn accepted(offered: &MatchDecided, at: i64) -> RideProgressed {
    RideProgressed {
        event: format!("{}-{at}", offered.ride),
        at,
        market: MARKET.to_owned(),
        ride: offered.ride.clone(),
        revision: offered.revision,
        driver: offered.driver.clone(),
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

fn find(client: &Client, ride: &str, outcome: Outcome) -> MatchDecided {
    client.until(|all: &[MatchDecided]| all.iter().find(|one| one.ride == ride && one.outcome == outcome).cloned())
}

#[test]
fn a_service_outlives_its_broker_and_its_registry() {
    let Some(mut kafka) = servers::prepared() else { return };
    let registry_log = std::env::temp_dir().join(format!("outage-{}.registry", std::process::id()));
    let port = free_port().unwrap();
    let url = format!("http://127.0.0.1:{port}");
    let mut process = Process::start(kafka.address(), &url);

    // The service is the first to start: there is no broker, no registry and no topic.
    sleep(Duration::from_secs(3));
    kafka.start().unwrap();
    sleep(Duration::from_secs(2));
    let registry = Registry::start(port, Some(&registry_log)).unwrap();
    sleep(Duration::from_secs(2));
    let layout = topics::Layout { partitions: Some(PARTITIONS), replication: 1 };
    topics::ensure(kafka.address(), &TOPICS, layout).unwrap();
    let client = Client::new(kafka.address(), &url, PARTITIONS);
    client.publish(&profile("near"));
    client.publish(&ping("near", now(), 37_781_000));
    client.publish(&request("zero", now()));
    let offered = find(&client, "zero", Outcome::Offered);
    client.publish(&accepted(&offered, now()));
    find(&client, "zero", Outcome::Assigned);
    // A side is well again once it was quiet for 3 s.
    sleep(Duration::from_secs(5));
    println!("late servers: {:#?}", process.said());

    broker_away(&client, &mut kafka, &mut process);
    registry_away(&client, (registry, port, &registry_log), &mut process);

    let (status, said) = process.running.stop();
    assert_eq!(status, Some(0), "{said:#?}");
    let verdict = auditor::audit(kafka.address(), auditor::Limits::default()).unwrap();
    // The auditor knows today's schemas only, so of the later version's record it can say no more than that it cannot read it.
    let known = |sentence: &String| sentence.contains("ride later");
    assert!(verdict.sentences.iter().all(known) && verdict.faults <= 2, "{verdict:#?}");
    assert_eq!((verdict.missing, verdict.duplicated, verdict.double_booked, verdict.parked), (0, 0, 0, 0));
    let expired = client.all::<MatchDecided>().into_iter().filter(|one| one.outcome == Outcome::Closed);
    assert_eq!(expired.count(), 0, "no ride was closed by time alone");
    let _ = std::fs::remove_file(registry_log);
}

/// The broker is killed while an offer stands, and is away for longer than the driver has to answer.
fn broker_away(client: &Client, kafka: &mut servers::Kafka, process: &mut Process) {
    client.publish(&profile("far"));
    client.publish(&ping("far", now(), 37_790_000));
    client.publish(&request("one", now()));
    let offered = find(client, "one", Outcome::Offered);
    let burst: Vec<String> = (0..50).map(|number| format!("burst-{number}")).collect();
    burst.iter().for_each(|ride| client.publish(&request(ride, offered.at)));
    kafka.kill();
    let away = Instant::now();
    sleep(Duration::from_secs(20));
    let told = process.said();
    assert_eq!(told.len(), 1, "one line that it is away: {told:#?}");
    assert!(told[0].contains("kafka") || told[0].contains("broker"), "{told:#?}");
    kafka.start().unwrap();
    let back = Instant::now();
    println!("the broker was away for {:?}", back - away);
    // The driver had answered in time, and his answer could not be published any sooner.
    client.publish(&accepted(&offered, offered.at + 5_000));
    let assigned = find(client, "one", Outcome::Assigned);
    let again = back.elapsed();
    assert!(again < AGAIN, "it went on {again:?} after the broker was back");
    let took_back = |all: &[MatchDecided]| all.iter().filter(|one| one.outcome == Outcome::Withdrawn).count();
    assert_eq!(took_back(&client.all()), 0, "time stood still: {assigned:#?}");
    for ride in &burst {
        client.until(|all: &[MatchDecided]| all.iter().any(|one| one.ride == *ride).then_some(()));
    }
    sleep(Duration::from_secs(4));
    let told = process.said();
    assert_eq!(told.len(), 1, "one line that it goes on: {told:#?}");
    println!("the broker is back, decisions after {again:?}: {told:#?}");
}

/// A later version of the request, under an id that the service has not seen.
fn later_version(url: &str) -> u32 {
    let mut schema: serde_json::Value = serde_json::from_str(RideRequested::TOPIC.schema).unwrap();
    let extra = serde_json::json!({ "name": "extra", "type": ["null", "string"], "default": null, "doc": "Later." });
    schema["fields"].as_array_mut().unwrap().push(extra);
    let later: &'static str = schema.to_string().leak();
    let topic: &'static kernel::Topic = Box::leak(Box::new(kernel::Topic {
        name: RideRequested::TOPIC.name,
        schema: later,
        partitions: 1,
        placed_by: kernel::PlacedBy::Market,
        cleanup: "delete",
        retention_ms: -1,
        max_message_bytes: 1,
        compression: None,
    }));
    let mut registry = runtime::registry::Registry::new(url).unwrap();
    registry.register(&[topic]).unwrap()[0].1
}

/// The registry is stopped: what carries a known id goes on, what carries a new one waits for it and is not parked.
fn registry_away(client: &Client, at: (Registry, u16, &Path), process: &mut Process) {
    let (registry, port, log) = at;
    let id = later_version(registry.url());
    drop(registry);
    client.publish(&request("known", now()));
    client.until(|all: &[MatchDecided]| all.iter().any(|one| one.ride == "known").then_some(()));
    assert!(process.said().is_empty(), "who asks nothing misses nobody");
    let mut value = Vec::new();
    wire::start(id, &mut value);
    codec::encode(&request("later", now()), &mut value).unwrap();
    value.push(0);
    client.raw(RideRequested::TOPIC.name, MARKET.as_bytes(), &value);
    sleep(Duration::from_secs(6));
    assert!(!client.all::<MatchDecided>().iter().any(|one| one.ride == "later"));
    assert!(client.all::<RecordParked>().is_empty(), "it waits, it is no poison");
    let told = process.said();
    assert_eq!(told.len(), 1, "one line that it is away: {told:#?}");
    assert!(told[0].contains("registry"), "{told:#?}");
    let registry = Registry::start(port, Some(log)).unwrap();
    client.until(|all: &[MatchDecided]| all.iter().any(|one| one.ride == "later").then_some(()));
    sleep(Duration::from_secs(4));
    let told = process.said();
    assert_eq!(told.len(), 1, "one line that it goes on: {told:#?}");
    println!("the registry is back: {told:#?}");
    drop(registry);
}

/// Three nodes need a gigabyte and half a minute to start, so this runs where `TRIPO_CLUSTER=1` is set.
#[test]
fn a_leader_that_is_lost_under_load_costs_nothing() {
    if std::env::var("TRIPO_CLUSTER").as_deref() != Ok("1") {
        return tests::not_run("a lost leader", "three Kafka nodes are started only with TRIPO_CLUSTER=1");
    }
    let _alone = alone();
    let Some(mut cluster) = servers::available("Apache Kafka of three nodes", Cluster::start()) else { return };
    let registry = Registry::start(0, None).unwrap();
    let (brokers, url) = (cluster.addresses(), registry.url().to_owned());
    let run = std::thread::spawn(move || {
        let on = ["--brokers", &brokers, "--registry", &url, "--markets", "6", "--processes", "2"];
        demo("leader", &[&on[..], &["--for", "60s", "--speed", "10"]].concat())
    });
    // A third of all partitions is led by each node, so the one that is killed leads some under load.
    sleep(Duration::from_secs(20));
    cluster.nodes[1].kill();
    sleep(Duration::from_secs(15));
    cluster.launch(1).unwrap();
    let report = run.join().unwrap();
    kept(&report);
    println!("{report:#}");
}
