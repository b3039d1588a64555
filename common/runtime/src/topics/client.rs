//! A client for questions about topics, which knows why it has no answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::admin::AdminClient;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::metadata::Metadata;
use rdkafka::producer::{BaseProducer, Producer, ProducerContext};

use super::reason::explain;
use crate::kafka::Access;

/// One attempt to get an answer: between two of them a reason may have become known.
const ATTEMPT: Duration = Duration::from_millis(500);
/// So long every broker is given to answer before the reason of one that does not is taken for the reason of all.
const FIRST: Duration = Duration::from_secs(2);

/// What went wrong last on a connection. The calls themselves only say that there was no answer.
#[derive(Clone, Default)]
pub(super) struct Reasons(Arc<Mutex<Option<String>>>);

impl Reasons {
    fn heard(&self, reason: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
    }

    fn last(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ClientContext for Reasons {
    fn log(&self, _: RDKafkaLogLevel, facility: &str, line: &str) {
        // A connection that is closed on us is no error to the library, yet the only sign of a wrong protocol.
        if facility == "FAIL" {
            self.heard(line);
        }
    }

    fn error(&self, _: KafkaError, reason: &str) {
        // When all brokers are down, the reason stands in the error before.
        if !reason.contains("brokers are down") {
            self.heard(reason);
        }
    }
}

impl ProducerContext for Reasons {
    type DeliveryOpaque = ();

    fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {}
}

/// The client.
pub(super) struct Client {
    /// Asks: it writes nothing, but of all clients it is the plainest that hears of what goes wrong.
    asking: BaseProducer<Reasons>,
    access: Access,
    reasons: Reasons,
}

impl Client {
    /// Makes it; nothing is asked yet.
    ///
    /// # Errors
    /// The client refuses its settings: the fault is ours, not the cluster's.
    pub(super) fn new(access: Access) -> Result<Client, String> {
        let reasons = Reasons::default();
        let asking = access.plain().set_log_level(RDKafkaLogLevel::Info).create_with_context(reasons.clone());
        let asking = asking.map_err(|error| unusable(&access, &error))?;
        Ok(Client { asking, access, reasons })
    }

    /// One that reads and makes configurations.
    ///
    /// # Errors
    /// The client refuses its settings.
    pub(super) fn admin(&self) -> Result<AdminClient<Reasons>, String> {
        let admin = self.access.plain().create_with_context(self.reasons.clone());
        admin.map_err(|error| unusable(&self.access, &error))
    }

    /// All topics: asking for one by name may create it.
    ///
    /// # Errors
    /// Why there is no answer, and the fix.
    pub(super) fn metadata(&self) -> Result<Metadata, String> {
        let begun = Instant::now();
        loop {
            let left = self.access.calls.call.saturating_sub(begun.elapsed());
            let attempt = ATTEMPT.min(left.max(Duration::from_millis(1)));
            let error = match self.asking.client().fetch_metadata(None, attempt) {
                Ok(metadata) => return Ok(metadata),
                Err(error) => error,
            };
            // Hears the reasons.
            self.asking.poll(Duration::ZERO);
            let reason = self.reasons.last();
            if left.is_zero() || (reason.is_some() && begun.elapsed() > FIRST) {
                let why = explain(&reason.unwrap_or_else(|| error.to_string()), &self.access);
                return Err(format!("kafka at {}: {why}", self.access.brokers));
            }
        }
    }

    /// Where it is.
    pub(super) fn brokers(&self) -> &str {
        &self.access.brokers
    }
}

fn unusable(access: &Access, error: &KafkaError) -> String {
    format!("no client for kafka at {}: {}", access.brokers, explain(&error.to_string(), access))
}
