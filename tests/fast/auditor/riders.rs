//! Riders' facts in quotes: only of who asked, only as they were told, and only while he agrees.

use devkit::auditor::{Auditor, Verdict};
use kernel::Millis;
use kernel::contract::{Consents, Loyalty, PriceQuoted, QuoteInputs, QuotePrice, RiderChanged, RiderFacts};

use super::place;
use super::quotes::{asked, quoted};

/// What became known of riders, and when, milliseconds.
type Told<'a> = (&'a str, i64, Option<RiderChanged>);

fn rider(rider: &str, loyalty: Option<Loyalty>, agreed: bool) -> RiderChanged {
    let consents = Consents { personal_price: agreed, marketing: false };
    RiderChanged { rider: rider.to_owned(), at: 1, loyalty, points: 0, rides: 0, consents }
}

/// Ann, known by the record at `offset`: what she was, and what that takes off the fare of 10.00.
fn lowered(offset: usize, (loyalty, bps): (Option<Loyalty>, Option<i32>)) -> PriceQuoted {
    let mut quoted = quoted("a", 0);
    let price: &mut QuotePrice = quoted.price.as_mut().unwrap();
    let off = i64::from(bps.unwrap_or(0)) / 10;
    (price.items.loyalty, price.split.promotion, price.personal) = (-off, off, off > 0);
    price.total_minor -= off;
    let inputs: &mut QuoteInputs = quoted.inputs.as_mut().unwrap();
    (inputs.rider_facts, inputs.rider_place) = (RiderFacts::Found, Some(place("rider.changed", offset)));
    (inputs.loyalty, inputs.loyalty_bps) = (loyalty, bps);
    quoted
}

/// The same by nobody's record.
fn with(change: impl FnOnce(&mut QuoteInputs)) -> PriceQuoted {
    let mut quoted = lowered(0, GOLD);
    change(quoted.inputs.as_mut().unwrap());
    quoted
}

const GOLD: (Option<Loyalty>, Option<i32>) = (Some(Loyalty::Gold), Some(400));
const NOTHING: (Option<Loyalty>, Option<i32>) = (None, None);

/// What an audit says of this quote, stored at so many milliseconds, for ann.
fn audit(told: &[Told<'_>], (quoted, written): (&PriceQuoted, i64)) -> Verdict {
    let mut auditor = Auditor::new(None);
    (0..).zip(told).for_each(|(offset, (rider, written, known))| {
        auditor.rider(&place("rider.changed", offset), Millis(*written), rider, known.as_ref());
    });
    auditor.asked(&place("quote.requested", 0), Some(&asked("a")));
    auditor.quoted(&place("price.quoted", 0), Millis(written), quoted);
    auditor.verdict()
}

fn ann(loyalty: Option<Loyalty>, agreed: bool, written: i64) -> Told<'static> {
    ("ann", written, Some(rider("ann", loyalty, agreed)))
}

#[track_caller]
fn blamed(told: &[Told<'_>], quoted: (&PriceQuoted, i64), why: &str) {
    let verdict = audit(told, quoted);
    assert_eq!((verdict.faults, verdict.sentences.join("; ")), (1, format!("quote a: price.quoted/0@0: {why}")));
}

#[test]
fn sound_ones_are_counted() {
    let gold = ann(Some(Loyalty::Gold), true, 0);
    let verdict = audit(std::slice::from_ref(&gold), (&lowered(0, GOLD), 5));
    assert_eq!((verdict.faults, verdict.sentences), (0, vec![]));
    assert_eq!((verdict.quotes_of_known, verdict.quotes_lowered, verdict.lowered_minor), (1, 1, 40));
    let unwilling = audit(&[ann(Some(Loyalty::Gold), false, 0)], (&lowered(0, NOTHING), 5));
    assert_eq!((unwilling.faults, unwilling.quotes_of_known, unwilling.quotes_lowered), (0, 1, 0));
    let mut silent = quoted("a", 0);
    silent.inputs.as_mut().unwrap().rider_facts = RiderFacts::Unanswered;
    let silent = audit(&[gold], (&silent, 5));
    assert_eq!((silent.faults, silent.quotes_of_known, silent.quotes_of_unanswered), (0, 0, 1));
}

#[test]
fn a_tier_counts_only_with_consent() {
    let unwilling = [ann(Some(Loyalty::Gold), false, 0)];
    blamed(&unwilling, (&lowered(0, GOLD), 5), "Gold counts, and by rider.changed/0@0 its rider did not agree");
    let willing = [ann(Some(Loyalty::Gold), true, 0)];
    blamed(&willing, (&lowered(0, NOTHING), 5), "Gold does not count, and by rider.changed/0@0 its rider agreed");
}

#[test]
fn a_tier_is_what_the_riders_own_record_says() {
    let silver = [ann(Some(Loyalty::Silver), true, 0)];
    blamed(&silver, (&lowered(0, GOLD), 5), "Some(Gold) counts, and by rider.changed/0@0 its rider is Some(Silver)");
    let others = [("bob", 0, Some(rider("bob", Some(Loyalty::Gold), true))), ann(Some(Loyalty::Gold), true, 0)];
    // Bob's record lies before hers: compaction may have taken one of hers there, but it did not.
    blamed(&others[..1], (&lowered(0, GOLD), 5), "rider.changed/0@0 says nothing of rider ann");
    blamed(&others, (&lowered(0, GOLD), 5), "rider.changed/0@0 says nothing of rider ann");
    blamed(&others[1..], (&lowered(7, GOLD), 5), "rider.changed/0@7 says nothing of rider ann");
}

#[test]
fn what_is_known_stands_in_a_record() {
    let gold = [ann(Some(Loyalty::Gold), true, 0)];
    let nowhere = with(|inputs| inputs.rider_place = None);
    let why = "loyalty takes off 40, for 400 bps and Found of the rider";
    blamed(&gold, (&nowhere, 5), why);
    let elsewhere = with(|inputs| inputs.rider_place = Some(place("ride.requested", 0)));
    blamed(&gold, (&elsewhere, 5), "what it knows of its rider stands in no record");
    let absent = with(|inputs| inputs.rider_facts = RiderFacts::Absent);
    blamed(&gold, (&absent, 5), "loyalty takes off 40, for 400 bps and Absent of the rider");
}

#[test]
fn consent_that_was_taken_back_counts_for_a_minute_at_most() {
    let back = [ann(Some(Loyalty::Gold), true, 0), ann(Some(Loyalty::Gold), false, 1_000)];
    assert_eq!(audit(&back, (&lowered(0, GOLD), 61_000)).faults, 0);
    blamed(&back, (&lowered(0, GOLD), 61_001), "rider ann had taken his consent back 60001 ms before");
    let forgotten = [ann(Some(Loyalty::Gold), true, 0), ("ann", 1_000, None)];
    blamed(&forgotten, (&lowered(0, GOLD), 61_001), "rider ann had taken his consent back 60001 ms before");
    // Whoever agreed again since agrees.
    let again = [&back[..], &[ann(Some(Loyalty::Gold), true, 1_001)]].concat();
    assert_eq!(audit(&again, (&lowered(0, GOLD), 61_002)).faults, 0);
    assert_eq!(audit(&back, (&lowered(0, NOTHING), 61_001)).faults, 1, "not even then it tells what was not said");
}

#[test]
fn what_compaction_took_is_not_judged() {
    // His older record is gone, as the offsets say.
    let mut auditor = Auditor::new(None);
    let known = rider("ann", Some(Loyalty::Gold), true);
    auditor.rider(&place("rider.changed", 3), Millis(0), "ann", Some(&known));
    auditor.asked(&place("quote.requested", 0), Some(&asked("a")));
    auditor.quoted(&place("price.quoted", 0), Millis(5), &lowered(1, GOLD));
    let verdict = auditor.verdict();
    assert_eq!((verdict.faults, verdict.unjudged), (0, 1));
}

#[test]
fn a_consent_that_was_taken_back_is_told_though_compaction_took_who_gave_it() {
    let mut auditor = Auditor::new(None);
    let known = rider("ann", Some(Loyalty::Gold), false);
    auditor.rider(&place("rider.changed", 3), Millis(1_000), "ann", Some(&known));
    auditor.asked(&place("quote.requested", 0), Some(&asked("a")));
    auditor.quoted(&place("price.quoted", 0), Millis(61_001), &lowered(1, GOLD));
    let why = "quote a: price.quoted/0@0: rider ann had taken his consent back 60001 ms before";
    assert_eq!(auditor.verdict().sentences, [why]);
}
