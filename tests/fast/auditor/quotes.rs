//! Quotes: a sound one is, and whatever breaks a law on it is told.

use devkit::auditor::{Auditor, Verdict};
use kernel::Millis;
use kernel::contract::{
    FareItems, FareSplit, Point, Price, PriceQuoted, QuoteInputs, QuoteOutcome, QuotePrice, QuoteRequested, Refusal,
    RiderFacts, Service,
};

use super::{parked, place};

pub(super) fn asked(quote: &str) -> QuoteRequested {
    let here = Point { lat_e6: 1, lng_e6: 1 };
    QuoteRequested {
        quote: quote.to_owned(),
        at: 1,
        market: "sf".to_owned(),
        rider: "ann".to_owned(),
        pickup: here,
        dropoff: here,
        service: Service::Standard,
        tier: None,
        distance_m: None,
        duration_s: None,
        tolls_minor: None,
    }
}

/// 10.00, of which 8.00 are the driver's, and 1.00 for booking.
fn price() -> QuotePrice {
    let chosen =
        Price { fare_minor: 1_000, accepts_ppm: 1, profit_ppm: 1, revenue_ppm: 1, riders_ppm: 1, operations_ppm: 1 };
    let nothing = FareItems {
        base: 400,
        distance: 300,
        time: 300,
        tier: 0,
        least: 0,
        surge: 0,
        competitor: 0,
        optimum: 0,
        loyalty: 0,
        capped: 0,
        booking: 100,
        tax: 0,
        tolls: 0,
    };
    QuotePrice {
        total_minor: 1_100,
        currency: "USD".to_owned(),
        expires_at: 300,
        items: nothing,
        split: FareSplit { driver: 800, fees: 300, tax: 0, tolls: 0, promotion: 0 },
        chosen,
        runner_up: None,
        margin_ppm: None,
        alternatives: vec![chosen],
        low_minor: 1_000,
        high_minor: 1_000,
        confidence_bps: 10_000,
        bound: false,
        caps: vec![],
        explored_bps: 0,
        propensity_bps: 9_000,
        personal: false,
    }
}

fn inputs() -> QuoteInputs {
    QuoteInputs {
        distance_m: 3_000,
        duration_s: 600,
        tolls_minor: 0,
        estimated: true,
        service: Service::Standard,
        tier: None,
        cell: 1,
        demand: 0,
        supply: 1,
        wait_ms: 1,
        surge_bps: 0,
        competitor_bps: None,
        emergency_bps: None,
        rider_facts: RiderFacts::Unasked,
        rider_place: None,
        loyalty: None,
        loyalty_bps: None,
        odds_e6: 1,
        slope_e6: 1,
        error_e6: 1,
        wait_e6: 1,
    }
}

pub(super) fn quoted(quote: &str, offset: usize) -> PriceQuoted {
    PriceQuoted {
        quote: quote.to_owned(),
        at: 2,
        market: "sf".to_owned(),
        outcome: QuoteOutcome::Quoted,
        refusal: None,
        price: Some(price()),
        inputs: Some(inputs()),
        cause: Some(place("quote.requested", offset)),
        turn: 1,
        row: 0,
        policy_version: 1,
        policy_hash: "0".to_owned(),
        stale: false,
    }
}

/// What an audit of these requests and answers says.
fn audit(asks: &[&str], answers: &[PriceQuoted]) -> Verdict {
    let mut auditor = Auditor::new(None);
    asks.iter().enumerate().for_each(|(offset, ask)| {
        auditor.asked(&place("quote.requested", offset), Some(&asked(ask)));
    });
    answers
        .iter()
        .enumerate()
        .for_each(|(offset, answer)| auditor.quoted(&place("price.quoted", offset), Millis(0), answer));
    auditor.verdict()
}

#[track_caller]
fn blamed(asks: &[&str], answers: &[PriceQuoted], sentence: &str) {
    let verdict = audit(asks, answers);
    assert_eq!((verdict.faults, verdict.sentences.join("; ").as_str()), (1, sentence));
}

/// The same with another price.
fn with(change: impl FnOnce(&mut QuotePrice)) -> PriceQuoted {
    let mut quoted = quoted("a", 0);
    change(quoted.price.as_mut().unwrap());
    quoted
}

#[test]
fn sound_quotes_are_counted_and_nobody_is_blamed() {
    let late = PriceQuoted {
        outcome: QuoteOutcome::Refused,
        refusal: Some(Refusal::Late),
        price: None,
        inputs: None,
        ..quoted("b", 1)
    };
    let again = PriceQuoted { outcome: QuoteOutcome::Duplicate, price: None, inputs: None, ..quoted("a", 2) };
    let verdict = audit(&["a", "b", "a"], &[quoted("a", 0), late, again]);
    assert_eq!(verdict.sentences, Vec::<String>::new());
    assert_eq!((verdict.quotes, verdict.quotes_priced), (3, 1));
    assert_eq!((verdict.quotes_refused, verdict.quotes_repeated), (1, 1));
}

#[test]
fn a_request_has_one_answer_and_an_id_one_price() {
    blamed(&["a", "b"], &[quoted("a", 0)], "quote b at quote.requested/0@1 has no answer");
    let again = PriceQuoted { outcome: QuoteOutcome::Duplicate, price: None, inputs: None, ..quoted("a", 0) };
    blamed(&["a"], &[quoted("a", 0), again], "quote a at quote.requested/0@0 has 2 answers");
    blamed(&["a", "a"], &[quoted("a", 0), quoted("a", 1)], "quote a: price.quoted/0@1 is its second price");
    let other = PriceQuoted { quote: "b".to_owned(), ..quoted("a", 0) };
    blamed(&["a"], &[other], "quote b: price.quoted/0@0 answers another request");
    let verdict = audit(&[], &[quoted("a", 7)]);
    assert_eq!(verdict.sentences, ["quote a: price.quoted/0@0 answers no request"]);
}

#[test]
fn where_nobody_answers_quotes_none_is_missing_and_a_parked_one_has_its_fate() {
    assert_eq!(audit(&["a"], &[]).faults, 0);
    let mut auditor = Auditor::new(None);
    auditor.asked(&place("quote.requested", 0), None);
    let mut parked = parked("quote.requested", 0);
    parked.processor = "quoting".to_owned();
    auditor.parked(&parked);
    assert_eq!(auditor.verdict().sentences, Vec::<String>::new());
}

#[test]
fn money_is_conserved_and_caps_hold() {
    let of = "quote a: price.quoted/0@0: ";
    let told = |change: fn(&mut QuotePrice), why: &str| blamed(&["a"], &[with(change)], &format!("{of}{why}"));
    told(|price| price.total_minor = 1_101, "1101 is charged, the items are 1100, and 1100 is given out");
    told(|price| price.items.tax = 1, "1100 is charged, the items are 1101, and 1100 is given out");
    told(|price| price.split.driver = 799, "1100 is charged, the items are 1100, and 1099 is given out");
    told(|price| price.personal = true, "loyalty takes off 0, and personal is true");
    let promised = |price: &mut QuotePrice| {
        (price.items.loyalty, price.split.promotion, price.personal) = (-3, 3, true);
        price.total_minor -= 3;
    };
    told(promised, "loyalty takes off 3, for 0 bps and Unasked of the rider");
    told(|price| price.expires_at = 2, "it has expired when it is made");
    told(|price| price.propensity_bps = 0, "propensity 0, 1 alternatives");
    told(|price| price.chosen.fare_minor = 1, "the chosen price is none of the alternatives");
    let mut held = with(|price| (price.items.surge, price.split.driver, price.total_minor) = (200, 1_000, 1_300));
    held.inputs.as_mut().unwrap().emergency_bps = Some(12_000);
    assert_eq!(audit(&["a"], &[held.clone()]).faults, 0, "just so");
    held.inputs.as_mut().unwrap().emergency_bps = Some(11_900);
    let why = "a fare of 1200 in an emergency that allows 11900 bps of the metered one";
    blamed(&["a"], &[held], &format!("{of}{why}"));
    let empty = PriceQuoted { price: None, ..quoted("a", 0) };
    blamed(&["a"], &[empty], &format!("{of}Quoted with what does not belong to it"));
}
