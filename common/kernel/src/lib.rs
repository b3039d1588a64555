//! The pure vocabulary that every processor speaks. No clock, no network, no randomness.
//!
//! Start at [`Processor`]: what a decision maker is. [`contract`] holds one type a topic, generated from `schemas/`.

mod avro;
pub mod check;
pub mod codec;
pub mod contract;
pub mod geo;
pub mod partition;
mod processor;
mod record;
pub mod rider;
pub mod rules;
mod units;
pub mod wire;

#[cfg(test)]
mod tests;

pub use processor::{Event, Malformed, Measure, Need, Processor, Reach, Read, Rules, Spot, Tail, Turn};
pub use record::{Emit, PlacedBy, Record, Topic};
pub use units::{Bps, Metres, Millis, WINDOW};
