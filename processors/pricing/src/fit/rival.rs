//! A recorded quote beside what another policy would have asked.

use kernel::contract::{FareItems, PriceQuoted, QuoteOutcome, QuotePrice};

use super::observed::{Observed, Useless, fare};
use crate::{Policy, WHOLE, reprice, share};

/// What an accepted quote brings, minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Worth {
    /// The fare.
    pub revenue: f64,
    /// What the platform keeps of it, less what a ride costs it.
    pub profit: f64,
}

/// A quote as it was asked, and as another policy would have asked it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rival {
    /// As it was asked.
    pub observed: Observed,
    /// What it brings if it is accepted.
    pub worth: Worth,
    /// The policy that made it, by its hash: its step is that of any of its quotes that was moved.
    pub made_by: u64,
    /// Logarithm of the other's fare against the chosen one.
    pub other: f64,
    /// How exact that is: what rounding to a minor unit may do to a logarithm.
    pub rounding: f64,
    /// What the other's brings if it is accepted.
    pub other_worth: Worth,
}

/// No exploration moves a price further, basis points.
const STEP_MOST: i64 = 500;

impl Rival {
    /// What `policy` makes of a recorded quote: the same way, moment, surge and competitors, its own table, demand, choice and caps.
    /// Whether it was accepted is not known yet.
    ///
    /// # Errors
    /// Why it is not judged by this quote.
    pub fn of(quoted: &PriceQuoted, policy: &Policy) -> Result<Rival, Useless> {
        let observed = Observed::of(quoted, false)?;
        let price = quoted.price.as_ref().ok_or(Useless::Unpriced)?;
        let again = reprice(quoted, policy).ok_or(Useless::Unpriced)?;
        let other = again.price.as_ref().filter(|_| again.outcome == QuoteOutcome::Quoted).ok_or(Useless::Unsold)?;
        if other.currency != price.currency {
            return Err(Useless::Currency);
        }
        let emergency_bps = quoted.inputs.as_ref().and_then(|inputs| inputs.emergency_bps);
        if observed.propensity < 1.0 && near_a_cap(price, (quoted.market.as_str(), emergency_bps), policy) {
            return Err(Useless::Capped);
        }
        let (chosen, fare) = (price.chosen.fare_minor, fare(&other.items));
        if fare <= 0 {
            return Err(Useless::Empty);
        }
        let cost = policy.cost(&quoted.market);
        Ok(Rival {
            observed,
            worth: worth(price, cost),
            made_by: u64::from_str_radix(&quoted.policy_hash, 16).unwrap_or(0),
            other: libm::log(fare as f64 / chosen as f64),
            rounding: 1.0 / chosen as f64,
            other_worth: worth(other, cost),
        })
    }
}

fn worth(price: &QuotePrice, cost: i64) -> Worth {
    let kept = price.split.fees - price.split.promotion - cost;
    Worth { revenue: fare(&price.items) as f64, profit: kept as f64 }
}

/// Whether a cap may have held one of the three prices back: then none of them says what the same draw says elsewhere. Judged by what was
/// chosen, not by what was drawn, so that the three are left out alike.
fn near_a_cap(price: &QuotePrice, (market, emergency_bps): (&str, Option<i32>), policy: &Policy) -> bool {
    let FareItems { base, distance, time, tier, least, .. } = price.items;
    let held = policy.caps(market).hold(base + distance + time + tier + least, emergency_bps.map(i64::from));
    let chosen = price.chosen.fare_minor;
    [-STEP_MOST, STEP_MOST].iter().any(|off| held.breach(share(chosen, WHOLE + off)).is_some())
}
