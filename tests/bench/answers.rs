//! From a request for a quote to its price, on real Kafka: 2,000 requests a second beside 10,000 pings and 200 rides a second, against a
//! raw client that copies as many records in transactions of the same interval. Latency counts from when a record ought to have been
//! sent.
//!
//! `cargo bench -p tests --bench answers`

mod client;
mod cpu;
mod ear;
mod floor;
mod process;
mod serve;
#[path = "../live/servers.rs"]
mod servers;
mod street;

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use embedded::Registry;
use kernel::codec::Datum;
use kernel::contract::{
    DriverLocated, DriverStatus, Point, PriceQuoted, QuoteRequested, RideRequested, Service as Kind, TOPICS,
};
use kernel::{Record, Topic, wire};
use pricing::Quoting;
use rdkafka::producer::BaseProducer;
use runtime::topics::{self, Layout};
use runtime::{Pace, Schemas};

use cpu::cpu;
use ear::{Found, Span, collect, listen};
use process::{Role, median};
use serve::serve;

/// Partitions, with one market each.
const PARTITIONS: i32 = 4;
const ROUNDS: usize = 3;
/// Requests for quotes, pings and rides a second.
const QUOTES: u64 = 2_000;
const PINGS: u64 = 10_000;
const RIDES: u64 = 200;
/// Drivers in all.
const DRIVERS: u64 = 8_000;
/// Between two commits at least, milliseconds: what quoting has by default (`run.commit_interval_ms`), and what others have.
const INTERVALS: [u64; 2] = [10, 30];
const WARM: Duration = Duration::from_secs(9);
const LONG: Duration = Duration::from_secs(8);
const LAST: Duration = Duration::from_secs(2);
/// Records that the floor copies, of as many bytes as a request has.
const VALUE: usize = 120;
const ASKED: &Topic = &plain("bench.asked");
const PINGED: &Topic = &plain("bench.pinged");
const PASSED: &Topic = &plain("bench.passed");
/// Milliseconds.
const TARGET: f64 = 100.0;

const fn plain(name: &'static str) -> Topic {
    Topic { name, schema: "", compression: None, cleanup: "delete", retention_ms: -1, ..*RideRequested::TOPIC }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let text: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
    match text[..] {
        ["pass", every, brokers] => {
            floor::pass(brokers, (&[ASKED.name, PINGED.name], PASSED.name), span_of(every), &process::told_to_end())
        }
        ["price", every, brokers, registry] => {
            serve::<Quoting>((brokers, registry), 1, Pace { interval: span_of(every), ..Pace::default() });
        }
        _ => measure(),
    }
}

fn span_of(milliseconds: &str) -> Duration {
    Duration::from_millis(milliseconds.parse().expect("milliseconds"))
}

fn measure() {
    let Some(kafka) = servers::kafka() else { return };
    let registry = Registry::start(0, None).expect("a registry");
    let (brokers, url) = (kafka.address(), registry.url());
    let layout = Layout { partitions: Some(PARTITIONS), replication: 1 };
    topics::ensure(brokers, &TOPICS, layout).expect("topics");
    topics::ensure(brokers, &[ASKED, PINGED, PASSED], layout).expect("topics");
    let mut client = runtime::registry::Registry::new(url).expect("a registry");
    client.register(&TOPICS).expect("schemas");
    let street = Street::new(brokers, &client);
    println!(
        "{QUOTES} requests/s, {PINGS} pings/s and {RIDES} rides/s over {PARTITIONS} markets; medians of {ROUNDS} runs of {LONG:?}"
    );
    let mut batch = 0;
    for every in INTERVALS {
        let text = every.to_string();
        let (mut floors, mut quotes) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let role = Role::start(&["pass", &text, brokers]);
            floors.push(copied(brokers, &role));
            role.stop();
            let role = Role::start(&["price", &text, brokers, url]);
            quotes.push(quoted(brokers, &role, &street, batch));
            role.stop();
            batch += 1;
        }
        println!("at least {every} ms between commits");
        report(&mut floors, &mut quotes);
    }
}

fn report(floors: &mut [Found], quotes: &mut [Found]) {
    let of =
        |found: &mut [Found], share| median(&mut found.iter_mut().map(|one| one.quantile(share)).collect::<Vec<_>>());
    for (name, found) in [("raw client", &mut *floors), ("quotes", &mut *quotes)] {
        let missing: u64 = found.iter().map(Found::missing).sum();
        let busy = median(&mut found.iter().map(|one| one.cpu * 100.0).collect::<Vec<_>>());
        let [half, most, last] = [0.5, 0.99, 0.999].map(|share| of(found, share));
        println!(
            "  {name:12} p50 {half:6.1}  p99 {most:6.1}  p99.9 {last:6.1} ms; {busy:.0} % of a core; {missing} missing"
        );
    }
    let [half, late] = [0.5, 0.99].map(|share| of(quotes, share) / of(floors, share));
    let met = if of(quotes, 0.99) < TARGET { "met" } else { "NOT MET" };
    println!("  p50 {half:.2} x, p99 {late:.2} x the raw client's; p99 under {TARGET} ms: {met}");
}

/// A run that begins now.
fn span() -> Span {
    Span { begun: Instant::now(), warm: WARM, long: LONG, last: LAST }
}

/// Milliseconds since 1970.
fn now() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis() as i64
}

/// The floor: plain records at the requests' rate, copied; beside them as many others as there are pings, which are read and left.
fn copied(brokers: &str, role: &Role) -> Found {
    let producer: BaseProducer = client::producer(brokers, "5").create().expect("a producer");
    let pinger: BaseProducer = client::producer(brokers, "5").create().expect("a producer");
    let span = span();
    let heard = |value: &[u8]| Some(u64::from_le_bytes(value[..8].try_into().ok()?));
    let sink = listen(brokers, (PASSED.name, PARTITIONS), span, heard);
    let before = cpu(role.id());
    let (mut sent, mut pinged) = (0, 0);
    while span.begun.elapsed() < span.sends() {
        let due = span.begun.elapsed().as_micros() as u64;
        while sent * 1_000_000 / QUOTES <= due {
            let mut value = [b'x'; VALUE];
            value[..8].copy_from_slice(&(sent * 1_000_000 / QUOTES).to_le_bytes());
            client::put(&producer, ASKED.name, (sent % PARTITIONS as u64) as i32, (b"key", &value));
            sent += 1;
        }
        while pinged * 1_000_000 / PINGS <= due {
            client::put(&pinger, PINGED.name, (pinged % PARTITIONS as u64) as i32, (b"key", &[b'x'; VALUE]));
            pinged += 1;
        }
        producer.poll(Duration::ZERO);
        pinger.poll(Duration::ZERO);
        thread::sleep(Duration::from_micros(500));
    }
    let busy = (cpu(role.id()) - before) / span.begun.elapsed().as_secs_f64();
    collect(sink, span, (sent, QUOTES), busy)
}

/// Requests through quoting, in cities that go on.
fn quoted(brokers: &str, role: &Role, street: &Street, round: usize) -> Found {
    let span = span();
    let prefix = format!("{round}-");
    let heard = move |value: &[u8]| {
        let (_, bytes) = wire::split(value).ok()?;
        let quoted: PriceQuoted = Datum { bytes, schema: PriceQuoted::schema() }.read().ok()?;
        quoted.price.as_ref()?;
        quoted.quote.strip_prefix(&prefix)?.parse().ok()
    };
    let sink = listen(brokers, (PriceQuoted::TOPIC.name, PARTITIONS), span, heard);
    let before = cpu(role.id());
    let (mut asked, mut pinged, mut rides) = (0, 0, 0);
    while span.begun.elapsed() < span.sends() {
        let due = span.begun.elapsed().as_micros() as u64;
        while asked * 1_000_000 / QUOTES <= due {
            // Named by the time at which it ought to be sent: what a stall holds up counts as late.
            street.ask(asked, format!("{round}-{}", asked * 1_000_000 / QUOTES));
            asked += 1;
        }
        while pinged * 1_000_000 / PINGS <= due {
            street.ping(pinged % DRIVERS);
            pinged += 1;
        }
        while rides * 1_000_000 / RIDES <= due {
            street.ride(rides, format!("{round}-{rides}"));
            rides += 1;
        }
        street.asks.poll(Duration::ZERO);
        street.pings.poll(Duration::ZERO);
        thread::sleep(Duration::from_micros(500));
    }
    let busy = (cpu(role.id()) - before) / span.begun.elapsed().as_secs_f64();
    collect(sink, span, (asked, QUOTES), busy)
}

/// Riders and drivers of one market in each partition.
struct Street {
    /// What a rider waits for is sent at once; pings may lie a few milliseconds.
    asks: BaseProducer,
    pings: BaseProducer,
    markets: Vec<String>,
    ids: [u32; 3],
}

impl Street {
    fn new(brokers: &str, schemas: &runtime::registry::Registry) -> Street {
        let topics = [QuoteRequested::TOPIC.name, DriverLocated::TOPIC.name, RideRequested::TOPIC.name];
        Street {
            asks: client::producer(brokers, "5").create().expect("a producer"),
            pings: client::producer(brokers, "5").create().expect("a producer"),
            markets: street::markets(PARTITIONS),
            ids: topics.map(|topic| schemas.id_of(topic).expect("it is registered")),
        }
    }

    fn market(&self, number: u64) -> String {
        self.markets[(number % self.markets.len() as u64) as usize].clone()
    }

    fn ask(&self, number: u64, quote: String) {
        let asked = QuoteRequested {
            quote,
            at: now(),
            market: self.market(number),
            rider: format!("rider-{}", number * 7_919 % 100_000),
            pickup: somewhere(number),
            dropoff: somewhere(number / 7),
            service: Kind::Standard,
            tier: None,
            distance_m: Some(1_000 + (number % 20_000) as i32),
            duration_s: Some(120 + (number % 3_000) as i32),
            tolls_minor: None,
        };
        street::publish((&self.asks, self.ids[0]), &asked, PARTITIONS);
    }

    fn ping(&self, number: u64) {
        let (driver, market) = (format!("driver-{number}"), self.market(number));
        let (heading_deg, speed_kmh, status) = (Some(90), Some(31), DriverStatus::Free);
        let place = somewhere(number.wrapping_mul(31));
        let ping = DriverLocated { driver, at: now(), market, place, heading_deg, speed_kmh, status };
        street::publish((&self.pings, self.ids[1]), &ping, PARTITIONS);
    }

    fn ride(&self, number: u64, ride: String) {
        let (pickup, dropoff) = (somewhere(number), somewhere(number / 3));
        let (market, rider, service) = (self.market(number), format!("rider-{number}"), Kind::Standard);
        let (at, tier, quote) = (now(), None, None);
        let asked = RideRequested { ride, at, market, rider, pickup, dropoff, service, tier, quote };
        street::publish((&self.pings, self.ids[2]), &asked, PARTITIONS);
    }
}

/// One of a thousand places of a city.
fn somewhere(number: u64) -> Point {
    let (row, column) = (number % 31, number / 31 % 31);
    Point { lat_e6: 37_700_000 + 4_000 * row as i32, lng_e6: -122_500_000 + 4_000 * column as i32 }
}
