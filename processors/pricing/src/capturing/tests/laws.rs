//! What holds of every turn, whatever it was told.

use std::collections::BTreeMap;

use kernel::contract::{
    Bill, BillPromotion, CaptureOutcome, FareBasis, FareCaptured, Party, Payment, Progress, Promise, RideProgressed,
    Service, Tier,
};
use kernel::{Millis, Processor};
use proptest::prelude::*;

use super::{Asked, Capturing, Fact, MARKET, Output, POLICY, START, Seen, Stage, Step, asked, ends, promise, sample};
use crate::capturing::recapture;

/// Something that happens. Few distinct values, so that ties occur; absurd ones among them.
#[derive(Clone, Debug)]
enum Happens {
    Quotes(u8, i32, bool),
    Wants(u8, Option<u8>, Option<Tier>),
    Ends(u8, Box<RideProgressed>),
    Sample(Option<bool>),
    Came(u8, i64, bool),
    Passes(i64),
}

fn minor() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0), Just(1), Just(150), Just(880), Just(1_100), Just(-1), Just(i64::MAX), 0..3_000_i64]
}

fn billed() -> impl Strategy<Value = Bill> {
    let tier = prop_oneof![Just(None), Just(Some(Tier::Gold))];
    let promotions = prop::collection::vec(minor(), 0..4);
    (tier, prop::collection::vec(minor(), 10), promotions).prop_map(|(tier, minor, promotions)| {
        let promotion = |minor| BillPromotion { promotion: "p".to_owned(), minor };
        Bill {
            service: Service::Standard,
            tier,
            fare: minor[0],
            loyalty: minor[1],
            booking: minor[2],
            wait: minor[3],
            cancel: minor[4],
            online: minor[5],
            tax: minor[6],
            tolls: minor[7],
            promotions: promotions.into_iter().map(promotion).collect(),
            commission: minor[8],
            driver: minor[9],
        }
    })
}

fn end() -> impl Strategy<Value = RideProgressed> {
    let progress =
        prop_oneof![5 => Just(Progress::Completed), 1 => Just(Progress::Cancelled), 1 => Just(Progress::NoShow)];
    let by = prop_oneof![Just(Party::Rider), Just(Party::Driver)];
    let metres =
        prop::option::of(prop_oneof![Just(0), Just(3_400), Just(3_500), Just(9_000), Just(-1), Just(i32::MAX)]);
    let seconds = prop::option::of(prop_oneof![Just(0), Just(720), Just(86_400), Just(-5), Just(i32::MAX)]);
    let amounts = (prop::option::of(minor()), prop::option::of(minor()), prop::option::of(minor()));
    let pays = prop::option::of(prop_oneof![Just(Payment::Cash), Just(Payment::Card)]);
    let currency = prop_oneof![4 => Just(Some("USD")), 1 => Just(None), 1 => Just(Some("EUR"))];
    let told = (amounts, prop::option::of(billed()), currency);
    (progress, by, (metres, seconds.clone(), seconds), pays, told).prop_map(|(progress, by, way, payment, told)| {
        let ((tolls_minor, charged_minor, paid_minor), bill, currency) = told;
        let (distance_m, duration_s, wait_s) = way;
        RideProgressed {
            by: (progress != Progress::Completed).then_some(by),
            distance_m,
            duration_s,
            wait_s,
            payment,
            tolls_minor,
            charged_minor,
            paid_minor,
            bill,
            currency: currency.map(str::to_owned),
            ..ends("", 0, progress)
        }
    })
}

fn happens() -> impl Strategy<Value = Happens> {
    let tier = prop_oneof![3 => Just(None), 1 => Just(Some(Tier::Platinum))];
    prop_oneof![
        (0..4_u8, 0..3_i32, any::<bool>()).prop_map(|(quote, surge, euros)| Happens::Quotes(
            quote,
            surge * 9_000,
            euros
        )),
        (0..6_u8, prop::option::of(0..4_u8), tier).prop_map(|(ride, quote, tier)| Happens::Wants(ride, quote, tier)),
        (0..6_u8, end()).prop_map(|(ride, end)| Happens::Ends(ride, Box::new(end))),
        prop::option::of(any::<bool>()).prop_map(Happens::Sample),
        (0..6_u8, prop::sample::select(&[0, 1, 300, 40_000][..]), any::<bool>())
            .prop_map(|(ride, ago, started)| Happens::Came(ride, ago, started)),
        prop_oneof![Just(1), Just(60), Just(299), Just(700), Just(4_000), Just(21_600), Just(86_400)]
            .prop_map(Happens::Passes),
    ]
}

/// Plays what happens, a turn after each passing of time; calls back after each turn with what asked and what was told.
fn play(all: &[Happens], mut after: impl FnMut(i64, &[RideProgressed], &[FareCaptured])) -> (Stage, i64) {
    let (mut stage, mut seconds) = (Stage::new(), 0);
    // No id is used again: a number stands for the newest quote that was made of it.
    let mut newest: BTreeMap<u8, String> = BTreeMap::new();
    let (mut asks, mut facts): (Vec<RideProgressed>, Vec<Fact>) = (Vec::new(), Vec::new());
    for one in all {
        match one {
            Happens::Quotes(quote, surge_bps, euros) => {
                let currency = if *euros { "EUR" } else { "USD" }.to_owned();
                let id = format!("q{quote}-{seconds}");
                stage.quoted(&id, Promise { surge_bps: *surge_bps, currency, ..promise(seconds) });
                newest.insert(*quote, id);
            }
            Happens::Wants(ride, quote, tier) => {
                let quote = quote.map(|quote| newest.get(&quote).cloned().unwrap_or_else(|| format!("q{quote}")));
                let asked = asked(&format!("r{ride}"), seconds, quote.as_deref());
                facts.push(Fact::Requested(Asked { tier: *tier, ..asked }));
            }
            Happens::Ends(ride, end) => {
                let (ride, at) = (format!("r{ride}"), START + seconds * 1_000);
                asks.push(RideProgressed { ride, at, ..end.as_ref().clone() });
            }
            Happens::Came(ride, ago, started) => {
                let step = if *started { Step::Started } else { Step::Arrived };
                let super::Fact::Came(mut came) = super::came(&format!("r{ride}"), seconds - ago, step) else {
                    continue;
                };
                if ago % 7 == 1 {
                    came.driver = "eve".to_owned();
                }
                facts.push(super::Fact::Came(came));
            }
            Happens::Sample(emergency) => facts.push(sample(seconds, *emergency)),
            Happens::Passes(span) => {
                seconds += span;
                let captured = stage.play(seconds, &facts, &asks);
                after(seconds, &asks, &captured);
                (asks, facts) = (Vec::new(), Vec::new());
            }
        }
    }
    (stage, seconds)
}

fn lawful(captured: &FareCaptured) -> Result<(), TestCaseError> {
    let Some(fare) = &captured.fare else {
        prop_assert_ne!(captured.outcome, CaptureOutcome::Captured);
        return Ok(());
    };
    let (fees, split, inputs) = (&fare.fees, &fare.split, captured.inputs.as_ref().unwrap());
    let metered = fees.base + fees.distance + fees.time + fees.service + fees.least;
    let own = metered + fees.peak + fees.surge + fees.competitor + fees.optimum + fees.capped;
    let beside = fees.loyalty + fees.promotion + fees.wait + fees.cancel + fees.online + fees.booking;
    prop_assert_eq!(fare.total_minor, own + beside + fees.tax + fees.tolls);
    prop_assert_eq!(fare.total_minor, split.driver + split.fees + split.tax + split.tolls - split.promotion);
    prop_assert!(fare.total_minor >= 0 && split.driver >= 0 && split.fees >= 0 && split.promotion >= 0);
    if fare.basis == FareBasis::Table {
        // The built-in policy: half to twice the metered fare, and at most 1,000.00; in an emergency nothing is added.
        let most = (metered * 2).min(100_000);
        let most = if inputs.emergency { most.min(metered) } else { most };
        prop_assert!(own <= most && (own * 2 + 1 >= metered || own == most), "{own} of {metered}: {captured:?}");
    }
    let shared = own + fees.wait + fees.cancel;
    prop_assert!(split.driver * 4 >= shared * 3 - 12, "{captured:?}");
    // Nothing of another currency came into it.
    prop_assert_eq!(fare.currency.as_str(), "USD");
    let promised = inputs.promise.as_ref().map(|promise| promise.currency.as_str());
    prop_assert!(fare.basis != FareBasis::Quote || promised == Some("USD"));
    prop_assert!(inputs.currency.as_deref().is_none_or(|code| code == "USD"));
    let lost: i64 = fare.leakages.iter().map(|leakage| leakage.lost_minor).sum();
    prop_assert_eq!((fare.lost_minor, fare.net_minor), (lost, split.fees - split.promotion - lost));
    prop_assert!(fare.leakages.windows(2).all(|pair| pair[0].kind < pair[1].kind), "each class once: {captured:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn money_is_conserved_caps_hold_and_every_fare_is_captured_again_to_the_byte(
        all in prop::collection::vec(happens(), 1..60)
    ) {
        let mut failed = None;
        play(&all, |_, asks, captured| {
            assert_eq!(asks.len(), captured.len(), "each has one fate");
            for one in captured {
                if let Err(error) = lawful(one) {
                    failed = failed.take().or(Some(error));
                }
                assert_eq!(recapture(one, &POLICY).as_ref(), Ok(one));
            }
        });
        failed.map_or(Ok(()), Err)?;
    }

    #[test]
    fn a_ride_is_captured_once_within_its_day(all in prop::collection::vec(happens(), 1..80)) {
        let (mut last, mut twice) = (BTreeMap::new(), None);
        play(&all, |seconds, _, captured| {
            for one in captured.iter().filter(|one| one.outcome == CaptureOutcome::Captured) {
                if let Some(before) = last.insert(one.ride.clone(), seconds)
                    && seconds - before <= 86_400
                {
                    twice = Some(one.ride.clone());
                }
            }
        });
        prop_assert_eq!(twice, None);
    }

    #[test]
    fn the_view_rebuilt_is_the_view_carried_and_decides_the_same(
        all in prop::collection::vec(happens(), 1..60),
        later in prop::sample::select(&[0_i64, 100, 650, 5_000, 14_000, 14_500][..]),
        late in prop::sample::select(&[0_i64, 60, 4_400, 5_000, 14_300, 20_000][..])
    ) {
        let (mut stage, now) = play(&all, |_, _, _| {});
        let seconds = now + later;
        let rebuilt = stage.rebuilt(seconds);
        prop_assert_eq!(rebuilt.kept(MARKET), stage.view.kept(MARKET));
        for market in [&rebuilt, &stage.view].into_iter().filter_map(|view| view.market(MARKET)) {
            let at = Millis(START + seconds * 1_000);
            let mut promised: Vec<_> = market.promised(at).collect();
            promised.sort_by(|one, other| one.ride.cmp(&other.ride));
            prop_assert_eq!(promised, market.promised_by_looking(at));
        }
        let asks: Vec<_> = (0..6).map(|ride| ends(&format!("r{ride}"), seconds, Progress::Completed)).collect();
        let ids = stage.seen.iter().filter_map(|seen| if let Seen::Quoted(id, _) = seen { Some(id.clone()) } else { None });
        // Some asked long before they are read, whoever else asked meanwhile.
        let wants = |(number, id): (usize, String)| super::wants(&format!("n{number}"), seconds - late, Some(&id));
        let facts: Vec<_> = ids.enumerate().map(wants).collect();
        let turn = stage.gathered(seconds, &facts, &asks);
        prop_assert_eq!(Capturing::decide(&turn, &rebuilt, &POLICY), Capturing::decide(&turn, &stage.view, &POLICY));
    }

    #[test]
    fn a_fact_that_is_read_again_changes_nothing(all in prop::collection::vec(happens(), 1..40)) {
        let (mut stage, seconds) = play(&all, |_, _, _| {});
        let facts = [super::wants("again", seconds, Some("q1")), super::came("again", seconds, Step::Arrived)];
        stage.play(seconds, &facts, &[]);
        let turn = stage.gathered(seconds, &facts, &[]);
        let outputs = Capturing::decide(&turn, &stage.view, &POLICY);
        prop_assert_eq!(outputs, Vec::<Output>::new());
    }
}
