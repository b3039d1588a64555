//! Pricing: the best price inside the rules, to the minor unit of the market's currency.
//!
//! [`Quoting`] answers `quote.requested` with `price.quoted`. `quote` is its pure core: the fare table, the caps, the surge over cells,
//! the elasticity model and the choice among prices. [`Capturing`] answers what ends a ride with `fare.captured`; `capture` is its
//! core: what is due, and what was lost of it.

mod capture;
pub mod capturing;
pub mod fit;
mod money;
mod policy;
mod quote;
pub mod quoting;

#[cfg(test)]
mod tests;

pub use capturing::{Capturing, capture, recapture};
pub use money::{AMOUNT, WHOLE, of_rate, share};
pub use policy::{BUILT_IN, Policy};
pub use quote::{
    caps::{Account, Breach, Caps, Held},
    demand::{Demand, POINTS},
    explore::{Arm, Explore},
    fare::{Charge, Moves, Rates, Refused, Split, Trip, charge},
    optimum::{Choice, GRID, Ground, PARETO, Point, Weights, choose, grid},
    price::{Asked, Plan, Quoted, quote},
    surge::{Counts, Field, Pace, Surge},
};
pub use quoting::{Quoting, requote};
