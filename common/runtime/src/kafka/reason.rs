//! Why the client is in trouble: its error callback knows more than the error that a call returns.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rdkafka::{ClientContext, config::RDKafkaLogLevel, consumer::ConsumerContext, error::KafkaError};

use super::Access;
use crate::{
    log::Fault,
    topics::reason::{explain, explain_known},
};

/// A reason is worth telling for so long.
const FRESH: Duration = Duration::from_secs(30);

/// The last reason that any of a worker's clients gave.
#[derive(Clone, Default)]
pub(super) struct Reason(Arc<Mutex<Option<(Instant, String)>>>);

impl Reason {
    pub(super) fn heard(&self, reason: &str) {
        // When all brokers are down, the reason stands in the error before.
        if !reason.contains("brokers are down") {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), reason.to_owned()));
        }
    }

    /// The same outcome; what is away with the broker's address, and with the reason and its fix where one is known.
    pub(super) fn explain<T>(&self, outcome: Result<T, Fault>, access: &Access) -> Result<T, Fault> {
        outcome.map_err(|fault| {
            let Fault::Away(why) = fault else { return fault };
            let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let reason = last.as_ref().filter(|(since, _)| since.elapsed() < FRESH);
            let why = reason.map_or_else(|| explain_known(&why, access), |(_, reason)| explain(reason, access));
            Fault::Away(format!("at {}: {why}", access.brokers))
        })
    }
}

/// A client that only remembers why it is in trouble.
#[derive(Clone, Default)]
pub(super) struct Quiet(pub(super) Reason);

impl ClientContext for Quiet {
    // The worker says what is wrong, once; the client's own lines would repeat it.
    fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {}

    fn error(&self, _: KafkaError, reason: &str) {
        self.0.heard(reason);
    }
}

impl ConsumerContext for Quiet {}

impl rdkafka::producer::ProducerContext for Quiet {
    type DeliveryOpaque = ();

    fn delivery(&self, _: &rdkafka::message::DeliveryResult<'_>, (): ()) {}
}

/// The broker did not answer: it is waited for.
pub(super) fn away(error: KafkaError) -> Fault {
    Fault::Away(error.to_string())
}
