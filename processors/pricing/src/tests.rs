//! Tests of the pure parts.

mod caps;
mod fares;
mod prices;
mod quotes;
mod surges;
