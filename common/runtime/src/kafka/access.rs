//! How the clients are configured.

use std::time::Duration;

use rdkafka::ClientConfig;

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
}

impl Access {
    /// The transactional id.
    pub fn transactional_id(&self) -> String {
        format!("{}.{}", self.group, self.instance)
    }

    fn base(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers).set("client.id", self.transactional_id()).set("log_level", "3");
        config
    }

    pub(super) fn consumer(&self, group: &str, isolation: &str) -> ClientConfig {
        let mut config = self.base();
        config
            .set("group.id", group)
            .set("isolation.level", isolation)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            // The default of a second stops the fetching of a full queue for as long.
            .set("fetch.queue.backoff.ms", "5")
            // A partition that is followed anew joins the next fetch: this long it may have to wait for that.
            .set("fetch.wait.max.ms", "50")
            .set("queued.max.messages.kbytes", "65536");
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
            .set("linger.ms", "0")
            .set("queue.buffering.max.messages", "500000");
        config
    }
}
