//! Requests as a forecast needs them: counted by quarter of an hour and cell.

use std::collections::BTreeMap;

use crate::forecast::QUARTER_MS;

/// A request: all that were asked count, those too that were refused, expired or cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Milliseconds of local time since 1970.
    pub local_ms: i64,
    /// H3 cell of resolution 8 of the pickup.
    pub cell: u64,
}

/// Quarters of a day.
pub(super) const DAY: i64 = 96;

/// What was asked, in order of time.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Quarter of local time, then cell.
    counts: BTreeMap<i64, BTreeMap<u64, u32>>,
}

impl Log {
    /// Counts one.
    pub fn add(&mut self, asked: Asked) {
        *self.counts.entry(asked.local_ms.div_euclid(QUARTER_MS)).or_default().entry(asked.cell).or_default() += 1;
    }

    /// The whole local days that it spans, from the first up to but without the second: the first day counts if something was asked in its
    /// first hour, the last if something was in its last.
    pub fn days(&self) -> (i64, i64) {
        let (Some((first, _)), Some((last, _))) = (self.counts.first_key_value(), self.counts.last_key_value()) else {
            return (0, 0);
        };
        (first.div_euclid(DAY) + i64::from(first.rem_euclid(DAY) >= 4), (last + 4).div_euclid(DAY))
    }

    /// What these days were asked for.
    pub fn between(&self, from_day: i64, to_day: i64) -> Log {
        let counts = self.counts.range(from_day * DAY..(to_day * DAY).max(from_day * DAY));
        Log { counts: counts.map(|(quarter, cells)| (*quarter, cells.clone())).collect() }
    }

    /// How many were asked.
    pub fn total(&self) -> u64 {
        self.counts.values().flat_map(BTreeMap::values).map(|count| u64::from(*count)).sum()
    }

    /// What a quarter was asked for, each cell as `place` says.
    pub fn at(&self, quarter: i64, place: impl Fn(u64) -> u64) -> BTreeMap<u64, u32> {
        let mut by_place = BTreeMap::new();
        for (cell, count) in self.counts.get(&quarter).into_iter().flatten() {
            *by_place.entry(place(*cell)).or_insert(0) += count;
        }
        by_place
    }

    /// Quarter, cell and count of all that is not zero.
    pub(super) fn each(&self) -> impl Iterator<Item = (i64, u64, u32)> {
        let each = |(quarter, cells): (&i64, &BTreeMap<u64, u32>)| {
            let quarter = *quarter;
            cells.iter().map(move |(cell, count)| (quarter, *cell, *count)).collect::<Vec<_>>()
        };
        self.counts.iter().flat_map(each)
    }
}
