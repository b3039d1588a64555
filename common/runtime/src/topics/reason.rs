//! What the client library means by its errors, and what to do about it.

use crate::kafka::Access;

/// The fix for each error, found by a part of the library's text (librdkafka 2.12), the particular before the general.
const FIXES: &[(&str, &str)] = &[
    ("certificate verify failed", "the brokers' certificate is not signed by an authority in kafka.tls_ca"),
    ("certificate required", "the brokers ask for a certificate: set kafka.tls_certificate and kafka.tls_key"),
    ("bad certificate", "the brokers do not take our certificate: check kafka.tls_certificate"),
    ("unknown ca", "the brokers do not know the authority that signed kafka.tls_certificate"),
    ("PLAINTEXT broker", "the brokers speak no TLS there: check kafka.security and the port"),
    ("wrong version number", "the brokers speak no TLS there: check kafka.security and the port"),
    (
        "SSL handshake failed",
        "TLS could not be agreed on: check kafka.security, kafka.tls_ca and kafka.tls_certificate",
    ),
    ("unsupported SASL mechanism", "the brokers do not take this kafka.sasl_mechanism"),
    ("Unsupported SASL mechanism", "the brokers do not take this kafka.sasl_mechanism"),
    // A listener without SASL does not know the request that begins it.
    ("SASL Handshake not supported", "the brokers ask for no user there: check kafka.security and the port"),
    ("mechanism handshake failed", "the brokers do not take this kafka.sasl_mechanism"),
    (
        "SASL authentication error",
        "the brokers refuse the user: check kafka.sasl_username, the password and kafka.sasl_mechanism",
    ),
    (
        "uthentication failed",
        "the brokers refuse the user: check kafka.sasl_username, the password and kafka.sasl_mechanism",
    ),
    ("might require SASL", "the brokers ask for a user: check kafka.security"),
    ("security.protocol", "the brokers ask for TLS, or for none: check kafka.security"),
    ("Disconnected", "the brokers close the connection, as they do when they want TLS or a user: check kafka.security"),
    ("ssl.ca.location", "kafka.tls_ca cannot be used"),
    ("ssl.certificate.location", "kafka.tls_certificate cannot be used"),
    ("ssl.key.location", "kafka.tls_key cannot be used: check kafka.tls_key_password"),
    ("Failed to resolve", "the name is not known: check kafka.brokers"),
    ("AllBrokersDown", "no broker answers: are they running?"),
    ("BrokerTransportFailure", "the connection to a broker broke: is it running?"),
    ("OperationTimedOut", "no answer in time: are the brokers running, and do all partitions have a leader?"),
    ("Connection refused", "nothing listens there: is it running, and is kafka.brokers right?"),
];

/// Parts of texts without a fix of their own that only a broker which runs leads to.
const RUNS: &[&str] =
    &["SASL", "SSL", "ApiVersion", "Broker:", "uthoriz", "not supported", "Received", "Invalid response"];

/// The fix for an error of the client library, and what the library said of it, on one line.
pub(crate) fn explain(said: &str, access: &Access) -> String {
    let said = said.replace(access_secret(access), "***");
    let shows_none = access.security.tls.as_ref().is_some_and(|tls| tls.certificate.is_empty());
    // Brokers call a certificate that is missing a bad one.
    let said = if shows_none { said.replace("bad certificate", "certificate required") } else { said };
    let line = shortened(&said);
    match fix(&said) {
        Some(fix) => format!("{fix} ({line})"),
        // What refuses us or speaks of its state runs.
        None if RUNS.iter().any(|part| said.contains(part)) => line,
        None => format!("{line}: is it running?"),
    }
}

/// The same, where the library's error is among those that have a fix; else what was said.
pub(crate) fn explain_known(said: &str, access: &Access) -> String {
    if fix(said).is_some() { explain(said, access) } else { said.to_owned() }
}

fn fix(said: &str) -> Option<&'static str> {
    FIXES.iter().find(|(part, _)| said.contains(part)).map(|(_, fix)| *fix)
}

/// Nothing that the library says should hold the password; a text that cannot occur where there is none.
fn access_secret(access: &Access) -> &str {
    let password = access.security.sasl.as_ref().map(|sasl| sasl.password.reveal());
    password.filter(|password| !password.is_empty()).unwrap_or("\0")
}

/// Without threads, states and line ends.
fn shortened(said: &str) -> String {
    let line = said.split("]: ").last().unwrap_or(said);
    let line = line.split(" (after ").next().unwrap_or(line);
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}
