//! Who gets whom: solves the turn's assignment and writes it into the chains.

use std::collections::BTreeMap;

use kernel::contract::{Barred, Barrier, RunnerUp, TurnEdge, TurnTaken};

use crate::assign::{self, Assignment, Edge, cost};
use crate::chain::Story;
use crate::policy::Policy;

/// Assigns the rows of `taken`, writes what follows for every ride that looks for a driver, and puts the certificate into `taken`.
pub(crate) fn settle(story: &mut Story<'_>, taken: &mut TurnTaken, policy: &Policy) {
    certified(taken, policy);
    let rows: BTreeMap<&str, usize> = taken.rows.iter().enumerate().map(|(at, row)| (row.ride.as_str(), at)).collect();
    let looking = story.rides.values().filter(|ride| ride.looks());
    let mut looking: Vec<(i64, String)> =
        looking.map(|ride| (ride.kept.requested_at, ride.kept.ride.clone())).collect();
    looking.sort_unstable();
    for (_, ride) in looking {
        let row = rows.get(ride.as_str()).copied();
        match row.and_then(|row| Some((row, taken.rows[row].column?))) {
            Some((row, column)) => {
                hold(story, &ride, taken, (row, column));
            }
            None => {
                miss(story, &ride, taken, row);
            }
        }
    }
    story.answer_repeats();
}

/// Solves the assignment; the same edges give the same answer.
fn certified(taken: &mut TurnTaken, policy: &Policy) {
    let edges: Vec<Edge> = taken.edges.iter().map(edge).collect();
    let unserved: Vec<i64> = taken.rows.iter().map(|row| row.unserved_ms).collect();
    let solved = assign::solve(&unserved, taken.columns.len(), &edges, policy.turn.steps_max);
    let Assignment { column_of, row_duals, column_duals, components, exact, gap } = solved;
    (taken.exact, taken.gap_ms) = (exact, gap);
    for (at, row) in taken.rows.iter_mut().enumerate() {
        row.column = column_of[at].map(|column| column as i32);
        row.dual_ms = row_duals[at];
        row.component = components[at] as i32;
    }
    for (column, dual) in taken.columns.iter_mut().zip(column_duals) {
        column.dual_ms = dual;
    }
}

fn edge(edge: &TurnEdge) -> Edge {
    Edge { row: edge.row as usize, column: edge.column as usize, cost: cost(&edge.score) }
}

/// The ride of `row` gets the driver of `column`.
fn hold(story: &mut Story<'_>, ride: &str, taken: &TurnTaken, (row, column): (usize, i32)) -> Option<()> {
    let edges = edges_of(taken, row);
    let chosen = edges.iter().find(|edge| edge.column == column)?;
    let others = edges.iter().filter(|edge| edge.column != column);
    // Columns are sorted by driver, so the lower index is the lower name.
    let next = others.min_by_key(|edge| (cost(&edge.score), edge.column));
    let driver = |column: i32| taken.columns[column as usize].driver.clone();
    let decided = story.hold(ride, &driver(column))?;
    decided.eta_ms = Some(chosen.score.eta_ms);
    decided.score = Some(chosen.score);
    decided.runner_up = next.map(|edge| RunnerUp { driver: driver(edge.column), score: edge.score });
    decided.margin_ms = next.map(|edge| cost(&edge.score) - cost(&chosen.score));
    decided.considered = taken.rows[row].considered;
    decided.barred.clone_from(&taken.rows[row].barred);
    decided.row = Some(row as i32);
    Some(())
}

/// The ride gets nobody; it says so if it must. Without a row it was not searched for: the turn was full.
fn miss(story: &mut Story<'_>, ride: &str, taken: &TurnTaken, row: Option<usize>) -> Option<()> {
    let decided = story.miss(ride)?;
    match row.map(|row| (row, &taken.rows[row])) {
        Some((at, row)) => {
            decided.considered = row.considered;
            decided.barred.clone_from(&row.barred);
            decided.row = Some(at as i32);
        }
        None => decided.barred = vec![Barred { barrier: Barrier::BeyondLimit, drivers: 0 }],
    }
    Some(())
}

/// The edges of a row, which stand together.
fn edges_of(taken: &TurnTaken, row: usize) -> &[TurnEdge] {
    let row = row as i32;
    let from = taken.edges.partition_point(|edge| edge.row < row);
    let to = taken.edges.partition_point(|edge| edge.row <= row);
    &taken.edges[from..to]
}
