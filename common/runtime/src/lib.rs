//! The machinery around the decisions: all input, output and waiting live here.

mod clock;
mod counts;
mod intake;
pub mod kafka;
pub mod log;
mod park;
pub mod registry;
mod schemas;
mod seat;
mod service;
pub mod topics;
mod turn;
mod watch;
mod worker;

#[cfg(test)]
mod tests;

pub use clock::{Clock, Time};
pub use counts::Counts;
pub use schemas::{Schemas, Unresolved};
pub use service::{Service, Settings};
pub use turn::Limits;
pub use watch::Watch;
pub use worker::{Discipline, Pace, Sound, Worker};
