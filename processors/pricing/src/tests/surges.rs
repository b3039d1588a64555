//! Surge: smooth in time and in space, whatever the counts do.

use std::collections::BTreeMap;

use kernel::{contract::Point, geo};
use proptest::prelude::*;

use crate::{Counts, Pace, Surge};

const PACE: Pace =
    Pace { gain_bps: 4_000, half_life_ms: 300_000, step_bps: 1_000, most_bps: 15_000, prior: 2, cells: 4_096 };
const MINUTE: i64 = 60_000;

/// The cells within two rings of the centre of Zurich.
fn cells() -> Vec<u64> {
    let centre = geo::cell(Point { lat_e6: 47_376_900, lng_e6: 8_541_700 });
    let mut cells = vec![centre];
    geo::ring(centre, 1, &mut cells);
    geo::ring(centre, 2, &mut cells);
    cells
}

fn widest(surge: &Surge) -> i64 {
    let mut ring = Vec::new();
    let mut widest = 0;
    for (cell, here) in surge.field() {
        ring.clear();
        geo::ring(*cell, 1, &mut ring);
        widest = ring.iter().map(|other| here - surge.of(*other)).fold(widest, i64::max);
    }
    widest
}

#[test]
fn demand_beyond_supply_raises_it_step_by_step_and_it_fades_when_it_is_over() {
    let (cells, mut surge) = (cells(), Surge::default());
    let busy: BTreeMap<u64, Counts> = [(cells[0], Counts { demand: 40, supply: 1 })].into();
    let mut last = 0;
    surge.pass(0, &busy, &PACE);
    for minute in 1..=30 {
        surge.pass(minute * MINUTE, &busy, &PACE);
        let here = surge.of(cells[0]);
        assert!(here >= last && here - last <= PACE.step_bps, "minute {minute}: {last} -> {here}");
        last = here;
    }
    assert!(last > 3_000, "{last}");
    assert!(surge.of(cells[1]) >= last - PACE.step_bps, "the neighbour has nearly as much");
    surge.pass(150 * MINUTE, &BTreeMap::new(), &PACE);
    assert!(surge.field().is_empty(), "{:?}", surge.field());
}

#[test]
fn where_too_many_cells_want_it_all_want_less_and_neighbours_differ_no_more() {
    let few = Pace { cells: 20, ..PACE };
    let (cells, mut surge, mut all) = (cells(), Surge::default(), Surge::default());
    let busy: BTreeMap<u64, Counts> =
        cells.iter().zip(1..).map(|(cell, number)| (*cell, Counts { demand: 20 * number, supply: 0 })).collect();
    for minute in 0..60 {
        surge.pass(minute * MINUTE, &busy, &few);
        all.pass(minute * MINUTE, &busy, &PACE);
        assert!(surge.field().len() <= 4 * few.cells, "minute {minute}: {}", surge.field().len());
        assert!(surge.cells().count() <= 5 * few.cells && widest(&surge) <= few.step_bps, "minute {minute}");
    }
    assert!(all.field().len() > 100, "{}", all.field().len());
    assert!((1..=40).contains(&surge.field().len()), "{}", surge.field().len());
    // The cells that are left are those with the most.
    let least = surge.field().keys().map(|cell| all.of(*cell)).min().unwrap();
    let others = all.field().iter().filter(|(cell, _)| !surge.field().contains_key(cell));
    assert!(others.clone().all(|(_, bps)| *bps <= least), "{least}");
}

#[test]
fn a_quiet_cell_has_none_and_a_single_request_says_little() {
    let (cells, mut surge) = (cells(), Surge::default());
    let quiet: BTreeMap<u64, Counts> = cells.iter().map(|cell| (*cell, Counts { demand: 2, supply: 5 })).collect();
    surge.pass(0, &quiet, &PACE);
    surge.pass(60 * MINUTE, &quiet, &PACE);
    assert!(surge.field().is_empty());
    let mut odd = quiet;
    odd.insert(cells[0], Counts { demand: 6, supply: 0 });
    surge.pass(120 * MINUTE, &odd, &PACE);
    let alone = Pace { prior: 0, ..PACE };
    let mut trusting = Surge::default();
    trusting.pass(0, &odd, &alone);
    trusting.pass(60 * MINUTE, &odd, &alone);
    assert!(surge.of(cells[0]) < trusting.of(cells[0]) / 2, "the neighbourhood knows better");
}

#[test]
fn time_that_goes_back_or_stands_still_changes_nothing_and_a_cut_overrides_steps() {
    let (cells, mut surge) = (cells(), Surge::default());
    let busy: BTreeMap<u64, Counts> = [(cells[0], Counts { demand: 40, supply: 1 })].into();
    surge.pass(0, &busy, &PACE);
    surge.pass(10 * MINUTE, &busy, &PACE);
    let before = surge.clone();
    surge.pass(10 * MINUTE + MINUTE - 1, &busy, &PACE);
    surge.pass(0, &busy, &PACE);
    assert_eq!(surge, before);
    surge.cut(500);
    assert_eq!(surge.of(cells[0]), 500);
    surge.cut(0);
    assert!(surge.field().is_empty());
}

proptest! {
    #[test]
    fn no_cell_jumps_in_time_and_no_neighbours_differ_by_more_than_a_step(
        days in prop::collection::vec(
            (prop::sample::select(&[1_i64, 2, 7][..]), prop::collection::vec((0_usize..19, 0_i64..4, 0_i64..3), 0..12)),
            1..15,
        ),
        step_bps in prop::sample::select(&[1_i64, 7, 1_000][..]),
        prior in 0_i64..3,
    ) {
        let (cells, mut surge, mut now) = (cells(), Surge::default(), 0);
        let pace = Pace { step_bps, prior, ..PACE };
        surge.pass(now, &BTreeMap::new(), &pace);
        for (minutes, counted) in days {
            let counts: BTreeMap<u64, Counts> = counted
                .into_iter()
                .map(|(cell, demand, supply)| (cells[cell], Counts { demand: demand * demand * 10, supply }))
                .collect();
            let before = surge.clone();
            now += minutes * MINUTE;
            surge.pass(now, &counts, &pace);
            for cell in before.field().keys().chain(surge.field().keys()) {
                let moved = (surge.of(*cell) - before.of(*cell)).abs();
                prop_assert!(moved <= minutes * step_bps, "{moved} in {minutes} minutes");
            }
            prop_assert!(widest(&surge) <= step_bps);
            prop_assert!(surge.field().values().all(|surge| (1..=pace.most_bps).contains(surge)));
        }
    }
}
