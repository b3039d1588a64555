//! Quotes over a real Kafka: requests priced exactly once, against a raw client that copies the very answers in transactions. The same
//! cores, the same bytes out, taken in turns.
//!
//! `cargo bench -p tests --bench quotes`

#[path = "quotes/bare.rs"]
mod bare;
mod client;
mod cpu;
mod floor;
mod process;
mod serve;
#[path = "../live/servers.rs"]
mod servers;
mod street;
mod watch;

use std::time::{Duration, SystemTime};

use embedded::Registry;
use kernel::Record;
use kernel::contract::{DriverLocated, DriverStatus, Point, PriceQuoted, QuoteRequested, Service as Kind, TOPICS};
use pricing::Quoting;
use rdkafka::producer::{BaseProducer, Producer};
use runtime::topics::{self, Layout};
use runtime::{Limits, Pace, Schemas};

use process::{Role, median};
use serve::serve;
use watch::{Figures, PASSED, ends, named, watch};

const QUOTES: i64 = 400_000;
const ROUNDS: usize = 3;
/// Between two commits.
const EVERY: Duration = Duration::from_millis(100);
const PARTITIONS: i32 = PASSED.partitions;
/// Share of the raw client's rate.
const TARGET: f64 = 50.0;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match (arguments.get(1).map(String::as_str), arguments.get(2), arguments.get(3)) {
        (Some("pass"), Some(brokers), _) => {
            floor::pass(brokers, (&[PriceQuoted::TOPIC.name], PASSED.name), EVERY, &process::told_to_end());
        }
        (Some("bare"), Some(brokers), _) => bare::bare(brokers, EVERY, &process::told_to_end()),
        (Some("price"), Some(brokers), Some(registry)) => {
            let workers = arguments.get(4).map_or(1, |many| many.parse().expect("a number of workers"));
            serve::<Quoting>((brokers, registry), workers, pace());
        }
        _ => measure(),
    }
}

/// Workers of the second measure: one a core as far as there are partitions for them.
fn many() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).clamp(2, PARTITIONS as usize)
}

/// Large turns: the interval ends a transaction.
fn pace() -> Pace {
    let limits =
        Limits { polled: 1_000, asks_in_hand: 50_000, asks_taken: 12_000, bytes_in_hand: 1 << 28, ..Limits::default() };
    Pace { interval: EVERY, limits, ..Pace::default() }
}

fn measure() {
    let Some(kafka) = servers::kafka() else { return };
    let (brokers, registry) = (kafka.address(), Registry::start(0, None).expect("a registry"));
    let mut all = TOPICS.to_vec();
    all.push(PASSED);
    topics::ensure(brokers, &all, Layout { partitions: Some(PARTITIONS), replication: 1 }).expect("topics");
    let mut client = runtime::registry::Registry::new(registry.url()).expect("the registry");
    client.register(&TOPICS).expect("schemas");
    let broker = named(&format!("kafka-{}-", std::process::id())).expect("the broker runs");
    let street = Street::new(brokers, &client);
    let url = registry.url();
    let workers = many().to_string();
    let (one, more) = (["price", brokers, url], ["price", brokers, url, &workers]);
    let (pass, bare) = (["pass", brokers], ["bare", brokers]);
    let quoted = PriceQuoted::TOPIC.name;
    let mut found: [Vec<Figures>; 4] = Default::default();
    for round in 0..=ROUNDS {
        // The floor copies what both have written, and the raw client that prices answers what both were asked.
        let roles: [(&[&str], &str, i64); 4] = [
            (&one, quoted, QUOTES),
            (&more, quoted, QUOTES),
            (&pass, PASSED.name, 2 * QUOTES),
            (&bare, PASSED.name, 2 * QUOTES),
        ];
        for (place, (arguments, topic, records)) in roles.into_iter().enumerate() {
            if topic == quoted {
                street.fill(2 * round + place);
            }
            let begin = ends(brokers, topic, PARTITIONS);
            let mover = Role::start(arguments);
            let figures = watch(brokers, (topic, PARTITIONS), (begin, records), (mover.id(), broker));
            finish(brokers, topic, begin + records);
            mover.stop();
            // The first meets a broker that still compiles itself.
            if round > 0 {
                found[place].push(figures);
            }
        }
    }
    tell(&found);
}

/// Waits until the last of a round is there: the next begins behind it.
fn finish(brokers: &str, topic: &str, end: i64) {
    // Markers of transactions take offsets too.
    while ends(brokers, topic, PARTITIONS) < end {
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(3 * EVERY);
}

fn tell([one, more, passed, bare]: &[Vec<Figures>; 4]) {
    let of = |figures: &[Figures], pick: fn(&Figures) -> f64| median(&mut figures.iter().map(pick).collect::<Vec<_>>());
    let all = [("raw client, the same answers", passed), ("raw client that prices", bare)];
    let workers = format!("{} workers", many());
    let priced = [("one worker", one), (workers.as_str(), more)];
    for (what, found) in all.into_iter().chain(priced) {
        let rate = of(found, |figures| figures.rate);
        let (mover, broker) = (of(found, |figures| figures.mover_us), of(found, |figures| figures.broker_us));
        println!("{what:30} {rate:>8.0}/s; cpu a record {mover:.2} us, broker {broker:.2} us");
    }
    for (what, priced) in priced {
        let (share, each) = share(priced, passed);
        let met = if share >= TARGET { "met" } else { "NOT MET" };
        println!("quotes by {what}: {share:.0} % of the raw client ({each}), {TARGET} wanted: {met}");
    }
    let (share_of_bare, each) = share(bare, passed);
    println!("raw client that prices, and nothing else: {share_of_bare:.0} % of the raw client ({each})");
    for (what, priced) in priced {
        let (share, each) = share(priced, bare);
        println!("quotes by {what}: {share:.0} % of the raw client that prices ({each})");
    }
    println!("{ROUNDS} rounds of {QUOTES}, {PARTITIONS} markets");
}

/// The median share of a floor's rate, %, and that of each round.
fn share(priced: &[Figures], floor: &[Figures]) -> (f64, String) {
    let mut shares: Vec<f64> = priced.iter().zip(floor).map(|(one, floor)| one.rate / floor.rate * 100.0).collect();
    let each = shares.iter().map(|share| format!("{share:.0}")).collect::<Vec<_>>().join(" ");
    (median(&mut shares), each)
}

/// Riders and drivers of one market in each partition.
struct Street {
    producer: BaseProducer,
    markets: Vec<String>,
    quote_id: u32,
    ping_id: u32,
}

impl Street {
    fn new(brokers: &str, schemas: &runtime::registry::Registry) -> Street {
        let id = |topic: &str| schemas.id_of(topic).expect("it is registered");
        Street {
            producer: client::producer(brokers, "5").create().expect("a producer"),
            markets: street::markets(PARTITIONS),
            quote_id: id(QuoteRequested::TOPIC.name),
            ping_id: id(DriverLocated::TOPIC.name),
        }
    }

    /// Drivers ping, and everybody asks.
    fn fill(&self, batch: usize) {
        let at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis() as i64;
        for number in 0..1_000 {
            let market = self.markets[number as usize % self.markets.len()].clone();
            let (driver, heading_deg, speed_kmh) = (format!("d{number}"), None, None);
            let (place, status) = (somewhere(number), DriverStatus::Free);
            let ping = DriverLocated { driver, at, market, place, heading_deg, speed_kmh, status };
            self.put(self.ping_id, &ping);
        }
        for number in 0..QUOTES {
            let market = self.markets[number as usize / 64 % self.markets.len()].clone();
            let asked = QuoteRequested {
                quote: format!("{batch}-{number}"),
                at,
                market: market.clone(),
                rider: "rider-000001".to_owned(),
                pickup: somewhere(number),
                dropoff: somewhere(number / 7),
                service: Kind::Standard,
                tier: None,
                distance_m: Some(1_000 + (number % 20_000) as i32),
                duration_s: Some(120 + (number % 3_000) as i32),
                tolls_minor: None,
            };
            self.put(self.quote_id, &asked);
        }
        self.producer.flush(client::CALL).expect("the broker takes the records");
    }

    fn put<R: Record>(&self, id: u32, record: &R) {
        street::publish((&self.producer, id), record, PARTITIONS);
        self.producer.poll(Duration::ZERO);
    }
}

/// One of a thousand places of a city.
fn somewhere(number: i64) -> Point {
    let (row, column) = (number % 31, number / 31 % 31);
    Point { lat_e6: 37_700_000 + 4_000 * row as i32, lng_e6: -122_500_000 + 4_000 * column as i32 }
}
