//! The machinery around the decisions: all input, output and waiting live here.

mod allocator;
mod clock;
mod counts;
pub mod http;
mod intake;
pub mod kafka;
mod limits;
pub mod log;
pub mod logs;
pub mod metrics;
mod park;
mod policies;
pub mod projection;
pub mod registry;
mod schemas;
mod seat;
pub mod service;
pub mod settings;
pub mod store;
pub mod tails;
pub mod topics;
mod trace;
mod turn;
mod watch;
mod worker;

#[cfg(test)]
mod tests;

pub use clock::{Clock, Time};
pub use counts::Counts;
pub use limits::Limits;
pub use policies::AHEAD;
pub use schemas::{Schemas, Unresolved};
pub use service::{Service, Settings};
pub use watch::{Bound, Count, Size, Span, Watch};
pub use worker::{Discipline, Pace, Sound, Worker};
