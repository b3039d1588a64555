//! Writing records.

use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ResponseError as Error;
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};
use tokio::time::Instant;

use super::batch::{self, Header};
use super::codec;
use super::configs::TopicConfig;
use super::log::Append;
use super::retention;
use super::state::{Shared, State, now_ms};

/// How often a producer that waits for room looks again.
const LOOK: Duration = Duration::from_millis(20);

/// Writes the batches of a request, if need be after waiting for room.
pub(super) async fn produce(shared: &Shared, request: &ProduceRequest) -> ProduceResponse {
    let batches = request.topic_data.iter().flat_map(|topic| &topic.partition_data);
    let wanted: usize = batches.filter_map(|data| data.records.as_ref()).map(Bytes::len).sum();
    let asked = Duration::from_millis(u64::try_from(request.timeout_ms).unwrap_or(0));
    let deadline = Instant::now() + asked.min(shared.config.produce_wait);
    loop {
        {
            let mut state = shared.lock();
            // Transactions may use a reserve: they carry the offsets whose commit makes room.
            let limit = shared.config.limit(request.transactional_id.is_some());
            if state.used().saturating_add(wanted) > limit {
                retention::make_room(&mut state, limit.saturating_sub(wanted));
            }
            if state.used().saturating_add(wanted) <= limit {
                return write(&mut state, shared, request);
            }
        }
        if Instant::now() >= deadline {
            return answer(request, |_, _| (Err(Error::KafkaStorageError), -1, -1));
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn write(state: &mut State, shared: &Shared, request: &ProduceRequest) -> ProduceResponse {
    let now = now_ms();
    answer(request, |at, records| {
        let (mut append_time, mut start) = (-1, -1);
        let result = append(state, shared, (at, request, records), now);
        if let Ok((config, partition)) = state.partition(at.0, at.1) {
            append_time = if config.append_time { now } else { -1 };
            start = partition.log.start;
        }
        (result, append_time, start)
    })
}

/// Gives every batch to `write`, which tells its offset, append time and the log's start.
fn answer(
    request: &ProduceRequest,
    mut write: impl FnMut((&str, i32), Option<&Bytes>) -> (Result<i64, Error>, i64, i64),
) -> ProduceResponse {
    let topics = request.topic_data.iter().map(|topic| {
        let partitions = topic.partition_data.iter().map(|data| {
            let (result, append_time, start) = write((topic.name.as_str(), data.index), data.records.as_ref());
            let answer = PartitionProduceResponse::default().with_index(data.index);
            match result {
                Ok(offset) => {
                    answer.with_base_offset(offset).with_log_append_time_ms(append_time).with_log_start_offset(start)
                }
                Err(error) => answer
                    .with_error_code(error.code())
                    .with_base_offset(-1)
                    .with_log_append_time_ms(-1)
                    .with_log_start_offset(-1),
            }
        });
        TopicProduceResponse::default().with_name(topic.name.clone()).with_partition_responses(partitions.collect())
    });
    ProduceResponse::default().with_responses(topics.collect())
}

fn append(
    state: &mut State,
    shared: &Shared,
    (at, request, records): ((&str, i32), &ProduceRequest, Option<&Bytes>),
    now: i64,
) -> Result<i64, Error> {
    let raw = records.ok_or(Error::InvalidRecord)?;
    let (config, _) = state.partition(at.0, at.1)?;
    let header = Header::check(raw)?;
    admit(config, raw, &header, (now, shared.config.max_decompressed_bytes))?;
    if header.transactional() {
        let id = request.transactional_id.as_ref().ok_or(Error::InvalidTxnState)?;
        state.may_write(id.as_str(), (header.producer, header.epoch), at)?;
    }
    let max_producers = shared.config.max_producers;
    let (config, partition) = state.partition(at.0, at.1)?;
    let how = Append { now, append_time: config.append_time, max_producers };
    partition.append(raw, &header, how)
}

/// Whether the topic's configuration lets the batch in.
fn admit(config: &TopicConfig, raw: &[u8], header: &Header, (now, limit): (i64, usize)) -> Result<(), Error> {
    if raw.len() > config.max_message_bytes {
        return Err(Error::MessageTooLarge);
    }
    if !config.append_time && header.max_timestamp > now.saturating_add(config.ahead_ms) {
        return Err(Error::InvalidTimestamp);
    }
    if config.compact {
        let body = codec::body(raw, header, limit)?;
        for record in batch::records(&body) {
            record?.key.ok_or(Error::InvalidRecord)?; // Compaction keeps the last of a key, so there must be one.
        }
    }
    Ok(())
}
