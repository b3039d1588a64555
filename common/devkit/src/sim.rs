//! A seeded simulation: a log in memory with the semantics of Kafka that matter, its faults, and real workers on it.
//!
//! [`World`] is the log and the consumer group, [`SimLog`] is the log as one worker sees it, [`Cluster`] steps workers,
//! kills, pauses and rebalances them. Everything is drawn from one seed: the same seed tells the same story.

mod cluster;
mod faults;
mod group;
mod port;
mod rng;
mod schemas;
mod shadow;
mod shelf;
mod takeover;
mod transactions;
mod world;

pub use cluster::{Cluster, Same};
pub use faults::{Faults, Plant};
pub use port::{Proof, SimLog};
pub use rng::Rng;
pub use schemas::SimSchemas;
pub use world::{Shape, World};
