//! One transaction: records and offsets, both or neither.

use std::time::Duration;

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::ConsumerGroupMetadata,
    error::{KafkaError, RDKafkaErrorCode},
    message::{Header, OwnedHeaders},
    producer::{BaseProducer, BaseRecord, Producer},
};

use super::{KafkaLog, Quiet, flush::flush};
use crate::{
    log::{Fault, Outgoing, Transaction},
    trace::HEADER,
};

impl KafkaLog {
    /// Makes the producer when there is none; what an earlier one of the same id left open is aborted.
    pub(super) fn producer(&mut self) -> Result<&BaseProducer<Quiet>, Fault> {
        if self.producer.is_none() {
            let config = self.access.producer(&self.access.transactional_id());
            let producer: BaseProducer<Quiet> = config
                .create_with_context(Quiet(self.reason.clone()))
                .map_err(|error| Fault::Away(error.to_string()))?;
            producer.init_transactions(self.access.calls.call).map_err(|error| Fault::Away(error.to_string()))?;
            self.producer = Some(producer);
        }
        self.producer.as_ref().ok_or_else(|| Fault::Away("no producer".to_owned()))
    }

    /// Begins a transaction and hands its records to the client.
    pub(super) fn begin(&mut self, transaction: &Transaction) -> Result<(), Fault> {
        let producer = self.producer()?;
        let begun = producer.begin_transaction().and_then(|()| send_all(producer, &transaction.records));
        // Where nothing can be aborted the producer is of no more use.
        begun.map_err(|error| self.abort(&error))
    }

    pub(super) fn write(&mut self, transaction: &Transaction, member: &ConsumerGroupMetadata) -> Result<(), Fault> {
        match self.sent.take() {
            Some(sent) => sent?,
            None => self.begin(transaction)?,
        }
        let offsets = self.offsets_of(transaction)?;
        let calls = self.access.calls;
        let producer = self.producer()?;
        let sent = flush(producer, calls.commit)
            .and_then(|()| producer.send_offsets_to_transaction(&offsets, member, calls.call));
        if let Err(error) = sent {
            return Err(self.abort(&error));
        }
        match self.producer()?.commit_transaction(calls.commit) {
            Ok(()) => Ok(()),
            Err(error) => Err(match &error {
                KafkaError::Transaction(cause) if cause.txn_requires_abort() => self.abort(&error),
                _ => {
                    self.producer = None;
                    Fault::Unknown(error.to_string())
                }
            }),
        }
    }

    fn abort(&mut self, why: &KafkaError) -> Fault {
        let fatal = matches!(why, KafkaError::Transaction(cause) if cause.is_fatal());
        let aborted = match &self.producer {
            Some(producer) if !fatal => producer.abort_transaction(self.access.calls.call).is_ok(),
            _ => false,
        };
        if aborted {
            return Fault::Aborted(why.to_string());
        }
        self.producer = None;
        Fault::Unknown(why.to_string())
    }

    /// The offsets with, on those of the work topic, what a successor needs to know of us.
    fn offsets_of(&self, transaction: &Transaction) -> Result<TopicPartitionList, Fault> {
        let mut list = TopicPartitionList::new();
        for cut in &transaction.offsets {
            let bad = |error: KafkaError| Fault::Aborted(error.to_string());
            list.add_partition_offset(&cut.topic, cut.partition, Offset::Offset(cut.offset)).map_err(bad)?;
            if cut.topic == self.work_topic
                && let Some((_, newest)) = transaction.newest.iter().find(|(partition, _)| *partition == cut.partition)
                && let Some(mut element) = list.find_partition(&cut.topic, cut.partition)
            {
                element.set_metadata(format!("{} {}", newest.0, self.access.transactional_id()));
            }
        }
        Ok(list)
    }
}

/// Hands all records to the client.
fn send_all(producer: &BaseProducer<Quiet>, records: &[Outgoing]) -> Result<(), KafkaError> {
    for outgoing in records {
        let record = BaseRecord::<[u8], [u8]>::to(outgoing.topic.name).partition(outgoing.partition).key(&outgoing.key);
        let record = match &outgoing.trace {
            Some(trace) => record.headers(OwnedHeaders::new().insert(Header { key: HEADER, value: Some(trace) })),
            None => record,
        };
        let mut record = match &outgoing.value {
            Some(value) => record.payload(value),
            None => record,
        };
        while let Err((error, back)) = producer.send(record) {
            if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
                return Err(error);
            }
            producer.poll(Duration::from_millis(1));
            record = back;
        }
    }
    Ok(())
}
