//! What one process needs instead of a cluster: a Kafka broker and a schema registry, for one machine, for development
//! and tests.

pub mod broker;
pub mod registry;

pub use broker::{Broker, Config};
pub use registry::Registry;
