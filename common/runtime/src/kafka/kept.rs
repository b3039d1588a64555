//! Whether state of this processor is kept in a partition.

use std::time::Instant;

use kernel::{Record, contract::StateKept};
use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
};

use super::{KafkaLog, Quiet, away, drain::passes};
use crate::log::Fault;

impl KafkaLog {
    /// Looks for a committed record of this processor. The topic is shared by all processors, and what an aborted
    /// transaction wrote moves its end too, so the end alone does not tell.
    pub(super) fn keeps_state(&self, partition: i32) -> Result<bool, Fault> {
        let topic = StateKept::TOPIC.name;
        let mut config = self.access.consumer(&format!("{}.kept", self.access.group), "read_committed");
        config.set("enable.partition.eof", "true");
        let consumer: BaseConsumer<Quiet> = config.create_with_context(Quiet(self.reason.clone())).map_err(away)?;
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Beginning).map_err(away)?;
        consumer.assign(&list).map_err(away)?;
        let ours = format!("{}/", self.processor);
        let (begun, most) = (Instant::now(), self.access.calls.call);
        while let Some(left) = most.checked_sub(begun.elapsed()) {
            match consumer.poll(left) {
                None => {}
                Some(Ok(message)) if message.key().is_some_and(|key| key.starts_with(ours.as_bytes())) => {
                    return Ok(true);
                }
                Some(Ok(_)) => {}
                Some(Err(KafkaError::PartitionEOF(_))) => return Ok(false),
                // One of several brokers may be away.
                Some(Err(error)) if passes(&error) => {}
                Some(Err(error)) => return Err(away(error)),
            }
        }
        Err(Fault::Away(format!("{topic}/{partition} could not be read to its end within {most:?}")))
    }
}
