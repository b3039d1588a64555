//! What holds of every turn, whatever it was told.

use kernel::contract::{MarketSampled, Point, PriceQuoted, QuoteOutcome, QuoteRequested, Service, Tier, TurnTaken};
use kernel::{Processor, geo};
use proptest::prelude::*;

use super::{DROPOFF, MARKET, Output, PICKUP, POLICY, Quoting, START, Seen, Stage, ask, sample};
use crate::quoting::requote;

/// Something that happens. Few distinct values, so that ties occur.
#[derive(Clone, Debug)]
enum Happens {
    Ping(u8, bool, u8),
    Wants(u8, u8),
    Asks(u8, u8, Option<Tier>),
    Sample(Option<bool>, Option<i32>, u8),
    Passes(i64),
}

fn place(number: u8) -> Point {
    Point { lat_e6: PICKUP.lat_e6 + i32::from(number) * 8_000, ..PICKUP }
}

fn happens() -> impl Strategy<Value = Happens> {
    let tier = prop_oneof![Just(None), Just(Some(Tier::Bronze)), Just(Some(Tier::Platinum))];
    prop_oneof![
        (0..4_u8, any::<bool>(), 0..3_u8).prop_map(|(driver, free, place)| Happens::Ping(driver, free, place)),
        (0..40_u8, 0..3_u8).prop_map(|(ride, place)| Happens::Wants(ride, place)),
        (0..12_u8, 0..3_u8, tier).prop_map(|(quote, place, tier)| Happens::Asks(quote, place, tier)),
        (prop::option::of(any::<bool>()), prop::option::of(0..40_000), 0..3_u8)
            .prop_map(|(emergency, competitor, place)| Happens::Sample(emergency, competitor, place)),
        prop_oneof![Just(1), Just(30), Just(60), Just(61), Just(300), Just(700), Just(86_400)]
            .prop_map(Happens::Passes),
    ]
}

/// Plays what happens, a turn after each passing of time; calls back after each turn.
fn play(all: &[Happens], mut after: impl FnMut(&Stage, &[PriceQuoted])) -> Stage {
    let (mut stage, mut seconds) = (Stage::with(0), 0);
    let (mut asks, mut facts): (Vec<QuoteRequested>, Vec<MarketSampled>) = (Vec::new(), Vec::new());
    for one in all {
        match one {
            Happens::Ping(driver, free, at) => {
                let free = free.then(|| geo::cell(place(*at)));
                stage.see(Seen::Located { driver: format!("d{driver}"), at: START + seconds * 1_000, free });
            }
            Happens::Wants(ride, at) => stage.wants(&format!("r{ride}-{seconds}"), seconds, place(*at)),
            Happens::Asks(quote, at, tier) => {
                asks.push(QuoteRequested { pickup: place(*at), tier: *tier, ..ask(&format!("q{quote}"), seconds) });
            }
            Happens::Sample(emergency, competitor_bps, at) => {
                let cell = (*at > 0).then(|| geo::cell(place(*at)) as i64);
                let (emergency, competitor_bps) = (*emergency, *competitor_bps);
                facts.push(MarketSampled { emergency, competitor_bps, cell, ..sample(seconds) });
            }
            Happens::Passes(span) => {
                seconds += span;
                let quoted = stage.play(seconds, &asks, &facts);
                (asks, facts) = (Vec::new(), Vec::new());
                after(&stage, &quoted);
            }
        }
    }
    stage
}

fn lawful(quoted: &PriceQuoted) -> Result<(), TestCaseError> {
    let Some(price) = &quoted.price else {
        prop_assert_ne!(quoted.outcome, QuoteOutcome::Quoted);
        return Ok(());
    };
    let items = &price.items;
    let metered = items.base + items.distance + items.time + items.tier + items.least;
    let fare = metered + items.surge + items.competitor + items.optimum + items.capped;
    prop_assert_eq!(price.total_minor, fare + items.loyalty + items.booking + items.tax + items.tolls);
    let split = &price.split;
    prop_assert_eq!(price.total_minor, split.driver + split.fees + split.tax + split.tolls - split.promotion);
    // The built-in policy: half to twice the metered fare, and at most 1,000.00; an emergency's ceiling below both.
    let most = (metered * 2).min(100_000);
    let inputs = quoted.inputs.as_ref().unwrap();
    let most = inputs.emergency_bps.map_or(most, |bps| most.min((metered * i64::from(bps) + 5_000) / 10_000));
    prop_assert!(fare <= most && (fare * 2 + 1 >= metered || fare == most), "{fare} of {metered}: {quoted:?}");
    prop_assert!(split.driver * 4 >= fare * 3 - 4, "{quoted:?}");
    prop_assert!(price.low_minor <= price.high_minor && price.propensity_bps > 0);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn money_is_conserved_caps_hold_and_every_quote_is_decided_again_to_the_byte(
        all in prop::collection::vec(happens(), 1..60)
    ) {
        let mut failed = None;
        play(&all, |_, quoted| {
            for one in quoted {
                if let Err(error) = lawful(one) {
                    failed = failed.take().or(Some(error));
                }
                assert_eq!(requote(one, &POLICY).as_ref(), Ok(one));
            }
        });
        failed.map_or(Ok(()), Err)?;
    }

    #[test]
    fn an_id_is_priced_once(all in prop::collection::vec(happens(), 1..60)) {
        let mut priced = std::collections::BTreeMap::new();
        let mut twice = None;
        play(&all, |_, quoted| {
            for one in quoted.iter().filter(|one| one.outcome == QuoteOutcome::Quoted) {
                // An id that is used again after it was forgotten is another quote.
                if let Some(before) = priced.insert(one.quote.clone(), one.at)
                    && one.at - before <= 600_000
                {
                    twice = Some(one.quote.clone());
                }
            }
        });
        prop_assert_eq!(twice, None);
    }

    #[test]
    fn the_view_rebuilt_is_the_view_carried_and_decides_the_same(
        all in prop::collection::vec(happens(), 1..60), later in prop::sample::select(&[0_i64, 100, 650, 1_000][..])
    ) {
        let mut stage = play(&all, |_, _| {});
        let seconds = later + all.iter().map(|one| if let Happens::Passes(span) = one { *span } else { 0 }).sum::<i64>();
        let rebuilt = stage.successor(seconds);
        prop_assert_eq!(rebuilt.kept(MARKET), stage.view.kept(MARKET));
        // Each id again, as it was asked for and anew.
        let asks = (0..12).flat_map(|id| [0, seconds].map(|at| ask(&format!("q{id}"), at)));
        let asks: Vec<_> = asks.chain([ask("probe", seconds)]).collect();
        let turn = stage.gathered(seconds, &asks, &[]);
        prop_assert_eq!(Quoting::decide(&turn, &rebuilt, &POLICY), Quoting::decide(&turn, &stage.view, &POLICY));
    }

    #[test]
    fn surge_moves_by_a_step_a_minute_and_between_neighbours(all in prop::collection::vec(happens(), 1..80)) {
        let (mut last, mut at) = (std::collections::BTreeMap::new(), i64::MIN);
        let mut wrong = None;
        play(&all, |stage, _| {
            let Some(market) = stage.view.market(MARKET) else { return };
            let Some(now) = market.surge.at() else { return };
            let minutes = (now.saturating_sub(at) / 60_000).max(0);
            let field = market.surge.field();
            for (cell, bps) in field {
                let before = last.get(cell).copied().unwrap_or(0);
                if at != i64::MIN && (bps - before) > 1_000 * minutes {
                    wrong = Some(format!("{cell:x} from {before} to {bps} in {minutes} min"));
                }
                let mut ring = Vec::new();
                geo::ring(*cell, 1, &mut ring);
                for other in ring {
                    let there = field.get(&other).copied().unwrap_or(0);
                    if (bps - there).abs() > 1_000 {
                        wrong = Some(format!("{cell:x} has {bps}, its neighbour {there}"));
                    }
                }
            }
            (last, at) = (field.clone(), now);
        });
        prop_assert_eq!(wrong, None);
    }

    #[test]
    fn who_asks_has_no_part_in_the_price(rider in "[a-z]{1,8}", seconds in 1..50_i64) {
        let price = |rider: &str| {
            let mut stage = Stage::with(2);
            let all = stage.play(seconds, &[QuoteRequested { rider: rider.to_owned(), ..ask("a", seconds) }], &[]);
            all[0].clone()
        };
        prop_assert_eq!(price("anybody"), price(&rider));
    }
}

#[test]
fn a_turn_with_many_cells_is_written_in_pieces_that_fit() {
    let text = crate::BUILT_IN.replace("prior = 6", "prior = 0").replace("half_life_s = 300", "half_life_s = 60");
    let policy: crate::Policy = kernel::Rules::parse(&text).unwrap();
    let mut stage = Stage::with(0);
    let (mut kept, mut piece, mut pieces, mut exact) = (0, 0, 0, true);
    for minute in 0..24_i64 {
        // Forty places far from each other where everybody asks, and forty others after a while.
        for number in 0..40_i64 {
            let lat_e6 = (30_000_000 + number * 500_000) as i32;
            let place = Point { lat_e6, lng_e6: if minute < 14 { 10_000_000 } else { 12_000_000 } };
            (0..300).for_each(|rider| stage.wants(&format!("{minute}-{number}-{rider}"), minute * 60, place));
        }
        let turn = stage.gathered(minute * 60, &[], &[]);
        let outputs = Quoting::decide(&turn, &stage.view, &policy);
        outputs.iter().for_each(|output| Quoting::evolve(&mut stage.view, output));
        let taken: Vec<_> =
            outputs.iter().filter_map(|one| if let Output::Taken(one) = one { Some(one) } else { None }).collect();
        let count = taken.len() as i32;
        assert!((0..).zip(&taken).all(|(at, one)| (one.chunk, one.chunks) == (at, count)));
        exact &= taken.iter().all(|one| one.exact);
        pieces = pieces.max(count);
        for output in &outputs {
            let mut bytes = Vec::new();
            kernel::Emit::datum(output, &mut bytes).unwrap();
            match output {
                Output::Kept(_) => kept = kept.max(bytes.len()),
                _ => piece = piece.max(bytes.len()),
            }
        }
    }
    assert!(kept < 400_000 && piece < 256_000 && pieces > 1, "{kept} and {piece} bytes, {pieces} pieces");
    assert!(!exact, "it says that there were too many");
}

#[test]
fn a_view_that_is_full_empties_with_time() {
    let mut stage = Stage::with(0);
    let wants = |ride: &str, seconds: i64| Seen::Requested {
        ride: ride.to_owned(),
        at: START + seconds * 1_000,
        cell: geo::cell(PICKUP),
    };
    let mut see = |seen| Quoting::observe(&mut stage.view, MARKET, seen, 2);
    assert!(see(wants("a", 0)) && see(wants("b", 1)) && !see(wants("c", 2)));
    assert!(see(wants("d", 611)), "the first is gone by then");
    let ping = |driver: &str, seconds: i64| Seen::Located {
        driver: driver.to_owned(),
        at: START + seconds * 1_000,
        free: Some(geo::cell(PICKUP)),
    };
    assert!(see(ping("a", 0)) && see(ping("b", 1)) && !see(ping("c", 2)) && see(ping("d", 700)));
    let (counts, _) = stage.view.market(MARKET).unwrap().counts(START + 700_000, &POLICY.of(MARKET).surge);
    assert_eq!(counts.values().map(|counts| (counts.demand, counts.supply)).collect::<Vec<_>>(), [(1, 1)]);
}

#[test]
fn a_turn_says_what_surge_was_stepped_from() {
    let mut stage = Stage::with(3);
    (0..10).for_each(|number| stage.wants(&format!("r{number}"), 0, DROPOFF));
    stage.play(0, &[], &[]);
    let taken = |output: &Output| match output {
        Output::Taken(taken) => Some(taken.as_ref().clone()),
        _ => None,
    };
    let taken: Vec<TurnTaken> = stage.outputs.iter().filter_map(taken).collect();
    let cells: Vec<_> = taken[0].cells.iter().map(|cell| (cell.demand, cell.supply)).collect();
    assert_eq!(cells.iter().filter(|cell| **cell == (10, 0)).count(), 1);
    assert_eq!(cells.iter().filter(|cell| **cell == (0, 3)).count(), 1);
    assert_eq!((taken[0].processor.as_str(), taken[0].exact), (Quoting::NAME, true));
}

#[test]
fn an_unheard_of_service_or_tier_is_refused_in_that_market_only() {
    use kernel::{Millis, Rules};
    let text = crate::BUILT_IN.replace("XL = 15_000\n", "").replace("GOLD = 20_000\n", "");
    let policy = crate::Policy::parse(&text).unwrap();
    let mut stage = Stage::with(1);
    let xl = QuoteRequested { service: Service::Xl, ..ask("xl", 1) };
    let gold = QuoteRequested { tier: Some(Tier::Gold), ..ask("gold", 1) };
    let turn = stage.gathered(1, &[xl, gold], &[]);
    assert_eq!(turn.now, Millis(START + 1_000));
    let told: Vec<_> =
        super::quotes(&Quoting::decide(&turn, &stage.view, &policy)).iter().map(|one| one.refusal.unwrap()).collect();
    assert_eq!(told, [kernel::contract::Refusal::Service, kernel::contract::Refusal::Tier]);
}
