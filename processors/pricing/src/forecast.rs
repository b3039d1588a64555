//! How many riders will ask, by H3 cell and quarter of an hour: a table that was learned from the log, and the levels that follow what
//! was counted since.
//!
//! What is expected of a place in a quarter is `market's profile at that quarter of the week x the place's share x the place's shape at
//! that hour x levels`. A place is a cell of resolution 8, or, where too few asked to learn anything, what is left of a coarser cell around it.
//! The table is text that a person can read and a file can hold; its size is bounded by [`PLACES_MAX`].

mod levels;
mod text;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use kernel::geo;

pub use levels::Levels;
pub use text::TEXT_MAX;

/// A quarter of an hour, milliseconds.
pub const QUARTER_MS: i64 = 900_000;
/// 1 January 2000 and 1 January 2100, milliseconds.
const SOUND_MS: std::ops::Range<i64> = 946_684_800_000..4_102_444_800_000;

/// Whether a ride can have had this event time, from 2000 up to 2100: whoever counts by time asks before reckoning with it.
pub fn sound(at_ms: i64) -> bool {
    SOUND_MS.contains(&at_ms)
}

/// Quarters of a week, from Monday, 0:00 of local time.
pub const QUARTERS: usize = 672;
/// Hours that a place's shape tells apart: those of a day from Monday to Friday, then those of Saturday and Sunday.
pub const HOURS: usize = 48;
/// Places of a table, most.
pub const PLACES_MAX: usize = 1_024;
/// Coarsest cell that is a place of its own; what lies in none is the rest, the place 0.
pub const COARSEST: u8 = 5;
/// Finest cell that is a place: that of all views.
pub const FINEST: u8 = 8;

/// Quarters from 1 January 1970, a Thursday, to the Monday before.
const MONDAY: i64 = 3 * 96;
/// A share is told in millionths.
const PARTS: f64 = 1e6;

/// How one place differs from its market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its part of all requests, millionths.
    pub share_ppm: i64,
    /// What it has at each of [`HOURS`] against the market's profile, basis points.
    pub shape_bps: Vec<i64>,
}

/// How levels follow the counts; the rule is at [`Levels`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Half of what the market's days say is forgotten after so many quarters.
    pub market_days: i64,
    /// Half of what its last hours say is forgotten after so many.
    pub market_hours: i64,
    /// And of what a place's days say.
    pub place_days: i64,
    /// So many expected requests stand beside those of the market, as counted as expected.
    pub market_prior: i64,
    /// And beside those of a place.
    pub place_prior: i64,
}

/// A table of one market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// From what it was learned, one line.
    pub source: String,
    /// Local time less UTC, minutes.
    pub utc_offset_minutes: i64,
    /// What the whole market is asked for in each of [`QUARTERS`], thousandths of a request.
    pub profile: Vec<i64>,
    /// Places by their cell; 0 is the rest.
    pub places: BTreeMap<u64, Place>,
    /// How levels follow.
    pub memory: Memory,
}

impl Forecast {
    /// The number of a quarter of local time since 1970.
    pub fn quarter(&self, at_ms: i64) -> i64 {
        (at_ms + self.utc_offset_minutes * 60_000).div_euclid(QUARTER_MS)
    }

    /// The place that a cell of resolution 8 belongs to: itself, or the finest cell around it that is one; 0 is the rest.
    pub fn place(&self, cell: u64) -> u64 {
        place(cell, |place| self.places.contains_key(&place))
    }

    /// What the table expects of a place in a quarter, requests.
    pub fn at_place(&self, place: u64, quarter: i64) -> f64 {
        let Some(found) = self.places.get(&place) else { return 0.0 };
        let shape = found.shape_bps[hour(quarter)] as f64 / 1e4;
        self.profile[of_week(quarter)] as f64 / 1e3 * (found.share_ppm as f64 / PARTS) * shape
    }

    /// What is expected of a cell of resolution 8 in a quarter, thousandths of a request. A place that is coarser than the cell is spread
    /// evenly over those of its cells that are no places of their own; of the rest nobody knows where it lies, so a cell of it has none.
    pub fn expected(&self, cell: u64, quarter: i64, levels: &Levels) -> i64 {
        let place = self.place(cell);
        let whole = self.at_place(place, quarter) * levels.of(place);
        let spread = if place == cell { 1.0 } else { self.cells_of(place) };
        if place == 0 { 0 } else { (whole / spread * 1e3).round_ties_even() as i64 }
    }

    /// Cells of resolution 8 in a coarse place that are in no finer one, at least 1.
    fn cells_of(&self, place: u64) -> f64 {
        let Some(resolution) = geo::resolution(place) else { return 1.0 };
        let cells = |resolution: u8| 7_i64.pow(u32::from(FINEST.saturating_sub(resolution)));
        let within = |other: &&u64| geo::parent(**other, resolution) == place && **other != place;
        let direct = |other: &&u64| {
            let own = geo::resolution(**other).unwrap_or(FINEST);
            // Counted once: what lies in a place between has been taken off with that one.
            (resolution + 1..own).all(|between| !self.places.contains_key(&geo::parent(**other, between)))
        };
        let taken = self.places.keys().filter(within).filter(direct);
        let taken: i64 = taken.map(|other| cells(geo::resolution(*other).unwrap_or(FINEST))).sum();
        (cells(resolution) - taken).max(1) as f64
    }
}

/// The finest of a cell and those around it that `known` knows; 0 where there is none.
pub(crate) fn place(cell: u64, known: impl Fn(u64) -> bool) -> u64 {
    let around = (COARSEST..=FINEST).rev().map(|resolution| geo::parent(cell, resolution));
    around.into_iter().find(|place| *place != 0 && known(*place)).unwrap_or(0)
}

/// Which quarter of the week a quarter is.
pub(crate) fn of_week(quarter: i64) -> usize {
    (quarter + MONDAY).rem_euclid(QUARTERS as i64) as usize
}

/// Which hour of a shape a quarter lies in.
pub(crate) fn hour(quarter: i64) -> usize {
    let of_week = of_week(quarter);
    of_week % 96 / 4 + if of_week / 96 < 5 { 0 } else { 24 }
}
