//! Waiting until the broker has all that was sent.
#![allow(unsafe_code)] // The crate's own flush looks every 100 ms, and its poll spins where less than a millisecond is left.

use std::time::{Duration, Instant};

use rdkafka::{
    bindings::rd_kafka_flush,
    error::KafkaError,
    producer::{BaseProducer, Producer},
};

use super::Quiet;

/// How long one wait lasts; then failures are looked for. The client counts in milliseconds.
const SLICE: i32 = 50;
/// How long failures are served between two waits.
const SERVE: Duration = Duration::from_millis(1);

/// Sleeps until the broker has every record, at most for `most`.
///
/// # Errors
/// [`KafkaError::Canceled`] when it does not come to that.
pub(super) fn flush(producer: &BaseProducer<Quiet>, most: Duration) -> Result<(), KafkaError> {
    let begun = Instant::now();
    while producer.in_flight_count() > 0 {
        if begun.elapsed() > most {
            return Err(KafkaError::Canceled);
        }
        // SAFETY: the client's pointer is valid while `producer` is borrowed.
        unsafe { rd_kafka_flush(producer.client().native_ptr(), SLICE) };
        // Only failures are reported, a partition's together; a record counts until its report is served.
        let wait = if producer.in_flight_count() > 0 { SERVE } else { Duration::ZERO };
        producer.poll(wait);
    }
    Ok(())
}
