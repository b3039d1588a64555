//! A quote and what became of it: what learning and judging take from `price.quoted`.

use kernel::contract::{FareItems, PriceQuoted, QuoteOutcome, QuotePrice};

use crate::{WHOLE, share};

/// A quote whose rider accepted it, or let it go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observed {
    /// H3 cell of the pickup.
    pub cell: u64,
    /// Event time, milliseconds since 1970.
    pub at: i64,
    /// Logarithm of the chosen fare against the start price: it goes along with whatever else moves demand.
    pub chosen: f64,
    /// Logarithm of the fare that was asked against the chosen one: what exploration came to, inside the caps.
    pub moved: f64,
    /// How far exploration was to move it, as a share of the chosen fare: drawn by a hash of the id, so it goes along with nothing.
    pub drawn: f64,
    /// How likely that draw was, above 0, at most 1.
    pub propensity: f64,
    /// Expected wait, minutes.
    pub wait_min: f64,
    /// Surge of the pickup's cell, units of 10,000 basis points.
    pub surge: f64,
    /// A ride was asked for with it before its lock expired.
    pub accepted: bool,
}

/// Why a quote is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Useless {
    /// It has no price: it was refused, or is a repetition.
    Unpriced,
    /// Its fare or start price is nothing, or its propensity is no probability: there is no logarithm, or no weight.
    Empty,
    /// The other policy does not sell it.
    Unsold,
    /// The other policy asks in another currency.
    Currency,
    /// A cap lies within a step of the chosen price.
    Capped,
}

impl Useless {
    /// Which quotes these are.
    pub fn cause(self) -> &'static str {
        match self {
            Useless::Unpriced => "without a price",
            Useless::Empty => "with a fare of nothing, or no propensity",
            Useless::Unsold => "that the other policy would refuse",
            Useless::Currency => "in another currency than the other policy's",
            Useless::Capped => "whose explored prices a cap may have held back",
        }
    }
}

impl Observed {
    /// What `quoted` tells, where its rider accepted it or not.
    ///
    /// # Errors
    /// Why it tells nothing.
    pub fn of(quoted: &PriceQuoted, accepted: bool) -> Result<Observed, Useless> {
        let (QuoteOutcome::Quoted, Some(price), Some(inputs)) = (quoted.outcome, &quoted.price, &quoted.inputs) else {
            return Err(Useless::Unpriced);
        };
        let (asked, chosen, start) = (fare(&price.items), price.chosen.fare_minor, start(price));
        let probability = (1..=WHOLE).contains(&i64::from(price.propensity_bps));
        if asked <= 0 || chosen <= 0 || start <= 0 || !probability {
            return Err(Useless::Empty);
        }
        Ok(Observed {
            cell: inputs.cell as u64,
            at: quoted.at,
            chosen: libm::log(chosen as f64 / start as f64),
            moved: libm::log(asked as f64 / chosen as f64),
            drawn: f64::from(price.explored_bps) / WHOLE as f64,
            propensity: f64::from(price.propensity_bps) / WHOLE as f64,
            wait_min: f64::from(inputs.wait_ms) / 60_000.0,
            surge: f64::from(inputs.surge_bps) / WHOLE as f64,
            accepted,
        })
    }

    /// Logarithm of the fare against the start price.
    pub fn log_price(&self) -> f64 {
        self.chosen + self.moved
    }
}

/// The fare of a price: what is shared between driver and platform, minor units.
pub(super) fn fare(items: &FareItems) -> i64 {
    let FareItems { base, distance, time, tier, least, surge, competitor, optimum, capped, .. } = items;
    base + distance + time + tier + least + surge + competitor + optimum + capped
}

/// The start price: `optimum` is the chosen fare and what exploration put on it, less the start price.
fn start(price: &QuotePrice) -> i64 {
    let chosen = price.chosen.fare_minor;
    chosen + share(chosen, price.explored_bps.into()) - price.items.optimum
}
