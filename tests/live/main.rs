//! Tests against servers: the embedded ones always, the real ones where they can be started.

#![allow(clippy::unwrap_used, reason = "the helpers of a test may panic as the test does")]

mod binary;
mod captures;
mod client;
mod cluster;
mod conform;
mod demo;
mod elasticity;
mod fares;
mod forecast;
mod garbage;
mod journey;
mod outage;
mod quotes;
mod recommend;
mod registry;
mod scale;
mod secured;
mod servers;
mod settings;
mod store;
mod telemetry;
mod topics;
