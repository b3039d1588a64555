//! Distances and speeds on the ground of the simulated world.

use kernel::Millis;
use kernel::contract::Point;

/// Metres of one micro-degree of latitude (a meridian of 40,008 km).
const METRES_PER_E6: f64 = 0.111_133;

/// Road over straight line: the median of 15,515 metered trips of New York yellow cabs (p10 1.05, p90 1.65).
const DETOUR: f64 = 1.30;

/// Median road speed by hour, km/h: San Francisco cabs of May 2008 at 5, 8, 17 and 23 h, the course of New York's metered trips
/// between them.
const SPEED_KMH: [f64; 24] = [
    23.0, 24.0, 25.5, 27.0, 28.0, 29.0, 25.0, 21.0, 18.6, 17.5, 17.3, 17.2, 17.2, 17.3, 17.2, 17.0, 17.2, 17.5, 17.8,
    18.5, 19.3, 20.0, 21.0, 22.0,
];

/// Straight line between two places, metres, by a local plane: within 0.1 % inside a city.
pub fn distance_m(from: Point, to: Point) -> f64 {
    let (east, north) = offset_m(from, to);
    (east * east + north * north).sqrt()
}

/// How far `to` lies east and north of `from`, metres.
pub fn offset_m(from: Point, to: Point) -> (f64, f64) {
    let north = f64::from(to.lat_e6 - from.lat_e6) * METRES_PER_E6;
    let middle = (f64::from(from.lat_e6) + f64::from(to.lat_e6)) / 2e6;
    let east = f64::from(to.lng_e6 - from.lng_e6) * METRES_PER_E6 * middle.to_radians().cos();
    (east, north)
}

/// The place that lies so many metres east and north of `from`.
pub fn moved(from: Point, east_m: f64, north_m: f64) -> Point {
    let narrow = (f64::from(from.lat_e6) / 1e6).to_radians().cos().max(0.01);
    Point {
        lat_e6: from.lat_e6 + (north_m / METRES_PER_E6) as i32,
        lng_e6: from.lng_e6 + (east_m / METRES_PER_E6 / narrow) as i32,
    }
}

/// The place at `share` (0 to 1) of the straight line.
pub fn along(from: Point, to: Point, share: f64) -> Point {
    let part = |from: i32, to: i32| from + (f64::from(to - from) * share) as i32;
    Point { lat_e6: part(from.lat_e6, to.lat_e6), lng_e6: part(from.lng_e6, to.lng_e6) }
}

/// Time to drive from one place to another by road, in the traffic of an hour of the local day.
pub fn travel(from: Point, to: Point, hour: usize) -> Millis {
    let metres_per_ms = SPEED_KMH[hour % 24] / 3_600.0;
    Millis((distance_m(from, to) * DETOUR / metres_per_ms) as i64 + 5_000)
}

/// Metres by road.
pub fn road_m(from: Point, to: Point) -> f64 {
    distance_m(from, to) * DETOUR
}
