//! Who listens to the answers of a bench, and how late they were: from when a record ought to have been sent until a `read_committed`
//! reader has its answer.

use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};

use crate::client;

/// When a run begins, how long what is sent is not counted, how long it then is, and how long the last answer is waited for.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub(crate) begun: Instant,
    pub(crate) warm: Duration,
    pub(crate) long: Duration,
    pub(crate) last: Duration,
}

impl Span {
    /// How long is sent in all.
    pub(crate) fn sends(&self) -> Duration {
        self.warm + self.long
    }
}

/// What one run found: latencies in milliseconds, how many were sent, and the processor's share of a core.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) latencies: Vec<f64>,
    pub(crate) sent: u64,
    pub(crate) cpu: f64,
}

impl Found {
    /// The latency that so large a share is below, milliseconds.
    pub(crate) fn quantile(&mut self, share: f64) -> f64 {
        self.latencies.sort_by(f64::total_cmp);
        let at = (self.latencies.len() as f64 * share) as usize;
        self.latencies.get(at).copied().unwrap_or(f64::NAN)
    }

    /// How many were counted as sent and have no answer.
    pub(crate) fn missing(&self) -> u64 {
        self.sent.saturating_sub(self.latencies.len() as u64)
    }
}

/// Reads the end of a topic as one who reads committed, until after the last record was sent; `heard` tells when a record ought to have
/// been sent, microseconds after the beginning. Gives the latencies of what is counted, milliseconds.
pub(crate) fn listen(
    brokers: &str,
    (topic, partitions): (&'static str, i32),
    span: Span,
    heard: impl Fn(&[u8]) -> Option<u64> + Send + 'static,
) -> JoinHandle<Vec<f64>> {
    let reader: BaseConsumer = client::consumer(brokers, "sink").create().expect("a consumer");
    let mut list = TopicPartitionList::new();
    for partition in 0..partitions {
        let end = reader.fetch_watermarks(topic, partition, client::CALL).expect("the broker answers").1;
        list.add_partition_offset(topic, partition, Offset::Offset(end)).expect("an offset");
    }
    reader.assign(&list).expect("an assignment");
    thread::spawn(move || {
        let mut latencies = Vec::new();
        while span.begun.elapsed() < span.sends() + span.last {
            let Some(message) = reader.poll(Duration::from_millis(20)) else { continue };
            let message = message.expect("a record");
            let now = span.begun.elapsed();
            let Some(sent) = message.payload().and_then(&heard).map(Duration::from_micros) else { continue };
            if sent >= span.warm {
                latencies.push(now.saturating_sub(sent).as_secs_f64() * 1e3);
            }
        }
        latencies
    })
}

/// What came of so many records in all, sent at so many a second.
pub(crate) fn collect(sink: JoinHandle<Vec<f64>>, span: Span, (sent, rate): (u64, u64), cpu: f64) -> Found {
    let latencies = sink.join().expect("the reader read");
    Found { latencies, sent: sent.saturating_sub(span.warm.as_micros() as u64 * rate / 1_000_000), cpu }
}
