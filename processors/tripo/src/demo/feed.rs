//! What the world says, written to the topics.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use devkit::world::{Body, Published};
use kernel::contract::{Progress, RideRequested};
use kernel::wire;
use rdkafka::client::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext};

use super::stage::Ground;

/// Records that wait for the broker at most; then the world waits.
const IN_FLIGHT_MAX: i32 = 20_000;

/// What ends a ride.
const ENDS: [Progress; 3] = [Progress::Completed, Progress::Cancelled, Progress::NoShow];

/// Requests sent, by ride, until their first decision is heard.
pub(super) type Sent = BTreeMap<String, Instant>;

/// Counts what the broker refused for good.
#[derive(Clone, Default)]
struct Losses {
    lost: Arc<AtomicU64>,
    first: Arc<Mutex<Option<String>>>,
}

impl ClientContext for Losses {}

impl ProducerContext for Losses {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            self.lost.fetch_add(1, Relaxed);
            let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert_with(|| error.to_string());
        }
    }
}

/// The producer of all the world's topics.
pub(super) struct Feed {
    producer: BaseProducer<Losses>,
    losses: Losses,
    /// Topic name to schema id and partitions.
    topics: BTreeMap<&'static str, (u32, i32)>,
    /// The newest request of each market.
    pub(super) newest: BTreeMap<String, RideRequested>,
    value: Vec<u8>,
    /// Requests sent, doubled ones too.
    pub(super) requests: u64,
    /// Quotes asked for, doubled ones too.
    pub(super) quotes: u64,
    /// Facts sent that end a ride.
    pub(super) ends: u64,
}

impl Feed {
    pub(super) fn open(ground: &Ground) -> Result<Feed, String> {
        let losses = Losses::default();
        let producer = ClientConfig::new()
            .set("bootstrap.servers", &ground.brokers)
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("linger.ms", "1")
            .set("message.timeout.ms", "120000")
            .set("queue.buffering.max.messages", "100000")
            .set("log_level", "3")
            .create_with_context(losses.clone())
            .map_err(|error| format!("producer: {error}"))?;
        let topics = ground.ids.iter().map(|(topic, id)| (topic.name, (*id, ground.partitions(topic)))).collect();
        Ok(Feed {
            producer,
            losses,
            topics,
            newest: BTreeMap::new(),
            value: Vec::new(),
            requests: 0,
            quotes: 0,
            ends: 0,
        })
    }

    /// Sends records in their order; remembers when requests went.
    pub(super) fn send(&mut self, published: &[Published], sent: &mut Sent) -> Result<(), String> {
        for Published { body, .. } in published {
            if let Body::Requested(request) = body {
                self.requests += 1;
                sent.entry(request.ride.clone()).or_insert_with(Instant::now);
                self.newest.insert(request.market.clone(), request.clone());
            }
            self.quotes += u64::from(matches!(body, Body::Asked(_)));
            self.ends += u64::from(matches!(body, Body::Progressed(fact) if ENDS.contains(&fact.progress)));
            self.put(body)?;
        }
        self.producer.poll(Duration::ZERO);
        self.losses()
    }

    fn put(&mut self, body: &Body) -> Result<(), String> {
        let topic = body.topic().name;
        let (id, partitions) = self.topics.get(topic).copied().ok_or(format!("{topic} is not registered"))?;
        self.value.clear();
        wire::start(id, &mut self.value);
        let some = body.encode(&mut self.value)?;
        let key = body.key();
        let mut record: BaseRecord<'_, [u8], [u8]> =
            BaseRecord::to(topic).partition(kernel::partition::of(key, partitions)).key(key);
        if some {
            record = record.payload(&self.value[..]);
        }
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    record = back;
                    self.producer.poll(Duration::from_millis(1));
                }
                Err((error, _)) => return Err(format!("{topic}: {error}")),
            }
        }
    }

    /// Whether the broker is behind.
    pub(super) fn full(&self) -> bool {
        self.producer.poll(Duration::ZERO);
        self.producer.in_flight_count() > IN_FLIGHT_MAX
    }

    /// Waits until the broker has everything.
    pub(super) fn settle(&self, patience: Duration) -> Result<(), String> {
        let begun = Instant::now();
        while self.producer.in_flight_count() > 0 {
            self.producer.poll(Duration::from_millis(1));
            if begun.elapsed() > patience {
                return Err(format!("{} records were not taken by the broker", self.producer.in_flight_count()));
            }
        }
        self.losses()
    }

    fn losses(&self) -> Result<(), String> {
        match self.losses.lost.load(Relaxed) {
            0 => Ok(()),
            lost => {
                let first =
                    self.losses.first.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default();
                Err(format!("the broker refused {lost} records, the first: {first}"))
            }
        }
    }
}
