//! Money that is lost between what was due and what was billed. Each fault has one class: what follows from it is no second one.

use kernel::contract::{Bill, CaptureInputs, FareBasis, Leakage, LeakageKind as Kind, Payment};

use super::due::{Due, kept};
use crate::policy::Sections;
use crate::share;

/// What was billed, and what of it went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Billed {
    /// What the rider was billed, minor units; `None`: nobody said.
    pub(crate) total: Option<i64>,
    /// Each class once, in their order.
    pub(crate) leakages: Vec<Leakage>,
    /// What the platform lost by a bill that differs for none of these reasons.
    pub(crate) unexplained: Option<i64>,
}

/// Compares what is due with what was billed.
pub(crate) fn compare(due: &Due, inputs: &CaptureInputs, sections: &Sections) -> Billed {
    let Some(bill) = &inputs.bill else { return unitemised(due, inputs, sections) };
    let total = inputs.charged_minor.unwrap_or_else(|| charged(bill));
    let cash = inputs.payment == Some(Payment::Cash);
    let mut leakages: Vec<Leakage> = [fare(due, inputs, bill)].into_iter().flatten().collect();
    let less = |kind, expected: i64, charged: i64| (charged < expected).then(|| leak(kind, expected, charged));
    leakages.extend(less(Kind::TollUnbilled, due.fees.tolls, bill.tolls));
    leakages.extend(less(Kind::WaitUnbilled, due.fees.wait, bill.wait));
    leakages.extend(less(Kind::CancelUnbilled, due.fees.cancel, bill.cancel));
    leakages.extend(stacked(due, bill));
    leakages.extend((cash && bill.online > 0).then(|| leak(Kind::CashOnlineFee, 0, bill.online)));
    let riders: i64 = leakages.iter().map(|leakage| leakage.lost_minor).sum();
    let unexplained = due.total().saturating_sub(total).saturating_sub(riders);
    let on_tax = on_tax(due, bill, sections);
    let over = on_tax.as_ref().map_or(0, |leakage| -leakage.lost_minor);
    leakages.extend(on_tax);
    leakages.extend(below_floor(due, bill, over, sections));
    leakages.sort_by_key(|leakage| leakage.kind as i32);
    Billed { total: Some(total), leakages, unexplained: Some(unexplained) }
}

/// Without a bill's items only a broken quote and a driver's floor can be told.
fn unitemised(due: &Due, inputs: &CaptureInputs, sections: &Sections) -> Billed {
    let mut leakages = Vec::new();
    let total = inputs.charged_minor;
    let broken = total.filter(|total| due.basis == FareBasis::Quote && *total != due.total());
    leakages.extend(broken.map(|total| leak(Kind::QuoteBroken, due.total(), total)));
    let lost: i64 = leakages.iter().map(|leakage: &Leakage| leakage.lost_minor).sum();
    // Whoever was charged less paid for less: the floor is that of what was charged.
    let base = total.map_or(due.fare(), |total| total.min(due.fare()));
    let paid = inputs.paid_minor.filter(|_| due.basis != FareBasis::Cancellation);
    leakages.extend(paid.and_then(|paid| short(paid, floor(&[base], due, sections))));
    Billed { total, leakages, unexplained: total.map(|total| due.total().saturating_sub(total).saturating_sub(lost)) }
}

/// What a bill comes to.
fn charged(bill: &Bill) -> i64 {
    let off: i64 = bill.promotions.iter().map(|promotion| promotion.minor).sum();
    bill.fare + bill.booking + bill.wait + bill.cancel + bill.online + bill.tax + bill.tolls - bill.loyalty - off
}

/// Too little billed to the rider: what was lost is what is missing.
fn leak(kind: Kind, expected_minor: i64, charged_minor: i64) -> Leakage {
    Leakage { kind, expected_minor, charged_minor, lost_minor: expected_minor.saturating_sub(charged_minor) }
}

/// Another fare than the one that is due: of another service or tier, or of a quote that held.
fn fare(due: &Due, inputs: &CaptureInputs, bill: &Bill) -> Option<Leakage> {
    let (expected, charged) = (due.fare(), bill.fare);
    if due.basis == FareBasis::Cancellation {
        return None;
    }
    if (bill.service, bill.tier) != (inputs.service, inputs.tier) {
        return (expected != charged).then(|| leak(Kind::WrongTier, expected, charged));
    }
    // What was promised is the fare with its booking fee, less loyalty.
    let (expected, charged) = (expected + due.fees.loyalty + due.fees.booking, charged - bill.loyalty + bill.booking);
    (due.basis == FareBasis::Quote && expected != charged).then(|| leak(Kind::QuoteBroken, expected, charged))
}

/// More than one promotion, and more than the one that counts.
fn stacked(due: &Due, bill: &Bill) -> Option<Leakage> {
    let given = bill.promotions.iter().filter(|promotion| promotion.minor > 0);
    let (count, sum) = given.fold((0, 0), |(count, sum), promotion| (count + 1, sum + promotion.minor));
    let expected = -due.fees.promotion;
    let leakage = Leakage {
        kind: Kind::PromotionStacked,
        expected_minor: expected,
        charged_minor: sum,
        lost_minor: sum - expected,
    };
    (count > 1 && sum > expected).then_some(leakage)
}

/// The platform took its share of the tax, too. What it may keep is its share of what was due, or of what was billed, of each fee by itself:
/// whoever bills another fare keeps the share of that one. What is explained so is no fault; what is explained so and by the tax is; and
/// so is what lies above all of it by no more than the share of the tax.
fn on_tax(due: &Due, bill: &Bill, sections: &Sections) -> Option<Leakage> {
    let (take_bps, ..) = sections.fare.shares();
    let (taken, of_tax) = (bill.commission, share(bill.tax, take_bps));
    let own = due.split.fees - due.fees.booking - due.fees.online;
    let fees = [(due.fare(), bill.fare), (due.fees.wait, bill.wait), (due.fees.cancel, bill.cancel)];
    let mut all = vec![own];
    for (due, billed) in fees {
        let other = kept(billed, sections) - kept(due, sections);
        if other != 0 {
            all.extend(all.clone().iter().map(|share| share + other));
        }
    }
    // A share of a sum may be off by one from the sum of the shares.
    let near = |expected: &&i64, more: i64| (taken - **expected - more).abs() <= 1;
    if bill.tax <= 0 || of_tax <= 0 || all.iter().any(|expected| near(&expected, 0)) {
        return None;
    }
    let with_tax =
        all.iter().filter(|expected| near(expected, of_tax)).min_by_key(|expected| (taken - **expected - of_tax).abs());
    let most = all.iter().copied().max().unwrap_or(own);
    let above = (taken > most && taken - most <= of_tax + 1).then_some(most);
    with_tax.copied().or(above).map(|expected| leak(Kind::CommissionOnTax, expected, taken))
}

/// The driver's pay lies below his floor for a reason of its own: `over` is what the platform took of it as a share of the tax.
fn below_floor(due: &Due, bill: &Bill, over: i64, sections: &Sections) -> Option<Leakage> {
    // Where too little was billed, the floor is that of what was: that fault is another's.
    let base = [bill.fare.min(due.fare()), bill.wait.min(due.fees.wait), bill.cancel.min(due.fees.cancel)];
    let floor = floor(&base, due, sections);
    short(bill.driver + over, floor).map(|leakage| Leakage {
        charged_minor: bill.driver,
        // What is missing beside that.
        ..leakage
    })
}

/// The driver's least share of these amounts; never more than what is due to him, which a quote of an older policy may have made.
fn floor(amounts: &[i64], due: &Due, sections: &Sections) -> i64 {
    let (_, driver_bps, _) = sections.fare.shares();
    let floor: i64 = amounts.iter().map(|amount| share(*amount, driver_bps)).sum();
    floor.min(due.split.driver)
}

/// What the driver lost by so small a pay; below zero, for it is not the platform that lost it.
fn short(paid: i64, floor: i64) -> Option<Leakage> {
    let (kind, expected_minor, charged_minor) = (Kind::PayBelowFloor, floor, paid);
    (paid < floor).then_some(Leakage { kind, expected_minor, charged_minor, lost_minor: paid - floor })
}
