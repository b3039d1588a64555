//! Loyalty: the one datum about a person that moves a price, down, by the policy's table, and only where the rider agreed.

use std::sync::Arc;

use kernel::contract::{Consents, Loyalty, PriceQuoted, RiderChanged, RiderFacts};
use kernel::rider::{Facts, Known, Riders};
use kernel::{Emit, Processor, Record, Rules, Spot};
use proptest::prelude::*;

use super::{POLICY, Quoting, START, Stage, ask, priced, quotes};
use crate::quoting::{Output, requote};
use crate::{Policy, share};

fn rider(loyalty: Option<Loyalty>, agreed: bool) -> RiderChanged {
    let consents = Consents { personal_price: agreed, marketing: false };
    RiderChanged { rider: "rider".to_owned(), at: START, loyalty, points: 100, rides: 7, consents }
}

fn found(rider: RiderChanged) -> Facts {
    let place = Spot { topic: RiderChanged::TOPIC.name, partition: 2, offset: 40 };
    Facts::Found(Arc::new(Known { place, rider }))
}

/// One quote for who is known by these facts.
fn quoted(facts: Facts) -> PriceQuoted {
    let mut stage = Stage::with(2);
    stage.riders.add("rider", facts);
    stage.play(1, &[ask("a", 1)], &[]).remove(0)
}

/// What it says beside loyalty's own items.
fn rest(mut quoted: PriceQuoted) -> PriceQuoted {
    if let Some(price) = &mut quoted.price {
        price.total_minor -= price.items.loyalty;
        (price.items.loyalty, price.split.promotion, price.personal) = (0, 0, false);
    }
    if let Some(inputs) = &mut quoted.inputs {
        (inputs.rider_facts, inputs.rider_place) = (RiderFacts::Unasked, None);
        (inputs.loyalty, inputs.loyalty_bps) = (None, None);
    }
    quoted
}

#[test]
fn each_tier_takes_off_what_the_table_says_and_the_quote_says_why() {
    let plain = quoted(Facts::Unasked);
    let fare = priced(&plain).split.driver + priced(&plain).split.fees - priced(&plain).items.booking;
    for (tier, bps) in [(Loyalty::Silver, 200), (Loyalty::Gold, 400), (Loyalty::Platinum, 700)] {
        let one = quoted(found(rider(Some(tier), true)));
        let (price, inputs) = (priced(&one), one.inputs.as_ref().unwrap());
        assert_eq!((price.items.loyalty, price.personal), (-share(fare, bps), true), "{tier:?}");
        let place = inputs.rider_place.as_ref().unwrap();
        assert_eq!((place.topic.as_str(), place.partition, place.offset), ("rider.changed", 2, 40));
        assert_eq!(
            (inputs.rider_facts, inputs.loyalty, inputs.loyalty_bps),
            (RiderFacts::Found, Some(tier), Some(bps as i32))
        );
        assert_eq!(rest(one.clone()), rest(plain.clone()), "nothing else moves");
        assert_eq!(requote(&one, &POLICY), Ok(one));
    }
}

#[test]
fn without_consent_the_tier_counts_for_nothing_and_is_not_recorded() {
    let one = quoted(found(rider(Some(Loyalty::Platinum), false)));
    let inputs = one.inputs.as_ref().unwrap();
    assert_eq!((inputs.rider_facts, inputs.loyalty, inputs.loyalty_bps), (RiderFacts::Found, None, None));
    assert_eq!((priced(&one).items.loyalty, priced(&one).personal), (0, false));
}

#[test]
fn a_tier_that_the_table_does_not_name_takes_off_nothing() {
    for tier in [Some(Loyalty::Member), Some(Loyalty::Unknown), None] {
        let one = quoted(found(rider(tier, true)));
        assert_eq!((priced(&one).items.loyalty, priced(&one).personal), (0, false), "{tier:?}");
    }
}

#[test]
fn who_is_not_known_pays_the_plain_price_and_the_quote_says_why() {
    let plain = quoted(Facts::Unasked);
    for (facts, told) in [(Facts::Unanswered, RiderFacts::Unanswered), (Facts::Absent, RiderFacts::Absent)] {
        let one = quoted(facts);
        assert_eq!(one.inputs.as_ref().unwrap().rider_facts, told);
        assert_eq!(rest(one.clone()), rest(plain.clone()));
        let degraded = Output::Quoted(Box::new(one)).degraded();
        assert_eq!(degraded, (told == RiderFacts::Unanswered).then_some("riders"));
    }
    assert_eq!(Output::Quoted(Box::new(plain)).degraded(), None);
}

#[test]
fn a_table_that_says_too_much_is_refused_with_its_key() {
    let refused = |from: &str, to: &str| Policy::parse(&crate::BUILT_IN.replace(from, to)).unwrap_err();
    let said = refused("PLATINUM = 700", "PLATINUM = 1_001");
    assert!(said.contains("loyalty.tiers.PLATINUM is 1001") && said.contains("0 to 1000"), "{said}");
    let said = refused("GOLD = 400", "BRASS = 400");
    assert!(said.contains("loyalty.tiers.BRASS is unknown: take MEMBER, SILVER, GOLD, PLATINUM"), "{said}");
    let (before, rest) = crate::BUILT_IN.split_once("[loyalty.tiers]").unwrap();
    let (_, after) = rest.split_once("[lock]").unwrap();
    let without = format!("{before}[lock]{after}");
    assert!(Policy::parse(&without).is_ok_and(|policy| policy.of("sf").loyalty.of(Loyalty::Gold).is_none()));
}

fn facts() -> impl Strategy<Value = Facts> {
    use Loyalty::{Gold, Member, Platinum, Silver, Unknown};
    let tier = prop::sample::select(vec![None, Some(Unknown), Some(Member), Some(Silver), Some(Gold), Some(Platinum)]);
    let known = (tier, any::<bool>(), any::<bool>(), 0..3_i64, 0..3_i32, "[a-c]{1,2}").prop_map(
        |(loyalty, agreed, marketing, points, rides, name)| {
            let consents = Consents { personal_price: agreed, marketing };
            found(RiderChanged { rider: name, points, rides, consents, ..rider(loyalty, agreed) })
        },
    );
    prop_oneof![1 => Just(Facts::Unasked), 1 => Just(Facts::Unanswered), 1 => Just(Facts::Absent), 5 => known]
}

/// What the table sees of a rider.
fn seen(facts: &Facts) -> Option<Loyalty> {
    match facts {
        Facts::Found(known) if known.rider.consents.personal_price => known.rider.loyalty,
        _ => None,
    }
}

proptest! {
    #[test]
    fn whatever_is_known_of_a_rider_only_loyalty_moves_the_price_and_only_down(
        one in facts(), other in facts(), tolls in 0..2_i64, tier in 0..2_usize
    ) {
        let price = |facts: &Facts| {
            let mut stage = Stage::with(2);
            stage.riders.add("rider", facts.clone());
            let mut asked = ask("a", 1);
            asked.tolls_minor = Some(tolls * 100);
            asked.tier = [None, Some(kernel::contract::Tier::Gold)][tier];
            stage.play(1, &[asked], &[]).remove(0)
        };
        let (first, second) = (price(&one), price(&other));
        prop_assert_eq!(rest(first.clone()), rest(second.clone()), "nothing but loyalty's own items moves");
        if seen(&one) == seen(&other) {
            prop_assert_eq!(&first.price, &second.price, "what the table does not see changes nothing");
        }
        for quoted in [first, second] {
            prop_assert!(priced(&quoted).items.loyalty <= 0);
            prop_assert_eq!(priced(&quoted).personal, priced(&quoted).items.loyalty < 0);
            prop_assert_eq!(requote(&quoted, &POLICY), Ok(quoted));
        }
    }

    #[test]
    fn facts_of_others_change_nothing(mine in facts(), theirs in prop::collection::vec(facts(), 0..3)) {
        let play = |riders: Riders| {
            let mut stage = Stage::with(1);
            stage.riders = riders;
            let turn = stage.gathered(1, &[ask("a", 1)], &[]);
            quotes(&Quoting::decide(&turn, &stage.view, &POLICY))
        };
        let mut alone = Riders::default();
        alone.add("rider", mine);
        let mut beside = alone.clone();
        (0..).zip(theirs).for_each(|(number, facts)| beside.add(&format!("r{number}"), facts));
        prop_assert_eq!(play(alone), play(beside));
    }
}
