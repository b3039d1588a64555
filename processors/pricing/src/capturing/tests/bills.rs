//! What is lost between what was due and what was billed.

use kernel::contract::{
    Bill, BillPromotion, CapturedFare, LeakageKind as Kind, Payment, Progress, RideProgressed, Service, Tier,
};

use super::{Stage, done, ends, fare, honest, promise, wants};

/// A leakage: kind, expected, charged, lost.
type Told = (Kind, i64, i64, i64);

/// What is found of a bill that was `spoilt`: kind, expected, charged, lost; and what nothing explains.
fn found(end: RideProgressed, spoilt: impl FnOnce(&mut Bill)) -> (Vec<Told>, i64, CapturedFare) {
    let capture = |end: RideProgressed| {
        let mut stage = Stage::new();
        stage.quoted("q", promise(0));
        stage.play(10, &[wants("a", 10, Some("q"))], &[]);
        fare(&stage.play(900, &[], &[end])[0]).clone()
    };
    let mut bill = honest(&capture(end.clone()), (Service::Standard, None));
    spoilt(&mut bill);
    let fare = capture(RideProgressed { bill: Some(bill), currency: Some("USD".to_owned()), ..end });
    let told = fare.leakages.iter().map(|one| (one.kind, one.expected_minor, one.charged_minor, one.lost_minor));
    (told.collect(), fare.unexplained_minor.unwrap(), fare.clone())
}

fn only(end: RideProgressed, spoilt: impl FnOnce(&mut Bill)) -> Told {
    let (told, unexplained, fare) = found(end, spoilt);
    assert_eq!((told.len(), unexplained), (1, 0), "{told:?}");
    assert_eq!((fare.lost_minor, fare.net_minor), (told[0].3, fare.split.fees - fare.split.promotion - told[0].3));
    told[0]
}

fn promotion(promotion: &str, minor: i64) -> BillPromotion {
    BillPromotion { promotion: promotion.to_owned(), minor }
}

#[test]
fn an_honest_bill_loses_nothing() {
    let waited = RideProgressed { wait_s: Some(200), payment: Some(Payment::Cash), ..done("a", 900) };
    for end in [done("a", 900), waited, ends("a", 200, Progress::Cancelled), ends("a", 200, Progress::NoShow)] {
        let (told, unexplained, fare) = found(end, |_| {});
        assert_eq!((told.len(), unexplained, fare.billed_minor), (0, 0, Some(fare.total_minor)), "{told:?}");
    }
    let (told, unexplained, fare) = found(done("a", 900), |bill| bill.promotions.push(promotion("spring", 200)));
    assert_eq!((told.len(), unexplained, fare.fees.promotion, fare.split.promotion), (0, 0, -200, 200));
}

#[test]
fn each_fault_has_one_class_with_what_was_due_and_what_was_billed() {
    // 11.00 with booking were promised, 3.00 of tolls beside.
    assert_eq!(only(done("a", 900), |bill| bill.fare -= 50), (Kind::QuoteBroken, 1_250, 1_200, 50));
    assert_eq!(only(done("a", 900), |bill| bill.booking += 50), (Kind::QuoteBroken, 1_250, 1_300, -50));
    assert_eq!(only(done("a", 900), |bill| bill.tolls = 0), (Kind::TollUnbilled, 300, 0, 300));
    let waited = RideProgressed { wait_s: Some(300), ..done("a", 900) };
    assert_eq!(only(waited, |bill| bill.wait = 0), (Kind::WaitUnbilled, 120, 0, 120));
    let cancelled = ends("a", 200, Progress::Cancelled);
    assert_eq!(only(cancelled, |bill| bill.cancel = 100), (Kind::CancelUnbilled, 500, 100, 400));
    let plain = |bill: &mut Bill| (bill.tier, bill.fare) = (Some(Tier::Gold), 2_200);
    assert_eq!(only(done("a", 900), plain), (Kind::WrongTier, 1_100, 2_200, -1_100));
    let stacked = |bill: &mut Bill| bill.promotions = vec![promotion("spring", 200), promotion("friend", 150)];
    assert_eq!(only(done("a", 900), stacked), (Kind::PromotionStacked, 200, 350, 150));
    assert_eq!(only(done("a", 900), |bill| bill.driver = 800), (Kind::PayBelowFloor, 825, 800, -25));
    let cash = RideProgressed { payment: Some(Payment::Cash), ..done("a", 900) };
    assert_eq!(only(cash, |bill| bill.online = 30), (Kind::CashOnlineFee, 0, 30, -30));
}

#[test]
fn a_share_of_the_tax_is_told_from_a_larger_commission() {
    use kernel::{Processor, Rules};
    let text =
        crate::BUILT_IN.replace("tax_bps = 0", "tax_bps = 1_000").replace("driver_bps = 7_500", "driver_bps = 8_000");
    let policy = crate::Policy::parse(&text).unwrap();
    let mut stage = Stage::new();
    let mut play = |bill: Option<Bill>| {
        let end = RideProgressed { bill, currency: Some("USD".to_owned()), ..done("a", 900) };
        let turn = stage.gathered(900, &[wants("a", 10, None)], &[end]);
        super::captures(&super::Capturing::decide(&turn, &stage.view, &policy))[0].fare.clone().unwrap()
    };
    let due = play(None);
    // 9.23 and 1.50 for booking; a tenth of that is tax, a fifth of which is 0.21. The floor is all that is the driver's.
    assert_eq!((due.fees.tax, due.split.driver, due.split.fees), (107, 738, 335));
    let mut bill = honest(&due, (Service::Standard, None));
    let mut kinds = |bill: &Bill| {
        play(Some(bill.clone())).leakages.iter().map(|one| (one.kind, one.lost_minor)).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&bill), []);
    (bill.commission, bill.driver) = (bill.commission + 21, bill.driver - 21);
    assert_eq!(kinds(&bill), [(Kind::CommissionOnTax, -21)], "that the driver has less follows from it");
    (bill.commission, bill.driver) = (bill.commission + 50, bill.driver - 50);
    assert_eq!(kinds(&bill), [(Kind::PayBelowFloor, -71)]);
}

#[test]
fn what_no_class_explains_is_told_as_that() {
    let (told, unexplained, _) = found(done("a", 900), |bill| bill.tax += 70);
    assert_eq!((told.len(), unexplained), (0, -70));
    let (told, unexplained, _) = found(done("a", 900), |bill| bill.wait += 40);
    assert_eq!((told.len(), unexplained), (0, -40), "waiting that was not due");
}

#[test]
fn without_items_a_broken_quote_and_a_low_pay_are_found() {
    let capture = |charged, paid| {
        let mut stage = Stage::new();
        stage.quoted("q", promise(0));
        stage.play(10, &[wants("a", 10, Some("q"))], &[]);
        let end = RideProgressed { charged_minor: charged, paid_minor: paid, ..done("a", 900) };
        let fare =
            fare(&stage.play(900, &[], &[RideProgressed { currency: Some("USD".to_owned()), ..end }])[0]).clone();
        (fare.leakages.iter().map(|one| (one.kind, one.lost_minor)).collect::<Vec<_>>(), fare.unexplained_minor)
    };
    assert_eq!(capture(Some(1_550), Some(880)), (vec![], Some(0)));
    assert_eq!(capture(Some(1_500), None), (vec![(Kind::QuoteBroken, 50)], Some(0)));
    assert_eq!(capture(None, Some(824)), (vec![(Kind::PayBelowFloor, -1)], None));
}
