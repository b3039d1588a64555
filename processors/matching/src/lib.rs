//! Matching.
mod assign;
mod eta;
mod policy;
pub use assign::{certify, solve};
/// Horizon
pub const HORIZON: kernel::Millis = kernel::Millis(600_000);
