//! From what is known of a ride's end to its fare, or to the reason why there is none. The same at once and years later.

use kernel::Rules;
use kernel::contract::{CaptureInputs, CaptureOutcome, CaptureRefusal, CapturedFare, FareCaptured};

use crate::Policy;
use crate::capture::{due::due, leaks::compare};

/// What a ride that ended in `market` as `inputs` say comes to, and what was lost of it.
///
/// # Errors
/// Why it has no fare.
pub fn capture(inputs: &CaptureInputs, market: &str, policy: &Policy) -> Result<CapturedFare, CaptureRefusal> {
    let sections = policy.of(market);
    let due = due(inputs, sections)?;
    let billed = compare(&due, inputs, sections);
    let lost_minor = billed.leakages.iter().map(|leakage| leakage.lost_minor).sum();
    Ok(CapturedFare {
        basis: due.basis,
        unlocked: due.unlocked,
        currency: sections.fare.currency.clone(),
        total_minor: due.total(),
        fees: due.fees,
        split: due.split,
        estimated: due.estimated,
        peak: inputs.peak,
        surge: inputs.surge,
        billed_minor: billed.total,
        leakages: billed.leakages,
        lost_minor,
        unexplained_minor: billed.unexplained,
        net_minor: due.split.fees - due.split.promotion - lost_minor,
        caps: due.caps,
    })
}

/// Captures a fare again from its own inputs: the same policy gives the same fare to the byte. A duplicate has none, and is as it was
/// told.
///
/// # Errors
/// It was decided by another policy.
pub fn recapture(captured: &FareCaptured, policy: &Policy) -> Result<FareCaptured, String> {
    if captured.policy_hash != policy.hash() {
        let (ride, hash) = (&captured.ride, &captured.policy_hash);
        return Err(format!("ride {ride} was captured by the policy {hash}, not by {}", policy.hash()));
    }
    let Some(inputs) = &captured.inputs else { return Ok(captured.clone()) };
    let (outcome, refusal, fare) = told(capture(inputs, &captured.market, policy));
    Ok(FareCaptured { outcome, refusal, fare, ..captured.clone() })
}

/// An answer as it is told.
pub(super) fn told(
    answer: Result<CapturedFare, CaptureRefusal>,
) -> (CaptureOutcome, Option<CaptureRefusal>, Option<CapturedFare>) {
    match answer {
        Ok(fare) => (CaptureOutcome::Captured, None, Some(fare)),
        Err(refusal) => (CaptureOutcome::Refused, Some(refusal), None),
    }
}
