//! Topics as the contract has them: created where they are missing, refused where they differ.

use std::collections::BTreeMap;
use std::time::Duration;

use kernel::{PlacedBy, Topic};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::RDKafkaErrorCode;
use tokio::runtime::Builder;

/// Longest wait for one answer of the cluster.
const TIMEOUT: Duration = Duration::from_secs(15);

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

/// Creates the missing topics, then compares all that were there before with the contract. Nothing that exists is changed.
///
/// # Errors
/// The cluster does not answer, or one sentence for each difference: topic, key, found, wanted.
pub fn ensure(
    client: &ClientConfig,
    topics: &[&'static Topic],
    layout: Layout,
) -> Result<Vec<(&'static Topic, Outcome)>, String> {
    let admin: AdminClient<DefaultClientContext> =
        client.create().map_err(|error| format!("kafka administration client: {error}"))?;
    let runtime = Builder::new_current_thread().enable_time().build().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let found = partitions_found(&admin)?;
        let (there, missing): (Vec<_>, Vec<_>) = topics.iter().copied().partition(|t| found.contains_key(t.name));
        create(&admin, &missing, layout).await?;
        let differences = differences(&admin, &there, &found, layout).await?;
        if !differences.is_empty() {
            return Err(differences.join("\n"));
        }
        let outcome = |topic: &Topic| if found.contains_key(topic.name) { Outcome::Kept } else { Outcome::Created };
        Ok(topics.iter().map(|topic| (*topic, outcome(topic))).collect())
    })
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

/// Partition counts of all topics. All are asked for, as asking for one by name may create it.
fn partitions_found(admin: &AdminClient<DefaultClientContext>) -> Result<BTreeMap<String, i32>, String> {
    let metadata = admin.inner().fetch_metadata(None, TIMEOUT);
    let metadata = metadata.map_err(|error| format!("the kafka cluster does not answer: {error}"))?;
    let topics = metadata.topics().iter();
    Ok(topics.map(|topic| (topic.name().to_owned(), topic.partitions().len() as i32)).collect())
}

async fn create(
    admin: &AdminClient<DefaultClientContext>,
    missing: &[&'static Topic],
    layout: Layout,
) -> Result<(), String> {
    if missing.is_empty() {
        return Ok(());
    }
    let configs: Vec<_> = missing.iter().map(|topic| wanted(topic)).collect();
    let new = missing.iter().zip(&configs).map(|(topic, config)| {
        let new = NewTopic::new(topic.name, layout.partitions(topic), TopicReplication::Fixed(layout.replication));
        config.iter().fold(new, |new, (key, value)| new.set(key, value))
    });
    let new: Vec<_> = new.collect();
    let created = admin.create_topics(&new, &options()).await;
    for outcome in created.map_err(|error| format!("topics could not be created: {error}"))? {
        match outcome {
            Ok(_) => {}
            Err((topic, RDKafkaErrorCode::TopicAlreadyExists)) => {
                return Err(format!("{topic} was created by someone else just now: check again"));
            }
            Err((topic, code)) => return Err(format!("{topic} could not be created: {code}")),
        }
    }
    Ok(())
}

async fn differences(
    admin: &AdminClient<DefaultClientContext>,
    there: &[&'static Topic],
    partitions: &BTreeMap<String, i32>,
    layout: Layout,
) -> Result<Vec<String>, String> {
    if there.is_empty() {
        return Ok(Vec::new());
    }
    let specifiers: Vec<_> = there.iter().map(|topic| ResourceSpecifier::Topic(topic.name)).collect();
    let described = admin.describe_configs(&specifiers, &options()).await;
    let described = described.map_err(|error| format!("topic configurations could not be read: {error}"))?;
    let mut differences = Vec::new();
    // The answers come in the order of the questions.
    for (topic, resource) in there.iter().zip(described) {
        let resource = resource.map_err(|code| format!("{}: configuration could not be read: {code}", topic.name))?;
        let found = partitions.get(topic.name).copied().unwrap_or(0);
        differences.extend(difference(topic, "partitions", &found.to_string(), &layout.partitions(topic).to_string()));
        for (key, value) in wanted(topic) {
            differences.extend(difference(topic, key, found_value(&resource, key), &value));
        }
    }
    Ok(differences)
}

fn found_value<'a>(resource: &'a ConfigResource, key: &str) -> &'a str {
    let entry = resource.entries.iter().find(|entry| entry.name == key);
    entry.and_then(|entry| entry.value.as_deref()).unwrap_or("nothing")
}

fn difference(topic: &Topic, key: &str, found: &str, wanted: &str) -> Option<String> {
    let fix = if key == "partitions" { "set the partition count of this deployment" } else { "alter the topic" };
    (found != wanted).then(|| format!("{}: {key} is {found}, the contract wants {wanted}: {fix}", topic.name))
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(TIMEOUT)).operation_timeout(Some(TIMEOUT))
}
