//! Reading records, and finding offsets.

use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::ResponseError as Error;
use kafka_protocol::messages::fetch_request::FetchPartition;
use kafka_protocol::messages::fetch_response::{AbortedTransaction, FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use kafka_protocol::messages::{FetchRequest, FetchResponse, ListOffsetsRequest, ListOffsetsResponse, ProducerId};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::batch::{self, Header};
use super::codec;
use super::log::{Batch, Partition};
use super::state::{Shared, State, code};

/// What a partition gave to one fetch.
struct Taken {
    index: i32,
    error: i16,
    high: i64,
    stable: i64,
    start: i64,
    aborted: Option<Vec<AbortedTransaction>>,
    batches: Vec<Bytes>,
}

/// Answers when there is enough to read, or the time is over.
pub(super) async fn fetch(shared: &Shared, request: &FetchRequest) -> FetchResponse {
    let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0)).min(shared.config.max_fetch_wait);
    let deadline = Instant::now() + wait;
    let enough = usize::try_from(request.min_bytes).unwrap_or(0);
    let wake = Arc::new(Notify::new());
    let mut waited = false;
    loop {
        let last = waited && Instant::now() >= deadline;
        let taken = {
            let mut state = shared.lock();
            let (taken, bytes, failed) = take(&mut state, shared, request);
            if waited {
                each(&mut state, request, |partition| partition.leave(&wake));
            }
            if bytes >= enough || failed || wait.is_zero() || last {
                Some(taken)
            } else {
                each(&mut state, request, |partition| partition.wait(request.isolation_level == 1, &wake));
                None
            }
        };
        if let Some(taken) = taken {
            return response(taken, request); // Copies the batches after the lock was given back.
        }
        waited = true;
        let _ = timeout_at(deadline, wake.notified()).await;
    }
}

/// Visits the partitions of a request that exist.
fn each(state: &mut State, request: &FetchRequest, mut visit: impl FnMut(&mut Partition)) {
    for topic in &request.topics {
        for wanted in &topic.partitions {
            if let Ok((_, partition)) = state.partition(topic.topic.as_str(), wanted.partition) {
                visit(partition);
            }
        }
    }
}

/// What there is to read; also how many bytes, and whether a partition has an error to tell.
fn take(state: &mut State, shared: &Shared, request: &FetchRequest) -> (Vec<Vec<Taken>>, usize, bool) {
    let most = usize::try_from(request.max_bytes).unwrap_or(0).min(shared.config.max_fetch_bytes);
    let committed = request.isolation_level == 1;
    let (mut total, mut failed) = (0, false);
    let mut topics = Vec::with_capacity(request.topics.len());
    for topic in &request.topics {
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for wanted in &topic.partitions {
            let taken = match state.partition(topic.topic.as_str(), wanted.partition) {
                Ok((_, partition)) => read(partition, wanted, committed, (total, most)),
                Err(error) => Taken::error(wanted.partition, error),
            };
            total += taken.batches.iter().map(Bytes::len).sum::<usize>();
            failed |= taken.error != 0;
            partitions.push(taken);
        }
        topics.push(partitions);
    }
    (topics, total, failed)
}

impl Taken {
    fn error(index: i32, error: Error) -> Taken {
        let (high, stable, start) = (-1, -1, -1);
        Taken { index, error: error.code(), high, stable, start, aborted: None, batches: Vec::new() }
    }
}

/// Takes whole batches; the first of a response even if it alone is larger than allowed, so that a reader gets on.
fn read(partition: &Partition, wanted: &FetchPartition, committed: bool, (total, most): (usize, usize)) -> Taken {
    let log = &partition.log;
    let (index, from) = (wanted.partition, wanted.fetch_offset);
    let (high, stable, start) = (log.next, partition.stable(), log.start);
    if from < start || from > high {
        let error = Error::OffsetOutOfRange.code();
        return Taken { index, error, high, stable, start, aborted: None, batches: Vec::new() };
    }
    let to = partition.end(committed);
    let own = usize::try_from(wanted.partition_max_bytes).unwrap_or(0);
    let (mut size, mut last) = (0, from);
    let mut batches = Vec::new();
    for batch in log.batches.range(log.find(from)..) {
        let length = batch.data.len();
        let first = total + size == 0;
        if batch.base >= to || (!first && (size + length > own || total + size + length > most)) {
            break;
        }
        size += length;
        last = batch.last;
        batches.push(batch.data.clone());
    }
    let aborted = committed.then(|| if size == 0 { Vec::new() } else { partition.producers.aborted(from, last + 1) });
    let aborted = aborted.map(|found| {
        let found = found.into_iter().map(|aborted| {
            AbortedTransaction::default()
                .with_producer_id(ProducerId(aborted.producer))
                .with_first_offset(aborted.first)
        });
        found.collect()
    });
    Taken { index, error: 0, high, stable, start, aborted, batches }
}

fn response(taken: Vec<Vec<Taken>>, request: &FetchRequest) -> FetchResponse {
    let topics = taken.into_iter().zip(&request.topics).map(|(partitions, topic)| {
        let partitions = partitions.into_iter().map(|taken| {
            PartitionData::default()
                .with_partition_index(taken.index)
                .with_error_code(taken.error)
                .with_high_watermark(taken.high)
                .with_last_stable_offset(taken.stable)
                .with_log_start_offset(taken.start)
                .with_aborted_transactions(taken.aborted)
                .with_records(Some(join(taken.batches)))
        });
        FetchableTopicResponse::default().with_topic(topic.topic.clone()).with_partitions(partitions.collect())
    });
    FetchResponse::default().with_responses(topics.collect())
}

fn join(mut batches: Vec<Bytes>) -> Bytes {
    if batches.len() <= 1 {
        return batches.pop().unwrap_or_default();
    }
    let mut joined = BytesMut::with_capacity(batches.iter().map(Bytes::len).sum());
    batches.iter().for_each(|batch| joined.put_slice(batch));
    joined.freeze()
}

pub(super) fn list_offsets(shared: &Shared, request: &ListOffsetsRequest) -> ListOffsetsResponse {
    let mut state = shared.lock();
    let committed = request.isolation_level == 1;
    let limit = shared.config.max_decompressed_bytes;
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|wanted| {
            let found = state.partition(topic.name.as_str(), wanted.partition_index);
            let found = found.map(|(_, partition)| find(partition, wanted.timestamp, committed, limit));
            let error = code(&found);
            let (offset, timestamp) = found.unwrap_or((-1, -1));
            ListOffsetsPartitionResponse::default()
                .with_partition_index(wanted.partition_index)
                .with_error_code(error)
                .with_offset(offset)
                .with_timestamp(timestamp)
        });
        ListOffsetsTopicResponse::default().with_name(topic.name.clone()).with_partitions(partitions.collect())
    });
    ListOffsetsResponse::default().with_topics(topics.collect())
}

/// The offset and time of the first record at or after a time; -1, -2 and -3 stand for end, start and newest.
fn find(partition: &Partition, timestamp: i64, committed: bool, limit: usize) -> (i64, i64) {
    let end = partition.end(committed);
    match timestamp {
        -1 => (end, -1),
        -2 => (partition.log.start, -1),
        -3 => {
            let newest = partition.log.batches.iter().max_by_key(|batch| batch.max_timestamp);
            newest.map_or((-1, -1), |batch| record_at(batch, batch.max_timestamp, limit))
        }
        _ => {
            let batch = partition.log.at_time(timestamp);
            let found = batch.map_or((-1, -1), |batch| record_at(batch, timestamp, limit));
            if found.0 < end { found } else { (-1, -1) }
        }
    }
}

/// The first record of the batch at or after a time; its first offset if it cannot be read within the limit.
fn record_at(batch: &Batch, timestamp: i64, limit: usize) -> (i64, i64) {
    let whole = (batch.base, batch.max_timestamp);
    let Some(header) = Header::read(&batch.data).filter(|header| !header.log_append_time()) else { return whole };
    let Ok(body) = codec::body(&batch.data, &header, limit) else { return whole };
    let records = batch::records(&body).map_while(Result::ok);
    let mut times = records.map(|record| {
        let time = header.base_timestamp.saturating_add(record.timestamp_delta);
        (batch.base.saturating_add(record.offset_delta), time)
    });
    times.find(|(_, time)| *time >= timestamp).unwrap_or(whole)
}
