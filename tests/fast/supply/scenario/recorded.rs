//! A recorded city: the trips of San Francisco's cabs in May 2008, its forecast learned from the days before.
//!
//! Each recorded trip of the hour is taken a Poisson number of times of mean one, each up to two minutes off: so the recorded hour is the truth
//! in its mean, and there are as many hours like it as are needed. A driver goes where his cab had its next rider.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use devkit::rides::Table;
use kernel::contract::Point;
use kernel::geo;
use pricing::allocate::{Action, Market, Site, Terms};
use pricing::fit::forecast::{Asked, Knobs, Log, learn};
use pricing::forecast::{Forecast, Levels, QUARTER_MS};

use super::super::city::{Dice, spot};
use super::super::world::{PATIENCE_MS, Rider};
use super::{Instance, RESPONSE, Scenario, action, fleet, margin, sent, travel};

/// San Francisco's local time less UTC in May, milliseconds.
const OFFSET_MS: i64 = -7 * 3_600_000;
/// A cab's next rider within so long is where it went.
const NEXT_MS: i64 = 2_700_000;
/// Whole days at the end that the forecast does not see.
const HELD_BACK: i64 = 4;
/// Standard error of the forecast, basis points.
const ERROR_BPS: i64 = 2_000;

/// A trip as it was; times in milliseconds of local time.
#[derive(Clone, Copy)]
struct Trip {
    cell: u64,
    then_cell: u64,
    rider: Rider,
}

/// What was recorded, and what is learned from the days before those that are held back.
pub(crate) struct Recorded {
    trips: Arc<Vec<Trip>>,
    log: Log,
    from_day: i64,
    cut_day: i64,
    table: Forecast,
    cells: Arc<Vec<u64>>,
    travel: Vec<i64>,
}

/// The recorded city, where the data are.
pub(crate) fn recorded() -> Option<Recorded> {
    let Ok(data) = std::env::var("TRIPO_DATA") else {
        assert!(std::env::var("TRIPO_REQUIRE_DATA").is_err(), "TRIPO_DATA must name the recorded data");
        tests::not_run("supply in a recorded city", "TRIPO_DATA names no folder with sf_cabs_2008/");
        return None;
    };
    let trips = read(&PathBuf::from(data).join("sf_cabs_2008/trips_2008-05-18_to_2008-06-01_excl.csv.gz"));
    let mut log = Log::default();
    trips.iter().for_each(|trip| log.add(Asked { local_ms: trip.rider.at_ms, cell: trip.cell }));
    let (from_day, to_day) = log.days();
    let cut_day = to_day - HELD_BACK;
    let knobs = Knobs { least: 300, ..Knobs::default() };
    let table = learn(&log, (from_day, cut_day), &knobs).unwrap();
    let cells: Vec<u64> = table.places.keys().copied().filter(|place| geo::is_cell(*place)).collect();
    let travel = travel(&cells);
    Some(Recorded { trips: Arc::new(trips), log, from_day, cut_day, table, cells: Arc::new(cells), travel })
}

fn read(path: &std::path::Path) -> Vec<Trip> {
    let columns = ["cab", "pickup_ts", "dropoff_ts", "pickup_lat", "pickup_lng", "dropoff_lat", "dropoff_lng"];
    let mut table = Table::open(path, &columns).unwrap();
    let mut by_cab: BTreeMap<String, Vec<(i64, i64, Point, Point)>> = BTreeMap::new();
    while let Some((_, row)) = table.row() {
        let row = row.unwrap();
        let e6 = |text: &str| (text.parse::<f64>().unwrap() * 1e6).round() as i32;
        let time = |text: &str| text.parse::<i64>().unwrap() * 1_000 + OFFSET_MS;
        let point = |at: usize| Point { lat_e6: e6(&row[at]), lng_e6: e6(&row[at + 1]) };
        by_cab.entry(row[0].clone()).or_default().push((time(&row[1]), time(&row[2]), point(3), point(5)));
    }
    table.whole(path).unwrap();
    let mut trips = Vec::new();
    for mut rides in by_cab.into_values() {
        rides.sort_by_key(|ride| ride.0);
        for (at, (at_ms, end_ms, from, to)) in rides.iter().enumerate() {
            let next = rides.get(at + 1).filter(|next| next.0 - end_ms < NEXT_MS).map_or(*to, |next| next.2);
            let (trip_ms, start, end) = (end_ms - at_ms, spot(*from), spot(*to));
            let margin = margin(start, end, trip_ms);
            let rider = Rider { at_ms: *at_ms, from: start, to: end, trip_ms, margin, then: spot(next) };
            trips.push(Trip { cell: geo::cell(*from), then_cell: geo::cell(next), rider });
        }
    }
    trips.sort_by_key(|trip| trip.rider.at_ms);
    trips
}

impl Recorded {
    fn between(&self, from_ms: i64, to_ms: i64) -> &[Trip] {
        let at = |time: i64| self.trips.partition_point(|trip| trip.rider.at_ms < time);
        &self.trips[at(from_ms)..at(to_ms)]
    }

    /// The scenario of a number: some quarter of the days held back.
    pub(crate) fn scenario(&self, number: u64) -> Scenario {
        let mut dice = Dice::new(number + 77);
        let start = self.cut_day * 96 + (dice.unit() * (HELD_BACK * 96 - 4) as f64) as i64;
        let quarters = 1 + (dice.unit() * 4.0) as i64;
        let mut levels = Levels::new();
        for quarter in self.from_day * 96..start {
            levels.learn(&self.table, quarter, &self.log.at(quarter, |cell| self.table.place(cell)));
        }
        let asked = |cell: u64| {
            let expected = |quarter: i64| self.table.expected(cell, quarter, &levels);
            (start..start + quarters).map(expected).collect::<Vec<_>>()
        };
        let seen = self.between(self.from_day * 96 * QUARTER_MS, self.cut_day * 96 * QUARTER_MS);
        let trip_ms = seen.iter().map(|trip| trip.rider.trip_ms).sum::<i64>() / seen.len() as i64;
        let per_hour =
            self.cells.iter().flat_map(|cell| asked(*cell)).sum::<i64>() as f64 / 1e3 / quarters as f64 * 4.0;
        let needed = per_hour * (trip_ms as f64 + 240_000.0) / 3_600_000.0;
        let busy = (needed * dice.between(0.7, 1.0)) as i64;
        let free = (needed * dice.between(0.1, 0.5)) as i64 + 3;
        let counts = self.counts(seen);
        let stands: Vec<f64> =
            counts.iter().map(|(_, ends, _)| (*ends as f64).powf(0.4) * (1.2 * dice.normal()).exp()).collect();
        let mut stood = vec![0; self.cells.len()];
        (0..free).for_each(|_| stood[dice.of(&stands)] += 1);
        let ends: i64 = counts.iter().map(|(_, ends, _)| ends).sum();
        let site = |(at, cell): (usize, &u64)| {
            let (asks, own, margins) = counts[at];
            let margin = margins / asks.max(1);
            Site { cell: *cell, free: stood[at], asked: asked(*cell), ends_ppm: own * 1_000_000 / ends, margin }
        };
        let sites: Vec<Site> = self.cells.iter().enumerate().map(site).collect();
        let true_whole = RESPONSE.whole as f64 * (0.2 * dice.normal()).exp();
        let terms = Terms { busy, trip_ms, patience_ms: PATIENCE_MS, error_bps: ERROR_BPS, response: RESPONSE };
        let market = Market::new(sites, self.travel.clone(), terms).unwrap();
        let (action, said) = action(&market, &mut dice);
        let (start_ms, end_ms) = (start * QUARTER_MS, quarters * QUARTER_MS);
        let hour: Vec<Trip> = self.between(start_ms, start_ms + end_ms).to_vec();
        let free: Vec<(u64, i64)> = self.cells.iter().copied().zip(stood).collect();
        // Who drives now ends where trips of the hour before ended.
        let before: Vec<Trip> = self.between(start_ms - 3_600_000, start_ms).to_vec();
        let seed = move |seed: u64, actions: &[Action]| {
            let mut dice = Dice::new(number * 1_000_003 + seed + 1);
            let riders = again(&hour, start_ms, end_ms, &mut dice);
            let end = |dice: &mut Dice| {
                let trip = before[dice.0.below(before.len())].rider;
                (trip.to, trip.then)
            };
            let (drivers, stands) = fleet((&free, busy), trip_ms, end, &mut dice);
            let (sent, paid) = sent(actions, &stands, true_whole, &mut dice);
            Instance { riders, drivers, sent, paid }
        };
        Scenario { name: format!("recorded {number}"), market, action, said, end_ms, seed: Box::new(seed) }
    }

    /// Of each cell: trips that began there, drivers who went there afterwards, what those trips left.
    fn counts(&self, seen: &[Trip]) -> Vec<(i64, i64, i64)> {
        let mut counts = vec![(0, 0, 0); self.cells.len()];
        for trip in seen {
            if let Ok(at) = self.cells.binary_search(&trip.cell) {
                counts[at].0 += 1;
                counts[at].2 += trip.rider.margin;
            }
            if let Ok(at) = self.cells.binary_search(&trip.then_cell) {
                counts[at].1 += 1;
            }
        }
        counts
    }
}

/// An hour like the recorded one.
fn again(hour: &[Trip], start_ms: i64, end_ms: i64, dice: &mut Dice) -> Vec<Rider> {
    let mut riders = Vec::new();
    for trip in hour {
        // A Poisson number of mean one: gaps of mean one that fit into one.
        let mut left = 1.0 - dice.gap();
        while left > 0.0 {
            let at_ms = trip.rider.at_ms - start_ms + dice.between(-120_000.0, 120_000.0) as i64;
            riders.push(Rider { at_ms: at_ms.clamp(0, end_ms - 1), ..trip.rider });
            left -= dice.gap();
        }
    }
    riders.sort_by_key(|rider| rider.at_ms);
    riders
}
