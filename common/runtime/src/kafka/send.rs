//! Handing the records of a transaction to the client.
#![allow(unsafe_code)] // The crate hands over record by record: a topic's name looked up, and the clock read, for each.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::CString,
    os::raw::c_void,
    ptr::null_mut,
    time::{Duration, Instant},
};

use rdkafka::{
    bindings::{
        RD_KAFKA_MSG_F_COPY, RD_KAFKA_MSG_F_PARTITION, rd_kafka_message_t, rd_kafka_produce_batch,
        rd_kafka_topic_destroy, rd_kafka_topic_new, rd_kafka_topic_t,
    },
    error::{KafkaError, RDKafkaErrorCode},
    message::{Header, OwnedHeaders},
    producer::{BaseProducer, BaseRecord, Producer},
};

use super::Quiet;
use crate::{log::Outgoing, trace::HEADER};

/// Records that are handed over in one call, most.
const BATCH: usize = 1_000;
/// The client's queue is full: so long until it is tried again.
const PAUSE: Duration = Duration::from_millis(1);

/// A producer, and the topics that it wrote to.
pub(super) struct Sender {
    /// Let go of before the producer. Only those that the client is sure to know: in one call it would take records of another for a
    /// partition that does not exist, and could not end the transaction.
    topics: BTreeMap<&'static str, Topic>,
    /// Written to for the first time, by this transaction.
    fresh: BTreeSet<&'static str>,
    /// A batch was refused: the client counts records that it will never send, so nothing of it can be flushed or aborted.
    pub(super) spoilt: bool,
    pub(super) producer: BaseProducer<Quiet>,
}

/// The client's handle of a topic.
struct Topic(*mut rd_kafka_topic_t);

// SAFETY: the client's handles may be used from any thread.
unsafe impl Send for Topic {}

impl Drop for Topic {
    fn drop(&mut self) {
        // SAFETY: made by `rd_kafka_topic_new`, and let go of once.
        unsafe { rd_kafka_topic_destroy(self.0) };
    }
}

impl Sender {
    pub(super) fn new(producer: BaseProducer<Quiet>) -> Sender {
        Sender { topics: BTreeMap::new(), fresh: BTreeSet::new(), spoilt: false, producer }
    }

    /// Hands all records to the client, in order, waiting `until` then where its queue is full.
    ///
    /// # Errors
    /// The first that the client refuses for another cause than a full queue; [`KafkaError::Canceled`]: it stayed full.
    pub(super) fn send_all(&mut self, records: &[Outgoing], until: Instant) -> Result<(), KafkaError> {
        let alike = |a: &Outgoing, b: &Outgoing| a.topic.name == b.topic.name && a.trace.is_none() && b.trace.is_none();
        for run in records.chunk_by(alike) {
            let Some(name) = run.first().map(|first| first.topic.name) else { continue };
            match self.topics.get(name) {
                Some(Topic(topic)) if run.iter().all(|one| one.trace.is_none()) => {
                    let topic = *topic;
                    run.chunks(BATCH).try_for_each(|batch| self.send_batch(topic, batch, until))?;
                }
                known => {
                    if known.is_none() {
                        self.fresh.insert(name);
                    }
                    run.iter().try_for_each(|one| self.send_one(one, until))?;
                }
            }
        }
        Ok(())
    }

    /// The transaction did not come through: what the client knows is uncertain.
    pub(super) fn failed(&mut self) {
        self.fresh.clear();
        self.topics.clear();
    }

    /// The transaction is committed, so the client knows all topics that it wrote to.
    pub(super) fn committed(&mut self) {
        for name in std::mem::take(&mut self.fresh) {
            let Ok(text) = CString::new(name) else { continue };
            // SAFETY: the client's pointer is valid while the producer lives; without a configuration the topic has the producer's.
            let topic = unsafe { rd_kafka_topic_new(self.producer.client().native_ptr(), text.as_ptr(), null_mut()) };
            if !topic.is_null() {
                self.topics.insert(name, Topic(topic));
            }
        }
    }

    /// One with headers, or of a topic that the client may not know: only the crate's own way takes them.
    fn send_one(&self, outgoing: &Outgoing, until: Instant) -> Result<(), KafkaError> {
        let record = BaseRecord::<[u8], [u8]>::to(outgoing.topic.name).partition(outgoing.partition).key(&outgoing.key);
        let record = match &outgoing.trace {
            Some(trace) => record.headers(OwnedHeaders::new().insert(Header { key: HEADER, value: Some(trace) })),
            None => record,
        };
        let mut record = match &outgoing.value {
            Some(value) => record.payload(value),
            None => record,
        };
        while let Err((error, back)) = self.producer.send(record) {
            if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
                return Err(error);
            }
            self.pause(until)?;
            record = back;
        }
        Ok(())
    }

    /// Records of one topic, without headers.
    fn send_batch(
        &mut self,
        topic: *mut rd_kafka_topic_t,
        records: &[Outgoing],
        until: Instant,
    ) -> Result<(), KafkaError> {
        let mut batch: Vec<rd_kafka_message_t> = records.iter().map(|record| message(topic, record)).collect();
        let mut left = batch.as_mut_slice();
        loop {
            let flags = RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_PARTITION;
            let count = i32::try_from(left.len()).unwrap_or(i32::MAX);
            // SAFETY: `topic` is of this producer and lives as long as we; keys and values are borrowed from `records`, and copied by
            // the call; `left` holds as many messages as said.
            let taken = unsafe { rd_kafka_produce_batch(topic, 0, flags, left.as_mut_ptr(), count) };
            if taken == count {
                return Ok(());
            }
            let error = |message: &rd_kafka_message_t| RDKafkaErrorCode::from(message.err);
            let refused = left.iter().position(|message| error(message) != RDKafkaErrorCode::NoError);
            let (refused, cause) = refused.map_or((0, RDKafkaErrorCode::Fail), |at| (at, error(&left[at])));
            // Where the queue is full, none that follows was taken.
            if cause != RDKafkaErrorCode::QueueFull {
                self.spoilt = leaks(cause);
                return Err(KafkaError::MessageProduction(cause));
            }
            self.pause(until)?;
            left = &mut left[refused..];
        }
    }

    /// The queue is full: lets the client work some of it off.
    fn pause(&self, until: Instant) -> Result<(), KafkaError> {
        if Instant::now() > until {
            return Err(KafkaError::Canceled);
        }
        self.producer.poll(PAUSE);
        Ok(())
    }
}

/// Whether the client may have counted a record that it refused. It looks at state, arguments and size before it makes one; what it
/// then does not find, topic or partition, is found out too late.
fn leaks(cause: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode::{Fatal, InvalidArgument, MessageSizeTooLarge, State};
    !matches!(cause, Fatal | InvalidArgument | MessageSizeTooLarge | State)
}

/// A record as the client takes it: borrowed, and copied when it is handed over.
fn message(topic: *mut rd_kafka_topic_t, Outgoing { partition, key, value, .. }: &Outgoing) -> rd_kafka_message_t {
    let (payload, len) =
        value.as_ref().map_or((null_mut(), 0), |value| (value.as_ptr().cast_mut().cast::<c_void>(), value.len()));
    rd_kafka_message_t {
        err: rdkafka::bindings::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR,
        rkt: topic,
        partition: *partition,
        payload,
        len,
        key: key.as_ptr().cast_mut().cast::<c_void>(),
        key_len: key.len(),
        offset: 0,
        _private: null_mut(),
    }
}
