//! Fares: a sound one is, and whatever breaks a law on it is told.

use devkit::auditor::{Auditor, Verdict};
use kernel::contract::{
    CaptureInputs, CaptureOutcome, CaptureRefusal, CapturedFare, CapturedFees, FareBasis, FareCaptured, FareItems,
    FareSplit, Leakage, LeakageKind, Party, Progress, Promise, RideProgressed, Service, Unlocked,
};

use super::{parked, place};

fn end(ride: &str, progress: Progress) -> RideProgressed {
    RideProgressed {
        event: format!("{ride}-end"),
        at: 1,
        market: "sf".to_owned(),
        ride: ride.to_owned(),
        revision: None,
        driver: None,
        progress,
        by: (progress != Progress::Completed).then_some(Party::Rider),
        why: None,
        charged_minor: None,
        paid_minor: None,
        currency: None,
        distance_m: None,
        duration_s: None,
        tolls_minor: None,
        wait_s: None,
        payment: None,
        bill: None,
    }
}

fn promise() -> Promise {
    let (tier, least, surge, competitor, optimum, loyalty, capped, tax, tolls) = (0, 0, 0, 0, 0, 0, 0, 0, 0);
    let (base, distance, time, booking) = (400, 300, 300, 100);
    Promise {
        at: 1,
        expires_at: 300,
        currency: "USD".to_owned(),
        items: FareItems {
            base,
            distance,
            time,
            tier,
            least,
            surge,
            competitor,
            optimum,
            loyalty,
            capped,
            booking,
            tax,
            tolls,
        },
        split: FareSplit { driver: 800, fees: 300, tax, tolls, promotion: 0 },
        distance_m: 3_000,
        service: Service::Standard,
        tier: None,
        surge_bps: 0,
    }
}

/// 10.00 as they were promised, of which 8.00 are the driver's, and 1.00 for booking.
fn fare() -> CapturedFare {
    let (service, least, peak, surge, competitor, optimum, capped) = (0, 0, 0, 0, 0, 0, 0);
    let (loyalty, promotion, wait, cancel, online, tax, tolls) = (0, 0, 0, 0, 0, 0, 0);
    let (base, distance, time, booking) = (400, 300, 300, 100);
    CapturedFare {
        basis: FareBasis::Quote,
        unlocked: None,
        currency: "USD".to_owned(),
        total_minor: 1_100,
        fees: CapturedFees {
            base,
            distance,
            time,
            service,
            least,
            peak,
            surge,
            competitor,
            optimum,
            capped,
            loyalty,
            promotion,
            wait,
            cancel,
            online,
            booking,
            tax,
            tolls,
        },
        split: FareSplit { driver: 800, fees: 300, tax, tolls, promotion },
        estimated: false,
        caps: vec![],
        peak: false,
        surge: false,
        billed_minor: None,
        leakages: vec![],
        lost_minor: 0,
        unexplained_minor: None,
        net_minor: 300,
    }
}

fn inputs() -> CaptureInputs {
    CaptureInputs {
        progress: Progress::Completed,
        by: None,
        ended_at: 1,
        requested_at: Some(1),
        service: Service::Standard,
        tier: None,
        assigned: true,
        distance_m: None,
        duration_s: None,
        road_m: None,
        tolls_minor: None,
        wait_s: None,
        payment: None,
        currency: None,
        charged_minor: None,
        paid_minor: None,
        bill: None,
        quote: Some("q".to_owned()),
        promise: Some(promise()),
        peak: false,
        surge: false,
        emergency: false,
    }
}

fn captured(ride: &str, offset: usize) -> FareCaptured {
    FareCaptured {
        ride: ride.to_owned(),
        event: format!("{ride}-end"),
        at: 2,
        market: "sf".to_owned(),
        outcome: CaptureOutcome::Captured,
        refusal: None,
        inputs: Some(inputs()),
        fare: Some(fare()),
        cause: Some(place("ride.progressed", offset)),
        turn: 1,
        row: 0,
        policy_version: 1,
        policy_hash: "0".to_owned(),
        stale: false,
    }
}

fn again(ride: &str, offset: usize) -> FareCaptured {
    FareCaptured { outcome: CaptureOutcome::Duplicate, inputs: None, fare: None, ..captured(ride, offset) }
}

/// What an audit of these ends and fares says.
fn audit(ends: &[&str], fares: &[FareCaptured]) -> Verdict {
    let mut auditor = Auditor::new(None);
    for (offset, ride) in ends.iter().enumerate() {
        auditor.progressed(&place("ride.progressed", offset), &end(ride, Progress::Completed));
    }
    fares.iter().enumerate().for_each(|(offset, one)| auditor.captured(&place("fare.captured", offset), one));
    auditor.verdict()
}

#[track_caller]
fn blamed(ends: &[&str], fares: &[FareCaptured], sentence: &str) {
    let verdict = audit(ends, fares);
    assert_eq!((verdict.faults, verdict.sentences.join("; ").as_str()), (1, sentence));
}

/// The same with another fare, or made from something else.
fn with(change: impl FnOnce(&mut CapturedFare, &mut CaptureInputs)) -> FareCaptured {
    let mut one = captured("a", 0);
    change(one.fare.as_mut().unwrap(), one.inputs.as_mut().unwrap());
    one
}

#[test]
fn sound_fares_are_counted_and_nobody_is_blamed() {
    let refusal = Some(CaptureRefusal::Currency);
    let refused = FareCaptured { outcome: CaptureOutcome::Refused, refusal, fare: None, ..captured("b", 1) };
    let verdict = audit(&["a", "b", "a"], &[captured("a", 0), refused, again("a", 2)]);
    assert_eq!(verdict.sentences, Vec::<String>::new());
    assert_eq!((verdict.rides_ended, verdict.fares_captured, verdict.fares_by_quote), (3, 1, 1));
    assert_eq!((verdict.fares_refused, verdict.fares_repeated, verdict.lost_minor), (1, 1, 0));
}

#[test]
fn an_end_has_one_fate_and_a_ride_one_fare() {
    blamed(&["a", "b"], &[captured("a", 0)], "ride b: its end at ride.progressed/0@1 has no fare");
    blamed(&["a"], &[captured("a", 0), again("a", 0)], "ride a: its end at ride.progressed/0@0 has 2 fates");
    blamed(&["a", "a"], &[captured("a", 0), captured("a", 1)], "ride a: fare.captured/0@1 is its second fare");
    blamed(&["a"], &[captured("b", 0)], "ride b: fare.captured/0@0 is the fare of another");
    blamed(&[], &[captured("a", 7)], "ride a: fare.captured/0@0 answers nothing that ends a ride");
    let later = FareCaptured { at: 86_400_003, ..captured("a", 1) };
    assert_eq!(audit(&["a", "a"], &[captured("a", 0), later]).faults, 0, "a day later it is another ride");
}

#[test]
fn where_nobody_captures_none_is_missing_and_a_parked_end_has_its_fate() {
    assert_eq!(audit(&["a"], &[]).faults, 0);
    let mut auditor = Auditor::new(None);
    auditor.progressed(&place("ride.progressed", 0), &end("a", Progress::NoShow));
    auditor.progressed(&place("ride.progressed", 1), &end("a", Progress::Started));
    let mut parked = parked("ride.progressed", 0);
    parked.processor = "capturing".to_owned();
    auditor.parked(&parked);
    assert_eq!(auditor.verdict().sentences, Vec::<String>::new());
}

#[test]
fn money_is_conserved_promises_are_kept_and_an_emergency_adds_nothing() {
    let told = |change: fn(&mut CapturedFare, &mut CaptureInputs), why: &str| {
        blamed(&["a"], &[with(change)], &format!("ride a: fare.captured/0@0: {why}"));
    };
    told(|fare, _| fare.total_minor = 1_101, "1101 is charged, the fees are 1100, and 1100 is given out");
    told(|fare, _| fare.fees.wait = 1, "1100 is charged, the fees are 1101, and 1100 is given out");
    told(|fare, _| fare.split.driver = 799, "1100 is charged, the fees are 1100, and 1099 is given out");
    let sum = "(1001, 100, 0) is charged, and (1000, 100, 0) was promised";
    told(|fare, _| (fare.fees.peak, fare.split.driver, fare.total_minor) = (1, 801, 1_101), sum);
    told(|_, inputs| inputs.requested_at = Some(301), "a quote is honoured that had expired");
    told(|_, inputs| inputs.promise = None, "a quote is honoured that nobody saw");
    told(|fare, _| fare.currency = "EUR".to_owned(), "a quote of another currency, service or tier is honoured");
    told(|fare, _| fare.net_minor = 299, "0 lost and 299 net, but it is 0 and 300");
    let table = |fare: &mut CapturedFare| {
        (fare.basis, fare.unlocked) = (FareBasis::Table, Some(Unlocked::OtherRoute));
        (fare.fees.surge, fare.split.driver, fare.total_minor) = (200, 1_000, 1_300);
    };
    assert_eq!(audit(&["a"], &[with(|fare, _| table(fare))]).faults, 0);
    let held = with(|fare, inputs| {
        table(fare);
        inputs.emergency = true;
    });
    blamed(&["a"], &[held], "ride a: fare.captured/0@0: a fare of 1200 in an emergency, metered 1000");
    let leak =
        |lost_minor| Leakage { kind: LeakageKind::TollUnbilled, expected_minor: 300, charged_minor: 0, lost_minor };
    let leaking = |leaks: Vec<Leakage>| {
        let lost: i64 = leaks.iter().map(|leak| leak.lost_minor).sum();
        with(|fare, _| (fare.leakages, fare.lost_minor, fare.net_minor) = (leaks, lost, 300 - lost))
    };
    let verdict = audit(&["a"], &[leaking(vec![leak(300)])]);
    assert_eq!((verdict.faults, verdict.fares_leaking, verdict.lost_minor), (0, 1, 300));
    assert_eq!(audit(&["a"], &[leaking(vec![leak(300), leak(300)])]).faults, 1, "each class once");
}
