//! What prices, and what captures fares: services of their own, in this process.

use std::sync::Arc;

use kernel::{Millis, Processor, Rules};
use pricing::Policy;
use runtime::kafka::Access;
use runtime::registry::Registry;
use runtime::{Count, Pace, Service, Settings, Time, Watch, service};

use crate::run::written;

use super::stage::Ground;

/// The service, and what it tells.
pub(super) struct Desk {
    service: Service,
    watch: Arc<Watch>,
}

impl Desk {
    /// Starts it as the consumer group `group`.
    pub(super) fn open<P: Processor<Policy = Policy>>(
        ground: &Ground,
        speed: u32,
        group: &str,
    ) -> Result<Desk, String> {
        let settings = Settings {
            access: Access { group: group.to_owned(), instance: "desk".to_owned(), ..Access::from(&*ground.brokers) },
            workers: 1,
            pace: Pace { time: Time::Log { speed }, ..Pace::default() },
            grace: service::GRACE,
        };
        let url = ground.registry.clone();
        let schemas = move || {
            let mut client = Registry::new(&url)?;
            client.register(&written::<P>()).map_err(|failure| failure.to_string())?;
            Ok(client)
        };
        let policy = Policy::parse(pricing::BUILT_IN)?;
        let service = Service::start::<P, _, _>(&settings, Arc::new(policy), schemas)?;
        let watch = service.watch();
        Ok(Desk { service, watch })
    }

    /// Whether every one of so many requests has its answer.
    pub(super) fn answered(&self, asked: u64) -> bool {
        self.watch.total(Count::Asked) >= asked
    }

    /// How far it is in the market where it is furthest behind; `None` while it lacks one.
    pub(super) fn reached(&self, markets: &[String]) -> Option<Millis> {
        let reached = self.watch.now();
        markets.iter().map(|market| reached.get(market).copied()).min().flatten()
    }

    /// What it answered so far.
    pub(super) fn count(&self) -> u64 {
        self.watch.total(Count::Asked)
    }

    /// What is wrong at the moment.
    pub(super) fn trouble(&self) -> Option<String> {
        self.watch.trouble()
    }

    /// Drains and ends it.
    pub(super) fn stop(self) -> Result<(), String> {
        self.service.stop()
    }
}
