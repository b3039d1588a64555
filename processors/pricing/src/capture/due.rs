//! What is due for a ride that has ended: the price that was promised, or what the fare table says, and what came on the way.
//!
//! `total = driver + fees + tax + tolls - promotion`, exactly, for every ride (law 5).

use kernel::contract::{
    Cap, CaptureInputs, CaptureRefusal, CapturedFees, FareBasis, FareItems, FareSplit, Party, Payment, Progress,
    Promise, Unlocked,
};

use super::{lock::lock, sound};
use crate::money::{WHOLE, of_rate, share};
use crate::policy::{Sections, Unsold};
use crate::quote::fare::{Charge, Moves, Refused, Trip, charge, meter};

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) basis: FareBasis,
    pub(crate) unlocked: Option<Unlocked>,
    pub(crate) fees: CapturedFees,
    pub(crate) split: FareSplit,
    pub(crate) caps: Vec<Cap>,
    pub(crate) estimated: bool,
}

impl Due {
    /// What driver and platform share, minor units: loyalty and promotions are the platform's alone.
    pub(crate) fn fare(&self) -> i64 {
        let CapturedFees { base, distance, time, service, least, peak, surge, competitor, optimum, capped, .. } =
            self.fees;
        base + distance + time + service + least + peak + surge + competitor + optimum + capped
    }

    /// What the rider owes, minor units.
    pub(crate) fn total(&self) -> i64 {
        let CapturedFees { loyalty, promotion, wait, cancel, online, booking, tax, tolls, .. } = self.fees;
        self.fare() + loyalty + promotion + wait + cancel + online + booking + tax + tolls
    }
}

/// What is due for a ride that ended as `inputs` say.
///
/// # Errors
/// Why there is no fare.
pub(crate) fn due(inputs: &CaptureInputs, sections: &Sections) -> Result<Due, CaptureRefusal> {
    let currency = &sections.fare.currency;
    sound::check(inputs, sections.caps.caps().most, currency)?;
    let mut due = match inputs.progress {
        Progress::Completed => match lock(inputs, currency, &sections.capture) {
            Ok(promise) => promised(promise, inputs),
            Err(why) => Due { unlocked: Some(why), ..metered(inputs, sections)? },
        },
        _ => Due {
            basis: FareBasis::Cancellation,
            unlocked: None,
            fees: NOTHING,
            split: FareSplit { driver: 0, fees: 0, tax: 0, tolls: 0, promotion: 0 },
            caps: Vec::new(),
            estimated: false,
        },
    };
    on_the_way(&mut due, inputs, sections);
    promote(&mut due, inputs);
    Ok(due)
}

/// No fee at all.
const NOTHING: CapturedFees = CapturedFees {
    base: 0,
    distance: 0,
    time: 0,
    service: 0,
    least: 0,
    peak: 0,
    surge: 0,
    competitor: 0,
    optimum: 0,
    capped: 0,
    loyalty: 0,
    promotion: 0,
    wait: 0,
    cancel: 0,
    online: 0,
    booking: 0,
    tax: 0,
    tolls: 0,
};

/// The price that was promised; tolls are passed on as they were.
fn promised(promise: &Promise, inputs: &CaptureInputs) -> Due {
    let FareItems { base, distance, time, tier, least, surge, competitor, optimum, .. } = promise.items;
    let FareItems { loyalty, capped, booking, tax, .. } = promise.items;
    let tolls = inputs.tolls_minor.unwrap_or(promise.items.tolls);
    let fees = CapturedFees { base, distance, time, service: tier, least, surge, competitor, optimum, ..NOTHING };
    Due {
        basis: FareBasis::Quote,
        unlocked: None,
        fees: CapturedFees { capped, loyalty, booking, tax, tolls, ..fees },
        split: FareSplit { tolls, ..promise.split },
        caps: Vec::new(),
        estimated: inputs.distance_m.is_none() || inputs.duration_s.is_none(),
    }
}

/// What the fare table says of the way that was driven, with the peak's share, and the surge that the rider was told of.
fn metered(inputs: &CaptureInputs, sections: &Sections) -> Result<Due, CaptureRefusal> {
    let rates = sections.fare.rates(inputs.service, inputs.tier).map_err(|unsold| match unsold {
        Unsold::Service => CaptureRefusal::Service,
        Unsold::Tier => CaptureRefusal::Tier,
    })?;
    let (trip, estimated) = trip(inputs, sections)?;
    let meter = meter(&trip, &rates).map_err(refusal)?.metered();
    let peak = if inputs.peak { share(meter, sections.peak.share_bps) } else { 0 };
    // Whoever was told of no surge pays none; and no more than what a cap had left of it, though an emergency may be over.
    let (told, most) = told(inputs, sections).map_or((0, 0), |promise| {
        let FareItems { surge, capped, .. } = promise.items;
        (i64::from(promise.surge_bps), surge.saturating_add(capped.min(0)).max(0))
    });
    let surge = share(sections.surge.base, told.clamp(0, sections.surge.most_bps)).min(most);
    // In an emergency nothing is added: its ceiling is never below the metered fare.
    let held = sections.caps.caps().hold(meter, inputs.emergency.then_some(WHOLE));
    let moves = Moves { surge: peak + surge, ..Moves::default() };
    let charge = charge(&trip, &rates, &moves, held.bounds).map_err(refusal)?;
    let caps = held.breach(meter + peak + surge).iter().map(Cap::from).collect();
    let Charge { base, distance, time, tier, least, capped, booking, tax, tolls, split, .. } = charge;
    let fees = CapturedFees { base, distance, time, service: tier, least, peak, surge, capped, ..NOTHING };
    Ok(Due {
        basis: FareBasis::Table,
        unlocked: None,
        fees: CapturedFees { booking, tax, tolls, ..fees },
        split: FareSplit { driver: split.driver, fees: split.fees, tax, tolls, promotion: 0 },
        caps,
        estimated,
    })
}

/// What the rider was told, in the market's currency: amounts of another one are none of it.
fn told<'a>(inputs: &'a CaptureInputs, sections: &Sections) -> Option<&'a Promise> {
    inputs.promise.as_ref().filter(|promise| promise.currency == sections.fare.currency)
}

/// The trip that was driven; what was not told is estimated from the quote, or from the places that were asked for.
fn trip(inputs: &CaptureInputs, sections: &Sections) -> Result<(Trip, bool), CaptureRefusal> {
    let quoted = inputs.promise.as_ref().map(|promise| promise.distance_m);
    let distance = inputs.distance_m.map(i64::from).or(quoted).or(inputs.road_m);
    let duration = inputs.duration_s.map(i64::from);
    if distance.is_none() && duration.is_none() {
        return Err(CaptureRefusal::Nothing);
    }
    let distance_m = distance.unwrap_or(0);
    let driven_s = || distance_m.max(0).saturating_mul(60) / sections.road.metres_a_minute.max(1);
    let quoted = told(inputs, sections).map_or(0, |promise| promise.items.tolls);
    let tolls = inputs.tolls_minor.unwrap_or(quoted);
    let estimated = inputs.distance_m.is_none() || duration.is_none();
    Ok((Trip { distance_m, duration_s: duration.unwrap_or_else(driven_s), tolls }, estimated))
}

fn refusal(refused: Refused) -> CaptureRefusal {
    match refused {
        Refused::Distance => CaptureRefusal::Distance,
        Refused::Duration => CaptureRefusal::Duration,
        Refused::Tolls => CaptureRefusal::Tolls,
        Refused::Nothing => CaptureRefusal::Nothing,
        Refused::Amount => CaptureRefusal::Amount,
    }
}

/// What no quote can know: waiting, cancelling, paying online. Each is shared and taxed by itself.
fn on_the_way(due: &mut Due, inputs: &CaptureInputs, sections: &Sections) {
    let (capture, (_, _, tax_bps)) = (&sections.capture, sections.fare.shares());
    let (wait, cancel, online) = match inputs.progress {
        Progress::Completed => {
            let beyond = inputs.wait_s.map_or(0, i64::from) - capture.wait_free_s;
            let wait = of_rate(capture.wait_minute, beyond.max(0), 60).min(capture.wait_most);
            let online = matches!(inputs.payment, Some(Payment::Card | Payment::Wallet));
            (wait, 0, if online { capture.online } else { 0 })
        }
        _ => (0, cancelled(inputs, sections), 0),
    };
    let shared = [wait, cancel].map(|fee| (fee, kept(fee, sections)));
    for (fee, kept) in shared {
        due.split.driver += fee - kept;
        due.split.fees += kept;
    }
    due.split.fees += online;
    let tax = share(wait + cancel + online, tax_bps);
    due.split.tax += tax;
    due.fees = CapturedFees { wait, cancel, online, tax: due.fees.tax + tax, ..due.fees };
}

/// The platform's share of `amount`, at most what leaves the driver his.
pub(crate) fn kept(amount: i64, sections: &Sections) -> i64 {
    let (take_bps, driver_bps, _) = sections.fare.shares();
    share(amount, take_bps).min(amount - share(amount, driver_bps))
}

/// What a rider owes for a ride that he did not take: for not coming, or for cancelling late while a driver was on the way.
fn cancelled(inputs: &CaptureInputs, sections: &Sections) -> i64 {
    let capture = &sections.capture;
    let waited = inputs.requested_at.map_or(0, |requested_at| inputs.ended_at.saturating_sub(requested_at));
    let late = inputs.assigned && waited > capture.cancel_free_s * 1_000;
    match (inputs.progress, inputs.by) {
        (Progress::NoShow, _) => capture.no_show,
        (Progress::Cancelled, None | Some(Party::Rider)) if late => capture.cancel,
        _ => 0,
    }
}

/// One promotion counts, the largest: at most what is left of the fare. The platform gives it, so tax stays as it is.
fn promote(due: &mut Due, inputs: &CaptureInputs) {
    let all = inputs.bill.iter().flat_map(|bill| &bill.promotions);
    let largest = all.map(|promotion| promotion.minor).max().unwrap_or(0);
    let counts = largest.clamp(0, (due.fare() + due.fees.loyalty).max(0));
    due.fees.promotion = -counts;
    due.split.promotion += counts;
}
