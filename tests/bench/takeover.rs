//! How long a partition's successor reads before it decides: pings of the last minutes, against a raw client that reads the same
//! records and drops them. From the start of the process to its first answer.
//!
//! `cargo bench -p tests --bench takeover`

mod client;
mod cpu;
mod process;
mod serve;
#[path = "../live/servers.rs"]
mod servers;
mod street;

use std::time::{Duration, Instant, SystemTime};

use embedded::Registry;
use kernel::Record;
use kernel::contract::{
    DriverLocated, DriverStatus, MatchDecided, Point, PriceQuoted, QuoteRequested, RideRequested, Service as Kind,
    TOPICS,
};
use matching::Matching;
use pricing::Quoting;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, Producer};
use rdkafka::{Offset, TopicPartitionList};
use runtime::topics::{self, Layout};
use runtime::{Pace, Schemas};

use cpu::cpu;
use process::{Role, median};
use serve::serve;

/// One market in each.
const PARTITIONS: i32 = 4;
const PINGS: i64 = 2_000_000;
const DRIVERS: i64 = 20_000;
const ROUNDS: usize = 3;
/// Share of the raw client's rate.
const TARGET: f64 = 50.0;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let text: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
    match text[..] {
        ["read", brokers] => read(brokers),
        ["match", brokers, registry] => serve::<Matching>((brokers, registry), 1, Pace::default()),
        ["price", brokers, registry] => serve::<Quoting>((brokers, registry), 1, Pace::default()),
        _ => measure(),
    }
}

/// The floor: all pings to their end.
fn read(brokers: &str) {
    let topic = DriverLocated::TOPIC.name;
    let reader: BaseConsumer = client::consumer(brokers, "reader").create().expect("a consumer");
    let mut list = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        list.add_partition_offset(topic, partition, Offset::Beginning).expect("a partition");
    }
    reader.assign(&list).expect("it is assigned");
    let mut left = PINGS;
    while left > 0 {
        if let Some(record) = reader.poll(client::CALL) {
            record.expect("a record");
            left -= 1;
        }
    }
}

fn measure() {
    let Some(kafka) = servers::kafka() else { return };
    let (brokers, registry) = (kafka.address(), Registry::start(0, None).expect("a registry"));
    topics::ensure(brokers, &TOPICS, Layout { partitions: Some(PARTITIONS), replication: 1 }).expect("topics");
    let mut client = runtime::registry::Registry::new(registry.url()).expect("the registry");
    client.register(&TOPICS).expect("schemas");
    let street = Street::new(brokers, &client);
    street.drive();
    let url = registry.url();
    let roles: [(&str, &[&str], Option<&str>); 3] = [
        ("raw client", &["read", brokers], None),
        ("matching", &["match", brokers, url], Some(MatchDecided::TOPIC.name)),
        ("quoting", &["price", brokers, url], Some(PriceQuoted::TOPIC.name)),
    ];
    let (mut found, mut used): ([Vec<f64>; 3], [Vec<f64>; 3]) = Default::default();
    for round in 0..=ROUNDS {
        street.ask(round);
        for (place, (_, arguments, answers)) in roles.iter().enumerate() {
            let (took, cpu) = timed(brokers, arguments, *answers);
            // The first meets a broker that still compiles itself, and has no predecessor.
            if round > 0 {
                found[place].push(took);
                used[place].extend(cpu.map(|seconds| seconds * 1e6 / PINGS as f64));
            }
        }
    }
    let floor = median(&mut found[0]);
    println!(
        "{PINGS} pings of the last minutes in {PARTITIONS} partitions; medians of {ROUNDS} rounds, from a process's start"
    );
    for (((who, ..), mut found), mut used) in roles.iter().zip(found).zip(used) {
        let each = found.iter().map(|took| format!("{took:.1}")).collect::<Vec<_>>().join(" ");
        let took = median(&mut found);
        let (rate, share) = (PINGS as f64 / took, floor / took * 100.0);
        let met = if share >= TARGET { "met" } else { "NOT MET" };
        println!(
            "{who:12} {took:5.2} s ({each}), {rate:>8.0} pings/s, {share:.0} % of the raw client's, {TARGET} wanted: {met}"
        );
        if !used.is_empty() {
            println!("{:12} cpu a ping {:.2} us", "", median(&mut used));
        }
    }
}

/// Seconds until a process has read all and ended, or until it answers, with its processor time until then.
fn timed(brokers: &str, arguments: &[&str], answers: Option<&str>) -> (f64, Option<f64>) {
    let before = answers.map(|topic| ends(brokers, topic));
    let begun = Instant::now();
    let role = Role::start(arguments);
    // Partitions begin to decide one after the other: the last counts.
    let waits = |topic, before: &[i64]| ends(brokers, topic).iter().zip(before).any(|(end, before)| end <= before);
    while answers.zip(before.as_deref()).is_some_and(|(topic, before)| waits(topic, before)) {
        assert!(begun.elapsed() < 4 * client::CALL, "nothing is decided");
        std::thread::sleep(Duration::from_millis(10));
    }
    let answered = answers.map(|_| (begun.elapsed(), cpu(role.id())));
    role.stop();
    let (took, used) = answered.map_or((begun.elapsed(), None), |(took, used)| (took, Some(used)));
    (took.as_secs_f64(), used)
}

/// Ends of a topic as one who reads committed sees them.
fn ends(brokers: &str, topic: &str) -> Vec<i64> {
    let reader: BaseConsumer = client::consumer(brokers, "ends").create().expect("a consumer");
    let of = |partition| reader.fetch_watermarks(topic, partition, client::CALL).expect("the broker answers").1;
    (0..PARTITIONS).map(of).collect()
}

/// Drivers and riders of one market in each partition.
struct Street {
    producer: BaseProducer,
    markets: Vec<String>,
    ids: [u32; 3],
}

impl Street {
    fn new(brokers: &str, schemas: &runtime::registry::Registry) -> Street {
        let topics = [DriverLocated::TOPIC.name, RideRequested::TOPIC.name, QuoteRequested::TOPIC.name];
        Street {
            producer: client::producer(brokers, "5").create().expect("a producer"),
            markets: street::markets(PARTITIONS),
            ids: topics.map(|topic| schemas.id_of(topic).expect("it is registered")),
        }
    }

    /// All pings, in the order of their times.
    fn drive(&self) {
        for number in 0..PINGS {
            let (driver, place) = (number % DRIVERS, somewhere(number / 3));
            let market = self.markets[driver as usize % self.markets.len()].clone();
            let (heading_deg, speed_kmh, status) = (Some((number % 360) as i32), Some(30), DriverStatus::Free);
            let driver = format!("driver-{driver:06}");
            let ping = DriverLocated { driver, at: now(), market, place, heading_deg, speed_kmh, status };
            self.put(self.ids[0], &ping);
        }
        self.producer.flush(client::CALL).expect("the broker takes the records");
    }

    /// In each market somebody asks for a ride, and for a price.
    fn ask(&self, round: usize) {
        for market in &self.markets {
            let (market, rider, at) = (market.clone(), "rider-000001".to_owned(), now());
            let (pickup, dropoff, service) = (somewhere(7), somewhere(99), Kind::Standard);
            let (tier, quote) = (None, None);
            let (asked, id) = (market.clone(), format!("{market}-{round}"));
            self.put(
                self.ids[1],
                &RideRequested {
                    ride: id.clone(),
                    at,
                    market,
                    rider: rider.clone(),
                    pickup,
                    dropoff,
                    service,
                    tier,
                    quote,
                },
            );
            let (distance_m, duration_s, tolls_minor) = (Some(5_000), Some(900), None);
            self.put(
                self.ids[2],
                &QuoteRequested {
                    quote: id,
                    at,
                    market: asked,
                    rider,
                    pickup,
                    dropoff,
                    service,
                    tier: None,
                    distance_m,
                    duration_s,
                    tolls_minor,
                },
            );
        }
        self.producer.flush(client::CALL).expect("the broker takes the records");
    }

    fn put<R: Record>(&self, id: u32, record: &R) {
        street::publish((&self.producer, id), record, PARTITIONS);
        self.producer.poll(Duration::ZERO);
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis() as i64
}

/// Anywhere in a city of 13 km by 11 km.
fn somewhere(number: i64) -> Point {
    let (north, east) = (number * 7_919 % 120_011, number * 104_729 % 124_987);
    Point { lat_e6: 37_700_000 + north as i32, lng_e6: -122_500_000 + east as i32 }
}
