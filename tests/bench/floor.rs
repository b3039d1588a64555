//! The floor: a raw client that copies a topic to another in transactions. No exactly-once program does less a record.
#![allow(unsafe_code)] // rdkafka's own flush waits in slices of 100 ms; only the binding can ask to send at once what lingers.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, Producer};

use crate::client::{CALL, consumer, producer, put};

/// Longest wait for a record.
const WAIT: Duration = Duration::from_millis(20);

/// Sends what lingers, and waits until the broker has all.
pub(crate) fn settle(producer: &BaseProducer) {
    let begun = Instant::now();
    // SAFETY: the pointer is the producer's own, which is borrowed; the call only starts the sending.
    unsafe { rdkafka::bindings::rd_kafka_flush(producer.client().native_ptr(), 0) };
    while producer.in_flight_count() > 0 {
        assert!(begun.elapsed() < CALL, "the broker does not take the records");
        producer.poll(Duration::from_micros(500));
    }
}

/// The consumer group of the floor.
pub(crate) const GROUP: &str = "floor";

/// Copies the first topic of `from` to `to`, one transaction at least each `every` while records come, until `stop`; the other topics
/// are read beside it.
pub(crate) fn pass(brokers: &str, (from, to): (&[&str], &str), every: Duration, stop: &AtomicBool) {
    let name = format!("floor-{}", std::process::id());
    let input: BaseConsumer = consumer(brokers, GROUP).create().expect("a consumer");
    let linger = if every >= Duration::from_millis(50) { "5" } else { "0" };
    let output: BaseProducer = producer(brokers, linger).set("transactional.id", &name).create().expect("a producer");
    output.init_transactions(CALL).expect("the broker answers");
    input.subscribe(from).expect("a subscription");
    let (mut open, mut since, mut passed) = (false, Instant::now(), 0_u64);
    while !stop.load(Relaxed) {
        let wait = if open { every.saturating_sub(since.elapsed()).min(WAIT) } else { WAIT };
        let polled = input.poll(wait);
        let message = polled.as_ref().map(|message| message.as_ref().expect("a record"));
        if let Some(message) = message.filter(|message| message.topic() == from[0]) {
            if !open {
                output.begin_transaction().expect("a transaction");
                (open, since) = (true, Instant::now());
            }
            let (key, value) = (message.key().unwrap_or_default(), message.payload().unwrap_or_default());
            put(&output, to, message.partition(), (key, value));
            passed += 1;
            if passed.is_multiple_of(1_000) {
                output.poll(Duration::ZERO);
            }
        }
        if open && since.elapsed() >= every && (polled.is_none() || !every.is_zero()) {
            commit(&output, &input);
            open = false;
        }
    }
    if open {
        give_up(&output);
    }
}

/// Ends a transaction with the offsets of what was polled.
pub(crate) fn commit(output: &BaseProducer, input: &BaseConsumer) {
    settle(output);
    let (offsets, member) = (input.position().expect("positions"), input.group_metadata().expect("a member"));
    output.send_offsets_to_transaction(&offsets, &member, CALL).expect("offsets are taken");
    output.commit_transaction(CALL).expect("the transaction is committed");
}

/// Ends a transaction that nobody needs: left open, it would hide what the next round writes until it times out.
pub(crate) fn give_up(output: &BaseProducer) {
    settle(output);
    output.abort_transaction(CALL).expect("the transaction is aborted");
}
