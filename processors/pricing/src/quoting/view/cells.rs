//! When something was seen last in each cell, so that how many were seen lately is counted without looking at each.

use std::collections::{BTreeMap, VecDeque};

/// Event times by cell, milliseconds, upwards. Who is seen again, or forgotten, is mostly one of the oldest.
#[derive(Debug, Default)]
pub(crate) struct Cells(BTreeMap<u64, VecDeque<i64>>);

impl Cells {
    /// Somebody was seen in `cell` at `at`; nearly always later than all others.
    pub(crate) fn add(&mut self, cell: u64, at: i64) {
        let times = self.0.entry(cell).or_default();
        let place = times.partition_point(|time| *time <= at);
        times.insert(place, at);
    }

    /// One who was seen there at `at` counts there no more.
    pub(crate) fn remove(&mut self, cell: u64, at: i64) {
        let Some(times) = self.0.get_mut(&cell) else { return };
        if let Ok(place) = times.binary_search(&at) {
            times.remove(place);
        }
        if times.is_empty() {
            self.0.remove(&cell);
        }
    }

    /// How many were seen last from `since` to `until`, both included.
    pub(crate) fn count(&self, cell: u64, since: i64, until: i64) -> i32 {
        self.0.get(&cell).map_or(0, |times| within(times, since, until))
    }

    /// The same of every cell in which there were any.
    pub(crate) fn counts(&self, since: i64, until: i64) -> impl Iterator<Item = (u64, i32)> {
        let counts = self.0.iter().map(move |(cell, times)| (*cell, within(times, since, until)));
        counts.filter(|(_, count)| *count > 0)
    }
}

fn within(times: &VecDeque<i64>, since: i64, until: i64) -> i32 {
    let (before, there) = (times.partition_point(|at| *at < since), times.partition_point(|at| *at <= until));
    i32::try_from(there.saturating_sub(before)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_counts_as_a_plain_list_does(
            changes in prop::collection::vec((0_u64..3, 0_i64..6, any::<bool>()), 0..60),
            (since, until) in (-1_i64..7, -1_i64..7),
        ) {
            let (mut cells, mut plain): (Cells, Vec<(u64, i64)>) = Default::default();
            for (cell, at, comes) in changes {
                if comes {
                    cells.add(cell, at);
                    plain.push((cell, at));
                } else {
                    cells.remove(cell, at);
                    if let Some(place) = plain.iter().position(|one| *one == (cell, at)) {
                        plain.remove(place);
                    }
                }
            }
            let of = |cell| plain.iter().filter(|(there, at)| *there == cell && (since..=until).contains(at)).count() as i32;
            let wanted: Vec<(u64, i32)> = (0..3).map(|cell| (cell, of(cell))).filter(|(_, count)| *count > 0).collect();
            prop_assert_eq!(cells.counts(since, until).collect::<Vec<_>>(), wanted);
            prop_assert!((0..3).all(|cell| cells.count(cell, since, until) == of(cell)));
            prop_assert_eq!(cells.0.len(), plain.iter().map(|(cell, _)| cell).collect::<std::collections::BTreeSet<_>>().len());
        }
    }
}
