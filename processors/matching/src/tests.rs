//! A stage to play turns on, and what is told of them.

mod assignment;
mod candidates;
mod chains;
mod goldens;
mod handover;
mod policies;
mod properties;
mod reading;
mod records;
mod views;

use std::sync::{Arc, LazyLock};

use expect_test::Expect;
use kernel::contract::{
    DriverChanged, DriverLocated, DriverReleased, DriverStatus, MatchDecided, Party, Point, Progress, RideProgressed,
    RideRequested, Service, TurnTaken, Vehicle,
};
use kernel::{Event, Millis, Processor, Record, Spot, Turn};

use crate::{Fact, Matching, Output, Policy, Seen, View};

/// Thursday 29 May 2008, 17:00 in San Francisco.
const START: i64 = 1_212_105_600_000;

const MARKET: &str = "sf";

static POLICY: LazyLock<Policy> = LazyLock::new(Policy::default);

/// Something that a turn takes in.
#[derive(Clone, Debug, PartialEq)]
enum Say {
    Ask(RideRequested),
    Fact(Fact),
}

/// A market's view, carried from turn to turn.
struct Stage {
    view: View,
    market: String,
    turn: i64,
    offset: i64,
    outputs: Vec<Output>,
}

impl Stage {
    /// A market in which these drivers were seen free at the start, the first nearest to the pickup of [`ask`], 400 m apart.
    fn with(drivers: &[&str]) -> Stage {
        let mut stage = Stage { view: View::default(), market: MARKET.into(), turn: 0, offset: 0, outputs: Vec::new() };
        for (number, driver) in drivers.iter().enumerate() {
            stage.see(Seen::Changed(Box::new(profile(driver))));
            stage.see(Seen::Located(ping(driver, START, near(number as i32 + 1))));
        }
        stage
    }

    fn see(&mut self, seen: Seen) {
        let market = if matches!(seen, Seen::Changed(_)) { "" } else { &self.market };
        assert!(Matching::observe(&mut self.view, market, seen, usize::MAX));
    }

    /// What the turn at `seconds` after the start takes in, in this order.
    fn gathered(&mut self, seconds: i64, says: &[Say]) -> Turn<Matching> {
        self.turn += 1;
        let (mut asks, mut facts) = (Vec::new(), Vec::new());
        for say in says {
            self.offset += 1;
            let place = |topic| Spot { topic, partition: 0, offset: self.offset };
            match say {
                Say::Ask(request) => asks.push(Arc::new(Event {
                    place: place(RideRequested::TOPIC.name),
                    at: Millis(request.at),
                    body: request.clone(),
                })),
                Say::Fact(fact) => {
                    let (topic, at) = match fact {
                        Fact::Progressed(progress) => (RideProgressed::TOPIC.name, progress.at),
                        Fact::Released(released) => (DriverReleased::TOPIC.name, released.at),
                    };
                    facts.push(Arc::new(Event { place: place(topic), at: Millis(at), body: fact.clone() }));
                }
            }
        }
        let now = Millis(START + seconds * 1000);
        Turn {
            market: self.market.clone(),
            number: self.turn,
            now,
            asks,
            facts,
            cut: Vec::new(),
            stale: false,
            riders: Default::default(),
        }
    }

    /// Decides a turn and takes its outputs in.
    fn play(&mut self, seconds: i64, says: &[Say]) -> Vec<Output> {
        let turn = self.gathered(seconds, says);
        let outputs = Matching::decide(&turn, &self.view, &POLICY);
        for output in &outputs {
            Matching::evolve(&mut self.view, output);
        }
        self.outputs.extend(outputs.iter().cloned());
        outputs
    }

    /// Everybody known pings again, free, from where he was.
    fn ping_all(&mut self, drivers: &[&str], seconds: i64) {
        for (number, driver) in drivers.iter().enumerate() {
            self.see(Seen::Located(ping(driver, START + seconds * 1000, near(number as i32 + 1))));
        }
    }
}

/// The only place that knows the API; the cases below know the feature. Plays turns of three drivers, d1 the nearest.
#[track_caller]
fn check(turns: &[(i64, Vec<Say>)], expect: Expect) {
    let drivers = ["d1", "d2", "d3"];
    let mut stage = Stage::with(&drivers);
    let mut told = String::new();
    for (seconds, says) in turns {
        stage.ping_all(&drivers, *seconds);
        for decided in decisions(&stage.play(*seconds, says)) {
            told.push_str(&format!("{seconds} s: {}\n", tell(decided)));
        }
    }
    expect.assert_eq(&told);
}

fn decisions(outputs: &[Output]) -> impl Iterator<Item = &MatchDecided> {
    outputs.iter().filter_map(|output| match output {
        Output::Decided(decided) => Some(decided.as_ref()),
        _ => None,
    })
}

fn records(outputs: &[Output]) -> Vec<TurnTaken> {
    let records = outputs.iter().filter_map(|output| match output {
        Output::Taken(taken) => Some(taken.as_ref().clone()),
        _ => None,
    });
    records.collect()
}

/// A decision in a line: ride, revision, outcome, reason, driver.
fn tell(decided: &MatchDecided) -> String {
    let revision = decided.revision.map_or("-".to_owned(), |revision| revision.to_string());
    let driver = decided.driver.as_deref().unwrap_or("nobody");
    let (outcome, reason) = (decided.outcome, decided.reason);
    let of = decided.of.as_ref().map_or(String::new(), |of| format!(" of {of}"));
    format!("{} {revision} {outcome:?} {reason:?} {driver}{of}", decided.ride)
}

/// A place some steps of 400 m east of the Ferry Building.
fn near(steps: i32) -> Point {
    Point { lat_e6: 37_795_500, lng_e6: -122_393_700 + steps * 4_550 }
}

fn profile(driver: &str) -> DriverChanged {
    DriverChanged {
        driver: driver.into(),
        at: START,
        registered_market: MARKET.into(),
        market: MARKET.into(),
        active: true,
        tier: None,
        vehicle: Vehicle::Sedan,
        rating_bps: 9_500,
        reliability_bps: 9_000,
    }
}

fn ping(driver: &str, at: i64, place: Point) -> DriverLocated {
    let (heading_deg, speed_kmh, status) = (None, None, DriverStatus::Free);
    DriverLocated { driver: driver.into(), at, market: MARKET.into(), place, heading_deg, speed_kmh, status }
}

fn request(ride: &str, seconds: i64) -> RideRequested {
    RideRequested {
        ride: ride.into(),
        at: START + seconds * 1000,
        market: MARKET.into(),
        rider: format!("rider of {ride}"),
        pickup: near(0),
        dropoff: near(9),
        service: Service::Standard,
        tier: None,
        quote: None,
    }
}

fn ask(ride: &str, seconds: i64) -> Say {
    Say::Ask(request(ride, seconds))
}

/// A fact about a ride, `seconds` after the start.
fn fact(seconds: i64, progress: Progress, ride: &str, driver: Option<&str>) -> RideProgressed {
    RideProgressed {
        event: format!("{progress:?} {ride} {seconds}"),
        at: START + seconds * 1000,
        market: MARKET.into(),
        ride: ride.into(),
        revision: None,
        driver: driver.map(str::to_owned),
        progress,
        by: None,
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

fn says(fact: RideProgressed) -> Say {
    Say::Fact(Fact::Progressed(Box::new(fact)))
}

fn accepts(seconds: i64, driver: &str, ride: &str, revision: i32) -> Say {
    says(RideProgressed { revision: Some(revision), ..fact(seconds, Progress::Accepted, ride, Some(driver)) })
}

fn declines(seconds: i64, driver: &str, ride: &str, revision: i32) -> Say {
    says(RideProgressed { revision: Some(revision), ..fact(seconds, Progress::Declined, ride, Some(driver)) })
}

fn starts(seconds: i64, driver: &str, ride: &str) -> Say {
    says(fact(seconds, Progress::Started, ride, Some(driver)))
}

fn completes(seconds: i64, driver: &str, ride: &str, paid: i64) -> Say {
    says(RideProgressed { paid_minor: Some(paid), ..fact(seconds, Progress::Completed, ride, Some(driver)) })
}

fn cancels(seconds: i64, by: Party, ride: &str, driver: Option<&str>) -> Say {
    says(RideProgressed { by: Some(by), ..fact(seconds, Progress::Cancelled, ride, driver) })
}

fn no_show(seconds: i64, by: Party, ride: &str) -> Say {
    says(RideProgressed { by: Some(by), ..fact(seconds, Progress::NoShow, ride, None) })
}
