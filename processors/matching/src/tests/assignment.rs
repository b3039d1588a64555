//! The solver against brute force, and its certificate.

use kernel::contract::{Point, Score, TurnColumn, TurnEdge, TurnRow, Vehicle};
use proptest::prelude::*;

use crate::{Assignment, Edge, certify, solve};

const UNSERVED: i64 = 1_000;

/// The assignment in the form in which a turn records it.
fn recorded(unserved: &[i64], edges: &[Edge], solved: &Assignment) -> (Vec<TurnRow>, Vec<TurnColumn>, Vec<TurnEdge>) {
    let row = |(at, unserved_ms): (usize, &i64)| TurnRow {
        ride: format!("r{at}"),
        cell: 0,
        component: solved.components[at] as i32,
        unserved_ms: *unserved_ms,
        dual_ms: solved.row_duals[at],
        column: solved.column_of[at].map(|column| column as i32),
        considered: 0,
        barred: Vec::new(),
    };
    let column = |(at, dual_ms): (usize, &i64)| TurnColumn {
        driver: format!("d{at}"),
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
    (rows, solved.column_duals.iter().enumerate().map(column).collect(), edges.iter().map(edge).collect())
}

fn certified(unserved: &[i64], edges: &[Edge], solved: &Assignment) -> Result<(), String> {
    let (rows, columns, edges) = recorded(unserved, edges, solved);
    certify(&rows, &columns, &edges, solved.gap)
}

fn cost_of(unserved: &[i64], edges: &[Edge], solved: &Assignment) -> i64 {
    let paid = |(row, column): (usize, &Option<usize>)| match column {
        Some(column) => edges.iter().find(|edge| (edge.row, edge.column) == (row, *column)).map(|edge| edge.cost),
        None => Some(unserved[row]),
    };
    solved.column_of.iter().enumerate().map(|pair| paid(pair).unwrap()).sum()
}

/// The least cost, by trying everything.
fn brute(unserved: &[i64], edges: &[Edge], row: usize, taken: &mut Vec<usize>) -> i64 {
    if row == unserved.len() {
        return 0;
    }
    let mut best = unserved[row] + brute(unserved, edges, row + 1, taken);
    for edge in edges.iter().filter(|edge| edge.row == row) {
        if !taken.contains(&edge.column) {
            taken.push(edge.column);
            best = best.min(edge.cost + brute(unserved, edges, row + 1, taken));
            taken.pop();
        }
    }
    best
}

/// Few rows, columns and costs, so that ties and contests are common; some costs below zero, as fairness may make them.
fn problems() -> impl Strategy<Value = (usize, usize, Vec<Edge>)> {
    (1..6usize, 1..5usize).prop_flat_map(|(rows, columns)| {
        let pairs = prop::collection::btree_map((0..rows, 0..columns), -1..4i64, 0..=rows * columns);
        pairs.prop_map(move |pairs| {
            let edges = pairs.into_iter().map(|((row, column), cost)| Edge { row, column, cost: cost * 10 });
            (rows, columns, edges.collect())
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_assignment_is_cheaper_and_the_certificate_proves_it((rows, columns, edges) in problems()) {
        let unserved = vec![UNSERVED; rows];
        let solved = solve(&unserved, columns, &edges, u64::MAX);
        prop_assert!(solved.exact && solved.gap == 0);
        prop_assert_eq!(certified(&unserved, &edges, &solved), Ok(()));
        prop_assert_eq!(cost_of(&unserved, &edges, &solved), brute(&unserved, &edges, 0, &mut Vec::new()));
    }

    #[test]
    fn a_ride_that_is_cheaper_left_alone_is_left_alone((rows, columns, edges) in problems()) {
        let unserved = vec![15; rows];
        let solved = solve(&unserved, columns, &edges, u64::MAX);
        prop_assert_eq!(certified(&unserved, &edges, &solved), Ok(()));
        prop_assert_eq!(cost_of(&unserved, &edges, &solved), brute(&unserved, &edges, 0, &mut Vec::new()));
    }

    #[test]
    fn a_degraded_step_states_its_gap((rows, columns, edges) in problems(), steps in 0..30u64) {
        let unserved = vec![UNSERVED; rows];
        let solved = solve(&unserved, columns, &edges, steps);
        prop_assert_eq!(certified(&unserved, &edges, &solved), Ok(()));
        let least = brute(&unserved, &edges, 0, &mut Vec::new());
        let paid = cost_of(&unserved, &edges, &solved);
        prop_assert!(least <= paid && paid <= least + solved.gap, "{least} {paid} {}", solved.gap);
    }

    #[test]
    fn another_component_changes_nothing((rows, columns, edges) in problems(), (more, wide, other) in problems()) {
        let alone = solve(&vec![UNSERVED; rows], columns, &edges, u64::MAX);
        let mut both = edges;
        both.extend(other.iter().map(|edge| Edge { row: edge.row + rows, column: edge.column + columns, ..*edge }));
        let together = solve(&vec![UNSERVED; rows + more], columns + wide, &both, u64::MAX);
        prop_assert_eq!(&together.column_of[..rows], &alone.column_of[..]);
        prop_assert_eq!(&together.row_duals[..rows], &alone.row_duals[..]);
        prop_assert_eq!(&together.components[..rows], &alone.components[..]);
    }

    /// Every number of a certificate matters: change one by one millisecond and it is refused.
    #[test]
    fn a_false_certificate_is_refused((rows, columns, edges) in problems(), row in 0..6usize, column in 0..5usize) {
        let unserved = vec![UNSERVED; rows];
        let solved = solve(&unserved, columns, &edges, u64::MAX);
        let (row, column) = (row % rows, column % columns);
        for by in [-1, 1] {
            let mut false_row = solved.clone();
            false_row.row_duals[row] += by;
            prop_assert!(certified(&unserved, &edges, &false_row).is_err());
            let mut false_column = solved.clone();
            false_column.column_duals[column] += by;
            prop_assert!(certified(&unserved, &edges, &false_column).is_err());
        }
        let mut idle = solved.clone();
        if idle.column_of[row].take().is_some() {
            prop_assert!(certified(&unserved, &edges, &idle).is_err());
        }
    }
}

#[test]
fn of_equal_rides_the_first_is_served_by_the_first_driver() {
    let edges: Vec<Edge> = (0..4).flat_map(|row| (0..2).map(move |column| Edge { row, column, cost: 7 })).collect();
    let solved = solve(&[UNSERVED; 4], 2, &edges, u64::MAX);
    assert_eq!(solved.column_of, [Some(0), Some(1), None, None]);
    assert_eq!(solved.components, [0, 0, 0, 0]);
}

#[test]
fn a_certificate_says_what_is_wrong() {
    let edges = [Edge { row: 0, column: 0, cost: 5 }, Edge { row: 1, column: 0, cost: 6 }];
    let solved = solve(&[UNSERVED; 2], 1, &edges, u64::MAX);
    let (rows, columns, edges) = recorded(&[UNSERVED; 2], &edges, &solved);
    let said =
        |rows: &[TurnRow], columns: &[TurnColumn], edges: &[TurnEdge]| certify(rows, columns, edges, 0).unwrap_err();
    let mut twice = rows.clone();
    twice[1].column = Some(0);
    assert_eq!(said(&twice, &columns, &edges), "row 1: column 0 is taken twice");
    let mut nowhere = rows.clone();
    nowhere[0].column = Some(7);
    assert_eq!(said(&nowhere, &columns, &edges), "row 0 has column 7 without an edge");
    let mut off = edges.clone();
    off[1].row = -1;
    assert_eq!(said(&rows, &columns, &off), "edge 1 joins row -1 and column 0, which do not exist");
    let mut dear = rows.clone();
    dear[1].dual_ms += 1;
    assert_eq!(said(&dear, &columns, &edges), "edge 1: u 1001 + v -994 is over the cost 6");
    let gap = certify(&rows, &columns, &edges, 1).unwrap_err();
    assert_eq!(gap, "costs 1005, the duals prove 1005: the gap is not 1");
}
