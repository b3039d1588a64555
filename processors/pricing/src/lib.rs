//! Pricing: the best price inside the rules, to the minor unit of the market's currency.
//!
//! What is here so far is the pure core of a quote: the fare table, the caps, the surge over cells, the elasticity model and the choice
//! among prices. Topics and processors stand on it.

mod money;
mod quote;

#[cfg(test)]
mod tests;

pub use money::{AMOUNT, WHOLE, of_rate, share};
pub use quote::{
    caps::{Account, Breach, Caps, Held},
    demand::{Demand, POINTS},
    explore::{Arm, Explore},
    fare::{Charge, Moves, Rates, Refused, Split, Trip, charge},
    optimum::{Choice, GRID, Ground, PARETO, Point, Weights, choose, grid},
    price::{Asked, Plan, Quoted, quote},
    surge::{Counts, Field, Pace, Surge},
};
