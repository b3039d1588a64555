//! Topics as the contract has them: created where they are missing, refused where they differ.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kernel::{PlacedBy, Topic};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::RDKafkaErrorCode;
use tokio::runtime::Builder;

/// Longest wait for one answer of the cluster.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Between two looks at what the cluster has.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What a deployment chooses about topics; the rest is the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Partitions of each topic that is placed by market or origin, instead of the contract's; fixed for life once created.
    pub partitions: Option<i32>,
    /// Copies of each partition; -1: the cluster's default.
    pub replication: i32,
}

impl Default for Layout {
    fn default() -> Self {
        Layout { partitions: None, replication: -1 }
    }
}

impl Layout {
    /// How many partitions a topic is created with, and must have.
    pub fn partitions(&self, topic: &Topic) -> i32 {
        match topic.placed_by {
            PlacedBy::Key => topic.partitions,
            PlacedBy::Market | PlacedBy::Origin => self.partitions.unwrap_or(topic.partitions),
        }
    }
}

/// What was found of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was missing and is there now.
    Created,
    /// It was there, as the contract has it.
    Kept,
}

/// Compares the topics that the cluster at `brokers` (`host:port` with commas between) has with the contract, then creates the
/// missing ones. Nothing that exists is changed.
///
/// # Errors
/// The cluster does not answer, or one sentence for each difference: topic, key, found, wanted.
pub fn ensure(
    brokers: &str,
    topics: &[&'static Topic],
    layout: Layout,
) -> Result<Vec<(&'static Topic, Outcome)>, String> {
    let mut config = ClientConfig::new();
    let client = config.set("bootstrap.servers", brokers).set("log_level", "3").create();
    let admin: AdminClient<DefaultClientContext> = client.map_err(|error| format!("kafka at {brokers}: {error}"))?;
    let runtime = Builder::new_current_thread().enable_time().build().map_err(|error| error.to_string())?;
    let kafka = Kafka { admin, brokers };
    runtime.block_on(kafka.ensure(topics, layout))
}

/// The contract's part of a topic's configuration.
fn wanted(topic: &Topic) -> Vec<(&'static str, String)> {
    let mut wanted = vec![
        ("cleanup.policy", topic.cleanup.to_owned()),
        ("retention.ms", topic.retention_ms.to_string()),
        // A producer's own times, which may lie in the past or the future, would break retention.
        ("message.timestamp.type", "LogAppendTime".to_owned()),
        ("max.message.bytes", topic.max_message_bytes.to_string()),
    ];
    wanted.extend(topic.compression.map(|codec| ("compression.type", codec.to_owned())));
    wanted
}

struct Kafka<'a> {
    admin: AdminClient<DefaultClientContext>,
    brokers: &'a str,
}

impl Kafka<'_> {
    async fn ensure(
        &self,
        topics: &[&'static Topic],
        layout: Layout,
    ) -> Result<Vec<(&'static Topic, Outcome)>, String> {
        let mut found = self.partitions()?;
        let (there, missing): (Vec<_>, Vec<_>) = topics.iter().copied().partition(|t| found.contains_key(t.name));
        self.compare(&there, &found, layout).await?;
        if !missing.is_empty() {
            self.create(&missing, layout).await?;
            let begun = Instant::now();
            // A topic is created on one broker and known to the others a moment later.
            while !missing.iter().all(|topic| found.contains_key(topic.name)) {
                if begun.elapsed() > TIMEOUT {
                    return Err(format!("kafka at {}: created topics do not appear: try again", self.brokers));
                }
                tokio::time::sleep(LOOK_AGAIN).await;
                found = self.partitions()?;
            }
            self.compare(&missing, &found, layout).await?;
        }
        let outcome = |topic: &Topic| match missing.iter().any(|other| other.name == topic.name) {
            true => Outcome::Created,
            false => Outcome::Kept,
        };
        Ok(topics.iter().map(|topic| (*topic, outcome(topic))).collect())
    }

    /// Partition counts of all topics. All are asked for, as asking for one by name may create it.
    fn partitions(&self) -> Result<BTreeMap<String, i32>, String> {
        let metadata = self.admin.inner().fetch_metadata(None, TIMEOUT);
        let metadata =
            metadata.map_err(|error| format!("kafka at {} does not answer: {error}: is it running?", self.brokers))?;
        let whole = metadata.topics().iter().filter(|topic| topic.error().is_none());
        Ok(whole.map(|topic| (topic.name().to_owned(), topic.partitions().len() as i32)).collect())
    }

    async fn create(&self, missing: &[&'static Topic], layout: Layout) -> Result<(), String> {
        let configs: Vec<_> = missing.iter().map(|topic| wanted(topic)).collect();
        let new = missing.iter().zip(&configs).map(|(topic, config)| {
            let new = NewTopic::new(topic.name, layout.partitions(topic), TopicReplication::Fixed(layout.replication));
            config.iter().fold(new, |new, (key, value)| new.set(key, value))
        });
        let new: Vec<_> = new.collect();
        let created = self.admin.create_topics(&new, &options()).await;
        for outcome in created.map_err(|error| format!("topics could not be created: {error}"))? {
            match outcome {
                // Somebody was faster; whether he made what the contract wants is compared next.
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((topic, code)) => return Err(format!("{topic} could not be created: {code}")),
            }
        }
        Ok(())
    }

    async fn compare(
        &self,
        there: &[&'static Topic],
        partitions: &BTreeMap<String, i32>,
        layout: Layout,
    ) -> Result<(), String> {
        if there.is_empty() {
            return Ok(());
        }
        let specifiers: Vec<_> = there.iter().map(|topic| ResourceSpecifier::Topic(topic.name)).collect();
        let described = self.admin.describe_configs(&specifiers, &options()).await;
        let described = described.map_err(|error| format!("topic configurations could not be read: {error}"))?;
        let mut differences = Vec::new();
        // The answers come in the order of the questions.
        for (topic, resource) in there.iter().zip(described) {
            let resource =
                resource.map_err(|code| format!("{}: configuration could not be read: {code}", topic.name))?;
            let found = partitions.get(topic.name).copied().unwrap_or(0);
            differences.extend(difference(
                topic,
                "partitions",
                &found.to_string(),
                &layout.partitions(topic).to_string(),
            ));
            for (key, value) in wanted(topic) {
                differences.extend(difference(topic, key, found_value(&resource, key), &value));
            }
        }
        if differences.is_empty() { Ok(()) } else { Err(differences.join("\n")) }
    }
}

fn found_value<'a>(resource: &'a ConfigResource, key: &str) -> &'a str {
    let entry = resource.entries.iter().find(|entry| entry.name == key);
    entry.and_then(|entry| entry.value.as_deref()).unwrap_or("nothing")
}

fn difference(topic: &Topic, key: &str, found: &str, wanted: &str) -> Option<String> {
    let fix = if key == "partitions" { "set the partition count of this deployment" } else { "alter the topic" };
    (found != wanted).then(|| format!("{}: {key} is {found}, wanted {wanted}: {fix}", topic.name))
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(TIMEOUT)).operation_timeout(Some(TIMEOUT))
}
