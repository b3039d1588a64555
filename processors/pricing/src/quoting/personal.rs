//! The one datum about a person that moves a price, and whether it may.

use kernel::{
    contract::{Loyalty, Place, RiderFacts},
    rider::Facts,
};

use super::step::small;
use crate::policy::LoyaltyPolicy;

/// What of a rider goes into a quote, as it is recorded there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Personal {
    /// Whether anything was known.
    pub(super) facts: RiderFacts,
    /// Where it comes from.
    pub(super) place: Option<Place>,
    /// His tier; none where he did not agree that it counts: then it is not recorded either.
    pub(super) loyalty: Option<Loyalty>,
    /// What that takes off, basis points of the fare.
    pub(super) bps: Option<i32>,
}

impl Personal {
    /// What the policy makes of what is known.
    pub(super) fn of(facts: &Facts, policy: &LoyaltyPolicy) -> Personal {
        let nothing = |facts| Personal { facts, place: None, loyalty: None, bps: None };
        match facts {
            Facts::Unasked => nothing(RiderFacts::Unasked),
            Facts::Unanswered => nothing(RiderFacts::Unanswered),
            Facts::Absent => nothing(RiderFacts::Absent),
            Facts::Found(known) => {
                let loyalty = known.rider.loyalty.filter(|_| known.rider.consents.personal_price);
                let bps = loyalty.and_then(|tier| policy.of(tier)).map(small);
                Personal { facts: RiderFacts::Found, place: Some(known.place.into()), loyalty, bps }
            }
        }
    }
}
