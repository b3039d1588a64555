//! How the clients are configured.

use std::time::Duration;

use rdkafka::ClientConfig;

use crate::settings::Secret;

/// Where Kafka is and who we are to it.
#[derive(Clone, Debug)]
pub struct Access {
    /// Bootstrap servers, `host:port` with commas between.
    pub brokers: String,
    /// Consumer group.
    pub group: String,
    /// Name of this worker, unique among the living members of the group; the transactional id derives from it.
    pub instance: String,
    /// A member that says nothing for so long is taken for dead.
    pub session: Duration,
    /// An open transaction of a dead worker ends after so long, if its successor does not end it sooner.
    pub transaction: Duration,
    /// How the connections are secured.
    pub security: Security,
    /// How long calls wait.
    pub calls: Calls,
    /// How much is fetched.
    pub fetch: Fetch,
}

/// How a connection is secured: not at all, unless said otherwise.
#[derive(Clone, Debug, Default)]
pub struct Security {
    /// Encrypted, if there.
    pub tls: Option<Tls>,
    /// With a user and a password, if there.
    pub sasl: Option<Sasl>,
}

/// How a connection is encrypted; paths are of PEM files, and may be empty.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Who may sign the brokers' certificates; empty: whom the system trusts.
    pub ca: String,
    /// Our certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
    /// Password of the private key.
    pub key_password: Secret,
}

/// Who we say we are.
#[derive(Clone, Debug)]
pub struct Sasl {
    /// `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`.
    pub mechanism: String,
    /// User name.
    pub username: String,
    /// Password.
    pub password: Secret,
}

/// How long calls wait for the broker.
#[derive(Clone, Copy, Debug)]
pub struct Calls {
    /// Most calls.
    pub call: Duration,
    /// A question for offsets: it is asked in every turn.
    pub offsets: Duration,
    /// A commit: then its outcome is unknown.
    pub commit: Duration,
}

impl Default for Calls {
    fn default() -> Calls {
        let [call, offsets, commit] = [10, 2, 10].map(Duration::from_secs);
        Calls { call, offsets, commit }
    }
}

/// How much is fetched, and how soon.
#[derive(Clone, Copy, Debug)]
pub struct Fetch {
    /// How long a broker may hold back an answer without records. A partition that is followed anew joins the next fetch: it may
    /// have to wait so long for that.
    pub wait: Duration,
    /// Bytes, most that a fetch brings.
    pub bytes: u32,
    /// Bytes, most that a fetch brings of one partition.
    pub partition_bytes: u32,
    /// KiB, most that a client holds.
    pub queued_kbytes: u32,
}

impl Default for Fetch {
    fn default() -> Fetch {
        let wait = Duration::from_millis(50);
        Fetch { wait, bytes: 52_428_800, partition_bytes: 1_048_576, queued_kbytes: 65_536 }
    }
}

impl Default for Access {
    fn default() -> Access {
        Access {
            brokers: "127.0.0.1:9092".to_owned(),
            group: String::new(),
            instance: String::new(),
            session: Duration::from_secs(6),
            transaction: Duration::from_secs(10),
            security: Security::default(),
            calls: Calls::default(),
            fetch: Fetch::default(),
        }
    }
}

impl From<&str> for Access {
    /// Plain access to these brokers.
    fn from(brokers: &str) -> Access {
        Access { brokers: brokers.to_owned(), ..Access::default() }
    }
}

impl From<&Access> for Access {
    fn from(access: &Access) -> Access {
        access.clone()
    }
}

impl Security {
    fn set(&self, config: &mut ClientConfig) {
        let protocol = match (&self.tls, &self.sasl) {
            (None, None) => "plaintext",
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        };
        config.set("security.protocol", protocol);
        if let Some(tls) = &self.tls {
            // `probe` finds the system's certificates wherever a distribution keeps them.
            config.set("ssl.ca.location", if tls.ca.is_empty() { "probe" } else { &tls.ca });
            let key_password = tls.key_password.reveal();
            for (name, value) in [
                ("ssl.certificate.location", tls.certificate.as_str()),
                ("ssl.key.location", tls.key.as_str()),
                ("ssl.key.password", key_password),
            ] {
                if !value.is_empty() {
                    config.set(name, value);
                }
            }
        }
        if let Some(Sasl { mechanism, username, password }) = &self.sasl {
            config.set("sasl.mechanism", mechanism).set("sasl.username", username);
            config.set("sasl.password", password.reveal());
        }
    }
}

impl Access {
    /// The transactional id.
    pub fn transactional_id(&self) -> String {
        format!("{}.{}", self.group, self.instance)
    }

    fn base(&self) -> ClientConfig {
        let mut config = self.plain();
        config.set("client.id", self.transactional_id());
        config
    }

    /// What every client has, one that only asks too.
    pub(crate) fn plain(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers).set("client.id", "tripo").set("log_level", "3");
        self.security.set(&mut config);
        config
    }

    pub(super) fn consumer(&self, group: &str, isolation: &str) -> ClientConfig {
        let Fetch { wait, bytes, partition_bytes, queued_kbytes } = self.fetch;
        let mut config = self.base();
        config
            .set("group.id", group)
            .set("isolation.level", isolation)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            // The default of a second stops the fetching of a full queue for as long.
            .set("fetch.queue.backoff.ms", "5")
            .set("fetch.wait.max.ms", wait.as_millis().to_string())
            .set("fetch.max.bytes", bytes.to_string())
            .set("max.partition.fetch.bytes", partition_bytes.to_string())
            .set("queued.max.messages.kbytes", queued_kbytes.to_string());
        config
    }

    /// One that only asks. It reads nothing, so nothing tells it that a leader changed: what it knows must grow old soon.
    pub(super) fn asker(&self, group: &str, isolation: &str) -> ClientConfig {
        let mut config = self.consumer(group, isolation);
        config.set("metadata.max.age.ms", "2000");
        config
    }

    pub(super) fn member(&self) -> ClientConfig {
        let mut config = self.consumer(&self.group, "read_committed");
        config
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", self.session.as_millis().to_string())
            // A member learns of a rebalance by its heartbeat: partitions move no faster than this.
            .set("heartbeat.interval.ms", (self.session.as_millis() / 12).clamp(100, 250).to_string());
        config
    }

    pub(super) fn producer(&self, transactional_id: &str) -> ClientConfig {
        let mut config = self.base();
        config
            .set("transactional.id", transactional_id)
            .set("transaction.timeout.ms", self.transaction.as_millis().to_string())
            // What was delivered is not told one by one: a commit waits for all at once.
            .set("delivery.report.only.error", "true")
            // Whoever waits for the broker flushes, which ends the lingering: before, only full batches leave.
            .set("linger.ms", "100")
            // A topic that is known is not forgotten by age alone: see `send`. Leaders are asked for where one is lost, and every 5 min.
            .set("metadata.max.age.ms", "86400000")
            .set("queue.buffering.max.messages", "500000");
        config
    }
}
