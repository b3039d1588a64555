//! What one key alone cannot tell: addresses, secrets in files, keys that need or contradict each other.

use std::path::Path;

mod store;

use super::file;
use super::key::{Kind, Value};
use super::{Loading, Origin, number, one_line, text};

/// Pairs of which the first is at most the second, and the second's unit in the first's.
const ORDERED: &[(&str, &str, i64)] = &[
    ("limits.asks_taken", "limits.asks_in_hand", 1),
    ("limits.facts_taken", "limits.facts_in_hand", 1),
    ("limits.parked_taken", "limits.parked_in_hand", 1),
    // An open transaction would end before its worker is missed.
    ("kafka.session_ms", "kafka.transaction_ms", 1),
    ("run.commit_interval_ms", "kafka.transaction_ms", 1),
    ("store.deadline_ms", "store.write_ms", 1),
    // A drain waits for a commit that is under way.
    ("kafka.commit_ms", "run.grace_ms", 1),
    ("kafka.fetch_partition_bytes", "kafka.fetch_bytes", 1),
    ("kafka.fetch_partition_bytes", "kafka.queued_kbytes", 1_024),
];

/// Checks all that is not broken already.
pub(super) fn all(loading: &mut Loading) {
    secrets(loading);
    addresses(loading);
    names(loading);
    if loading.sound(&["kafka.security"]) {
        sasl(loading);
        tls(loading);
    }
    registry(loading);
    store::check(loading);
    for (less, more, unit) in ORDERED {
        if loading.sound(&[less, more]) && loading.number(less) > loading.number(more).saturating_mul(*unit) {
            let (less_said, more_said) = (loading.said(less), loading.said(more));
            let sentence = format!("{less_said} and {more_said}: it may not be more, lower the one or raise the other");
            loading.wrong(less, sentence);
        }
    }
}

impl Loading {
    fn text(&self, key: &str) -> &str {
        text(&self.entries, key)
    }

    fn number(&self, key: &str) -> i64 {
        number(&self.entries, key)
    }

    /// Whether the table has these keys and nothing is wrong with them.
    fn sound(&self, keys: &[&str]) -> bool {
        let has = |key: &str| self.entries.iter().any(|entry| entry.key.name == key);
        keys.iter().all(|key| !self.broken.contains(key) && has(key))
    }

    fn set_by_someone(&self, key: &str) -> bool {
        !self.text(key).is_empty()
    }

    fn origin(&self, key: &str) -> Origin {
        let entry = self.entries.iter().find(|entry| entry.key.name == key);
        entry.map_or(Origin::Default, |entry| entry.origin.clone())
    }

    /// Key, value and origin.
    fn said(&self, key: &str) -> String {
        let entry = self.entries.iter().find(|entry| entry.key.name == key);
        let shown = entry.map(|entry| match (&entry.value, entry.key.kind) {
            (_, Kind::Secret) => entry.shown(),
            (Value::Integer(_), _) => format!("{} {}", entry.shown(), entry.key.unit()),
            (Value::Text(_), _) => format!("\"{}\"", one_line(&entry.shown())),
        });
        format!("{key} is {} ({})", shown.unwrap_or_default(), self.origin(key))
    }

    fn wrong(&mut self, key: &str, sentence: String) {
        if let Some(name) = self.entries.iter().map(|entry| entry.key.name).find(|name| *name == key) {
            self.problem(name, sentence);
        }
    }
}

/// Reads the files with secrets. Of a secret and a file with it, that of the later layer holds.
fn secrets(loading: &mut Loading) {
    let all: Vec<_> =
        loading.entries.iter().map(|entry| entry.key).filter(|key| matches!(key.kind, Kind::Secret)).collect();
    for key in all {
        let file = format!("{}_file", key.name);
        if !loading.sound(&[key.name, &file]) || !loading.set_by_someone(&file) {
            continue;
        }
        let (origin, other) = (loading.origin(&file), loading.origin(key.name));
        if loading.set_by_someone(key.name) && other.layer() > origin.layer() {
            continue;
        }
        if loading.set_by_someone(key.name) && other.layer() == origin.layer() {
            loading.wrong(&file, format!("{} ({other}) and {file} ({origin}) are both set: leave one out", key.name));
            continue;
        }
        let said = loading.said(&file);
        let secret = file::text_of(Path::new(loading.text(&file))).and_then(|text| {
            let secret = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
            match key.kind.read(secret) {
                Some(value) if !secret.is_empty() => Ok(value),
                Some(_) => Err("it is empty".to_owned()),
                None => Err("it holds more than one line of text".to_owned()),
            }
        });
        match secret {
            Ok(value) => loading.set(key, value, &origin),
            Err(why) => loading.wrong(&file, format!("{said} cannot be used: {why}: name a file with the password")),
        }
    }
}

fn addresses(loading: &mut Loading) {
    let brokers = "kafka.brokers";
    if loading.sound(&[brokers]) && !loading.text(brokers).split(',').all(|broker| host_and_port(broker.trim(), 1)) {
        loading.wrong(brokers, format!("{}: take host:port, several with commas between", loading.said(brokers)));
    }
    let http = "http.address";
    if loading.sound(&[http]) && loading.set_by_someone(http) && !host_and_port(loading.text(http), 0) {
        let said = loading.said(http);
        loading.wrong(http, format!("{said}: take host:port such as 0.0.0.0:9464, or nothing for none"));
    }
}

fn host_and_port(address: &str, least: u16) -> bool {
    let Some((host, port)) = address.rsplit_once(':') else { return false };
    // An IPv6 address stands in brackets.
    let host =
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).map_or((host, false), |host| (host, true));
    let known = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c) || (host.1 && ":%".contains(c));
    !host.0.is_empty() && host.0.chars().all(known) && port.parse::<u16>().is_ok_and(|port| port >= least)
}

fn names(loading: &mut Loading) {
    for key in ["kafka.group", "run.instance"] {
        let name = loading.text(key);
        if loading.sound(&[key]) && (name.len() > 200 || name.contains(char::is_whitespace)) {
            let said = loading.said(key);
            loading.wrong(key, format!("{said}: take a name of at most 200 bytes without blanks"));
        }
    }
}

fn sasl(loading: &mut Loading) {
    let security = loading.said("kafka.security");
    let on = loading.text("kafka.security").starts_with("sasl");
    for (key, file) in [("kafka.sasl_username", ""), ("kafka.sasl_password", "kafka.sasl_password_file")] {
        if !loading.sound(&[key]) || loading.broken.contains(file) {
            continue;
        }
        if on && !loading.set_by_someone(key) {
            loading.wrong(key, format!("{security} needs {key}: set it, or take plaintext or tls"));
        } else if !on && loading.set_by_someone(key) {
            let said = loading.said(key);
            loading.wrong(key, format!("{said} but {security}: take sasl_tls, or leave the user out"));
        }
    }
}

fn tls(loading: &mut Loading) {
    let security = loading.said("kafka.security");
    let on = loading.text("kafka.security").ends_with("tls");
    let files = ["kafka.tls_ca", "kafka.tls_certificate", "kafka.tls_key"];
    for key in files.iter().chain(&["kafka.tls_key_password"]) {
        if !on && loading.sound(&[key]) && loading.set_by_someone(key) {
            let said = loading.said(key);
            loading.wrong(key, format!("{said} but {security}: take tls or sasl_tls, or leave it out"));
        }
    }
    if on {
        pem(loading, "kafka.tls_ca", "CERTIFICATE");
        pem(loading, "kafka.tls_certificate", "CERTIFICATE");
        pem(loading, "kafka.tls_key", "PRIVATE KEY");
    }
    let [_, certificate, key] = files;
    if on && loading.sound(&[certificate, key]) && loading.set_by_someone(certificate) != loading.set_by_someone(key) {
        let (set, missing) = if loading.set_by_someone(key) { (key, certificate) } else { (certificate, key) };
        let said = loading.said(set);
        loading.wrong(missing, format!("{said} needs {missing}: set both or none"));
    }
}

/// Whether a file can be read and holds what it must.
fn pem(loading: &mut Loading, key: &str, what: &str) {
    if !loading.sound(&[key]) || !loading.set_by_someone(key) {
        return;
    }
    let said = loading.said(key);
    match file::text_of(Path::new(loading.text(key))) {
        Err(why) => loading.wrong(key, format!("{said} cannot be read: {why}: name a PEM file")),
        Ok(text) if !text.contains(&format!("{what}-----")) => {
            let what = what.to_lowercase();
            loading.wrong(key, format!("{said} holds no {what}: name a PEM file"));
        }
        Ok(_) => {}
    }
}

fn registry(loading: &mut Loading) {
    let (url, ca) = ("registry.url", "registry.tls_ca");
    if loading.sound(&[url]) {
        match reqwest::Url::parse(loading.text(url)) {
            // Not shown: it may hold a password.
            Ok(parsed) if !parsed.username().is_empty() || parsed.password().is_some() => {
                let origin = loading.origin(url);
                let fix = "set registry.username and registry.password instead";
                loading.wrong(url, format!("{url} ({origin}) holds a user: {fix}"));
            }
            // Nor is this: a key for the service may stand there.
            Ok(parsed) if parsed.query().is_some() || parsed.fragment().is_some() => {
                let origin = loading.origin(url);
                loading.wrong(url, format!("{url} ({origin}) holds a query: leave out what begins with ? or #"));
            }
            Ok(parsed) if matches!(parsed.scheme(), "http" | "https") && parsed.has_host() => {}
            // Nor where it only looks as if it held one.
            _ if loading.text(url).contains('@') => {
                let origin = loading.origin(url);
                loading.wrong(
                    url,
                    format!("{url} ({origin}): take http://host:port or https://host:port, without a user"),
                );
            }
            _ => loading.wrong(url, format!("{}: take http://host:port or https://host:port", loading.said(url))),
        }
    }
    if loading.sound(&[url, ca]) && loading.set_by_someone(ca) && !loading.text(url).starts_with("https:") {
        let (said, url_said) = (loading.said(ca), loading.said(url));
        loading.wrong(ca, format!("{said} but {url_said}: take https, or leave it out"));
    }
    pem(loading, ca, "CERTIFICATE");
    let (user, password) = ("registry.username", "registry.password");
    let sound = loading.sound(&[user, password]) && !loading.broken.contains("registry.password_file");
    if sound && loading.set_by_someone(user) != loading.set_by_someone(password) {
        let (set, missing) = if loading.set_by_someone(user) { (user, password) } else { (password, user) };
        let said = loading.said(set);
        loading.wrong(missing, format!("{said} needs {missing}: set both or none"));
    }
}
