//! The settings as those who use them want them.

use std::time::Duration;

use super::{Secret, Settings};
use crate::kafka::{Access, Calls, Fetch, Sasl, Security, Tls};
use crate::limits::Limits;
use crate::registry;
use crate::store::{Reading, cql};

impl Settings {
    /// Kafka as an instance of a processor sees it. An empty group is the processor's name.
    pub fn access(&self, processor: &str, instance: &str) -> Access {
        let group = self.text("kafka.group");
        Access {
            brokers: self.text("kafka.brokers").to_owned(),
            group: if group.is_empty() { processor } else { group }.to_owned(),
            instance: instance.to_owned(),
            session: self.span("kafka.session_ms"),
            transaction: self.span("kafka.transaction_ms"),
            security: self.security(),
            calls: Calls {
                call: self.span("kafka.call_ms"),
                offsets: self.span("kafka.offsets_ms"),
                commit: self.span("kafka.commit_ms"),
            },
            fetch: Fetch {
                wait: self.span("kafka.fetch_wait_ms"),
                bytes: self.count("kafka.fetch_bytes"),
                partition_bytes: self.count("kafka.fetch_partition_bytes"),
                queued_kbytes: self.count("kafka.queued_kbytes"),
            },
        }
    }

    /// The registry.
    pub fn registry(&self) -> registry::Access {
        registry::Access {
            url: self.text("registry.url").to_owned(),
            username: self.text("registry.username").to_owned(),
            password: self.secret("registry.password"),
            tls_ca: self.text("registry.tls_ca").to_owned(),
            timeout: self.span("registry.timeout_ms"),
            remembered: self.size("registry.schemas_max"),
        }
    }

    /// How a worker reads the store.
    pub fn reading(&self) -> Reading {
        Reading {
            deadline: self.span("store.deadline_ms"),
            pause: self.span("store.pause_ms"),
            cached: self.size("store.riders_remembered"),
            fresh: self.span("store.fresh_ms"),
        }
    }

    /// The CQL server; `creates`: what is missing there is made.
    pub fn cql(&self, creates: bool) -> cql::Access {
        cql::Access {
            nodes: self.text("store.nodes").to_owned(),
            keyspace: self.text("store.keyspace").to_owned(),
            replication: self.number("store.replication"),
            datacenter: self.text("store.datacenter").to_owned(),
            username: self.text("store.username").to_owned(),
            password: self.secret("store.password"),
            tls: self.text("store.security") == "tls",
            tls_ca: self.text("store.tls_ca").to_owned(),
            write: self.span("store.write_ms"),
            creates,
        }
    }

    /// The bounds of a worker.
    pub fn limits(&self) -> Limits {
        Limits {
            polled: self.size("limits.polled"),
            asks_in_hand: self.size("limits.asks_in_hand"),
            facts_in_hand: self.size("limits.facts_in_hand"),
            parked_in_hand: self.size("limits.parked_in_hand"),
            bytes_in_hand: self.size("limits.bytes_in_hand"),
            asks_taken: self.size("limits.asks_taken"),
            facts_taken: self.size("limits.facts_taken"),
            parked_taken: self.size("limits.parked_taken"),
            value_bytes: self.size("limits.value_bytes"),
            output_bytes: self.size("limits.output_bytes"),
            markets: self.size("limits.markets"),
            view: self.size("limits.view"),
            poison_global: self.size("limits.poison_global"),
            patience: self.span("limits.patience_ms"),
        }
    }

    /// A key that counts something.
    pub fn size(&self, key: &str) -> usize {
        // Its range allows nothing below zero.
        usize::try_from(self.number(key)).unwrap_or_default()
    }

    /// A key of milliseconds.
    pub fn span(&self, key: &str) -> Duration {
        Duration::from_millis(self.size(key) as u64)
    }

    fn count(&self, key: &str) -> u32 {
        // Its range ends below.
        u32::try_from(self.number(key)).unwrap_or(u32::MAX)
    }

    fn secret(&self, key: &str) -> Secret {
        Secret::new(self.text(key))
    }

    fn security(&self) -> Security {
        let security = self.text("kafka.security");
        let tls = Tls {
            ca: self.text("kafka.tls_ca").to_owned(),
            certificate: self.text("kafka.tls_certificate").to_owned(),
            key: self.text("kafka.tls_key").to_owned(),
            key_password: self.secret("kafka.tls_key_password"),
        };
        let sasl = Sasl {
            mechanism: self.text("kafka.sasl_mechanism").to_owned(),
            username: self.text("kafka.sasl_username").to_owned(),
            password: self.secret("kafka.sasl_password"),
        };
        Security { tls: security.ends_with("tls").then_some(tls), sasl: security.starts_with("sasl").then_some(sasl) }
    }
}
