//! A forecast's table from requests that were asked, and how well it does on days that it did not see.

mod judge;
mod learn;
mod log;

pub use judge::{Deviance, LEAD, deviance, judge};
pub use learn::{Knobs, choose, learn};
pub use log::{Asked, Log};

#[cfg(test)]
mod tests;

/// Whole days that a table needs, least: a week, and some to try it on.
pub const DAYS_LEAST: i64 = 10;
/// Days that a table can be learned from, most: two years.
pub const DAYS_MAX: i64 = 731;

/// Why there is no table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unlearned {
    /// So many whole days, fewer than so many.
    TooShort(i64, i64),
    /// So many days, more than so many.
    TooLong(i64, i64),
    /// Fewer than one request a day.
    Nobody,
}

impl std::fmt::Display for Unlearned {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unlearned::TooShort(found, least) => {
                write!(to, "{found} whole days are left to learn from, a forecast needs {least}")
            }
            Unlearned::TooLong(found, most) => write!(to, "{found} days, at most {most}: take a shorter span"),
            Unlearned::Nobody => to.write_str("fewer than one request a day: nothing can be learned"),
        }
    }
}
