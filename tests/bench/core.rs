//! What matching's pure parts cost on one core, from memory: ping ingest, candidate search, assignment. Each beside its floor, the least that
//! any program would do for it, taken in the same run.
//!
//! `cargo bench -p tests --bench core`

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use kernel::codec::{Datum, encode};
use kernel::contract::{
    DriverChanged, DriverLocated, DriverStatus, Point, RideRequested, Score, Service, TurnColumn, TurnEdge, TurnRow,
    Vehicle,
};
use kernel::{Event, Millis, Processor, Read, Record, Spot, Turn, geo};
use matching::{Assignment, Edge, Matching, Output, Policy, Seen, View, certify, solve};

/// Thursday 29 May 2008, 17:00 in San Francisco.
const START: i64 = 1_212_105_600_000;
const DRIVERS: u64 = 20_000;
const PINGS: u64 = 400_000;
const ROUNDS: usize = 7;

/// A linear congruential generator (Knuth's MMIX constants): the same workload every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// A place in a city of 14 km by 12 km.
    fn place(&mut self) -> Point {
        let (lat, lng) = (self.below(108_000) as i32, self.below(160_000) as i32);
        Point { lat_e6: 37_704_000 + lat, lng_e6: -122_514_000 + lng }
    }
}

fn main() {
    println!("matching's core, one core, from memory; median of {ROUNDS} rounds, floor in the same round");
    let small = ingest();
    search(small);
    assignment();
}

/// Prints a figure beside its floor and its target.
fn report(name: &str, figure: String, floor: &str, times: f64, met: bool) {
    let met = if met { "met" } else { "NOT MET" };
    println!("{name:<34} {figure:>22}   floor: {floor} ({times:.1} x)   target {met}");
}

/// Seconds that each of two things takes: the medians over all rounds, taken in turns.
fn medians(mut one: impl FnMut(), mut other: impl FnMut()) -> (f64, f64) {
    let mut taken = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (at, what) in [&mut one as &mut dyn FnMut(), &mut other].into_iter().enumerate() {
            let start = Instant::now();
            what();
            taken[at].push(start.elapsed().as_secs_f64());
        }
    }
    let [one, other] = taken.map(|mut taken| {
        taken.sort_by(f64::total_cmp);
        taken[taken.len() / 2]
    });
    (one, other)
}

fn driver(number: u64) -> String {
    format!("driver-{number:06}")
}

fn profile(number: u64, dice: &mut Dice) -> DriverChanged {
    DriverChanged {
        driver: driver(number),
        at: START,
        registered_market: "sf".into(),
        market: "sf".into(),
        active: true,
        tier: None,
        vehicle: Vehicle::Sedan,
        rating_bps: 8_000 + dice.below(2_000) as i32,
        reliability_bps: 8_000 + dice.below(2_000) as i32,
    }
}

fn ping(number: u64, at: i64, place: Point) -> DriverLocated {
    let (heading_deg, speed_kmh, status) = (Some(90), Some(31), DriverStatus::Free);
    DriverLocated { driver: driver(number), at, market: "sf".into(), place, heading_deg, speed_kmh, status }
}

/// Pings from their datum into the view: decoded, checked, placed in an H3 cell. Every ping moves its driver. Floor: decoding alone.
fn ingest() -> View {
    let mut dice = Dice(1);
    let mut view = View::default();
    for number in 0..DRIVERS {
        Matching::observe(&mut view, "", Seen::Changed(Box::new(profile(number, &mut dice))), usize::MAX);
    }
    let mut pings: Vec<Vec<u8>> = Vec::new();
    for number in 0..PINGS {
        let mut bytes = Vec::new();
        let record = ping(dice.below(DRIVERS), START + number as i64, dice.place());
        encode(&record, &mut bytes).expect("a ping can be encoded");
        pings.push(bytes);
    }
    let schema = DriverLocated::schema();
    let apply = || {
        for bytes in &pings {
            let read = Matching::read(DriverLocated::TOPIC.name, Datum { bytes, schema }).expect("it is sound");
            if let (market, _, Read::Seen(seen)) = read {
                Matching::observe(&mut view, &market, seen, usize::MAX);
            }
        }
    };
    let decode = || {
        for bytes in &pings {
            black_box(Datum { bytes, schema }.read::<DriverLocated>().expect("it is sound"));
        }
    };
    let (full, floor) = medians(apply, decode);
    let rate = PINGS as f64 / full;
    let floor_rate = format!("decode alone {:.0}/s", PINGS as f64 / floor);
    report("ping ingest, 20,000 drivers", format!("{rate:.0}/s"), &floor_rate, full / floor, rate >= 500_000.0);
    view
}

/// A turn with one request among `DRIVERS`; the turn without a driver taken off. Floor: cells of three rings and 20 distances.
fn search(view: View) {
    let policy = Policy::default();
    let mut dice = Dice(2);
    let last = START + PINGS as i64;
    let turns: Vec<Turn<Matching>> = (1..=500).map(|number| turn(number, last, dice.place())).collect();
    let empty = View::default();
    let with = || turns.iter().for_each(|turn| drop(black_box(Matching::decide(turn, &view, &policy))));
    let without = || turns.iter().for_each(|turn| drop(black_box(Matching::decide(turn, &empty, &policy))));
    let (full, bare) = medians(with, without);
    let mut cells = Vec::new();
    let floor = || {
        for turn in &turns {
            let pickup = turn.asks[0].body.pickup;
            cells.clear();
            (0..3).for_each(|ring| geo::ring(geo::cell(pickup), ring, &mut cells));
            let plane = geo::Plane::at(pickup);
            (0..20).for_each(|step| {
                let point = Point { lat_e6: pickup.lat_e6 + step, lng_e6: pickup.lng_e6 };
                black_box(plane.distance_m(black_box(point)));
            });
        }
    };
    let (floor, _) = medians(floor, || ());
    let each = |seconds: f64| seconds * 1e6 / turns.len() as f64;
    let (found, floor) = (each(full - bare), each(floor));
    let text = format!("three rings, 20 distances {floor:.1} us");
    report("search and score, 20 candidates", format!("{found:.1} us"), &text, found / floor, found <= 20.0);
    let looked: usize = turns.iter().map(|turn| considered(&Matching::decide(turn, &view, &policy))).sum();
    let looked = looked / turns.len();
    println!("{:<34} {:>19.1} us   a turn of one request, everything; {looked} drivers looked at", "", each(full));
}

fn considered(outputs: &[Output]) -> usize {
    outputs
        .iter()
        .map(|output| if let Output::Decided(decided) = output { decided.considered as usize } else { 0 })
        .sum()
}

fn turn(number: i64, now: i64, pickup: Point) -> Turn<Matching> {
    let body = RideRequested {
        ride: format!("ride-{number}"),
        at: now,
        market: "sf".into(),
        rider: "rider".into(),
        pickup,
        dropoff: pickup,
        service: Service::Standard,
        tier: None,
        quote: None,
    };
    let place = Spot { topic: RideRequested::TOPIC.name, partition: 0, offset: number };
    let asks = vec![Arc::new(Event { place, at: Millis(now), body })];
    Turn {
        market: "sf".into(),
        number,
        now: Millis(now),
        asks,
        facts: Vec::new(),
        cut: Vec::new(),
        stale: false,
        riders: Default::default(),
    }
}

/// 64 rides with 20 of 80 drivers each, contested as after a concert: all ways are alike. Floor: checking the certificate.
fn assignment() {
    const ROWS: usize = 64;
    for (name, columns) in [("assignment, 64 x 20 of 320", 320), ("assignment, 64 x 20 of 60", 60)] {
        let mut dice = Dice(3);
        let mut edges = Vec::new();
        for row in 0..ROWS {
            let mut taken: Vec<usize> = Vec::new();
            while taken.len() < 20 {
                let column = dice.below(columns as u64) as usize;
                if !taken.contains(&column) {
                    taken.push(column);
                }
            }
            taken.sort_unstable();
            edges.extend(taken.into_iter().map(|column| Edge {
                row,
                column,
                cost: 60_000 + dice.below(600_000) as i64,
            }));
        }
        let unserved = [100_000_000; ROWS];
        let solved = solve(&unserved, columns, &edges, u64::MAX);
        let (rows, duals, scored) = recorded(&unserved, &edges, &solved);
        let solving = || drop(black_box(solve(&unserved, columns, black_box(&edges), u64::MAX)));
        let checking = || certify(&rows, &duals, black_box(&scored), 0).expect("it is optimal");
        let (full, floor) = medians(solving, checking);
        let text = format!("certificate checked {:.0} us", floor * 1e6);
        report(name, format!("{:.0} us", full * 1e6), &text, full / floor, full <= 2e-3);
    }
}

/// The assignment in the form in which a turn records it.
fn recorded(unserved: &[i64], edges: &[Edge], solved: &Assignment) -> (Vec<TurnRow>, Vec<TurnColumn>, Vec<TurnEdge>) {
    let row = |(at, unserved_ms): (usize, &i64)| TurnRow {
        ride: String::new(),
        cell: 0,
        component: 0,
        unserved_ms: *unserved_ms,
        dual_ms: solved.row_duals[at],
        column: solved.column_of[at].map(|column| column as i32),
        considered: 0,
        barred: Vec::new(),
    };
    let column = |dual_ms: &i64| TurnColumn {
        driver: String::new(),
        cell: 0,
        pinged_at: 0,
        place: Point { lat_e6: 0, lng_e6: 0 },
        tier: None,
        vehicle: Vehicle::Sedan,
        rating_bps: 0,
        reliability_bps: 0,
        dual_ms: *dual_ms,
    };
    let edge = |edge: &Edge| TurnEdge {
        row: edge.row as i32,
        column: edge.column as i32,
        distance_m: 0,
        score: Score { eta_ms: edge.cost as i32, rating_ms: 0, reliability_ms: 0, vehicle_ms: 0, fairness_ms: 0 },
    };
    let rows = unserved.iter().enumerate().map(row).collect();
    (rows, solved.column_duals.iter().map(column).collect(), edges.iter().map(edge).collect())
}
