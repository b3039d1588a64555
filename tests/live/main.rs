//! Tests against servers: the embedded ones always, the real ones where they can be started.

#![allow(clippy::unwrap_used, reason = "the helpers of a test may panic as the test does")]

mod client;
mod conform;
mod demo;
mod garbage;
mod journey;
mod registry;
mod servers;
mod topics;
