//! A quote as tests need one: of a plain ride, priced by the real core.

use kernel::Rules;
use kernel::contract::{PriceQuoted, QuoteInputs, QuoteOutcome, RiderFacts, Service};
use pricing::{Policy, requote};

/// What a plain ride's quote is made from where nobody says more: 3 km in a quarter of an hour, one rider, one driver, two minutes away;
/// its demand is what `policy` says of the cell and event time (milliseconds) in `market` at a surge (basis points).
pub fn plain(policy: &Policy, market: &str, at: (u64, i64), surge_bps: i32) -> QuoteInputs {
    let [odds_e6, slope_e6, error_e6, wait_e6] = policy.demand(market, at, surge_bps);
    QuoteInputs {
        distance_m: 3_000,
        duration_s: 900,
        tolls_minor: 0,
        estimated: false,
        service: Service::Standard,
        tier: None,
        cell: at.0 as i64,
        demand: 1,
        supply: 1,
        wait_ms: 120_000,
        surge_bps,
        competitor_bps: None,
        emergency_bps: None,
        rider_facts: RiderFacts::Absent,
        rider_place: None,
        loyalty: None,
        loyalty_bps: None,
        odds_e6,
        slope_e6,
        error_e6,
        wait_e6,
    }
}

/// The quote of this id and event time that `policy` makes of the inputs.
///
/// # Panics
/// Never: the quote is asked of the policy that it names.
pub fn priced(market: &str, (quote, at): (&str, i64), inputs: QuoteInputs, policy: &Policy) -> PriceQuoted {
    let asked = PriceQuoted {
        quote: quote.to_owned(),
        at,
        market: market.to_owned(),
        outcome: QuoteOutcome::Unknown,
        refusal: None,
        price: None,
        inputs: Some(inputs),
        cause: None,
        turn: 0,
        row: 0,
        policy_version: policy.version(),
        policy_hash: policy.hash().to_owned(),
        stale: false,
    };
    requote(&asked, policy).expect("it names the policy that prices it")
}
