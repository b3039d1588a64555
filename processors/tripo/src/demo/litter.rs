//! Garbage beside the traffic, and the count of what became of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use devkit::garbage::{Maker, Piece, TARGETS};
use devkit::world::{Draw, Published};
use kernel::codec::Datum;
use kernel::contract::{DriverChanged, DriverReleased, Place, PolicyChanged, RecordParked};
use kernel::{Millis, Processor, Record, Topic, wire};
use matching::Matching;
use rdkafka::client::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use rdkafka::{Message, Offset, TopicPartitionList};
use serde_json::{Value, json};

use super::stage::Ground;

/// Topics that the world writes little or nothing to: they get a piece every so often.
const SLOW: [&Topic; 3] = [DriverReleased::TOPIC, DriverChanged::TOPIC, PolicyChanged::TOPIC];
const SLOW_EVERY: Duration = Duration::from_millis(500);
/// A market gets garbage so long after its first decision: then it knows what time it is, and what is from the future.
const GRACE: Duration = Duration::from_secs(2);
/// Most pieces: each is remembered in about 40 bytes.
const PIECES_MAX: usize = 4_000_000;
/// Longest time in which nothing more is parked.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a record lies.
type Spot = (u8, i32, i64);

/// Where the broker stored the pieces, and why it refused some.
#[derive(Clone, Default)]
struct Stored(Arc<Mutex<(BTreeSet<Spot>, Option<String>)>>);

impl ClientContext for Stored {}

impl ProducerContext for Stored {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let mut stored = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(message) => {
                stored.0.extend(spot(message.topic(), message.partition(), message.offset()));
            }
            Err((error, message)) => {
                stored.1.get_or_insert_with(|| format!("garbage on {}: {error}", message.topic()));
            }
        }
    }
}

fn spot(topic: &str, partition: i32, offset: i64) -> Option<Spot> {
    let index = TARGETS.iter().position(|target| target.name == topic)?;
    Some((u8::try_from(index).ok()?, partition, offset))
}

/// The client that publishes garbage.
pub(super) struct Litter {
    producer: ThreadedProducer<Stored>,
    stored: Stored,
    maker: Maker,
    reader: Reader,
    bps: u32,
    seed: u64,
    seen: u64,
    /// When a market was first decided for.
    markets: BTreeMap<String, Instant>,
    slow: Instant,
    pub(super) published: usize,
}

impl Litter {
    /// Pieces for `percent` of all records.
    pub(super) fn open(ground: &Ground, percent: f64, seed: u64) -> Result<Litter, String> {
        let stored = Stored::default();
        let producer = ClientConfig::new()
            .set("bootstrap.servers", &ground.brokers)
            .set("client.id", "garbage")
            .set("compression.type", "zstd")
            .set("linger.ms", "5")
            .set("message.timeout.ms", "120000")
            .set("log_level", "3")
            .create_with_context(stored.clone())
            .map_err(|error| format!("producer of garbage: {error}"))?;
        Ok(Litter {
            producer,
            stored,
            maker: Maker::new(&ground.ids, ground.partitions(DriverReleased::TOPIC), seed),
            reader: Reader::open(ground)?,
            bps: (percent * 100.0).round() as u32,
            seed,
            seen: 0,
            markets: BTreeMap::new(),
            slow: Instant::now(),
            published: 0,
        })
    }

    /// A decision of `market` was read.
    pub(super) fn heard(&mut self, market: &str) {
        if !self.markets.contains_key(market) {
            self.markets.insert(market.to_owned(), Instant::now());
        }
    }

    /// Publishes what belongs beside these records.
    pub(super) fn beside(&mut self, published: &[Published], now: Millis) -> Result<(), String> {
        // Only what matching reads: it is matching that must park each piece once.
        for Published { body, at } in published.iter().filter(|one| TARGETS.contains(&one.body.topic())) {
            self.seen += 1;
            let topic = body.topic();
            let market = || std::str::from_utf8(body.key()).unwrap_or_default();
            if topic.name != DriverChanged::TOPIC.name
                && Draw::of(self.seed, &self.seen.to_string(), "garbage").happens(self.bps)
                && self.knows(market())
            {
                self.put(topic, market(), *at)?;
            }
        }
        if self.slow.elapsed() >= SLOW_EVERY {
            self.slow = Instant::now();
            let known: Vec<String> = self.markets.keys().filter(|market| self.knows(market)).cloned().collect();
            let number = Draw::of(self.seed, &self.seen.to_string(), "market").below(known.len() as u64) as usize;
            if let Some(market) = known.get(number) {
                SLOW.into_iter().try_for_each(|topic| self.put(topic, market, now))?;
            }
        }
        Ok(())
    }

    fn knows(&self, market: &str) -> bool {
        self.published < PIECES_MAX && self.markets.get(market).is_some_and(|since| since.elapsed() > GRACE)
    }

    fn put(&mut self, topic: &'static Topic, market: &str, at: Millis) -> Result<(), String> {
        let Piece { topic, partition, key, value, .. } = self.maker.any(topic, market, at)?;
        let record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(topic.name).partition(partition).key(&key);
        let record = if let Some(value) = &value { record.payload(value) } else { record };
        match self.producer.send(record) {
            Ok(()) => self.published += 1,
            // A broker that is behind gets no more of it.
            Err((KafkaError::MessageProduction(rdkafka::types::RDKafkaErrorCode::QueueFull), _)) => {}
            Err((error, _)) => return Err(format!("garbage on {}: {error}", topic.name)),
        }
        Ok(())
    }

    /// Waits until every piece was parked, or nothing more is.
    pub(super) fn settle(&mut self) -> Result<(), String> {
        let mut moved = Instant::now();
        while moved.elapsed() < PATIENCE {
            let open = {
                let stored = self.stored.0.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(why) = &stored.1 {
                    return Err(why.clone());
                }
                self.producer.in_flight_count() > 0
                    || stored.0.iter().any(|spot| !self.reader.parked.contains_key(spot))
            };
            if !open {
                return Ok(());
            }
            if self.reader.read(Duration::from_millis(200))? > 0 {
                moved = Instant::now();
            }
        }
        Ok(())
    }

    /// Where the pieces lie: the only records that may be parked.
    pub(super) fn places(&self) -> BTreeSet<Place> {
        let stored = self.stored.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = |(topic, partition, offset): &Spot| {
            let topic = TARGETS.get(usize::from(*topic))?.name.to_owned();
            Some(Place { topic, partition: *partition, offset: *offset })
        };
        stored.0.iter().filter_map(place).collect()
    }

    /// Reads `record.parked` to its end, once nobody writes any more; what became of every piece.
    pub(super) fn count(&mut self) -> Result<Swept, String> {
        while self.reader.read(Duration::from_secs(2))? > 0 {}
        let stored = self.stored.0.lock().unwrap_or_else(PoisonError::into_inner);
        let times = |spot: &Spot| self.reader.parked.get(spot).copied().unwrap_or(0);
        let names = |spots: Vec<&Spot>| spots.into_iter().take(10).map(name).collect();
        let missing: Vec<&Spot> = stored.0.iter().filter(|spot| times(spot) == 0).collect();
        let sound: Vec<&Spot> = self.reader.parked.keys().filter(|spot| !stored.0.contains(*spot)).collect();
        Ok(Swept {
            published: stored.0.len(),
            once: stored.0.iter().filter(|spot| times(spot) == 1).count(),
            repeated: stored.0.iter().filter(|spot| times(spot) > 1).count(),
            missing: missing.len(),
            sound: sound.len(),
            first_missing: names(missing),
            first_sound: names(sound),
            causes: self.reader.causes.clone(),
        })
    }
}

fn name((topic, partition, offset): &Spot) -> String {
    let topic = TARGETS.get(usize::from(*topic)).map_or("", |topic| topic.name);
    format!("{topic}/{partition}@{offset}")
}

/// What became of the garbage.
pub(super) struct Swept {
    published: usize,
    once: usize,
    repeated: usize,
    missing: usize,
    /// Records parked that were no garbage.
    sound: usize,
    first_missing: Vec<String>,
    first_sound: Vec<String>,
    causes: BTreeMap<String, u64>,
}

impl Swept {
    /// Whether each piece was parked once, and nothing else was.
    pub(super) fn clean(&self) -> bool {
        self.once == self.published && self.sound == 0
    }

    /// For the report.
    pub(super) fn report(&self) -> Value {
        json!({
            "published": self.published,
            "parked_once": self.once,
            "parked_again": self.repeated,
            "not_parked": self.missing,
            "sound_parked": self.sound,
            "first_not_parked": self.first_missing,
            "first_sound_parked": self.first_sound,
            "causes": self.causes,
        })
    }
}

/// Reads `record.parked`, as a `read_committed` consumer sees it.
struct Reader {
    consumer: BaseConsumer,
    /// How often what lies there was parked.
    parked: BTreeMap<Spot, u32>,
    causes: BTreeMap<String, u64>,
}

impl Reader {
    fn open(ground: &Ground) -> Result<Reader, String> {
        let failed = |error: KafkaError| format!("reader of record.parked: {error}");
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &ground.brokers)
            .set("group.id", "demo-parked")
            .set("isolation.level", "read_committed")
            .set("enable.auto.commit", "false")
            .set("fetch.wait.max.ms", "100")
            .set("queued.max.messages.kbytes", "16384")
            .set("log_level", "3")
            .create()
            .map_err(failed)?;
        let mut list = TopicPartitionList::new();
        for partition in 0..ground.partitions(RecordParked::TOPIC) {
            list.add_partition_offset(RecordParked::TOPIC.name, partition, Offset::Beginning).map_err(failed)?;
        }
        consumer.assign(&list).map_err(failed)?;
        Ok(Reader { consumer, parked: BTreeMap::new(), causes: BTreeMap::new() })
    }

    /// Reads what is there, waiting for the first up to `patience`; how many records.
    fn read(&mut self, mut patience: Duration) -> Result<usize, String> {
        const AT_ONCE: usize = 10_000;
        let mut count = 0;
        while count < AT_ONCE
            && let Some(polled) = self.consumer.poll(patience)
        {
            // The client tries again by itself.
            let Ok(message) = polled else { continue };
            let (_, bytes) =
                wire::split(message.payload().unwrap_or_default()).map_err(|e| format!("record.parked: {e:?}"))?;
            let record: RecordParked = Datum { bytes, schema: RecordParked::schema() }.read()?;
            // Others read some of the topics, too, and park what they find there.
            if record.processor != Matching::NAME {
                continue;
            }
            if let Some(spot) = spot(&record.place.topic, record.place.partition, record.place.offset) {
                *self.parked.entry(spot).or_default() += 1;
            }
            *self.causes.entry(format!("{:?}", record.cause)).or_default() += 1;
            count += 1;
            patience = Duration::from_millis(20);
        }
        Ok(count)
    }
}
