//! Cells on the plane, and draws.

use devkit::sim::Rng;
use kernel::geo;

use super::world::Spot;

/// Micro-degrees of latitude in a metre, and of longitude at the cities' latitude.
const LAT: f64 = 8.9932;
const LNG: f64 = 11.376;
/// Where the plane begins.
const ORIGIN: (i32, i32) = (37_760_000, -122_440_000);

/// A place on earth as one on the plane.
pub(super) fn spot(place: kernel::contract::Point) -> Spot {
    (f64::from(place.lng_e6 - ORIGIN.1) / LNG, f64::from(place.lat_e6 - ORIGIN.0) / LAT)
}

/// Cells within so many rings of the plane's origin, in ascending order.
pub(super) fn cells(rings: u32) -> Vec<u64> {
    let centre = geo::cell(kernel::contract::Point { lat_e6: ORIGIN.0, lng_e6: ORIGIN.1 });
    let mut cells = Vec::new();
    (0..=rings).for_each(|ring| geo::ring(centre, ring, &mut cells));
    cells.sort_unstable();
    cells
}

/// The middle of a cell on the plane.
pub(super) fn middle(cell: u64) -> Spot {
    geo::centre(cell).map(spot).unwrap_or_default()
}

/// Chance.
pub(super) struct Dice(pub(super) Rng);

impl Dice {
    pub(super) fn new(seed: u64) -> Dice {
        Dice(Rng::new(seed))
    }

    pub(super) fn unit(&mut self) -> f64 {
        (self.0.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A standard normal, by twelve uniforms.
    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// A waiting time of mean one.
    pub(super) fn gap(&mut self) -> f64 {
        -(1.0 - self.unit()).ln()
    }

    /// An index, each as likely as its weight.
    pub(super) fn of(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        let found = weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        found.unwrap_or(weights.len() - 1)
    }

    /// A place in a cell: within half a cell's width of its middle, both ways.
    pub(super) fn inside(&mut self, middle: Spot) -> Spot {
        (middle.0 + self.between(-420.0, 420.0), middle.1 + self.between(-420.0, 420.0))
    }
}
