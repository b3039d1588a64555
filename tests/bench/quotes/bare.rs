//! A raw client that prices: each request is read, checked, decided and written by the processor's own pure functions, in transactions, and
//! that is all, on one thread. Nothing is parked, remembered, restored or proved. It is no lower bound: the runtime writes while it decides.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use kernel::codec::Datum;
use kernel::contract::{PriceQuoted, QuoteRequested};
use kernel::rider::Riders;
use kernel::{Emit, Event, Millis, Processor, Read, Record, Rules, Spot, Turn, wire};
use pricing::quoting::View;
use pricing::{Policy, Quoting};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::producer::{BaseProducer, Producer};

use crate::watch::PASSED;
use crate::{client, floor};

/// Requests that are decided at once, as in a turn.
const TOGETHER: usize = 1_000;
/// Longest wait for a record.
const WAIT: Duration = Duration::from_millis(20);

/// What is in hand of one market.
type Asks = Vec<Arc<Event<QuoteRequested>>>;

struct Bare {
    output: BaseProducer,
    policy: Policy,
    view: View,
    asks: BTreeMap<(i32, String), Asks>,
    count: usize,
    turn: i64,
}

/// Prices `quote.requested`, one transaction at least each `every` while requests come, until `stop`.
pub(crate) fn bare(brokers: &str, every: Duration, stop: &AtomicBool) {
    let name = format!("bare-{}", std::process::id());
    let input: BaseConsumer = client::consumer(brokers, "bare").create().expect("a consumer");
    let output: BaseProducer = client::producer(brokers, "5").set("transactional.id", &name).create().expect("one");
    output.init_transactions(client::CALL).expect("the broker answers");
    input.subscribe(&[QuoteRequested::TOPIC.name]).expect("a subscription");
    let policy = Policy::parse(pricing::BUILT_IN).expect("the built-in policy");
    let mut bare = Bare { output, policy, view: View::default(), asks: BTreeMap::new(), count: 0, turn: 0 };
    let (mut open, mut since) = (false, Instant::now());
    while !stop.load(Relaxed) {
        let wait = if open { every.saturating_sub(since.elapsed()).min(WAIT) } else { WAIT };
        if let Some(message) = input.poll(wait) {
            if !open {
                bare.output.begin_transaction().expect("a transaction");
                (open, since) = (true, Instant::now());
            }
            bare.take(&message.expect("a record"));
        }
        if open && since.elapsed() >= every {
            bare.decide();
            floor::commit(&bare.output, &input);
            open = false;
        }
    }
    if open {
        floor::give_up(&bare.output);
    }
}

impl Bare {
    fn take(&mut self, message: &BorrowedMessage<'_>) {
        let (topic, partition) = (QuoteRequested::TOPIC.name, message.partition());
        let (_, bytes) = wire::split(message.payload().unwrap_or_default()).expect("a framed value");
        let read = Quoting::read(topic, Datum { bytes, schema: QuoteRequested::schema() });
        let (market, at, Read::Ask(body)) = read.expect("a sound request") else { panic!("it asks") };
        let place = Spot { topic, partition, offset: message.offset() };
        self.asks.entry((partition, market)).or_default().push(Arc::new(Event { place, at, body }));
        self.count += 1;
        if self.count == TOGETHER {
            self.decide();
        }
    }

    fn decide(&mut self) {
        self.turn += 1;
        self.count = 0;
        for ((partition, market), asks) in std::mem::take(&mut self.asks) {
            let now = asks.iter().map(|ask| ask.at).max().unwrap_or(Millis(0));
            let (number, riders, stale) = (self.turn, Riders::default(), false);
            let turn = Turn { market, number, now, asks, facts: Vec::new(), cut: Vec::new(), stale, riders };
            for output in Quoting::decide(&turn, &self.view, &self.policy) {
                // What a turn was decided from, and what is kept, are the runtime's.
                if output.topic() == PriceQuoted::TOPIC {
                    let mut value = Vec::with_capacity(512);
                    wire::start(1, &mut value);
                    output.datum(&mut value).expect("it is sound");
                    client::put(&self.output, PASSED.name, partition, (output.key(), &value));
                }
            }
        }
        self.output.poll(Duration::ZERO);
    }
}
