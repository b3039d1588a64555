//! Tests without a network: contract, auditor, world.

mod architecture;
mod auditor;
mod contract;
mod world;
