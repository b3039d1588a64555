//! The world of the demonstration: repeatable, in order of event time, and every ride ends.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use devkit::city::{self, Cities};
use devkit::rides::{Recording, Rides};
use devkit::world::{Body, Published, Rates, Settings, Source, Tally, World};
use kernel::Millis;
use kernel::contract::{DriverStatus, MatchDecided, Outcome, Party, Progress, Reason};

/// A dispatcher as plain as can be: each request goes to some driver who is free; who does not get one, or loses it, is closed.
#[derive(Default)]
struct Dispatcher {
    free: BTreeSet<(String, String)>,
    rides: BTreeMap<String, (i32, String, Millis)>,
    held: BTreeSet<String>,
    foretold: BTreeSet<String>,
}

impl Dispatcher {
    fn hear(&mut self, published: &[Published], now: Millis) -> Vec<MatchDecided> {
        let mut out = Vec::new();
        for Published { body, .. } in published {
            match body {
                Body::Changed(driver) => self.free.retain(|(_, other)| *other != driver.driver),
                Body::Located(ping) if ping.status == DriverStatus::Free => {
                    self.free.insert((ping.market.clone(), ping.driver.clone()));
                }
                Body::Located(ping) => drop(self.free.remove(&(ping.market.clone(), ping.driver.clone()))),
                Body::Requested(request) if !self.rides.contains_key(&request.ride) => {
                    let able =
                        |(market, driver): &&(String, String)| *market == request.market && !self.held.contains(driver);
                    let free = self.free.iter().find(able).filter(|_| !self.foretold.contains(&request.ride));
                    match free.map(|(_, driver)| driver.clone()) {
                        Some(driver) => {
                            self.step(&mut out, &request.ride, now, (Outcome::Offered, Reason::Best, &driver))
                        }
                        None => self.step(&mut out, &request.ride, now, (Outcome::Closed, Reason::Expired, "")),
                    }
                }
                Body::Progressed(fact) => {
                    let Some((revision, driver, _)) = self.rides.get(&fact.ride).cloned() else {
                        self.foretold.insert(fact.ride.clone());
                        continue;
                    };
                    let (outcome, reason) = match fact.progress {
                        Progress::Accepted if fact.revision == Some(revision) => (Outcome::Assigned, Reason::Accepted),
                        Progress::Declined if fact.revision == Some(revision) => (Outcome::Closed, Reason::Declined),
                        Progress::Completed => (Outcome::Closed, Reason::Completed),
                        Progress::Cancelled | Progress::NoShow => (Outcome::Closed, Reason::CancelledByRider),
                        _ => continue,
                    };
                    self.step(&mut out, &fact.ride, now, (outcome, reason, &driver));
                }
                _ => {}
            }
        }
        let lapsed = self.rides.iter().filter(|(_, (revision, _, answer_by))| *revision == 0 && *answer_by <= now);
        let lapsed: Vec<(String, String)> =
            lapsed.map(|(ride, (_, driver, _))| (ride.clone(), driver.clone())).collect();
        for (ride, driver) in lapsed {
            self.step(&mut out, &ride, now, (Outcome::Closed, Reason::Unanswered, &driver));
        }
        out
    }

    fn step(&mut self, out: &mut Vec<MatchDecided>, ride: &str, now: Millis, what: (Outcome, Reason, &str)) {
        let (outcome, reason, driver) = what;
        let newest = self.rides.get(ride).map_or(-1, |(revision, ..)| *revision);
        if newest == i32::MAX {
            return;
        }
        let (revision, answer_by) = (newest + 1, now.plus(Millis(20_000)));
        if outcome == Outcome::Closed {
            self.held.remove(driver);
            self.rides.insert(ride.to_owned(), (i32::MAX, driver.to_owned(), answer_by));
        } else {
            self.held.insert(driver.to_owned());
            self.rides.insert(ride.to_owned(), (revision, driver.to_owned(), answer_by));
        }
        out.push(decision(ride, (outcome, reason), (revision, driver), (now, answer_by)));
    }
}

fn decision(
    ride: &str,
    (outcome, reason): (Outcome, Reason),
    (revision, driver): (i32, &str),
    (now, answer_by): (Millis, Millis),
) -> MatchDecided {
    MatchDecided {
        decision: String::new(),
        market: String::new(),
        at: now.0,
        ride: ride.to_owned(),
        rider: None,
        revision: Some(revision),
        outcome,
        reason,
        driver: Some(driver.to_owned()),
        answer_by: Some(answer_by.0),
        eta_ms: None,
        score: None,
        runner_up: None,
        margin_ms: None,
        considered: 0,
        barred: vec![],
        of: None,
        cause: None,
        quote: None,
        turn: 0,
        row: None,
        policy_version: 0,
        policy_hash: String::new(),
        stale: false,
    }
}

fn settings(markets: Vec<String>, start: Millis, rates: Rates) -> Settings {
    Settings { markets, start, utc_offset_minutes: city::UTC_OFFSET_MINUTES, tick: Millis(1_000), seed: 7, rates }
}

/// Lets a world run for `seconds`, then to its end; everything it published.
fn run<S: Source>(world: &mut World<S>, seconds: i64) -> Vec<Published> {
    let (mut dispatcher, mut decisions, mut all) = (Dispatcher::default(), Vec::new(), Vec::new());
    let start = world.now();
    for second in 0..seconds + 7_200 {
        if second == seconds {
            world.drain();
        }
        let now = start.plus(Millis(second * 1_000));
        let published = world.step(now, &decisions);
        decisions = dispatcher.hear(&published, now);
        all.extend(published);
        if world.spent() && world.idle() {
            return all;
        }
    }
    panic!("seed 7: {} rides never ended", world.open());
}

fn cities(rates: Rates) -> World<Cities> {
    let cities = Cities::new(2, 7);
    World::new(settings(cities.names().to_vec(), city::START, rates), cities)
}

#[test]
fn the_same_seed_and_decisions_give_the_same_records() {
    let (mut one, mut other) = (cities(Rates::default()), cities(Rates::default()));
    assert_eq!(run(&mut one, 600), run(&mut other, 600));
    assert_eq!(one.tally(), other.tally());
}

#[test]
fn records_are_published_in_the_order_of_event_time_and_none_lies_ahead_of_its_time() {
    let all = run(&mut cities(Rates::default()), 600);
    assert!(all.windows(2).all(|pair| pair[0].at <= pair[1].at));
    for Published { at, body } in &all {
        let said = match body {
            Body::Changed(record) => record.at,
            Body::Rider(record) => record.at,
            Body::Forgotten(_) => at.0,
            Body::Located(record) => record.at,
            Body::Asked(record) => record.at,
            Body::Requested(record) => record.at,
            Body::Progressed(record) => record.at,
            Body::Ticked(record) => record.at,
        };
        assert!(said <= at.0, "{body:?} is published at {}", at.0);
    }
}

#[test]
fn everybody_misbehaves_about_as_often_as_stated() {
    let mut world = cities(Rates::default());
    run(&mut world, 7_200);
    let tally = world.tally();
    let per_mille = |count: u64| count * 1_000 / tally.asked;
    assert!(tally.asked > 1_200, "{tally:?}");
    assert!((70..=150).contains(&per_mille(tally.declined)), "{tally:?}");
    assert!((15..=45).contains(&per_mille(tally.unanswered)), "{tally:?}");
    assert!((5..=45).contains(&per_mille(tally.late)), "{tally:?}");
    assert!((15..=45).contains(&per_mille(tally.doubled_requests)), "{tally:?}");
    assert!(tally.driver_cancelled > 0 && tally.rider_cancelled > 0 && tally.no_shows > 0, "{tally:?}");
    assert!(tally.moves > 5 && tally.doubled_acceptances > 0, "{tally:?}");
    assert_eq!((tally.pings_dropped, tally.jumps), (0, 0), "these are of recordings");
}

#[test]
fn where_everybody_behaves_every_ride_is_driven_and_paid_for() {
    let mut world = cities(Rates::NONE);
    let all = run(&mut world, 1_200);
    let Tally { asked, completed, .. } = world.tally();
    assert!(asked > 100 && completed * 100 > asked * 95, "{:?}", world.tally());
    let facts = all.iter().filter_map(|published| match &published.body {
        Body::Progressed(fact) if fact.progress == Progress::Completed => Some(fact),
        _ => None,
    });
    for fact in facts {
        assert!(fact.paid_minor > Some(0) && fact.paid_minor < fact.charged_minor, "{fact:?}");
        assert!(fact.driver.is_some() && fact.distance_m.is_some() && fact.duration_s > Some(0), "{fact:?}");
    }
}

#[test]
fn a_cancellation_may_arrive_before_its_request() {
    let all = run(&mut cities(Rates { foretold: 10_000, ..Rates::NONE }), 120);
    let position =
        |wanted: &dyn Fn(&Body) -> bool| all.iter().position(|published| wanted(&published.body)).unwrap_or(0);
    let cancelled = position(&|body| matches!(body, Body::Progressed(fact) if fact.by == Some(Party::Rider)));
    let requested = position(&|body| matches!(body, Body::Requested(_)));
    assert!(0 < cancelled && cancelled < requested);
}

#[test]
fn riders_come_back_and_members_are_told_of_with_and_without_consent() {
    let mut world = cities(Rates { leaving: 1_000, ..Rates::default() });
    let all = run(&mut world, 7_200);
    let (mut known, mut asked, mut quoted, mut changes) = (BTreeMap::new(), BTreeMap::new(), [0; 3], 0);
    for Published { at, body } in &all {
        match body {
            Body::Rider(rider) => {
                changes += u64::from(*at > city::START);
                if let Some(before) = known.insert(rider.rider.clone(), rider.clone()) {
                    assert_eq!(
                        (rider.rides, rider.points),
                        (before.rides + 1, before.points + 10),
                        "a ride, its points"
                    );
                    assert!(rider.loyalty >= before.loyalty && rider.at == at.0, "{rider:?}");
                    assert!(before.consents.personal_price || !rider.consents.personal_price, "{rider:?}");
                }
            }
            Body::Forgotten(rider) => assert!(known.remove(rider).is_some(), "{rider} was never known"),
            Body::Asked(ask) => {
                *asked.entry(ask.rider.clone()).or_insert(0) += 1;
                let consents = known.get(&ask.rider).map(|rider| rider.consents.personal_price);
                quoted[usize::from(consents.is_some()) + usize::from(consents == Some(true))] += 1;
            }
            _ => {}
        }
    }
    let (tally, back) = (world.tally(), asked.values().filter(|count| **count > 1).count());
    assert!(tally.withdrawn > 5 && tally.forgotten > 5, "{tally:?}");
    assert!(changes > 100 && changes + tally.forgotten < tally.completed, "{changes} of {tally:?}");
    assert!(back > 200, "{back} of {} came back", asked.len());
    let share = |count: i32| count * 100 / quoted.iter().sum::<i32>();
    let [unknown, reserved, willing] = quoted.map(share);
    assert!((55..75).contains(&unknown) && reserved > 3 && willing > 18, "{quoted:?}");
}

const TRIPS: &str = "cab,pickup_ts,dropoff_ts,pickup_lat,pickup_lng,dropoff_lat,dropoff_lng,gps_path_m
8,1212044460,1212044760,37.78,-122.42,37.79,-122.40,2000
nonsense
8,1212044470,1212044460,37.78,-122.42,37.79,-122.40,2000
";

/// Cab 9 stands near the pickup and pings each minute, later far away; one ping is out of order, one is no ping.
fn pings() -> String {
    let mut text = String::from("ts,cab,lat,lng,occ\n");
    for minute in 0..30 {
        let (lat, occ) = if minute < 20 { (37.78, 0) } else { (37.70, 1) };
        text += &format!("{},9,{lat},-122.42,{occ}\n", 1_212_044_400 + 60 * minute);
    }
    text + "1212044400,9,37.78,-122.42,0\n1212046200,9,north,-122.42,0\n"
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("tripo-world-{}-{name}", std::process::id()));
    std::fs::write(&path, text).expect("the temporary folder can be written");
    path
}

fn recording(name: &str, trips: &str) -> Recording {
    let (rides, pings) = (file(&format!("{name}-rides.csv"), trips), file(&format!("{name}-pings.csv"), &pings()));
    let to = Some(Millis(1_212_046_500_000));
    Recording { rides, pings, from: Some(Millis(1_212_044_400_000)), to, markets: 1, seed: 7 }
}

#[test]
fn a_recording_is_told_to_its_end_with_its_own_pings_dropped_while_a_cab_drives_for_us() {
    let rides = Rides::open(recording("told", TRIPS)).unwrap();
    let mut world = World::new(settings(vec!["sf".to_owned()], rides.span().0, Rates::NONE), rides);
    let all = run(&mut world, 7_000);
    let Tally { asked, completed, pings_dropped, jumps, .. } = world.tally();
    assert_eq!((asked, completed, jumps), (1, 1, 1));
    assert!((3..10).contains(&pings_dropped), "{pings_dropped}");
    let busy =
        |published: &&Published| matches!(&published.body, Body::Located(ping) if ping.status == DriverStatus::Busy);
    assert!(all.iter().filter(busy).count() > 10, "a fare that is none of our rides is busy, and so is our own");
}

#[test]
fn bad_lines_are_counted_and_the_first_is_named() {
    let mut rides = Rides::open(recording("bad", TRIPS)).unwrap();
    while rides.next().is_some() {}
    assert_eq!(rides.skipped().lines, 4, "{:?}", rides.skipped());
    assert!(rides.skipped().first.as_ref().is_some_and(|first| first.contains("line 3: ")), "{:?}", rides.skipped());
}

#[test]
fn a_missing_column_is_one_clear_sentence() {
    let error = Rides::open(recording("columns", "cab,pickup_ts,pickup_lat,pickup_lng\n")).err().unwrap_or_default();
    assert!(error.contains("names no column dropoff_ts, dropoff_lat, dropoff_lng: it must name cab"), "{error}");
}

#[test]
fn gzip_is_known_by_its_first_bytes() {
    use std::io::Write;
    let mut recording = recording("gzip", TRIPS);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(TRIPS.as_bytes())
        .and_then(|()| gzip.finish())
        .map(|bytes| std::fs::write(&recording.rides, bytes))
        .unwrap()
        .unwrap();
    assert_eq!(Rides::open(recording.clone()).unwrap().peek(), recording.from);
    recording.from = Some(Millis(1_212_044_461_000));
    let error = Rides::open(recording).err().unwrap_or_default();
    assert!(error.contains("choose --from and --to where rides and pings overlap"), "{error}");
}
