//! What is refused before anything is counted: amounts that cannot be, and currencies that would be mixed.

use kernel::contract::{Bill, CaptureInputs, CaptureRefusal, FareItems, FareSplit, Party, Progress, Promise};

use crate::AMOUNT;

/// Promotions on a bill, most.
const PROMOTIONS: usize = 32;
/// Longest ride: 1,000 km, 24 h; and the longest wait.
const LONGEST_M: i32 = 1_000_000;
pub(crate) const LONGEST_S: i32 = 86_400;

/// Checks what was told of the end of a ride; `most` is the most that tolls may be, and `currency` the market's.
///
/// # Errors
/// Why it has no fare.
pub(super) fn check(inputs: &CaptureInputs, most: i64, currency: &str) -> Result<(), CaptureRefusal> {
    if inputs.progress != Progress::Completed && inputs.by == Some(Party::Driver) {
        return Err(CaptureRefusal::ByDriver);
    }
    let CaptureInputs { charged_minor, paid_minor, tolls_minor, bill, .. } = inputs;
    let told = charged_minor.is_some() || paid_minor.is_some() || bill.is_some();
    // An amount without a currency may be anybody's.
    let known = inputs.currency.as_deref();
    if known.is_some_and(|code| code != currency) || (told && known.is_none()) {
        return Err(CaptureRefusal::Currency);
    }
    let amount = |value: &Option<i64>| value.is_none_or(|value| (0..=AMOUNT).contains(&value));
    if !amount(charged_minor) || !amount(paid_minor) {
        return Err(CaptureRefusal::Amount);
    }
    bill.as_ref().map_or(Ok(()), billed)?;
    let inside = |value: Option<i32>, most: i32| value.is_none_or(|value| (0..=most).contains(&value));
    if !inside(inputs.distance_m, LONGEST_M) {
        return Err(CaptureRefusal::Distance);
    }
    if !inside(inputs.duration_s, LONGEST_S) {
        return Err(CaptureRefusal::Duration);
    }
    if tolls_minor.is_some_and(|tolls| !(0..=most).contains(&tolls)) {
        return Err(CaptureRefusal::Tolls);
    }
    match inside(inputs.wait_s, LONGEST_S) {
        true => Ok(()),
        false => Err(CaptureRefusal::Wait),
    }
}

fn billed(bill: &Bill) -> Result<(), CaptureRefusal> {
    if bill.promotions.len() > PROMOTIONS {
        return Err(CaptureRefusal::Bill);
    }
    let Bill { fare, loyalty, booking, wait, cancel, online, tax, tolls, commission, driver, .. } = *bill;
    let own = [fare, loyalty, booking, wait, cancel, online, tax, tolls, commission, driver];
    match own.into_iter().chain(bill.promotions.iter().map(|one| one.minor)).all(|minor| (0..=AMOUNT).contains(&minor))
    {
        true => Ok(()),
        false => Err(CaptureRefusal::Amount),
    }
}

/// Whether a promise is one that a fare can be made of: its items are what is given out, and none is absurd.
pub(crate) fn promised(promise: &Promise) -> bool {
    let FareItems { base, distance, time, tier, least, surge, competitor, optimum, .. } = promise.items;
    let FareItems { loyalty, capped, booking, tax, tolls, .. } = promise.items;
    let items = [base, distance, time, tier, least, surge, competitor, optimum, loyalty, capped, booking, tax, tolls];
    let FareSplit { driver, fees, tax, tolls, promotion } = promise.split;
    let split = [driver, fees, tax, tolls, promotion];
    // Below this no sum overflows.
    let small = items.iter().chain(&split).all(|minor| (-AMOUNT..=AMOUNT).contains(minor));
    let fits = promise.items.tax == tax && promise.items.tolls == tolls && promise.items.loyalty == -promotion;
    let sound = driver >= 0 && fees >= 0 && tax >= 0 && tolls >= 0 && promotion >= 0 && promise.distance_m >= 0;
    small && fits && sound && items.iter().sum::<i64>() == driver + fees + tax + tolls - promotion
}
