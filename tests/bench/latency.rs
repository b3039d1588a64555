//! From a request to its first decision, on real Kafka: 1,000 requests a second beside 10,000 pings a second, against a raw client
//! that copies as many records in transactions of the same interval. Latency counts from when a record ought to have been sent.
//!
//! `cargo bench -p tests --bench latency`

#[path = "latency/city.rs"]
mod city;
mod client;
mod cpu;
mod ear;
mod floor;
mod process;
mod serve;
#[path = "../live/servers.rs"]
mod servers;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use embedded::Registry;
use kernel::codec::Datum;
use kernel::contract::{MatchDecided, RideRequested, TOPICS};
use kernel::{Record, Topic, wire};
use matching::Matching;
use rdkafka::producer::BaseProducer;
use runtime::Pace;
use runtime::topics::{self, Layout};

use city::{City, PINGS, REQUESTS};
use cpu::cpu;
use ear::{Found, Span, collect, listen};
use process::{Role, median};
use serve::serve;

/// Partitions, with one market each.
pub(crate) const PARTITIONS: i32 = 4;
const ROUNDS: usize = 3;
/// Between two commits at least; zero: as soon as something is decided.
const EVERY: [Duration; 3] = [Duration::from_millis(50), Duration::from_millis(30), Duration::ZERO];
/// What is sent before is not counted: the client's, and matching's, which first reads what all rounds before it left behind.
const WARM: Duration = Duration::from_secs(4);
const RESTORED: Duration = Duration::from_secs(9);
/// How long is sent after it, and how long the last answer is waited for.
const LONG: Duration = Duration::from_secs(8);
const LAST: Duration = Duration::from_secs(2);
/// Records that the floor copies, of as many bytes as a request has.
const VALUE: usize = 120;
const ASKED: &Topic = &plain("bench.asked");
const PINGED: &Topic = &plain("bench.pinged");
const PASSED: &Topic = &plain("bench.passed");

const fn plain(name: &'static str) -> Topic {
    Topic { name, schema: "", compression: None, cleanup: "delete", retention_ms: -1, ..*RideRequested::TOPIC }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let text: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
    match text[..] {
        ["pass", brokers, every] => {
            floor::pass(brokers, (&[ASKED.name, PINGED.name], PASSED.name), millis(every), &process::told_to_end())
        }
        ["match", brokers, every, registry] => {
            serve::<Matching>((brokers, registry), 1, Pace { interval: millis(every), ..Pace::default() });
        }
        _ => measure(),
    }
}

fn millis(text: &str) -> Duration {
    Duration::from_millis(text.parse().expect("milliseconds"))
}

fn measure() {
    let Some(kafka) = servers::kafka() else { return };
    let registry = Registry::start(0, None).expect("a registry");
    let (brokers, url) = (kafka.address(), registry.url());
    let layout = Layout { partitions: Some(PARTITIONS), replication: 1 };
    topics::ensure(brokers, &TOPICS, layout).expect("topics");
    topics::ensure(brokers, &[ASKED, PINGED, PASSED], layout).expect("topics");
    let mut client = runtime::registry::Registry::new(url).expect("a registry");
    let ids = client.register(&TOPICS).expect("schemas");
    let ids: Vec<_> = ids.into_iter().map(|(topic, id)| (topic.name, id)).collect();
    let mut city = City::new(brokers, ids, 1);
    city.populate(now());
    println!(
        "{REQUESTS} requests/s and {PINGS} pings/s over {PARTITIONS} markets; medians of {ROUNDS} runs of {LONG:?}",
    );
    for every in EVERY {
        let (mut alone, mut floors, mut decisions) = (Vec::new(), Vec::new(), Vec::new());
        let millis = every.as_millis().to_string();
        for round in 0..ROUNDS {
            for (pings, floors) in [(0, &mut alone), (PINGS, &mut floors)] {
                let role = Role::start(&["pass", brokers, &millis]);
                floors.push(copied(brokers, &role, pings));
                role.stop();
            }
            let role = Role::start(&["match", brokers, &millis, url]);
            let run = format!("{millis}-{round}");
            decisions.push(decided(brokers, &role, &mut city, &run));
            role.stop();
        }
        report(&format!("at least {millis} ms between commits"), (&mut alone, &mut floors, &mut decisions));
    }
}

fn report(what: &str, (alone, floors, decisions): (&mut [Found], &mut [Found], &mut [Found])) {
    let of =
        |found: &mut [Found], share| median(&mut found.iter_mut().map(|one| one.quantile(share)).collect::<Vec<_>>());
    let busy = |found: &[Found]| median(&mut found.iter().map(|one| one.cpu * 100.0).collect::<Vec<_>>());
    println!("{what}");
    let all = [("raw client, no pings", &mut *alone), ("raw client", &mut *floors), ("matching", &mut *decisions)];
    for (name, found) in all {
        let missing: u64 = found.iter().map(Found::missing).sum();
        let [half, most, last] = [0.5, 0.99, 0.999].map(|share| of(found, share));
        println!(
            "  {name:20} p50 {half:6.1}  p99 {most:6.1}  p99.9 {last:6.1} ms; {:.0} % of a core; {missing} missing",
            busy(found)
        );
    }
    let half = of(decisions, 0.5);
    let [bare, ratio] = [alone, floors].map(|found| half / of(found, 0.5));
    let late = of(decisions, 0.99);
    let met = |yes| if yes { "met" } else { "NOT MET" };
    println!(
        "  p50 {ratio:.2} x the raw client's ({bare:.2} x without pings), at most 1.5: {}; p99 under 300 ms: {}",
        met(ratio <= 1.5),
        met(late < 300.0)
    );
}

/// Milliseconds since 1970.
fn now() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis() as i64
}

/// A run that begins now.
fn span(warm: Duration) -> (Instant, Span) {
    let begun = Instant::now();
    (begun, Span { begun, warm, long: LONG, last: LAST })
}

/// The floor: plain records at the requests' rate, copied; beside them so many others a second, which are read and left.
fn copied(brokers: &str, role: &Role, pings: u64) -> Found {
    let producer: BaseProducer = client::producer(brokers, "0").create().expect("a producer");
    let pinger: BaseProducer = client::producer(brokers, "5").create().expect("a producer");
    let (begun, span) = span(WARM);
    let heard = |value: &[u8]| Some(u64::from_le_bytes(value[..8].try_into().ok()?));
    let sink = listen(brokers, (PASSED.name, PARTITIONS), span, heard);
    let before = cpu(role.id());
    let (mut sent, mut pinged) = (0, 0);
    while begun.elapsed() < WARM + LONG {
        let due = begun.elapsed().as_micros() as u64;
        while sent * 1_000_000 / REQUESTS <= due {
            let mut value = [b'x'; VALUE];
            value[..8].copy_from_slice(&(sent * 1_000_000 / REQUESTS).to_le_bytes());
            client::put(&producer, ASKED.name, (sent % PARTITIONS as u64) as i32, (b"key", &value));
            sent += 1;
        }
        while pinged * 1_000_000 < due * pings {
            client::put(&pinger, PINGED.name, (pinged % PARTITIONS as u64) as i32, (b"key", &[b'x'; VALUE]));
            pinged += 1;
        }
        producer.poll(Duration::ZERO);
        pinger.poll(Duration::ZERO);
        thread::sleep(Duration::from_micros(500));
    }
    let busy = (cpu(role.id()) - before) / begun.elapsed().as_secs_f64();
    collect(sink, span, (sent, REQUESTS), busy)
}

/// Requests through matching, in a city that goes on.
fn decided(brokers: &str, role: &Role, city: &mut City, run: &str) -> Found {
    let (begun, span) = span(RESTORED);
    let (tell, told): (Sender<MatchDecided>, Receiver<MatchDecided>) = channel();
    let prefix = format!("{run}-");
    let heard = move |value: &[u8]| {
        let (_, bytes) = wire::split(value).ok()?;
        let decided: MatchDecided = Datum { bytes, schema: MatchDecided::schema() }.read().ok()?;
        let first = decided.revision == Some(0);
        let sent = decided.ride.strip_prefix(&prefix)?.parse().ok();
        // Whoever asked may have gone.
        let _ = tell.send(decided);
        sent.filter(|_| first)
    };
    let (sink, at) = (listen(brokers, (MatchDecided::TOPIC.name, PARTITIONS), span, heard), now());
    let before = cpu(role.id());
    city.begin();
    while begun.elapsed() < RESTORED + LONG {
        told.try_iter().for_each(|decided| city.hear(&decided));
        city.step(begun.elapsed(), (at, run));
        thread::sleep(Duration::from_micros(500));
    }
    let busy = (cpu(role.id()) - before) / begun.elapsed().as_secs_f64();
    collect(sink, span, (city.asked(), REQUESTS), busy)
}
