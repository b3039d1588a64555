//! Quotes: each request has one fate, no id two prices, and money is conserved on each (law 5). Written a second time here, from the
//! laws.

use std::collections::{BTreeMap, BTreeSet};

use kernel::contract::{
    FareItems, FareSplit, Place, PriceQuoted, QuoteInputs, QuoteOutcome, QuotePrice, QuoteRequested, RecordParked,
    RiderFacts,
};
use kernel::{Millis, Record};

use super::fates::{Spot, at};
use super::riders::Riders;
use super::trimmed::Trimmed;
use super::verdict::{Law, Verdict};

/// Who answers quotes.
pub(super) const PROCESSOR: &str = "quoting";

/// A request for a quote, and how often it was answered.
struct Asked {
    /// Market and id; `None`: it cannot be read, so it may only be parked.
    quote: Option<(String, String)>,
    rider: String,
    fates: u32,
}

/// All that is known of quotes.
#[derive(Default)]
pub(super) struct Quotes {
    asked: BTreeMap<Spot, Asked>,
    priced: BTreeSet<(String, String)>,
    /// Whether anybody answers quotes here: where nobody does, none is missing.
    served: bool,
    /// What is known of those who ask.
    pub(super) riders: Riders,
    /// So long after a rider took his consent back it may still count.
    pub(super) late: Millis,
}

impl Quotes {
    pub(super) fn len(&self) -> usize {
        self.asked.len() + self.priced.len() + self.riders.len()
    }

    pub(super) fn requested(&mut self, place: &Place, asked: Option<&QuoteRequested>) {
        let quote = asked.map(|asked| (asked.market.clone(), asked.quote.clone()));
        let rider = asked.map(|asked| asked.rider.clone()).unwrap_or_default();
        self.asked.insert((place.partition, place.offset), Asked { quote, rider, fates: 0 });
    }

    /// A record that was parked by whoever answers quotes.
    pub(super) fn parked(&mut self, record: &RecordParked) {
        self.served = true;
        if record.place.topic == QuoteRequested::TOPIC.name
            && let Some(asked) = self.asked.get_mut(&(record.place.partition, record.place.offset))
        {
            asked.fates += 1;
        }
    }

    /// An answer, and when the broker stored it.
    pub(super) fn quoted(
        &mut self,
        (place, written): (&Place, Millis),
        quoted: &PriceQuoted,
        trimmed: &Trimmed,
        verdict: &mut Verdict,
    ) {
        self.served = true;
        match quoted.outcome {
            QuoteOutcome::Quoted => verdict.quotes_priced += 1,
            QuoteOutcome::Refused => verdict.quotes_refused += 1,
            QuoteOutcome::Duplicate | QuoteOutcome::Unknown => verdict.quotes_repeated += 1,
        }
        let id = (quoted.market.clone(), quoted.quote.clone());
        if quoted.outcome == QuoteOutcome::Quoted && !self.priced.insert(id.clone()) {
            verdict.blame(Law::Duplicated, format!("quote {}: {} is its second price", quoted.quote, at(place)));
        }
        let cause = quoted.cause.as_ref().filter(|cause| cause.topic == QuoteRequested::TOPIC.name);
        let asked = cause.and_then(|cause| self.asked.get_mut(&(cause.partition, cause.offset)));
        let mut personal = Ok(true);
        match (asked, cause) {
            (Some(asked), _) => {
                asked.fates += 1;
                if let Some(inputs) = &quoted.inputs {
                    personal = self.riders.judge(&asked.rider, (written, self.late), inputs);
                }
                if asked.quote.as_ref() != Some(&id) {
                    let sentence = format!("quote {}: {} answers another request", quoted.quote, at(place));
                    verdict.blame(Law::Chain, sentence);
                }
            }
            (None, Some(cause)) if trimmed.gone(cause) => verdict.unjudged += 1,
            (None, _) => {
                verdict.blame(Law::Chain, format!("quote {}: {} answers no request", quoted.quote, at(place)));
            }
        }
        verdict.unjudged += u64::from(personal == Ok(false));
        if let Err(why) = sound(quoted, verdict).and(personal) {
            verdict.blame(Law::Money, format!("quote {}: {}: {why}", quoted.quote, at(place)));
        }
    }

    /// Blames every request that has no fate, or more than one.
    pub(super) fn settle(&self, trimmed: &Trimmed, verdict: &mut Verdict) {
        verdict.quotes = self.asked.len() as u64;
        if !self.served {
            return;
        }
        for ((partition, offset), asked) in &self.asked {
            let id = asked.quote.as_ref().map_or("(unreadable)", |(_, quote)| quote);
            let place = format!("{}/{partition}@{offset}", QuoteRequested::TOPIC.name);
            match asked.fates {
                1 => {}
                0 if trimmed.at(&[PriceQuoted::TOPIC.name], *partition) => verdict.unjudged += 1,
                0 => verdict.blame(Law::Missing, format!("quote {id} at {place} has no answer")),
                many => verdict.blame(Law::Duplicated, format!("quote {id} at {place} has {many} answers")),
            }
        }
    }
}

/// What must hold of an answer by itself.
fn sound(quoted: &PriceQuoted, verdict: &mut Verdict) -> Result<(), String> {
    let (price, inputs) = match (quoted.outcome, &quoted.price, &quoted.inputs) {
        (QuoteOutcome::Quoted, Some(price), Some(inputs)) => (price, inputs),
        (QuoteOutcome::Refused, None, _) if quoted.refusal.is_some() => return Ok(()),
        (QuoteOutcome::Duplicate, None, None) => return Ok(()),
        (outcome, ..) => return Err(format!("{outcome:?} with what does not belong to it")),
    };
    verdict.quotes_surged += u64::from(price.items.surge > 0);
    verdict.quotes_capped += u64::from(!price.caps.is_empty());
    verdict.quotes_of_known += u64::from(inputs.rider_facts == RiderFacts::Found);
    verdict.quotes_of_unanswered += u64::from(inputs.rider_facts == RiderFacts::Unanswered);
    verdict.quotes_lowered += u64::from(price.items.loyalty < 0);
    verdict.lowered_minor = verdict.lowered_minor.saturating_sub(price.items.loyalty);
    conserved(price)?;
    capped(price, inputs)?;
    if price.personal != (price.items.loyalty < 0) || price.items.loyalty > 0 {
        return Err(format!("loyalty takes off {}, and personal is {}", -price.items.loyalty, price.personal));
    }
    loyal(price, inputs)?;
    if price.expires_at <= quoted.at {
        return Err("it has expired when it is made".to_owned());
    }
    if !(1..=10_000).contains(&price.propensity_bps) || price.alternatives.len() > 5 {
        return Err(format!("propensity {}, {} alternatives", price.propensity_bps, price.alternatives.len()));
    }
    match price.alternatives.contains(&price.chosen) {
        true => Ok(()),
        false => Err("the chosen price is none of the alternatives".to_owned()),
    }
}

/// Charged = the sum of the items = driver + fees + tax + tolls - promotion.
fn conserved(price: &QuotePrice) -> Result<(), String> {
    let FareItems { booking, tax, tolls, loyalty, .. } = price.items;
    let items = i128::from(fare(&price.items)) + i128::from(loyalty) + i128::from(booking + tax + tolls);
    let FareSplit { driver, fees, tax, tolls, promotion } = price.split;
    let split = [driver, fees, tax, tolls, -promotion].into_iter().map(i128::from).sum::<i128>();
    match items == i128::from(price.total_minor) && split == items {
        true => Ok(()),
        false => Err(format!("{} is charged, the items are {items}, and {split} is given out", price.total_minor)),
    }
}

/// Loyalty takes off what a tier is worth that was known of the rider, to the rounding of one minor unit, and half of the fare at most.
fn loyal(price: &QuotePrice, inputs: &QuoteInputs) -> Result<(), String> {
    let known = inputs.rider_facts == RiderFacts::Found && inputs.rider_place.is_some() && inputs.loyalty.is_some();
    let bps = i128::from(inputs.loyalty_bps.unwrap_or(0));
    let taken = -i128::from(price.items.loyalty);
    match (known || inputs.loyalty_bps.is_none()) && (0..=5_000).contains(&bps) {
        true if taken * 10_000 <= i128::from(fare(&price.items)) * bps + 10_000 => Ok(()),
        _ => Err(format!("loyalty takes off {taken}, for {bps} bps and {:?} of the rider", inputs.rider_facts)),
    }
}

/// An emergency's ceiling holds, to the rounding of one minor unit.
fn capped(price: &QuotePrice, inputs: &QuoteInputs) -> Result<(), String> {
    let Some(bps) = inputs.emergency_bps else { return Ok(()) };
    let fare = i128::from(fare(&price.items));
    match fare * 10_000 <= i128::from(metered(&price.items)) * i128::from(bps) + 10_000 {
        true => Ok(()),
        false => Err(format!("a fare of {fare} in an emergency that allows {bps} bps of the metered one")),
    }
}

fn metered(items: &FareItems) -> i64 {
    items.base + items.distance + items.time + items.tier + items.least
}

fn fare(items: &FareItems) -> i64 {
    metered(items) + items.surge + items.competitor + items.optimum + items.capped
}
