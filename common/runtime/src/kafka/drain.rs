//! What a poll brings, past the errors that wait in front of it.

use std::time::Duration;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// Most errors that one call takes.
const MOST: usize = 10_000;

/// Polls, waiting for at most `wait`. The client queues an error for each try to connect, so an outage leaves scores of them: they
/// are taken in one call, for who takes one and then rests as after a fault would go on for minutes after the broker is back.
///
/// # Errors
/// Of those of a connection the last one, when nothing stands behind it; a record that does is newer. Any other at once: it is said
/// once, or stands for a partition that brings nothing while others flow.
pub(super) fn drain<T>(
    wait: Duration,
    mut poll: impl FnMut(Duration) -> Option<Result<T, KafkaError>>,
) -> Result<Option<T>, KafkaError> {
    let (mut last, mut wait) = (None, wait);
    for _ in 0..MOST {
        match poll(wait) {
            Some(Ok(record)) => return Ok(Some(record)),
            Some(Err(KafkaError::PartitionEOF(_))) => {}
            Some(Err(error)) if passes(&error) => last = Some(error),
            Some(Err(error)) => return Err(error),
            None => break,
        }
        wait = Duration::ZERO;
    }
    last.map_or(Ok(None), Err)
}

/// Whether it says no more than that a broker does not answer now.
pub(super) fn passes(error: &KafkaError) -> bool {
    let code = error.rdkafka_error_code();
    code.is_some_and(|code| {
        matches!(
            code,
            RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::Resolve
                | RDKafkaErrorCode::OperationTimedOut
        )
    })
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use rdkafka::error::RDKafkaErrorCode::{AllBrokersDown, BrokerTransportFailure, Resolve, TopicAuthorizationFailed};

    use super::*;

    fn error(code: rdkafka::error::RDKafkaErrorCode) -> Option<Result<u32, KafkaError>> {
        Some(Err(KafkaError::MessageConsumption(code)))
    }

    fn drained(
        answers: impl IntoIterator<Item = Option<Result<u32, KafkaError>>>,
    ) -> (Result<Option<u32>, KafkaError>, Vec<Duration>) {
        let (mut answers, mut waits) = (VecDeque::from_iter(answers), Vec::new());
        let outcome = drain(Duration::from_millis(5), |wait| {
            waits.push(wait);
            answers.pop_front().flatten()
        });
        (outcome, waits)
    }

    #[test]
    fn all_errors_of_an_outage_are_taken_in_one_call_and_the_last_is_told() {
        let (outcome, waits) = drained([error(AllBrokersDown), error(Resolve), error(BrokerTransportFailure)]);
        assert_eq!(outcome, Err(KafkaError::MessageConsumption(BrokerTransportFailure)));
        assert_eq!(waits, [Duration::from_millis(5), Duration::ZERO, Duration::ZERO, Duration::ZERO]);
    }

    #[test]
    fn a_record_behind_the_errors_is_the_newer_word() {
        let (outcome, _) = drained([error(AllBrokersDown), error(AllBrokersDown), Some(Ok(7)), error(Resolve)]);
        assert_eq!(outcome, Ok(Some(7)));
    }

    #[test]
    fn what_no_connection_mends_is_told_though_a_record_stands_behind_it() {
        let (outcome, waits) = drained([error(AllBrokersDown), error(TopicAuthorizationFailed), Some(Ok(7))]);
        assert_eq!(outcome, Err(KafkaError::MessageConsumption(TopicAuthorizationFailed)));
        assert_eq!(waits.len(), 2, "the record waits for the next poll");
    }

    #[test]
    fn the_end_of_a_partition_is_no_error() {
        assert_eq!(drained([Some(Err(KafkaError::PartitionEOF(1)))]).0, Ok(None));
        assert_eq!(drained([None]).1.len(), 1);
    }

    #[test]
    fn errors_without_end_do_not_hold_the_worker() {
        let mut polls = 0;
        let outcome: Result<Option<()>, _> = drain(Duration::ZERO, |_| {
            polls += 1;
            Some(Err(KafkaError::MessageConsumption(Resolve)))
        });
        assert!(outcome.is_err() && polls == MOST);
    }
}
