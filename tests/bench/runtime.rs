//! What the runtime costs: records through a processor that decides nothing, against a raw client that copies them. Real Kafka
//! on the same cores, the same records, transactions of 100 ms, taken in turns.
//!
//! `cargo bench -p tests --bench runtime`

mod client;
mod cpu;
mod floor;
mod process;
#[path = "../live/servers.rs"]
mod servers;
#[path = "runtime/trivial.rs"]
mod trivial;
mod watch;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use kernel::contract::{PolicyChanged, RecordParked, StateKept};
use kernel::{Record, codec, partition, wire};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::producer::{BaseProducer, Producer};
use rdkafka::{Offset, TopicPartitionList};
use runtime::topics::{self, Layout};
use runtime::{Limits, Pace, Service, Settings, kafka::Access, service};

use process::{Role, median};
use trivial::{ANSWERED, Asked, Listed, PARTITIONS, Taken, Trivial, VALUE};
use watch::{Figures, PASSED, ends, named, watch};

const RECORDS: i64 = 2_000_000;
const ROUNDS: usize = 5;
/// Between two commits.
const EVERY: Duration = Duration::from_millis(100);
/// The runtime's consumer group.
const GROUP: &str = "trivial";

/// Who moves the records, what is said of him, and where they go.
const ROLES: [(&str, &str, &str); 3] = [
    ("pass", "raw client, transactions of 100 ms", PASSED.name),
    ("bare", "runtime, no turn or state records", ANSWERED.name),
    ("recorded", "runtime, with turn and state records", ANSWERED.name),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match (arguments.get(1).map(String::as_str), arguments.get(2)) {
        (Some("pass"), Some(brokers)) => {
            floor::pass(brokers, (&[Asked::TOPIC.name], PASSED.name), EVERY, &process::told_to_end());
        }
        (Some("bare"), Some(brokers)) => decide::<false>(brokers),
        (Some("recorded"), Some(brokers)) => decide::<true>(brokers),
        _ => measure(),
    }
}

/// The runtime with the trivial processor, until the standard input ends.
fn decide<const RECORDED: bool>(brokers: &str) {
    let access = Access {
        brokers: brokers.to_owned(),
        group: GROUP.to_owned(),
        instance: format!("bench-{}", std::process::id()),
        ..Access::default()
    };
    // The interval ends a transaction, at this rate and somewhat above.
    let limits =
        Limits { polled: 1_000, asks_in_hand: 50_000, asks_taken: 12_000, bytes_in_hand: 1 << 28, ..Limits::default() };
    let pace = Pace { interval: EVERY, limits, ..Pace::default() };
    let settings = Settings { access, workers: 1, pace, grace: service::GRACE };
    let service = Service::start::<Trivial<RECORDED>, _, _>(&settings, Arc::new(()), || Ok(Listed::new()));
    let service = service.expect("a service");
    process::run_until_told(service);
}

fn measure() {
    let Some(kafka) = servers::kafka() else { return };
    let brokers = kafka.address();
    let all =
        [Asked::TOPIC, ANSWERED, Taken::TOPIC, PASSED, StateKept::TOPIC, RecordParked::TOPIC, PolicyChanged::TOPIC];
    topics::ensure(brokers, &all, Layout { partitions: Some(PARTITIONS), replication: 1 }).expect("topics");
    let broker = named(&format!("kafka-{}-", std::process::id())).expect("the broker runs");
    let filled = fill(brokers);
    println!(
        "{RECORDS} records of {VALUE} bytes, {PARTITIONS} partitions; filled at {filled:.0}/s; medians of {ROUNDS} rounds after one that does not count"
    );
    let mut found: [Vec<Figures>; 3] = Default::default();
    for round in 0..=ROUNDS {
        for ((role, _, output), found) in ROLES.iter().zip(&mut found) {
            let begin = ends(brokers, output, PARTITIONS);
            [GROUP, floor::GROUP].iter().for_each(|group| rewind(brokers, group));
            let mover = Role::start(&[role, brokers]);
            let figures = watch(brokers, (output, PARTITIONS), (begin, RECORDS), (mover.id(), broker));
            mover.stop();
            // The first meets a broker that still compiles itself.
            if round > 0 {
                found.push(figures);
            }
        }
    }
    let of = |figures: &[Figures], pick: fn(&Figures) -> f64| median(&mut figures.iter().map(pick).collect::<Vec<_>>());
    let floors: Vec<f64> = found[0].iter().map(|figures| figures.rate).collect();
    for ((_, what, _), found) in ROLES.iter().zip(&found) {
        let rate = of(found, |figures| figures.rate);
        // Round by round: the machine's pace changes more between rounds than within one.
        let mut shares: Vec<f64> =
            found.iter().zip(&floors).map(|(figures, floor)| figures.rate / floor * 100.0).collect();
        let each = shares.iter().map(|share| format!("{share:.0}")).collect::<Vec<_>>().join(" ");
        let share = median(&mut shares);
        let (mover, broker) = (of(found, |figures| figures.mover_us), of(found, |figures| figures.broker_us));
        println!(
            "{what:38} {rate:>8.0}/s {share:>4.0} % of the raw client ({each}); cpu a record {mover:.2} us, broker {broker:.2} us"
        );
    }
}

/// Fills the work topic; records a second.
fn fill(brokers: &str) -> f64 {
    let producer: BaseProducer = client::producer(brokers, "5").create().expect("a producer");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis() as i64;
    let records: Vec<(String, Vec<u8>)> = (0..PARTITIONS).map(|partition| record(partition, now)).collect();
    let begun = Instant::now();
    for number in 0..RECORDS {
        let partition = number / 64 % i64::from(PARTITIONS);
        let (key, value) = &records[partition as usize];
        client::put(&producer, Asked::TOPIC.name, partition as i32, (key.as_bytes(), value));
        if number % 1_000 == 0 {
            producer.poll(Duration::ZERO);
        }
    }
    producer.flush(client::CALL).expect("the broker takes the records");
    RECORDS as f64 / begun.elapsed().as_secs_f64()
}

/// Key and value of a record that belongs to `partition`.
fn record(partition: i32, at: i64) -> (String, Vec<u8>) {
    let mut names = (100..1_000).map(|number| format!("market-{number}"));
    let market = names.find(|name| partition::of(name.as_bytes(), PARTITIONS) == partition).expect("a name");
    let encoded = |body: String| {
        let mut value = Vec::new();
        wire::start(0, &mut value);
        codec::encode(&Asked { market: market.clone(), at, body }, &mut value).expect("it is sound");
        value
    };
    let short = encoded("x".repeat(100)).len() - 100;
    (market.clone(), encoded("x".repeat(VALUE - short)))
}

/// Sets a group back to the first record: a new one is refused where a processor keeps state.
fn rewind(brokers: &str, group: &str) {
    let member: BaseConsumer = client::consumer(brokers, group).create().expect("a consumer");
    let mut list = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        list.add_partition_offset(Asked::TOPIC.name, partition, Offset::Offset(0)).expect("an offset");
    }
    member.commit(&list, CommitMode::Sync).expect("the group has no members");
}
