//! Tests without a network: contract, frozen versions, auditor, world, faults in bills.

#![allow(clippy::unwrap_used, reason = "the helpers of a test may panic as the test does")]

mod architecture;
mod auditor;
mod contract;
mod frozen;
mod leaks;
mod metrics;
mod store;
mod supply;
mod world;
