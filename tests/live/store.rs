//! Riders' facts: the store on a real CQL server, its projection by processes that are killed, and quotes that read it.

mod cassandra;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use embedded::{Broker, Config, Registry};
use kernel::contract::{
    Consents, Loyalty, PriceQuoted, QuoteRequested, RecordParked, RiderChanged, RiderFacts, Service, TOPICS,
};
use runtime::store::{Cql, RIDERS, Store, cql};
use runtime::topics;
use tests::store::keeps_its_promises;

use crate::binary::Running;
use crate::client::Client;
use crate::journey::{MARKET, PARTITIONS, request};
use cassandra::Cassandra;

/// Longest wait for a store to hold what it must.
const PATIENCE: Duration = Duration::from_secs(60);

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

fn rider(number: usize, version: i64) -> RiderChanged {
    let tiers = [None, Some(Loyalty::Silver), Some(Loyalty::Gold), Some(Loyalty::Platinum)];
    let consents = Consents { personal_price: !number.is_multiple_of(5), marketing: false };
    let loyalty = tiers[(number + version as usize) % 4];
    RiderChanged { rider: format!("rider-{number}"), at: now(), loyalty, points: version, rides: 1, consents }
}

fn ask(quote: &str, rider: &str) -> QuoteRequested {
    let of = request(quote, now());
    QuoteRequested {
        quote: quote.to_owned(),
        at: of.at,
        market: MARKET.to_owned(),
        rider: rider.to_owned(),
        pickup: of.pickup,
        dropoff: of.dropoff,
        service: Service::Standard,
        tier: None,
        distance_m: Some(3_400),
        duration_s: Some(720),
        tolls_minor: None,
    }
}

fn answer(client: &Client, quote: &str, rider: &str) -> PriceQuoted {
    client.publish(&ask(quote, rider));
    client.until(|all: &[PriceQuoted]| all.iter().find(|one| one.quote == quote).cloned())
}

fn facts(quoted: &PriceQuoted) -> RiderFacts {
    quoted.inputs.as_ref().unwrap().rider_facts
}

/// Broker, registry and a client of both.
struct Ground {
    broker: Broker,
    registry: Registry,
    client: Client,
}

impl Ground {
    fn new() -> Ground {
        let (broker, registry) = (Broker::start(Config::default()).unwrap(), Registry::start(0, None).unwrap());
        let layout = topics::Layout { partitions: Some(PARTITIONS), replication: 1 };
        topics::ensure(broker.address(), &TOPICS, layout).unwrap();
        let client = Client::new(broker.address(), registry.url(), PARTITIONS);
        Ground { broker, registry, client }
    }

    fn start(&self, command: &[&str], instance: &str, settings: &[String]) -> Running {
        let mut arguments = command.to_vec();
        arguments.extend([
            "--brokers",
            self.broker.address(),
            "--registry",
            self.registry.url(),
            "--instance",
            instance,
        ]);
        settings.iter().for_each(|pair| arguments.extend(["--set", pair]));
        Running::start(&arguments, &[])
    }
}

#[test]
fn a_process_that_quotes_fills_a_store_of_its_own_and_survives_a_kill() {
    let ground = Ground::new();
    let folder = std::env::temp_dir().join(format!("riders-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    (0..40).for_each(|number| ground.client.publish(&rider(number, 0)));
    ground.client.raw("rider.changed", b"rider-2", b"nonsense");
    for (kind, round) in [("memory", 0), ("redb", 1), ("redb", 2)] {
        let settings = [format!("store.kind={kind}"), format!("store.data={}", folder.display())];
        let mut quoting = ground.start(&["run", "quoting"], "one", &settings);
        quoting.becomes_ready();
        // Until it is filled it says that it does not know.
        let begun = Instant::now();
        let mut number = 0;
        let known = loop {
            number += 1;
            let quoted = answer(&ground.client, &format!("known-{round}-{number}"), "rider-2");
            match facts(&quoted) {
                RiderFacts::Found => break quoted,
                RiderFacts::Unanswered => assert!(begun.elapsed() < PATIENCE, "never filled"),
                other => panic!("{other:?}"),
            }
        };
        let inputs = known.inputs.as_ref().unwrap();
        assert_eq!((inputs.loyalty, inputs.loyalty_bps), (Some(Loyalty::Gold), Some(400)));
        assert!(known.price.as_ref().is_some_and(|price| price.items.loyalty < 0 && price.personal), "{known:?}");
        assert_eq!(facts(&answer(&ground.client, &format!("unknown-{round}"), "nobody")), RiderFacts::Absent);
        let shy = answer(&ground.client, &format!("shy-{round}"), "rider-5");
        assert_eq!((facts(&shy), shy.inputs.unwrap().loyalty), (RiderFacts::Found, None));
        if round == 1 {
            drop(quoting); // Killed.
            continue;
        }
        let (status, said) = quoting.stop();
        assert_eq!(status, Some(0), "{said:#?}");
        assert!(said.iter().any(|line| line.contains("is no rider's record")) || round == 2, "{said:#?}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

fn open(server: &Cassandra, keyspace: &str) -> Arc<Cql> {
    let access = cql::Access {
        nodes: server.address().to_owned(),
        keyspace: keyspace.to_owned(),
        replication: 1,
        write: Duration::from_secs(10),
        creates: true,
        ..cql::Access::default()
    };
    let store = Arc::new(Cql::open(access, &[RIDERS]).unwrap());
    let begun = Instant::now();
    while let Err(why) = store.positions(RIDERS) {
        assert!(begun.elapsed() < PATIENCE, "{why}");
        std::thread::sleep(Duration::from_millis(100));
    }
    store
}

/// What a store holds of these riders, once it is as `wanted`.
fn holds(store: &dyn Store, wanted: &BTreeMap<String, Option<(i64, i64)>>) {
    let keys: Vec<&str> = wanted.keys().map(String::as_str).collect();
    let begun = Instant::now();
    loop {
        let rows = store.read(RIDERS, &keys, PATIENCE).unwrap();
        let body = |row: runtime::store::Row| {
            let rider: RiderChanged = serde_json::from_str(&row.body.unwrap()).unwrap();
            (row.offset, rider.points)
        };
        let found: BTreeMap<_, _> =
            keys.iter().map(|key| (*key).to_owned()).zip(rows.into_iter().map(|row| row.map(body))).collect();
        let found_versions: Vec<_> = found.values().map(|row| row.map(|(_, version)| version)).collect();
        let wanted_versions: Vec<_> = wanted.values().map(|row| row.map(|(_, version)| version)).collect();
        if found_versions == wanted_versions {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{found:?}\nwanted {wanted:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn riders_on_a_real_cassandra() {
    let Some(mut server) = cassandra::started() else { return };
    let again = |store: Arc<dyn Store>| -> Arc<dyn Store> {
        drop(store);
        open(&server, "promises")
    };
    keeps_its_promises(open(&server, "promises"), Some(&again));
    let ground = Ground::new();
    let address = server.address().to_owned();
    let settings = |keyspace: &str| {
        vec![
            "store.kind=cql".to_owned(),
            format!("store.nodes={address}"),
            format!("store.keyspace={keyspace}"),
            "store.replication=1".to_owned(),
        ]
    };
    let project = |name: &str| ground.start(&["project", "riders"], name, &settings("tripo"));
    let (first, mut second) = (project("one"), project("two"));
    second.becomes_ready();
    let mut wanted = BTreeMap::new();
    for version in 0..3_i64 {
        for number in 0..60 {
            let changed = rider(number, version);
            ground.client.publish(&changed);
            wanted.insert(changed.rider.clone(), Some((0, version)));
            if number == 30 && version == 1 {
                ground.client.raw("rider.changed", b"rider-7", b"nonsense");
                second = project(&format!("two-{version}")); // Dropped, it is killed.
            }
        }
    }
    ground.client.tombstone("rider.changed", b"rider-9");
    wanted.insert("rider-9".to_owned(), None);
    let store = open(&server, "tripo");
    holds(&*store, &wanted);
    let parked = ground.client.until(|all: &[RecordParked]| (!all.is_empty()).then(|| all.to_vec()));
    assert_eq!((parked.len(), parked[0].processor.as_str()), (1, "riders"), "{parked:?}");
    for process in [first, second] {
        let (status, said) = process.stop();
        assert_eq!(status, Some(0), "{said:#?}");
    }
    // Another store is filled from the start, though the group has committed, and nothing is parked again.
    let mut anew = ground.start(&["project", "riders"], "anew", &settings("anew"));
    anew.becomes_ready();
    let other = open(&server, "anew");
    holds(&*other, &wanted);
    let keys: Vec<&str> = wanted.keys().map(String::as_str).collect();
    assert_eq!(store.read(RIDERS, &keys, PATIENCE), other.read(RIDERS, &keys, PATIENCE), "a rebuild gives equal rows");
    assert_eq!(ground.client.all::<RecordParked>().len(), 1);
    drop(anew);
    outage(&ground, &mut server, settings("tripo"));
}

/// The store is killed while quotes are asked for: they go on, without loyalty, and as soon as before.
fn outage(ground: &Ground, server: &mut Cassandra, mut settings: Vec<String>) {
    // Nothing is remembered, so that each quote needs the store.
    settings.push("store.riders_remembered=0".to_owned());
    settings.push("store.deadline_ms=200".to_owned());
    let mut quoting = ground.start(&["run", "quoting"], "quotes", &settings);
    quoting.becomes_ready();
    let mut number = 0;
    let mut ask = |rider: &str| {
        number += 1;
        let begun = Instant::now();
        let quoted = answer(&ground.client, &format!("cql-{number}"), rider);
        (quoted, begun.elapsed())
    };
    let begun = Instant::now();
    let quoted = loop {
        let (quoted, _) = ask("rider-1");
        if facts(&quoted) == RiderFacts::Found {
            break quoted;
        }
        assert!(begun.elapsed() < PATIENCE, "{quoted:?}");
    };
    assert_eq!(quoted.inputs.as_ref().unwrap().loyalty, Some(Loyalty::Platinum), "1 + 2 of four tiers");
    assert!(quoted.price.is_some_and(|price| price.personal));
    let mut before: Vec<Duration> = (0..20).map(|_| ask("rider-1").1).collect();
    server.kill();
    let (mut after, mut unanswered) = (Vec::new(), 0);
    for _ in 0..20 {
        let (quoted, took) = ask("rider-1");
        unanswered += usize::from(facts(&quoted) == RiderFacts::Unanswered);
        after.push(took);
    }
    before.sort_unstable();
    after.sort_unstable();
    println!(
        "answers read within {:?} (median) and {:?} (longest) with the store, {:?} and {:?} without",
        before[10], before[19], after[10], after[19]
    );
    assert_eq!(unanswered, 20);
    assert!(after[19] < before[19] + Duration::from_millis(1_000), "{before:?} {after:?}");
    let (status, said) = quoting.stop();
    assert_eq!(status, Some(0), "{said:#?}");
    let told = said.iter().filter(|line| line.contains("the store at")).count();
    assert!((1..=3).contains(&told), "told once: {said:#?}");
}
