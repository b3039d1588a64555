//! What one process needs instead of a cluster: a Kafka broker, a schema registry and a store, for one machine, for
//! development and tests.

pub mod broker;
pub mod registry;
mod store;

pub use broker::{Broker, Config};
pub use registry::Registry;
pub use store::Disk;
