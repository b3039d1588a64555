//! What a ride costs, and why.

pub(crate) mod caps;
mod curve;
pub(crate) mod demand;
pub(crate) mod explore;
pub(crate) mod fare;
pub(crate) mod optimum;
pub(crate) mod price;
pub(crate) mod surge;
mod wide;
