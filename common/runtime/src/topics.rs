//! Topics as the contract has them: created where they are missing, refused where they differ.

use std::time::{Duration, Instant};

use kernel::{PlacedBy, Topic};
use rdkafka::admin::{AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::error::RDKafkaErrorCode;
use tokio::runtime::Builder;

mod client;
mod compare;
pub(crate) mod reason;

#[cfg(test)]
mod tests;

use crate::kafka::Access;
use client::Client;
use compare::{Difference, Found};

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

/// Why a processor may not start on these topics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The cluster does not answer, or a topic is missing: both may come, and asking again is right.
    Away(String),
    /// A topic is not as the contract has it, a line for each difference: only a person can mend that.
    Misconfigured(String),
}

/// Compares the topics that the cluster has with the contract, then creates the missing ones. Nothing that exists is changed.
/// Longer retention and larger records than the contract's are fine.
///
/// # Errors
/// The cluster does not answer, or one sentence for each difference: topic, key, found, wanted, fix.
pub fn ensure(
    access: impl Into<Access>,
    topics: &[&'static Topic],
    layout: Layout,
) -> Result<Vec<(&'static Topic, Outcome)>, String> {
    let kafka = Kafka { client: Client::new(access.into())? };
    waiting()?.block_on(kafka.ensure(topics, layout))
}

/// How many copies each topic has of that partition that has the fewest, in the order asked; 0: it is not there.
///
/// # Errors
/// The cluster does not answer.
pub fn copies(access: impl Into<Access>, topics: &[&'static Topic]) -> Result<Vec<usize>, String> {
    let metadata = Client::new(access.into())?.metadata()?;
    let fewest = |topic: &&Topic| {
        let found = metadata.topics().iter().find(|found| found.name() == topic.name);
        let copies = found.map(|found| found.partitions().iter().map(|partition| partition.replicas().len()).min());
        copies.flatten().unwrap_or(0)
    };
    Ok(topics.iter().map(fewest).collect())
}

/// Whether a processor may start on these topics: all are there, and none is configured so that the laws cannot be kept. A cluster
/// that does not let us see a configuration is trusted, and that is said in a warning.
///
/// # Errors
/// [`Wrong`] tells what may come by waiting from what a person must mend.
pub fn verify(access: &Access, topics: &[&'static Topic]) -> Result<(), Wrong> {
    let kafka = Kafka { client: Client::new(access.clone()).map_err(Wrong::Misconfigured)? };
    let found = kafka.partitions().map_err(Wrong::Away)?;
    let missing: Vec<&str> = topics.iter().map(|topic| topic.name).filter(|name| !found.contains_key(*name)).collect();
    match missing.as_slice() {
        [] => {}
        [one] => return Err(Wrong::Away(format!("topic {one} does not exist: create it with `tripo schemas topics`"))),
        many => {
            let sentence = format!("topics {} do not exist: create them with `tripo schemas topics`", many.join(", "));
            return Err(Wrong::Away(sentence));
        }
    }
    let described = waiting().map_err(Wrong::Away)?.block_on(kafka.describe(topics)).map_err(Wrong::Away)?;
    let mut differences = compare::uneven(topics, &found);
    let mut hidden = Vec::new();
    for (topic, described) in topics.iter().zip(described) {
        match described {
            Some(resource) => {
                let harmful = compare::configuration(topic, |key| found_value(&resource, key));
                differences.extend(harmful.into_iter().filter(Difference::breaks_a_law));
            }
            None => hidden.push(topic.name),
        }
    }
    if !hidden.is_empty() {
        tracing::warn!(side = "kafka", "{}", unseen(&hidden));
    }
    if differences.is_empty() { Ok(()) } else { Err(Wrong::Misconfigured(lines(&differences, &access.brokers))) }
}

fn waiting() -> Result<tokio::runtime::Runtime, String> {
    Builder::new_current_thread().enable_time().build().map_err(|error| error.to_string())
}

fn lines(differences: &[Difference], brokers: &str) -> String {
    differences.iter().map(|difference| difference.sentence(brokers)).collect::<Vec<_>>().join("\n")
}

struct Kafka {
    client: Client,
}

impl Kafka {
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
                    return Err(format!("kafka at {}: created topics do not appear: try again", self.client.brokers()));
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

    /// Partition counts of all topics.
    fn partitions(&self) -> Result<Found, String> {
        let metadata = self.client.metadata()?;
        let whole = metadata.topics().iter().filter(|topic| topic.error().is_none());
        Ok(whole.map(|topic| (topic.name().to_owned(), topic.partitions().len() as i32)).collect())
    }

    async fn create(&self, missing: &[&'static Topic], layout: Layout) -> Result<(), String> {
        let configs: Vec<_> = missing.iter().map(|topic| compare::wanted(topic)).collect();
        let new = missing.iter().zip(&configs).map(|(topic, config)| {
            let new = NewTopic::new(topic.name, layout.partitions(topic), TopicReplication::Fixed(layout.replication));
            config.iter().fold(new, |new, (key, value)| new.set(key, value))
        });
        let new: Vec<_> = new.collect();
        let admin = self.client.admin()?;
        let created = admin.create_topics(&new, &options()).await;
        for outcome in created.map_err(|error| format!("topics could not be created: {error}"))? {
            match outcome {
                // Somebody was faster; whether he made what the contract wants is compared next.
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((topic, code)) => return Err(format!("{topic} could not be created: {code}")),
            }
        }
        Ok(())
    }

    /// The configurations, in the order asked; `None`: we may not see it.
    async fn describe(&self, topics: &[&'static Topic]) -> Result<Vec<Option<ConfigResource>>, String> {
        let specifiers: Vec<_> = topics.iter().map(|topic| ResourceSpecifier::Topic(topic.name)).collect();
        let admin = self.client.admin()?;
        let described = admin.describe_configs(&specifiers, &options()).await;
        let described = described.map_err(|error| format!("topic configurations could not be read: {error}"))?;
        // The client library hands a refusal on as a configuration without entries.
        Ok(described.into_iter().map(|one| one.ok().filter(|resource| !resource.entries.is_empty())).collect())
    }

    async fn compare(&self, there: &[&'static Topic], found: &Found, layout: Layout) -> Result<(), String> {
        if there.is_empty() {
            return Ok(());
        }
        let mut differences = compare::partitions(there, found, |topic| layout.partitions(topic));
        let mut hidden = Vec::new();
        for (topic, described) in there.iter().zip(self.describe(there).await?) {
            let Some(resource) = described else {
                hidden.push(topic.name);
                continue;
            };
            differences.extend(compare::configuration(topic, |key| found_value(&resource, key)));
        }
        match (differences.is_empty(), hidden.is_empty()) {
            (true, true) => Ok(()),
            (true, false) => Err(unseen(&hidden)),
            (false, _) => Err(lines(&differences, self.client.brokers())),
        }
    }
}

fn unseen(topics: &[&str]) -> String {
    let names = topics.join(", ");
    format!(
        "the configuration of {names} cannot be checked: allow us DescribeConfigs on these topics, or check them yourself"
    )
}

fn found_value(resource: &ConfigResource, key: &str) -> String {
    let entry = resource.entries.iter().find(|entry| entry.name == key);
    entry.and_then(|entry| entry.value.clone()).unwrap_or_else(|| "nothing".to_owned())
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(TIMEOUT)).operation_timeout(Some(TIMEOUT))
}
