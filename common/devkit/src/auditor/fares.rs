//! Fares: each end of a ride has one fate, no ride two fares, and money is conserved on each (law 5). Written a second time here, from
//! the laws.

use std::collections::BTreeMap;

use kernel::Record;
use kernel::contract::{
    CaptureInputs, CaptureOutcome, CapturedFare, CapturedFees, FareBasis, FareCaptured, FareItems, FareSplit, Leakage,
    Place, Progress, Promise, RecordParked, RideProgressed,
};

use super::fates::{RideKey, Spot, at};
use super::trimmed::Trimmed;
use super::verdict::{Law, Verdict};

/// Who captures fares.
pub(super) const PROCESSOR: &str = "capturing";

/// A ride has one fare within this span of event time, milliseconds.
const WINDOW_MS: i64 = 86_400_000;

/// A fact that ends a ride, and how often it was answered.
struct End {
    ride: RideKey,
    fates: u32,
}

/// All that is known of fares.
#[derive(Default)]
pub(super) struct Fares {
    ends: BTreeMap<Spot, End>,
    /// When each ride was captured.
    captured: BTreeMap<RideKey, i64>,
    /// Whether anybody captures here: where nobody does, none is missing.
    served: bool,
}

impl Fares {
    pub(super) fn len(&self) -> usize {
        self.ends.len() + self.captured.len()
    }

    /// A fact about a ride; those that end one ask.
    pub(super) fn told(&mut self, place: &Place, fact: &RideProgressed) {
        if matches!(fact.progress, Progress::Completed | Progress::Cancelled | Progress::NoShow) {
            let ride = (fact.market.clone(), fact.ride.clone());
            self.ends.insert((place.partition, place.offset), End { ride, fates: 0 });
        }
    }

    /// A record that was parked by whoever captures.
    pub(super) fn parked(&mut self, record: &RecordParked) {
        self.served = true;
        if record.place.topic == RideProgressed::TOPIC.name
            && let Some(end) = self.ends.get_mut(&(record.place.partition, record.place.offset))
        {
            end.fates += 1;
        }
    }

    /// An answer.
    pub(super) fn captured(&mut self, place: &Place, one: &FareCaptured, trimmed: &Trimmed, verdict: &mut Verdict) {
        self.served = true;
        match one.outcome {
            CaptureOutcome::Captured => verdict.fares_captured += 1,
            CaptureOutcome::Refused => verdict.fares_refused += 1,
            CaptureOutcome::Duplicate | CaptureOutcome::Unknown => verdict.fares_repeated += 1,
        }
        let ride = (one.market.clone(), one.ride.clone());
        if one.outcome == CaptureOutcome::Captured
            && let Some(before) = self.captured.insert(ride.clone(), one.at)
            && one.at - before <= WINDOW_MS
        {
            verdict.blame(Law::Duplicated, format!("ride {}: {} is its second fare", one.ride, at(place)));
        }
        let cause = one.cause.as_ref().filter(|cause| cause.topic == RideProgressed::TOPIC.name);
        let end = cause.and_then(|cause| self.ends.get_mut(&(cause.partition, cause.offset)));
        match (end, cause) {
            (Some(end), _) => {
                end.fates += 1;
                if end.ride != ride {
                    verdict.blame(Law::Chain, format!("ride {}: {} is the fare of another", one.ride, at(place)));
                }
            }
            (None, Some(cause)) if trimmed.gone(cause) => verdict.unjudged += 1,
            (None, _) => {
                verdict.blame(Law::Chain, format!("ride {}: {} answers nothing that ends a ride", one.ride, at(place)));
            }
        }
        if let Err(why) = sound(one, verdict) {
            verdict.blame(Law::Money, format!("ride {}: {}: {why}", one.ride, at(place)));
        }
    }

    /// Blames every end that has no fate, or more than one.
    pub(super) fn settle(&self, trimmed: &Trimmed, verdict: &mut Verdict) {
        if !self.served {
            return;
        }
        verdict.rides_ended = self.ends.len() as u64;
        for ((partition, offset), end) in &self.ends {
            let (topic, ride) = (RideProgressed::TOPIC.name, &end.ride.1);
            let place = format!("ride {ride}: its end at {topic}/{partition}@{offset}");
            match end.fates {
                1 => {}
                0 if trimmed.at(&[FareCaptured::TOPIC.name], *partition) => verdict.unjudged += 1,
                0 => verdict.blame(Law::Missing, format!("{place} has no fare")),
                many => verdict.blame(Law::Duplicated, format!("{place} has {many} fates")),
            }
        }
    }
}

/// What must hold of an answer by itself.
fn sound(one: &FareCaptured, verdict: &mut Verdict) -> Result<(), String> {
    let (fare, inputs) = match (one.outcome, &one.fare, &one.inputs) {
        (CaptureOutcome::Captured, Some(fare), Some(inputs)) => (fare, inputs),
        (CaptureOutcome::Refused, None, Some(_)) if one.refusal.is_some() => return Ok(()),
        (CaptureOutcome::Duplicate, None, None) => return Ok(()),
        (outcome, ..) => return Err(format!("{outcome:?} with what does not belong to it")),
    };
    verdict.fares_by_quote += u64::from(fare.basis == FareBasis::Quote);
    verdict.fares_leaking += u64::from(!fare.leakages.is_empty());
    verdict.lost_minor = verdict.lost_minor.saturating_add(fare.lost_minor);
    verdict.fares_unexplained += u64::from(fare.unexplained_minor.is_some_and(|minor| minor != 0));
    conserved(fare)?;
    match (fare.basis, &inputs.promise) {
        (FareBasis::Quote, Some(promise)) => honoured(fare, promise, inputs)?,
        (FareBasis::Quote, None) => return Err("a quote is honoured that nobody saw".to_owned()),
        (FareBasis::Table, _) if fare.unlocked.is_some() => capped(fare, inputs)?,
        (FareBasis::Cancellation, _) if shared(&fare.fees) == 0 && fare.unlocked.is_none() => {}
        (basis, _) => return Err(format!("{basis:?} with {:?} and a fare of {}", fare.unlocked, shared(&fare.fees))),
    }
    leaked(fare)
}

/// Charged = the sum of the fees = driver + fees + tax + tolls - promotion, and nobody gets less than nothing.
fn conserved(fare: &CapturedFare) -> Result<(), String> {
    let CapturedFees { loyalty, promotion, wait, cancel, online, booking, tax, tolls, .. } = fare.fees;
    let beside = [loyalty, promotion, wait, cancel, online, booking, tax, tolls];
    let items = shared(&fare.fees) + beside.into_iter().map(i128::from).sum::<i128>();
    let split = fare.split;
    let FareSplit { driver, fees, tax, tolls, promotion } = split;
    let given = [driver, fees, tax, tolls, -promotion].into_iter().map(i128::from).sum::<i128>();
    if items != i128::from(fare.total_minor) || given != items {
        return Err(format!("{} is charged, the fees are {items}, and {given} is given out", fare.total_minor));
    }
    match [driver, fees, tax, tolls, promotion].iter().all(|part| *part >= 0) {
        true => Ok(()),
        false => Err(format!("somebody gets less than nothing: {split:?}")),
    }
}

/// A promise that holds is kept: the same items, for a ride that was asked for in time.
fn honoured(fare: &CapturedFare, promise: &Promise, inputs: &CaptureInputs) -> Result<(), String> {
    let FareItems { booking, loyalty, .. } = promise.items;
    let items = &promise.items;
    let quoted = [items.base, items.distance, items.time, items.tier, items.least, items.surge, items.competitor];
    let quoted: i64 = quoted.iter().sum::<i64>() + items.optimum + items.capped;
    let found = (shared(&fare.fees), fare.fees.booking, fare.fees.loyalty);
    if found != (i128::from(quoted), booking, loyalty) {
        return Err(format!("{found:?} is charged, and {:?} was promised", (quoted, booking, loyalty)));
    }
    if promise.currency != fare.currency || (promise.service, promise.tier) != (inputs.service, inputs.tier) {
        return Err("a quote of another currency, service or tier is honoured".to_owned());
    }
    match inputs.requested_at.is_some_and(|requested_at| requested_at <= promise.expires_at) {
        true => Ok(()),
        false => Err("a quote is honoured that had expired".to_owned()),
    }
}

/// In an emergency nothing is added to what the table says.
fn capped(fare: &CapturedFare, inputs: &CaptureInputs) -> Result<(), String> {
    let CapturedFees { base, distance, time, service, least, .. } = fare.fees;
    let (metered, own) = (i128::from(base + distance + time + service + least), shared(&fare.fees));
    match inputs.emergency && own > metered {
        true => Err(format!("a fare of {own} in an emergency, metered {metered}")),
        false => Ok(()),
    }
}

/// Each class once, each with its loss, and the sum of them.
fn leaked(fare: &CapturedFare) -> Result<(), String> {
    let mut kinds: Vec<_> = fare.leakages.iter().map(|leakage| leakage.kind).collect();
    kinds.dedup();
    let wrong = |one: &&Leakage| one.lost_minor == 0 || one.expected_minor == one.charged_minor;
    if kinds.len() != fare.leakages.len() || fare.leakages.iter().any(|leakage| wrong(&leakage)) {
        return Err(format!("leakages that are none, or twice: {:?}", fare.leakages));
    }
    let lost: i64 = fare.leakages.iter().map(|leakage| leakage.lost_minor).sum();
    let net = fare.split.fees - fare.split.promotion - lost;
    match (fare.lost_minor, fare.net_minor) == (lost, net) {
        true => Ok(()),
        false => Err(format!("{} lost and {} net, but it is {lost} and {net}", fare.lost_minor, fare.net_minor)),
    }
}

/// What driver and platform share.
fn shared(fees: &CapturedFees) -> i128 {
    let CapturedFees { base, distance, time, service, least, peak, surge, competitor, optimum, capped, .. } = *fees;
    let own = [base, distance, time, service, least, peak, surge, competitor, optimum, capped];
    own.into_iter().map(i128::from).sum()
}
