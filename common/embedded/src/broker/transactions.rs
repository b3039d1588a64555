//! Transactions: the coordinator's state, and the requests that change it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use kafka_protocol::ResponseError as Error;
use kafka_protocol::messages::add_partitions_to_txn_response::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnTopicResult,
};
use kafka_protocol::messages::txn_offset_commit_response::{
    TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};
use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, AddPartitionsToTxnRequest, AddPartitionsToTxnResponse,
    EndTxnRequest, EndTxnResponse, InitProducerIdRequest, InitProducerIdResponse, ProducerId, TxnOffsetCommitRequest,
    TxnOffsetCommitResponse,
};

use super::offsets::{self, Committed};
use super::state::{Shared, State, code, now_ms};

/// A transactional id, its producer, and the transaction it has open.
#[derive(Debug)]
pub(super) struct Transaction {
    producer: i64,
    epoch: i16,
    timeout: Duration,
    partitions: BTreeSet<(String, i32)>,
    groups: BTreeSet<String>,
    /// When the open transaction began.
    since: Option<Instant>,
    /// How the last one ended, so a repeated request gets the same answer.
    ended: Option<bool>,
    seen: Instant,
}

impl Transaction {
    fn begin(&mut self) {
        self.seen = Instant::now();
        self.since.get_or_insert(self.seen);
        self.ended = None;
    }

    pub(super) fn forget_topic(&mut self, name: &str) {
        self.partitions.retain(|(topic, _)| topic != name);
    }

    /// Whether its time is over.
    fn late(&self, now: Instant) -> bool {
        self.since.is_some_and(|since| now.duration_since(since) > self.timeout)
    }
}

impl State {
    /// Whether this producer is the current one of its transactional id.
    fn transaction(&mut self, id: &str, (producer, epoch): (i64, i16)) -> Result<&mut Transaction, Error> {
        let transaction = self.transactions.get_mut(id).ok_or(Error::InvalidProducerIdMapping)?;
        if transaction.producer != producer {
            return Err(Error::InvalidProducerIdMapping);
        }
        if transaction.epoch == epoch { Ok(transaction) } else { Err(Error::ProducerFenced) }
    }

    /// Whether this producer may write to that partition now.
    pub(super) fn may_write(&mut self, id: &str, producer: (i64, i16), at: (&str, i32)) -> Result<(), Error> {
        let transaction = self.transaction(id, producer).map_err(|error| match error {
            Error::ProducerFenced => Error::InvalidProducerEpoch,
            other => other,
        })?;
        let added = transaction.partitions.iter().any(|(topic, index)| (topic.as_str(), *index) == at);
        if added { Ok(()) } else { Err(Error::InvalidTxnState) }
    }

    /// Ends the open transaction of an id, with the epoch it then has.
    fn end_transaction(&mut self, id: &str, epoch: i16, commit: bool) {
        let Some(transaction) = self.transactions.get_mut(id) else { return };
        let producer = transaction.producer;
        transaction.epoch = epoch;
        transaction.since = None;
        transaction.ended = Some(commit);
        let partitions = std::mem::take(&mut transaction.partitions);
        let groups = std::mem::take(&mut transaction.groups);
        let now = now_ms();
        for (topic, index) in partitions {
            if let Ok((_, partition)) = self.partition(&topic, index) {
                partition.end_transaction((producer, epoch), commit, now);
            }
        }
        for group in groups {
            if let Some(group) = self.groups.get_mut(&group) {
                group.end_transaction(producer, commit, now);
            }
        }
    }

    /// Aborts transactions whose time is over and forgets ids not used for `idle`.
    pub(super) fn expire_transactions(&mut self, idle: Duration) {
        let now = Instant::now();
        let late = self.transactions.iter().filter(|(_, transaction)| transaction.late(now));
        let late: Vec<(String, i16)> = late.map(|(id, late)| (id.clone(), late.epoch)).collect();
        for (id, epoch) in late {
            self.end_transaction(&id, epoch.saturating_add(1), false);
        }
        self.transactions.retain(|_, known| known.since.is_some() || now.duration_since(known.seen) < idle);
    }

    /// Gives a transactional id's producer the next epoch; what it had open is aborted and its older self is fenced.
    fn init_producer(&mut self, shared: &Shared, request: &InitProducerIdRequest) -> Result<(i64, i16), Error> {
        let Some(id) = request.transactional_id.as_ref().map(|id| id.as_str()) else {
            return Ok((self.next_producer(), 0));
        };
        let timeout = Duration::from_millis(u64::try_from(request.transaction_timeout_ms).unwrap_or(0));
        if id.is_empty() {
            return Err(Error::InvalidRequest);
        }
        if timeout.is_zero() || timeout > shared.config.max_transaction_timeout {
            return Err(Error::InvalidTransactionTimeout);
        }
        let Some(known) = self.transactions.get(id) else {
            if self.transactions.len() >= shared.config.max_transactional_ids {
                return Err(Error::PolicyViolation);
            }
            let producer = self.next_producer();
            let (partitions, groups) = Default::default();
            let seen = Instant::now();
            let fresh = Transaction { producer, epoch: 0, timeout, partitions, groups, since: None, ended: None, seen };
            self.transactions.insert(id.to_owned(), fresh);
            return Ok((producer, 0));
        };
        let (producer, epoch) = (known.producer, known.epoch);
        let claims = request.producer_id.0 >= 0;
        if claims && (request.producer_id.0, request.producer_epoch) != (producer, epoch) {
            return Err(Error::ProducerFenced);
        }
        let exhausted = epoch >= i16::MAX - 1;
        self.end_transaction(id, epoch.saturating_add(1), false);
        let renewed = if exhausted { (self.next_producer(), 0) } else { (producer, epoch + 1) };
        if let Some(transaction) = self.transactions.get_mut(id) {
            (transaction.producer, transaction.epoch) = renewed;
            (transaction.timeout, transaction.ended, transaction.seen) = (timeout, None, Instant::now());
        }
        Ok(renewed)
    }
}

/// What older clients know the fencing error as.
fn fenced(error: Error, version: i16, since: i16) -> Error {
    if error == Error::ProducerFenced && version < since { Error::InvalidProducerEpoch } else { error }
}

pub(super) fn init_producer_id(
    shared: &Shared,
    request: &InitProducerIdRequest,
    version: i16,
) -> InitProducerIdResponse {
    match shared.lock().init_producer(shared, request) {
        Ok((producer, epoch)) => {
            InitProducerIdResponse::default().with_producer_id(ProducerId(producer)).with_producer_epoch(epoch)
        }
        Err(error) => {
            InitProducerIdResponse::default().with_error_code(fenced(error, version, 4).code()).with_producer_epoch(-1)
        }
    }
}

pub(super) fn add_partitions(
    shared: &Shared,
    request: &AddPartitionsToTxnRequest,
    version: i16,
) -> AddPartitionsToTxnResponse {
    let mut state = shared.lock();
    let id = request.v3_and_below_transactional_id.as_str();
    let producer = (request.v3_and_below_producer_id.0, request.v3_and_below_producer_epoch);
    let allowed = state.transaction(id, producer).map(|_| ()).map_err(|error| fenced(error, version, 2));
    let named = request.v3_and_below_topics.iter();
    let missing = named.flat_map(|topic| topic.partitions.iter().map(|index| (topic.name.as_str(), *index)));
    let missing: BTreeSet<(&str, i32)> = missing.filter(|(topic, index)| !state.has(topic, *index)).collect();
    // All or nothing: one unknown partition leaves the others out too.
    let adds = allowed.is_ok() && missing.is_empty();
    let topics = request.v3_and_below_topics.iter().map(|topic| {
        let results = topic.partitions.iter().map(|index| {
            let error = match &allowed {
                Err(error) => error.code(),
                Ok(()) if missing.contains(&(topic.name.as_str(), *index)) => Error::UnknownTopicOrPartition.code(),
                Ok(()) if !adds => Error::OperationNotAttempted.code(),
                Ok(()) => 0,
            };
            AddPartitionsToTxnPartitionResult::default().with_partition_index(*index).with_partition_error_code(error)
        });
        AddPartitionsToTxnTopicResult::default()
            .with_name(topic.name.clone())
            .with_results_by_partition(results.collect())
    });
    let topics = topics.collect();
    if adds && let Ok(transaction) = state.transaction(id, producer) {
        transaction.begin();
        for topic in &request.v3_and_below_topics {
            transaction.partitions.extend(topic.partitions.iter().map(|index| (topic.name.to_string(), *index)));
        }
    }
    AddPartitionsToTxnResponse::default().with_results_by_topic_v3_and_below(topics)
}

pub(super) fn add_offsets(shared: &Shared, request: &AddOffsetsToTxnRequest, version: i16) -> AddOffsetsToTxnResponse {
    let mut state = shared.lock();
    let producer = (request.producer_id.0, request.producer_epoch);
    let result = state.transaction(request.transactional_id.as_str(), producer).map(|transaction| {
        transaction.begin();
        transaction.groups.insert(request.group_id.to_string());
    });
    let result = result.map_err(|error| fenced(error, version, 2));
    AddOffsetsToTxnResponse::default().with_error_code(code(&result))
}

pub(super) fn end(shared: &Shared, request: &EndTxnRequest, version: i16) -> EndTxnResponse {
    let mut state = shared.lock();
    let id = request.transactional_id.as_str();
    let producer = (request.producer_id.0, request.producer_epoch);
    let open = state.transaction(id, producer).map(|transaction| (transaction.since.is_some(), transaction.ended));
    let result = match open {
        Ok((true, _)) => {
            state.end_transaction(id, producer.1, request.committed);
            Ok(())
        }
        Ok((false, Some(ended))) if ended == request.committed => Ok(()),
        Ok(_) => Err(Error::InvalidTxnState),
        Err(error) => Err(fenced(error, version, 2)),
    };
    EndTxnResponse::default().with_error_code(code(&result))
}

pub(super) fn commit_offsets(
    shared: &Shared,
    request: &TxnOffsetCommitRequest,
    version: i16,
) -> TxnOffsetCommitResponse {
    let mut state = shared.lock();
    let id = request.transactional_id.as_str();
    let producer = (request.producer_id.0, request.producer_epoch);
    let (group, member) = (request.group_id.as_str(), request.member_id.as_str());
    let allowed = state
        .transaction(id, producer)
        .map_err(|error| fenced(error, version, 2))
        .and_then(|transaction| if transaction.groups.contains(group) { Ok(()) } else { Err(Error::InvalidTxnState) });
    // A caller that names no member and no generation is let through, as Apache Kafka does.
    let names = request.generation_id >= 0 || !member.is_empty();
    let allowed = allowed.and_then(|()| {
        if names {
            state.check_member(group, member, request.generation_id, request.group_instance_id.as_ref())
        } else {
            Ok(())
        }
    });
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            let at = (topic.name.as_str(), partition.partition_index);
            let committed = Committed::new(partition.committed_offset, partition.committed_metadata.clone());
            let result = allowed.and_then(|()| offsets::acceptable(&state, at, &committed)).and_then(|()| {
                let bound = shared.config.max_groups;
                state.group(group, bound).map(|group| group.hold(producer.0, at, committed))
            });
            TxnOffsetCommitResponsePartition::default().with_partition_index(at.1).with_error_code(code(&result))
        });
        TxnOffsetCommitResponseTopic::default().with_name(topic.name.clone()).with_partitions(partitions.collect())
    });
    TxnOffsetCommitResponse::default().with_topics(topics.collect())
}
