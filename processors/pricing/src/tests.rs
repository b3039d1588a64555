//! Tests of the pure parts.

mod caps;
mod fares;
pub(crate) mod goldens;
mod prices;
mod quotes;
mod surges;
