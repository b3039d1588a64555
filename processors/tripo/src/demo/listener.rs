//! Decisions as any consumer reads them: committed ones only.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use kernel::codec::Datum;
use kernel::contract::{MatchDecided, PriceQuoted};
use kernel::{Record, wire};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{Message, Offset, TopicPartitionList};

use super::stage::Ground;

/// Decisions read and not taken yet; at the bound the reader waits.
const HEARD_MAX: usize = 10_000;

/// A decision, and when it was read.
pub(super) struct Heard {
    pub(super) said: Said,
    pub(super) at: Instant,
}

/// What was decided.
pub(super) enum Said {
    /// Of a ride's match.
    Matched(Box<MatchDecided>),
    /// Of a quote.
    Priced(Box<PriceQuoted>),
}

/// A thread that reads `match.decided` and `price.quoted`.
pub(super) struct Listener {
    heard: Receiver<Result<Heard, String>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    pub(super) fn open(ground: &Ground) -> Result<Listener, String> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &ground.brokers)
            .set("group.id", "demo-listener")
            .set("isolation.level", "read_committed")
            .set("enable.auto.commit", "false")
            .set("fetch.wait.max.ms", "100")
            .set("fetch.queue.backoff.ms", "5")
            .set("log_level", "3")
            .create()
            .map_err(|error| format!("listener: {error}"))?;
        let mut list = TopicPartitionList::new();
        for topic in [MatchDecided::TOPIC, PriceQuoted::TOPIC] {
            for partition in 0..ground.partitions(topic) {
                let added = list.add_partition_offset(topic.name, partition, Offset::Beginning);
                added.map_err(|error| format!("listener: {error}"))?;
            }
        }
        consumer.assign(&list).map_err(|error| format!("listener: {error}"))?;
        let (sender, heard) = sync_channel(HEARD_MAX);
        let stop = Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        let body = move || listen(&consumer, &sender, &told);
        let thread = std::thread::Builder::new().name("listener".to_owned()).spawn(body);
        let thread = Some(thread.map_err(|error| format!("listener: {error}"))?);
        Ok(Listener { heard, stop, thread })
    }

    /// What was read since the last call; waits up to `patience` for the first.
    pub(super) fn take(&self, patience: Duration) -> Result<Vec<Heard>, String> {
        let mut all = Vec::new();
        if !patience.is_zero()
            && let Ok(first) = self.heard.recv_timeout(patience)
        {
            all.push(first?);
        }
        while all.len() < HEARD_MAX
            && let Ok(heard) = self.heard.try_recv()
        {
            all.push(heard?);
        }
        Ok(all)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        // A reader that waits for room must see it.
        while self.heard.try_recv().is_ok() {}
        if let Some(thread) = self.thread.take() {
            // It cannot be told of a panic any more, and its panic was printed.
            drop(thread.join());
        }
    }
}

fn listen(consumer: &BaseConsumer, heard: &SyncSender<Result<Heard, String>>, stop: &AtomicBool) {
    while !stop.load(Relaxed) {
        let said = match consumer.poll(Duration::from_millis(20)) {
            None => continue,
            Some(Ok(message)) => {
                let at = Instant::now();
                let value = message.payload().unwrap_or_default();
                let said = match message.topic() == PriceQuoted::TOPIC.name {
                    true => decode(value).map(|quoted| Said::Priced(Box::new(quoted))),
                    false => decode(value).map(|decided| Said::Matched(Box::new(decided))),
                };
                said.map(|said| Heard { said, at })
            }
            Some(Err(error @ KafkaError::MessageConsumptionFatal(_))) => {
                Err(format!("decisions cannot be read: {error}"))
            }
            // The client tries again by itself.
            Some(Err(_)) => continue,
        };
        let mut said = Some(said);
        while let Some(next) = said.take() {
            match heard.try_send(next) {
                Err(std::sync::mpsc::TrySendError::Full(back)) if !stop.load(Relaxed) => {
                    said = Some(back);
                    std::thread::sleep(Duration::from_millis(1));
                }
                _ => {}
            }
        }
    }
}

fn decode<R: Record>(value: &[u8]) -> Result<R, String> {
    let (_, bytes) = wire::split(value).map_err(|error| format!("{}: {error:?}", R::TOPIC.name))?;
    Datum { bytes, schema: R::schema() }.read()
}
