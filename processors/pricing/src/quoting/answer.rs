//! From what is known of a request to its price, or to the reason why there is none. The same at once and years later.

use kernel::Rules;
use kernel::contract::{Cap, FareItems, FareSplit, Price, PriceQuoted, QuoteInputs, QuoteOutcome, QuotePrice, Refusal};

use super::step::small;
use crate::policy::{Sections, Unsold, demand};
use crate::{Asked, Charge, Explore, Plan, Point, Policy, Quoted, Refused, Trip, WHOLE, quote};

/// What a request comes to.
pub(super) type Answer = Result<QuotePrice, Refusal>;

/// Decides a quote again from its own inputs: the same policy gives the same quote to the byte. A duplicate, and one that came too late,
/// have no inputs and are as they were told.
///
/// # Errors
/// It was decided by another policy.
pub fn requote(quoted: &PriceQuoted, policy: &Policy) -> Result<PriceQuoted, String> {
    if quoted.policy_hash != policy.hash() {
        let (id, hash) = (&quoted.quote, &quoted.policy_hash);
        return Err(format!("quote {id} was decided by the policy {hash}, not by {}", policy.hash()));
    }
    let Some(inputs) = &quoted.inputs else { return Ok(quoted.clone()) };
    let answer = answer((&quoted.market, &quoted.quote, quoted.at), inputs, policy);
    let (outcome, refusal, price) = told(answer);
    Ok(PriceQuoted { outcome, refusal, price, ..quoted.clone() })
}

/// An answer as it is told.
pub(super) fn told(answer: Answer) -> (QuoteOutcome, Option<Refusal>, Option<QuotePrice>) {
    match answer {
        Ok(price) => (QuoteOutcome::Quoted, None, Some(price)),
        Err(refusal) => (QuoteOutcome::Refused, Some(refusal), None),
    }
}

/// What `policy` would have answered to the same request in the same moment, without exploration: how far the way is, who asked, who was
/// free, surge and competitors are as they were told; demand is as the policy takes it for the cell, hour and surge. `None`: it was never priced.
pub fn reprice(quoted: &PriceQuoted, policy: &Policy) -> Option<PriceQuoted> {
    let inputs = quoted.inputs.as_ref()?;
    let [odds_e6, slope_e6, error_e6, wait_e6] =
        policy.demand(&quoted.market, (inputs.cell as u64, quoted.at), inputs.surge_bps);
    let inputs = QuoteInputs { odds_e6, slope_e6, error_e6, wait_e6, ..inputs.clone() };
    let explore = Explore { salt: "", share_bps: 0, step_bps: 0 };
    let answer = answer_exploring((&quoted.market, &quoted.quote, quoted.at), &inputs, policy, explore);
    let (outcome, refusal, price) = told(answer);
    let (policy_version, policy_hash) = (policy.version(), policy.hash().to_owned());
    Some(PriceQuoted { outcome, refusal, price, inputs: Some(inputs), policy_version, policy_hash, ..quoted.clone() })
}

/// Answers the request `id` in `market` at the event time `at`.
pub(super) fn answer(of: (&str, &str, i64), inputs: &QuoteInputs, policy: &Policy) -> Answer {
    let explore =
        Explore { salt: &policy.explore.salt, share_bps: policy.explore.share_bps, step_bps: policy.explore.step_bps };
    answer_exploring(of, inputs, policy, explore)
}

fn answer_exploring(
    (market, id, at): (&str, &str, i64),
    inputs: &QuoteInputs,
    policy: &Policy,
    explore: Explore<'_>,
) -> Answer {
    let sections = policy.of(market);
    let rates = sections.fare.rates(inputs.service, inputs.tier).map_err(|unsold| match unsold {
        Unsold::Service => Refusal::Service,
        Unsold::Tier => Refusal::Tier,
    })?;
    let plan = Plan {
        rates,
        surge_base: sections.surge.base,
        competitor_bps: (sections.competitor.part_bps, sections.competitor.most_bps),
        loyalty_bps: sections.loyalty.most_bps,
        caps: sections.caps.caps(),
        band_bps: sections.choice.band_bps,
        weights: sections.choice.weights(),
        cost: sections.fare.cost,
        explore,
    };
    let quoted = quote(&plan, &asked(id, inputs)).map_err(refusal)?;
    Ok(price(&quoted, sections, at.saturating_add(policy.lock.valid_ms())))
}

fn asked<'a>(quote: &'a str, inputs: &QuoteInputs) -> Asked<'a> {
    Asked {
        quote,
        trip: Trip { distance_m: inputs.distance_m, duration_s: inputs.duration_s, tolls: inputs.tolls_minor },
        surge_bps: inputs.surge_bps.into(),
        competitor_bps: inputs.competitor_bps.map(i64::from),
        loyalty_bps: inputs.loyalty_bps.map_or(0, i64::from),
        emergency_bps: inputs.emergency_bps.map(i64::from),
        demand: demand([inputs.odds_e6, inputs.slope_e6, inputs.error_e6, inputs.wait_e6]),
        wait_min: f64::from(inputs.wait_ms) / 60_000.0,
        load: f64::from(inputs.demand) / (f64::from(inputs.supply) + 1.0),
    }
}

fn refusal(refused: Refused) -> Refusal {
    match refused {
        Refused::Distance => Refusal::Distance,
        Refused::Duration => Refusal::Duration,
        Refused::Tolls => Refusal::Tolls,
        Refused::Nothing => Refusal::Nothing,
        Refused::Amount => Refusal::Amount,
    }
}

fn price(quoted: &Quoted, sections: &Sections, expires_at: i64) -> QuotePrice {
    let Quoted { charge, choice, breaches, arm, personal } = quoted;
    QuotePrice {
        total_minor: charge.total(),
        currency: sections.fare.currency.clone(),
        expires_at,
        items: items(charge),
        split: split(charge),
        chosen: compared(&choice.best),
        runner_up: choice.runner_up.as_ref().map(|(point, _)| compared(point)),
        margin_ppm: choice.runner_up.as_ref().map(|(_, behind)| small(*behind)),
        alternatives: choice.pareto.iter().map(compared).collect(),
        low_minor: choice.interval.0,
        high_minor: choice.interval.1,
        confidence_bps: small(choice.confidence_bps),
        bound: choice.bound,
        caps: breaches.iter().map(Cap::from).collect(),
        explored_bps: small(arm.off_bps),
        propensity_bps: small(arm.propensity_bps),
        personal: *personal,
    }
}

fn compared(point: &Point) -> Price {
    let [profit, revenue, riders, operations] = point.values.map(small);
    Price {
        fare_minor: point.fare,
        accepts_ppm: small(point.accepts),
        profit_ppm: profit,
        revenue_ppm: revenue,
        riders_ppm: riders,
        operations_ppm: operations,
    }
}

fn items(charge: &Charge) -> FareItems {
    FareItems {
        base: charge.base,
        distance: charge.distance,
        time: charge.time,
        tier: charge.tier,
        least: charge.least,
        surge: charge.surge,
        competitor: charge.competitor,
        optimum: charge.optimum,
        loyalty: charge.loyalty,
        capped: charge.capped,
        booking: charge.booking,
        tax: charge.tax,
        tolls: charge.tolls,
    }
}

fn split(charge: &Charge) -> FareSplit {
    let split = &charge.split;
    FareSplit { driver: split.driver, fees: split.fees, tax: split.tax, tolls: split.tolls, promotion: split.promotion }
}

/// What a price was of the metered fare, basis points: what an emergency is measured by.
pub(super) fn of_metered(price: &QuotePrice) -> i64 {
    let FareItems { base, distance, time, tier, least, surge, competitor, optimum, capped, .. } = price.items;
    let metered = base + distance + time + tier + least;
    // Rounded down: an emergency's ceiling never lies above what was asked.
    (metered + surge + competitor + optimum + capped).saturating_mul(WHOLE) / metered.max(1)
}
