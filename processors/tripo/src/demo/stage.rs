//! Everything that the demonstration runs on: broker and registry in this process or somewhere else, topics, and the matching service.

use std::sync::Arc;
use std::time::Duration;

use devkit::garbage::HOSTILE;
use embedded::{Broker, Config};
use kernel::contract::TOPICS;
use kernel::{Rules, Topic};
use matching::{Matching, Policy};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use runtime::kafka::Access;
use runtime::registry::Registry;
use runtime::topics::{self, Layout, Outcome};
use runtime::{Pace, Service, Settings, Time, service};

use crate::run::written;

use super::Args;
use super::engine::Engine;
use super::flock::Flock;
use super::group::GROUP;
use super::memory::Memory;

/// Longest wait for one answer of the cluster.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where the topics are.
pub(super) struct Ground {
    /// Bootstrap servers.
    pub(super) brokers: String,
    /// Address of the schema registry.
    pub(super) registry: String,
    /// Topic and the id of its schema.
    pub(super) ids: Vec<(&'static Topic, u32)>,
    layout: Layout,
    /// In this process; `None`: somewhere else.
    embedded: Option<(Broker, embedded::Registry)>,
}

impl Ground {
    /// Starts or finds it, creates the topics and registers the schemas.
    pub(super) fn build(args: &Args) -> Result<Ground, String> {
        let layout = Layout { partitions: Some(i32::from(args.partitions)), ..Layout::default() };
        let (brokers, registry, embedded) = match (&args.brokers, &args.registry) {
            (Some(brokers), Some(registry)) => (brokers.clone(), registry.clone(), None),
            _ => {
                let (broker, registry) = start(args)?;
                (broker.address().to_owned(), registry.url().to_owned(), Some((broker, registry)))
            }
        };
        let found = topics::ensure(brokers.as_str(), &TOPICS, layout)?;
        empty(&brokers, found.into_iter().filter(|(_, outcome)| *outcome == Outcome::Kept).map(|(topic, _)| topic))?;
        let mut client = Registry::new(&registry)?;
        let hostile = if args.garbage > 0.0 { &HOSTILE[..] } else { &[] };
        let all: Vec<&'static Topic> = TOPICS.iter().chain(hostile).copied().collect();
        let ids = client.register(&all).map_err(|failure| failure.to_string())?;
        Ok(Ground { brokers, registry, ids, layout, embedded })
    }

    /// How many partitions a topic has.
    pub(super) fn partitions(&self, topic: &Topic) -> i32 {
        self.layout.partitions(topic)
    }

    /// The partition of a key.
    pub(super) fn partition(&self, topic: &Topic, key: &[u8]) -> i32 {
        kernel::partition::of(key, self.partitions(topic))
    }

    /// What decides, started.
    pub(super) fn engine(&self, args: &Args) -> Result<Engine, String> {
        let at = (self.brokers.as_str(), self.registry.as_str());
        if let Some(count) = args.processes {
            return Ok(Engine::There(Box::new(Flock::start(args, count, at)?)));
        }
        let service = begin(args, at)?;
        let watch = service.watch();
        Ok(Engine::Here(service, watch, Memory::of("tripo demo", std::process::id())))
    }

    /// What it is, for people.
    pub(super) fn name(&self) -> String {
        let embedded = if self.embedded.is_some() { ": any client may read along" } else { "" };
        format!("Kafka on {}, schema registry on {}{embedded}.", self.brokers, self.registry)
    }
}

fn start(args: &Args) -> Result<(Broker, embedded::Registry), String> {
    let broker = Broker::start(Config { port: args.port, ..Config::default() })
        .map_err(|error| format!("broker on port {}: {error}: choose another --port", args.port))?;
    let registry = embedded::Registry::start(args.registry_port, None)
        .map_err(|error| format!("registry on port {}: {error}: choose another --registry-port", args.registry_port))?;
    Ok((broker, registry))
}

/// The audit reads every topic from its beginning, so nothing of somebody else may lie there.
fn empty(brokers: &str, kept: impl Iterator<Item = &'static Topic>) -> Result<(), String> {
    let failed = |error| format!("kafka at {brokers} does not answer: {error}: is it running?");
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("log_level", "3")
        .create()
        .map_err(|error| format!("kafka at {brokers}: {error}"))?;
    for topic in kept {
        let metadata = consumer.fetch_metadata(Some(topic.name), PATIENCE).map_err(failed)?;
        for partition in metadata.topics().iter().flat_map(|found| found.partitions()) {
            let (_, end) = consumer.fetch_watermarks(topic.name, partition.id(), PATIENCE).map_err(failed)?;
            if end > 0 {
                return Err(format!(
                    "{} at {brokers} holds records already: the demonstration audits its topics from their beginning, so delete them \
                     or take a new cluster",
                    topic.name
                ));
            }
        }
    }
    Ok(())
}

fn begin(args: &Args, (brokers, registry): (&str, &str)) -> Result<Service, String> {
    let settings = Settings {
        access: Access { group: GROUP.to_owned(), instance: "demo".to_owned(), ..Access::from(brokers) },
        workers: usize::from(args.workers),
        pace: Pace { time: Time::Log { speed: args.speed }, ..Pace::default() },
        grace: service::GRACE,
    };
    let url = registry.to_owned();
    let schemas = move || {
        let mut client = Registry::new(&url)?;
        client.register(&written::<Matching>()).map_err(|failure| failure.to_string())?;
        Ok(client)
    };
    let policy = Policy::parse(matching::BUILT_IN)?;
    Service::start::<Matching, _, _>(&settings, Arc::new(policy), schemas)
}
