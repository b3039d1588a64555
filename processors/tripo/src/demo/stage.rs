//! Everything that the demonstration runs on, in this process: broker, registry, topics, and the matching service.

use std::sync::Arc;
use std::time::Duration;

use embedded::{Broker, Config};
use kernel::contract::TOPICS;
use kernel::{Processor, Topic};
use matching::{Matching, Policy};
use runtime::kafka::Access;
use runtime::registry::Registry;
use runtime::topics::{self, Layout};
use runtime::{Pace, Service, Settings, Time};

use crate::run::written;

use super::Args;
use super::engine::{Engine, Flock};

/// The running parts; the engine is stopped first.
pub(super) struct Stage {
    pub(super) engine: Engine,
    pub(super) broker: Broker,
    pub(super) registry: embedded::Registry,
    /// Topic and the id of its schema.
    pub(super) ids: Vec<(&'static Topic, u32)>,
}

impl Stage {
    /// Starts it all, on free ports unless told otherwise.
    pub(super) fn build(args: &Args) -> Result<Stage, String> {
        let broker = Broker::start(Config { port: args.port, ..Config::default() })
            .map_err(|error| format!("broker on port {}: {error}: choose another --port", args.port))?;
        let registry = embedded::Registry::start(args.registry_port, None).map_err(|error| {
            format!("registry on port {}: {error}: choose another --registry-port", args.registry_port)
        })?;
        topics::ensure(broker.address(), &TOPICS, Layout::default())?;
        let mut client = Registry::new(registry.url())?;
        let ids = client.register(&TOPICS).map_err(|failure| failure.to_string())?;
        let engine = match args.processes {
            Some(count) => Engine::There(Flock::start(args, count, broker.address(), registry.url())?),
            None => {
                let service = service(args, broker.address(), registry.url())?;
                let watch = service.watch();
                Engine::Here(service, watch)
            }
        };
        Ok(Stage { engine, broker, registry, ids })
    }
}

fn service(args: &Args, brokers: &str, registry: &str) -> Result<Service, String> {
    let settings = Settings {
        access: Access {
            brokers: brokers.to_owned(),
            group: Matching::NAME.to_owned(),
            instance: "demo".to_owned(),
            session: Duration::from_secs(6),
            transaction: Duration::from_secs(10),
        },
        workers: usize::from(args.workers),
        pace: Pace { time: Time::Log { speed: args.speed }, ..Pace::default() },
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
