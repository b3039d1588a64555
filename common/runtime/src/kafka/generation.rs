//! Whether a consumer is a member of its group at this moment.
#![allow(unsafe_code)] // The binding has no safe call for the generation, and without it a stale owner is not fenced.

use rdkafka::{
    bindings::{
        rd_kafka_consumer_group_metadata, rd_kafka_consumer_group_metadata_destroy,
        rd_kafka_consumer_group_metadata_generation_id,
    },
    consumer::{BaseConsumer, Consumer, ConsumerContext},
};

/// True when the group gave the consumer a generation.
pub(super) fn is_member<C: ConsumerContext + 'static>(consumer: &BaseConsumer<C>) -> bool {
    // SAFETY: the client's pointer is valid while `consumer` is borrowed; the metadata is ours to destroy, once.
    unsafe {
        let metadata = rd_kafka_consumer_group_metadata(consumer.client().native_ptr());
        if metadata.is_null() {
            return false;
        }
        let generation = rd_kafka_consumer_group_metadata_generation_id(metadata);
        rd_kafka_consumer_group_metadata_destroy(metadata);
        generation >= 0
    }
}
