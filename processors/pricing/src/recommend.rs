//! What could be decided better, by what was: each with what it is expected to bring a week, and the policy that would be published.
//!
//! [`Seen`] counts what the topics say, [`recommend`] looks for opportunities in the counts. Nothing here changes anything: a
//! person reads, and publishes.

mod change;
mod find;
mod lever;
mod published;
mod seen;

#[cfg(test)]
mod tests;

pub use change::Change;
pub use find::recommend;
pub use published::{Published, Version};
pub use seen::{CellHour, Held, Leak, Market, RIDES_MAX, Seen, Tier};

use crate::allocate::Span;

/// Recommendations that are given, most.
pub const RECOMMENDED_MAX: usize = 50;

/// What kind of opportunity it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Riders who found no driver, in the same cells at the same hours.
    Unmet,
    /// A class of leakage.
    Leakage,
    /// A tier whose price is off.
    Tier,
}

impl Kind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Unmet => "unmet",
            Kind::Leakage => "leakage",
            Kind::Tier => "tier",
        }
    }
}

/// An opportunity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recommendation {
    /// `KIND/MARKET` or `KIND/MARKET/WHAT`: the same opportunity has the same one, whenever it is found.
    pub id: String,
    /// The market.
    pub market: String,
    /// What kind.
    pub kind: Kind,
    /// What was seen, and what is proposed, in a sentence.
    pub what: String,
    /// More margin a week, minor units; the interval holds it four times of five.
    pub margin: Span,
    /// Fewer riders a week who wait for nobody, thousandths.
    pub unmet: Span,
    /// The policy that would be published; none: no number of it mends this.
    pub change: Option<Change>,
}
