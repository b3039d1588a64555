//! Questions for offsets.

use std::time::Duration;

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    error::{KafkaError, RDKafkaErrorCode},
    topic_partition_list::TopicPartitionListElem,
};

use super::away;
use crate::log::Fault;

/// The position that the client reports, if it has one.
pub(super) fn reached(element: &TopicPartitionListElem<'_>) -> Option<i64> {
    match element.offset() {
        Offset::Offset(next) => Some(next),
        _ => None,
    }
}

/// Asks for offsets by time; `Offset::End` and `Offset::Beginning` are times too. One request a broker.
pub(super) fn offsets<C: ConsumerContext + 'static>(
    (consumer, wait): (&BaseConsumer<C>, Duration),
    of: &[(&'static str, i32)],
    at: Offset,
) -> Result<Vec<i64>, Fault> {
    if of.is_empty() {
        return Ok(Vec::new());
    }
    let mut list = TopicPartitionList::new();
    for (topic, partition) in of {
        list.add_partition_offset(topic, *partition, at).map_err(away)?;
    }
    let answer = consumer.offsets_for_times(list, wait).map_err(away)?;
    of.iter()
        .map(|(topic, partition)| {
            let element = answer.find_partition(topic, *partition);
            match element.map(|element| (element.offset(), element.error())) {
                Some((Offset::Offset(offset), Ok(()))) => Ok(offset),
                Some((Offset::End, Ok(()))) => Ok(-1),
                Some((_, Err(error))) => Err(Fault::Away(missing(topic, *partition, &error))),
                _ => Err(Fault::Away(format!("no offset of {topic}/{partition} was told"))),
            }
        })
        .collect()
}

/// What it means that a partition has no offsets.
fn missing(topic: &str, partition: i32, error: &KafkaError) -> String {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownPartition) => {
            format!("topic {topic} has no partition {partition} any more: create it with `tripo schemas topics`")
        }
        _ => format!("no offset of {topic}/{partition}: {error}"),
    }
}
