//! Whether a quote's price holds at the end of its ride.

use kernel::contract::{CaptureInputs, Promise, Unlocked};

use crate::policy::CapturePolicy;
use crate::share;

/// The promise that holds; else why none does. One whose route nobody told holds: what cannot be seen is not held against the rider.
pub(super) fn lock<'a>(
    inputs: &'a CaptureInputs,
    currency: &str,
    policy: &CapturePolicy,
) -> Result<&'a Promise, Unlocked> {
    let requested_at = inputs.requested_at.ok_or(Unlocked::RideUnseen)?;
    inputs.quote.as_ref().ok_or(Unlocked::NoQuote)?;
    let promise = inputs.promise.as_ref().ok_or(Unlocked::QuoteUnseen)?;
    if promise.currency != currency {
        return Err(Unlocked::OtherCurrency);
    }
    if requested_at > promise.expires_at {
        return Err(Unlocked::Expired);
    }
    if (promise.service, promise.tier) != (inputs.service, inputs.tier) {
        return Err(Unlocked::OtherService);
    }
    let far = share(promise.distance_m, policy.route_bps).max(policy.route_m);
    let off = inputs.distance_m.map_or(0, |driven| i64::from(driven).saturating_sub(promise.distance_m));
    if off.saturating_abs() > far {
        return Err(Unlocked::OtherRoute);
    }
    Ok(promise)
}
