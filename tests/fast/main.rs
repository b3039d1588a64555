//! Tests without a network: contract, auditor, world.

mod auditor;
