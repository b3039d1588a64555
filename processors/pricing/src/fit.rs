//! Parameters of a policy, learned from what was recorded. Nothing here decides: floats are welcome, and what is found is rounded into a
//! policy that a person reads and publishes.

mod counterfactual;
mod elasticity;
mod fares;
pub mod forecast;
mod journal;
mod least;
mod local;
mod logit;
mod observed;
mod resample;
mod rival;
mod section;
mod shrink;

#[cfg(test)]
mod tests;

pub use counterfactual::{BEYOND_MOST, EFFECTIVE_LEAST, Figure, Judgement, Unjudged, judge};
pub use elasticity::{Learned, MOVED_LEAST, NINE_OF_TEN, QUOTES_LEAST, Unlearned, learn};
pub use fares::{GROUPS_MAX, Linear, Ride, Table, Unfit, median_error};
pub use journal::{Journal, Settled};
pub use local::{Local, ROW_LEAST, locals};
pub use observed::{Observed, Useless};
pub use resample::Estimate;
pub use rival::{Rival, Worth};
pub use section::section;
