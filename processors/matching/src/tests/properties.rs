//! What holds of every sequence of events: few rides, drivers and times, so that contests, ties and repeats are common.

use std::collections::BTreeMap;

use kernel::contract::{
    DriverChanged, DriverLocated, DriverReleased, DriverStatus, MatchDecided, Outcome, Party, Progress, RideProgressed,
    RideRequested, TurnTaken,
};
use kernel::{Emit, Processor, Turn};
use proptest::prelude::*;

use super::{MARKET, POLICY, START, Say, Stage, decisions, fact, near, ping, profile, records, request};
use crate::{Fact, Matching, Output, Seen, View, certify, redecide};

/// Something that happens.
#[derive(Clone, Debug)]
enum Happens {
    Says(Say),
    Sees(Seen),
    /// The turn ends, so many seconds after the one before.
    Turn(i64),
}

const RIDES: [&str; 4] = ["r1", "r2", "r3", "r4"];
const DRIVERS: [&str; 3] = ["d1", "d2", "d3"];
const SPANS: [i64; 6] = [0, 1, 10, 20, 300, 700];

/// Event times are filled in when it is played.
fn happens() -> impl Strategy<Value = Happens> {
    let ride = || prop::sample::select(&RIDES[..]);
    let driver = || prop::sample::select(&DRIVERS[..]);
    let progress = prop::sample::select(vec![
        Progress::Accepted,
        Progress::Accepted,
        Progress::Declined,
        Progress::Started,
        Progress::Completed,
        Progress::Cancelled,
        Progress::NoShow,
    ]);
    let by = prop::sample::select(vec![Party::Rider, Party::Driver, Party::Driver, Party::Operator]);
    let status =
        prop::sample::select(vec![DriverStatus::Free, DriverStatus::Free, DriverStatus::Busy, DriverStatus::Offline]);
    prop_oneof![
        3 => (ride(), 0..2).prop_map(|(ride, place)| {
            Happens::Says(Say::Ask(RideRequested { pickup: near(place * 3), ..request(ride, 0) }))
        }),
        5 => (ride(), driver(), progress, by, 0..5).prop_map(|(ride, driver, progress, by, revision)| {
            // A party that the contract does not allow is parked when it is read.
            let by = if progress == Progress::NoShow && by == Party::Operator { Party::Rider } else { by };
            let told = fact(0, progress, ride, Some(driver));
            let told = RideProgressed { by: Some(by), revision: Some(revision), paid_minor: Some(500), ..told };
            Happens::Says(Say::Fact(Fact::Progressed(Box::new(told))))
        }),
        3 => (driver(), 0..4, status).prop_map(|(driver, place, status)| {
            Happens::Sees(Seen::Located(DriverLocated { status, ..ping(driver, 0, near(place)) }))
        }),
        1 => (driver(), prop::bool::ANY, prop::bool::weighted(0.9)).prop_map(|(driver, away, active)| {
            let market = if away { "la" } else { MARKET };
            Happens::Sees(Seen::Changed(Box::new(DriverChanged { market: market.into(), active, ..profile(driver) })))
        }),
        1 => (driver(), 1..4).prop_map(|(driver, hop)| {
            let (market, from) = (MARKET.to_owned(), "la".to_owned());
            let released = DriverReleased { driver: driver.into(), at: START, market, from, hop, turn: 1 };
            Happens::Says(Say::Fact(Fact::Released(released)))
        }),
        5 => prop::sample::select(&SPANS[..]).prop_map(Happens::Turn),
    ]
}

/// A played turn: what it took in and what came out.
struct Played {
    turn: Turn<Matching>,
    outputs: Vec<Output>,
}

/// Plays a sequence; every turn is decided twice.
fn play(story: &[Happens]) -> (Stage, Vec<Played>) {
    let mut stage = Stage::with(&DRIVERS);
    let (mut seconds, mut says, mut played) = (0, Vec::new(), Vec::new());
    for happens in story {
        match happens {
            Happens::Says(say) => says.push(at(say.clone(), seconds)),
            Happens::Sees(Seen::Located(ping)) => {
                stage.see(Seen::Located(DriverLocated { at: START + seconds * 1000, ..ping.clone() }));
            }
            Happens::Sees(seen) => stage.see(seen.clone()),
            Happens::Turn(span) => {
                seconds += span;
                let turn = stage.gathered(seconds, &std::mem::take(&mut says));
                let outputs = Matching::decide(&turn, &stage.view, &POLICY);
                assert_eq!(bytes(&outputs), bytes(&Matching::decide(&turn, &stage.view, &POLICY)), "decided twice");
                outputs.iter().for_each(|output| Matching::evolve(&mut stage.view, output));
                stage.outputs.extend(outputs.iter().cloned());
                played.push(Played { turn, outputs });
            }
        }
    }
    (stage, played)
}

/// The same, said at this time.
fn at(say: Say, seconds: i64) -> Say {
    let at = START + seconds * 1000;
    match say {
        Say::Ask(request) => Say::Ask(RideRequested { at, ..request }),
        Say::Fact(Fact::Progressed(told)) => Say::Fact(Fact::Progressed(Box::new(RideProgressed { at, ..*told }))),
        other => other,
    }
}

fn bytes(outputs: &[Output]) -> Vec<Vec<u8>> {
    let encoded = |output: &Output| {
        let mut bytes = [output.topic().name.as_bytes(), output.key()].concat();
        output.datum(&mut bytes).unwrap();
        bytes
    };
    outputs.iter().map(encoded).collect()
}

/// What a ride's decisions make of it, by the grammar of law 1.
#[derive(Default)]
struct Chain {
    revision: i32,
    newest: Option<Outcome>,
}

impl Chain {
    fn follow(&mut self, decided: &MatchDecided) {
        use Outcome::{Assigned, Closed, Offered, Reassigned, Waiting, Withdrawn};
        let legal = match (self.newest, decided.outcome) {
            (None, Waiting | Offered | Closed) => true,
            (Some(Closed), _) => false,
            (Some(_), Closed) => true,
            (Some(Waiting | Withdrawn), Offered) => true,
            (Some(Offered), Withdrawn | Assigned) => true,
            (Some(Assigned | Reassigned), Reassigned) => true,
            _ => false,
        };
        assert!(legal, "{:?} then {decided:?}", self.newest);
        assert_eq!(decided.revision, Some(self.revision), "{decided:?}");
        self.revision += 1;
        self.newest = Some(decided.outcome);
    }
}

/// Law 1 and 2 by the log alone: grammar, revisions, and nobody in two rides.
fn check_chains(played: &[Played]) {
    let (mut chains, mut holds) = (BTreeMap::<String, Chain>::new(), BTreeMap::<String, String>::new());
    for decided in played.iter().flat_map(|played| decisions(&played.outputs)) {
        if decided.revision.is_none() {
            assert!(matches!(decided.outcome, Outcome::Duplicate | Outcome::Refused), "{decided:?}");
            continue;
        }
        chains.entry(decided.ride.clone()).or_default().follow(decided);
        // Whoever held the ride is free, unless he is the one named as its driver now.
        holds.retain(|_, ride| *ride != decided.ride);
        let named = decided.driver.as_ref();
        if let (Outcome::Offered | Outcome::Assigned | Outcome::Reassigned, Some(driver)) = (decided.outcome, named) {
            let other = holds.insert(driver.clone(), decided.ride.clone());
            assert_eq!(other, None, "{driver} has two rides: {decided:?}");
        }
    }
}

/// Law 1: each request and each acceptance is answered once.
fn check_fates(played: &[Played]) {
    for Played { turn, outputs } in played {
        let answers = |topic: &str, offset: i64| {
            let caused = |decided: &&MatchDecided| {
                decided.cause.as_ref().is_some_and(|cause| cause.topic == topic && cause.offset == offset)
            };
            decisions(outputs).filter(caused).count()
        };
        for ask in &turn.asks {
            assert_eq!(answers(ask.place.topic, ask.place.offset), 1, "{ask:?}");
        }
        for told in &turn.facts {
            if let Fact::Progressed(progress) = &told.body
                && progress.progress == Progress::Accepted
            {
                assert_eq!(answers(told.place.topic, told.place.offset), 1, "{told:?}");
            }
        }
    }
}

/// Law 3: a turn proves itself, and its record alone gives the same bytes.
fn check_records(played: &[Played]) {
    for Played { outputs, .. } in played {
        let chunks: Vec<TurnTaken> = records(outputs);
        let decided: Vec<MatchDecided> = decisions(outputs).cloned().collect();
        assert_eq!(chunks.is_empty(), decided.is_empty());
        let Some(taken) = chunks.first() else { continue };
        assert_eq!(certify(&taken.rows, &taken.columns, &taken.edges, taken.gap_ms), Ok(()));
        assert_eq!(redecide(&chunks, &POLICY), Ok(decided));
    }
}

/// Law 10: what the log says, compacted to the newest record of each entity, is what the view knows.
fn check_rebuilt(stage: &Stage, story: &[Happens]) {
    let mut newest = BTreeMap::new();
    for output in &stage.outputs {
        match output {
            Output::Kept(kept) => newest.insert(&kept.entity, Some(kept.as_ref())),
            Output::Forgotten { entity, .. } => newest.insert(entity, None),
            _ => continue,
        };
    }
    let mut rebuilt = View::default();
    newest.into_iter().for_each(|(entity, kept)| Matching::restore(&mut rebuilt, MARKET, entity, kept));
    let first = DRIVERS.map(|driver| Seen::Changed(Box::new(profile(driver))));
    let changed = story.iter().filter_map(|happens| match happens {
        Happens::Sees(seen @ Seen::Changed(_)) => Some(seen.clone()),
        _ => None,
    });
    first.into_iter().chain(changed).for_each(|seen| assert!(Matching::observe(&mut rebuilt, "", seen, usize::MAX)));
    if !stage.outputs.is_empty() {
        assert_eq!(rebuilt.kept(MARKET), stage.view.kept(MARKET));
    }
}

/// Law 2 in what is kept: a driver is held by the ride that has him, and by no other.
fn check_kept(stage: &Stage) {
    let (mut rides, mut drivers) = (BTreeMap::new(), BTreeMap::new());
    for output in &stage.outputs {
        let Output::Kept(kept) = output else { continue };
        rides.extend(kept.ride.iter().map(|ride| (&ride.ride, ride.driver.as_ref())));
        drivers.extend(kept.driver.iter().map(|driver| (&driver.driver, driver.ride.as_ref())));
    }
    let with_driver: BTreeMap<_, _> = rides.into_iter().filter_map(|(ride, driver)| Some((driver?, ride))).collect();
    let with_ride: BTreeMap<_, _> = drivers.into_iter().filter_map(|(driver, ride)| Some((driver, ride?))).collect();
    assert_eq!(with_driver, with_ride);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_laws_hold_whatever_happens(story in prop::collection::vec(happens(), 0..60)) {
        let (stage, played) = play(&story);
        check_chains(&played);
        check_fates(&played);
        check_records(&played);
        check_kept(&stage);
        check_rebuilt(&stage, &story);
    }

    #[test]
    fn the_order_in_which_drivers_are_seen_does_not_matter(
        seen in prop::collection::btree_map(0..30u8, (0..5i32, 0..3i64, 0..2i32), 0..30)
            .prop_flat_map(|seen| {
                let seen: Vec<_> = seen.into_iter().collect();
                (Just(seen.clone()), Just(seen).prop_shuffle())
            }),
    ) {
        let decide = |seen: &[(u8, (i32, i64, i32))]| {
            let mut stage = Stage::with(&[]);
            for (number, (place, age, rating)) in seen {
                let driver = format!("d{number:02}");
                // An older ping of the same driver comes before or after, as it happens.
                stage.see(Seen::Located(ping(&driver, START - age * 1000, near(*place))));
                stage.see(Seen::Located(ping(&driver, START - 5_000, near(place + 1))));
                let rating_bps = rating * 9_000;
                stage.see(Seen::Changed(Box::new(DriverChanged { rating_bps, ..profile(&driver) })));
            }
            let says: Vec<Say> = RIDES.iter().map(|ride| super::ask(ride, 0)).collect();
            bytes(&stage.play(0, &says))
        };
        prop_assert_eq!(decide(&seen.0), decide(&seen.1));
    }

    #[test]
    fn a_take_over_at_any_turn_decides_the_same(story in prop::collection::vec(happens(), 0..40)) {
        let (straight, _) = play(&story);
        let mut other = Stage::with(&DRIVERS);
        let (mut seconds, mut says, mut seen) = (0, Vec::new(), Vec::new());
        for happens in &story {
            match happens {
                Happens::Says(say) => says.push(at(say.clone(), seconds)),
                Happens::Sees(Seen::Located(ping)) => {
                    let ping = DriverLocated { at: START + seconds * 1000, ..ping.clone() };
                    seen.push(Seen::Located(ping.clone()));
                    other.see(Seen::Located(ping));
                }
                Happens::Sees(one) => {
                    seen.push(one.clone());
                    other.see(one.clone());
                }
                Happens::Turn(span) => {
                    seconds += span;
                    other.play(seconds, &std::mem::take(&mut says));
                    other = taken_over(other, &seen);
                }
            }
        }
        prop_assert_eq!(bytes(&straight.outputs), bytes(&other.outputs));
    }
}

/// Another instance that reads the log: kept records in order, then what was seen.
fn taken_over(stage: Stage, seen: &[Seen]) -> Stage {
    let Stage { market, turn, offset, outputs, .. } = stage;
    let fresh = Stage::with(&DRIVERS);
    let mut next = Stage { view: fresh.view, market, turn, offset, outputs };
    for output in &next.outputs {
        match output {
            Output::Kept(kept) => Matching::restore(&mut next.view, &next.market, &kept.entity, Some(kept)),
            Output::Forgotten { market, entity } => Matching::restore(&mut next.view, market, entity, None),
            _ => {}
        }
    }
    seen.iter().for_each(|seen| next.see(seen.clone()));
    next
}
