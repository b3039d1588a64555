//! What prices, and what captures fares: services of their own, in this process.

use std::sync::Arc;

use kernel::{Millis, Processor, Rules};
use pricing::Policy;
use runtime::kafka::Access;
use runtime::projection::{self, RIDERS};
use runtime::registry::{self, Registry};
use runtime::store::{Memory, Reading};
use runtime::{Count, Limits, Pace, Service, Settings, Time, Watch, service};

use crate::run::written;
use crate::store::{BATCH, Shelf};

use super::stage::Ground;

/// Riders that are held at most.
const RIDERS_MAX: usize = 1_000_000;

/// The service, what it knows riders from, and what it tells.
pub(super) struct Desk {
    service: Service,
    shelf: Option<Shelf>,
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
        let watch = Arc::new(Watch::of(P::NAME));
        let shelf = P::READS_RIDERS.then(|| shelf(&settings.access, &ground.registry, watch.clone())).transpose()?;
        let store = shelf.as_ref().map(|shelf| (shelf.store.clone(), Reading::default()));
        let service = Service::watched::<P, _, _>(&settings, (Arc::new(policy), store), schemas, watch.clone())?;
        Ok(Desk { service, shelf, watch })
    }

    /// Whether every one of so many requests has its answer.
    pub(super) fn answered(&self, asked: u64) -> bool {
        self.watch.total(Count::Asked) >= asked
    }

    /// How far it is in the market where it is furthest behind; `None` while it lacks one, or knows no riders yet.
    pub(super) fn reached(&self, markets: &[String]) -> Option<Millis> {
        if self.shelf.as_ref().is_some_and(|shelf| !shelf.is_filled()) {
            return None;
        }
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
        self.service.stop().and(self.shelf.map_or(Ok(()), Shelf::close))
    }
}

/// A store in memory that is filled as a quoting process fills its own. Nobody grows too old: what is replayed may be of years ago.
fn shelf(access: &Access, registry: &str, watch: Arc<Watch>) -> Result<Shelf, String> {
    let access = Access { group: format!("{}.{RIDERS}", access.group), ..access.clone() };
    let (value_bytes, keep) = (Limits::default().value_bytes, Millis(0));
    let fold = projection::Settings { access, alone: true, batch: BATCH, value_bytes, keep, grace: service::GRACE };
    Shelf::filled(Arc::new(Memory::new(RIDERS_MAX)), (fold, registry::Access::from(registry)), watch)
}
