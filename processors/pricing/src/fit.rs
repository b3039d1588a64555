//! Parameters of a policy, learned from what was recorded. Nothing here decides: floats are welcome, and what is found is rounded into a
//! policy that a person reads and publishes.

mod fares;
pub mod forecast;
mod least;

#[cfg(test)]
mod tests;

pub use fares::{GROUPS_MAX, Linear, Ride, Table, Unfit, median_error};
