//! A processor as it is in production, with its built-in policy.

use std::sync::Arc;

use kernel::contract::TOPICS;
use kernel::{Processor, Rules};
use runtime::registry::Registry;
use runtime::{Pace, Service, Settings, kafka::Access, service};

use crate::process::run_until_told;

/// Runs `P` in a group of its name until the standard input ends.
pub(crate) fn serve<P: Processor>((brokers, registry): (&str, &str), workers: usize, pace: Pace) {
    let instance = format!("bench-{}", std::process::id());
    let access = Access { brokers: brokers.to_owned(), group: P::NAME.to_owned(), instance, ..Access::default() };
    let settings = Settings { access, workers, pace, grace: service::GRACE };
    let url = registry.to_owned();
    let schemas = move || {
        let mut registry = Registry::new(&url)?;
        registry.register(&TOPICS).map_err(|failure| failure.to_string())?;
        Ok(registry)
    };
    let policy = Arc::new(P::Policy::parse(P::Policy::BUILT_IN).expect("the built-in policy"));
    run_until_told(Service::start::<P, _, _>(&settings, policy, schemas).expect("a service"));
}
