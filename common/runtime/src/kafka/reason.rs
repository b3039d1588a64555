//! Why the client is in trouble: its error callback knows more than the error that a call returns.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rdkafka::{ClientContext, config::RDKafkaLogLevel, consumer::ConsumerContext, error::KafkaError};

use crate::log::Fault;

/// A reason is worth telling for so long.
const FRESH: Duration = Duration::from_secs(30);

/// The last reason that any of a worker's clients gave.
#[derive(Clone, Default)]
pub(super) struct Reason(Arc<Mutex<Option<(Instant, String)>>>);

impl Reason {
    pub(super) fn heard(&self, reason: &str) {
        // The client names the broker and its own thread first; one line is enough.
        let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), reason));
    }

    /// The same outcome, with the reason added to what is away.
    pub(super) fn explain<T>(&self, outcome: Result<T, Fault>) -> Result<T, Fault> {
        outcome.map_err(|fault| {
            let Fault::Away(why) = fault else { return fault };
            let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match last.as_ref().filter(|(since, reason)| since.elapsed() < FRESH && !why.contains(reason.as_str())) {
                Some((_, reason)) => Fault::Away(format!("{why} ({reason})")),
                None => Fault::Away(why),
            }
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
