//! Built-in cities, simulated: how much is asked, where and when follows figures measured on real rides; the places are invented.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use kernel::contract::{MarketTicked, Point, Service, Tier};
use kernel::{Millis, Record, partition};

use crate::calendar;
use crate::world::{Draw, Happening, Newcomer, Source, Trip, ground};

/// Friday 5 June 2026, 17:00 in the built-in cities.
pub const START: Millis = Millis(1_780_704_000_000);

/// Local time of the built-in cities less UTC, minutes.
pub const UTC_OFFSET_MINUTES: i32 = -420;

/// Requests by local hour, per mille of a day: 409,441 trips of San Francisco cabs in 2008 (peak 19 to 23 h 6.5 % an hour, low 3 to 5 h
/// 1.3 %), the course by day after 125,000 Uber pickups a month in New York 2014.
const DEMAND: [f64; 24] = [
    46.0, 38.0, 26.0, 13.0, 13.0, 15.0, 22.0, 36.0, 44.0, 45.0, 43.0, 43.0, 44.0, 43.0, 44.0, 47.0, 50.0, 54.0, 60.0,
    65.0, 65.0, 65.0, 65.0, 56.0,
];

/// Straight line of a trip, metres, by quantile: the same cabs.
const TRIP_M: [(f64, f64); 4] = [(0.1, 850.0), (0.5, 2_200.0), (0.9, 6_300.0), (0.99, 12_000.0)];

/// Trips a day for each driver on duty. San Francisco's cabs had 40 (17,000 by at most 421 at once), many of them hailed at the kerb;
/// these here drive to every rider, so they have fewer.
const TRIPS_A_DRIVER: f64 = 30.0;

/// Half of all pickups lie in the ten busiest cells.
const HOT_SPOTS: u64 = 10;

/// Share of drivers who go to another city in an hour, basis points.
const MOVES_BPS: f64 = 600.0;

/// Names and sizes; a further city repeats the last size.
const CITIES: [(&str, u32); 3] = [("aldport", 300), ("brantham", 150), ("corvale", 80)];

/// A city.
#[derive(Clone, Debug)]
struct City {
    drivers: u32,
    centre: Point,
    radius_m: f64,
}

/// The built-in cities as a source: all drivers at the start, then riders and movers for ever.
pub struct Cities {
    seed: u64,
    cities: Vec<City>,
    names: Vec<String>,
    joining: Vec<Newcomer>,
    /// Next request of each city and the next mover: time, index (the mover's is one past the cities), how many before.
    next: BinaryHeap<Reverse<(Millis, usize, u64)>>,
}

impl Cities {
    /// `markets` cities of different size.
    pub fn new(markets: usize, seed: u64) -> Cities {
        let names = names(markets);
        let city = |index: usize| {
            let drivers = CITIES[index.min(CITIES.len() - 1)].1;
            let centre = Point { lat_e6: 37_770_000, lng_e6: -122_430_000 + 1_000_000 * index as i32 };
            City { drivers, centre, radius_m: 350.0 * f64::from(drivers).sqrt() }
        };
        let mut source = Cities {
            seed,
            cities: (0..markets).map(city).collect(),
            names,
            joining: Vec::new(),
            next: BinaryHeap::new(),
        };
        source.joining = source.newcomers();
        for index in 0..=markets {
            source.plan(START, index, 0);
        }
        source
    }

    /// Names of the markets.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    fn newcomers(&self) -> Vec<Newcomer> {
        let mut all = Vec::new();
        for (market, city) in self.cities.iter().enumerate() {
            for number in 0..city.drivers {
                let driver = self.driver(market, number);
                let place = self.somewhere(market, &driver, "stands");
                all.push(Newcomer { driver, market, place, roams: true });
            }
        }
        all.reverse();
        all
    }

    fn driver(&self, market: usize, number: u32) -> String {
        format!("{}-{number:03}", self.names[market])
    }

    /// Plans what follows `count` requests of a city, or moves: exponential gaps at the hour's rate.
    fn plan(&mut self, after: Millis, index: usize, count: u64) {
        let per_hour = match self.cities.get(index) {
            Some(city) => {
                let share = DEMAND[calendar::hour(after, UTC_OFFSET_MINUTES)] / DEMAND.iter().sum::<f64>();
                f64::from(city.drivers) * TRIPS_A_DRIVER * share
            }
            None if self.cities.len() < 2 => return,
            None => f64::from(self.cities.iter().map(|city| city.drivers).sum::<u32>()) * MOVES_BPS / 10_000.0,
        };
        let draw = Draw::of(self.seed, &format!("{index}/{count}"), "gap");
        // The first rider asks at once: the city was awake before the world began.
        let gap = if count == 0 { 500.0 } else { -(1.0 - draw.unit()).ln() * 3_600_000.0 / per_hour };
        self.next.push(Reverse((after.plus(Millis(gap as i64 + 1)), index, count)));
    }

    /// A place in a city: half of them around ten hot spots, the rest anywhere.
    fn somewhere(&self, market: usize, id: &str, salt: &str) -> Point {
        let (city, draw) = (&self.cities[market], Draw::of(self.seed, id, salt));
        let within = |draw: Draw, radius: f64| (draw.unit() * 2.0 - 1.0) * radius;
        let (x, y) = (draw.next(), draw.next().next());
        if draw.happens(5_000) {
            let spot = Draw::of(self.seed, &self.names[market], &format!("spot {}", x.next().next().below(HOT_SPOTS)));
            let at =
                ground::moved(city.centre, within(spot, city.radius_m / 2.0), within(spot.next(), city.radius_m / 2.0));
            ground::moved(at, within(x, 400.0), within(y, 400.0))
        } else {
            ground::moved(city.centre, within(x, city.radius_m), within(y, city.radius_m))
        }
    }

    fn trip(&self, at: Millis, market: usize, count: u64) -> Trip {
        let ride = format!("{}-r{count}", self.names[market]);
        let pickup = self.somewhere(market, &ride, "pickup");
        let draw = Draw::of(self.seed, &ride, "trip");
        let dropoff = self.end(market, pickup, draw);
        let duration = ground::travel(pickup, dropoff, calendar::hour(at, UTC_OFFSET_MINUTES));
        let (service, tier) = wish(self.seed, &ride);
        Trip { ride, market, pickup, dropoff, duration, service, tier }
    }

    /// Where a trip ends: as far away as trips go, inside the city where one of eight directions leads there, else towards its centre.
    fn end(&self, market: usize, pickup: Point, draw: Draw) -> Point {
        let (city, metres) = (&self.cities[market], draw.quantile(&TRIP_M));
        let turn = draw.next().unit();
        let ends = (0..8).map(|eighth| {
            let angle = (turn + f64::from(eighth) / 8.0) * std::f64::consts::TAU;
            ground::moved(pickup, metres * angle.cos(), metres * angle.sin())
        });
        let inside = |end: &Point| ground::distance_m(*end, city.centre) <= city.radius_m * std::f64::consts::SQRT_2;
        let to_centre = || {
            let share = metres / ground::distance_m(pickup, city.centre).max(metres);
            ground::along(pickup, city.centre, share)
        };
        ends.into_iter().find(inside).unwrap_or_else(to_centre)
    }

    fn mover(&self, count: u64) -> Happening {
        let draw = Draw::of(self.seed, &format!("mover {count}"), "who");
        let home = draw.below(self.cities.len() as u64) as usize;
        let driver = self.driver(home, draw.next().below(u64::from(self.cities[home].drivers)) as u32);
        let market = draw.next().next().below(self.cities.len() as u64) as usize;
        let place = self.somewhere(market, &driver, &format!("moves {count}"));
        Happening::Moved { driver, market, place }
    }
}

impl Source for Cities {
    fn peek(&mut self) -> Option<Millis> {
        if self.joining.is_empty() { self.next.peek().map(|Reverse((at, ..))| *at) } else { Some(START) }
    }

    fn next(&mut self) -> Option<(Millis, Happening)> {
        if let Some(newcomer) = self.joining.pop() {
            return Some((START, Happening::Joined(newcomer)));
        }
        let Reverse((at, index, count)) = self.next.pop()?;
        self.plan(at, index, count + 1);
        let happening =
            if index < self.cities.len() { Happening::Asked(self.trip(at, index, count)) } else { self.mover(count) };
        Some((at, happening))
    }
}

/// Names of so many cities: further ones than the first three are named so that they fill the partitions of the contract evenly.
fn names(markets: usize) -> Vec<String> {
    let count = MarketTicked::TOPIC.partitions;
    let mut names: Vec<String> = CITIES.iter().take(markets).map(|(name, _)| (*name).to_owned()).collect();
    let mut taken: BTreeMap<i32, usize> = BTreeMap::new();
    names.iter().for_each(|name| *taken.entry(partition::of(name.as_bytes(), count)).or_default() += 1);
    let mut number = CITIES.len();
    while names.len() < markets {
        number += 1;
        let name = format!("city-{number}");
        let home = taken.entry(partition::of(name.as_bytes(), count)).or_default();
        if *home <= names.len() / count as usize {
            *home += 1;
            names.push(name);
        }
    }
    names
}

/// What a rider asks for: mostly any standard car. Guessed shares.
pub(crate) fn wish(seed: u64, ride: &str) -> (Service, Option<Tier>) {
    let service = match Draw::of(seed, ride, "service").below(100) {
        0..92 => Service::Standard,
        92..98 => Service::Xl,
        _ => Service::Accessible,
    };
    let tier = match Draw::of(seed, ride, "asks for tier").below(100) {
        0..85 => None,
        85..92 => Some(Tier::Bronze),
        92..96 => Some(Tier::Silver),
        96..99 => Some(Tier::Gold),
        _ => Some(Tier::Platinum),
    };
    (service, tier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_cities_lie_in_nearly_as_many_partitions_and_the_first_keep_their_names() {
        let homes = |names: &[String]| {
            names.iter().map(|name| partition::of(name.as_bytes(), 12)).collect::<std::collections::BTreeSet<_>>().len()
        };
        let twelve = names(12);
        assert_eq!(twelve[..3], ["aldport", "brantham", "corvale"]);
        assert!(homes(&twelve) >= 11, "{twelve:?}");
        assert_eq!(names(2), ["aldport", "brantham"]);
        assert_eq!(names(64).len(), 64);
    }
}
