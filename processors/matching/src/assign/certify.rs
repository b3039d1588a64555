//! The proof that an assignment is optimal, checked without solving anything.

use kernel::contract::{Score, TurnColumn, TurnEdge, TurnRow};

/// Cost of an edge: the sum of its parts, milliseconds.
pub(crate) fn cost(score: &Score) -> i64 {
    [score.eta_ms, score.rating_ms, score.reliability_ms, score.vehicle_ms, score.fairness_ms]
        .into_iter()
        .map(i64::from)
        .sum()
}

/// Checks a turn's assignment by its duals, in one pass over the edges.
///
/// The duals must be feasible (`u + v <= cost` on every edge, `u <= unserved`, `v <= 0`): then their sum bounds every assignment
/// from below. The assignment must use its own edges, no driver twice, and cost `gap_ms` more than that sum: with a gap of zero it is optimal.
///
/// # Errors
/// The first thing that is wrong, with its numbers.
pub fn certify(rows: &[TurnRow], columns: &[TurnColumn], edges: &[TurnEdge], gap_ms: i64) -> Result<(), String> {
    let mut paid: Vec<Option<i64>> = rows.iter().map(|row| row.column.is_none().then_some(row.unserved_ms)).collect();
    for (at, edge) in edges.iter().enumerate() {
        let ends = (index(edge.row, rows), index(edge.column, columns));
        let (Some((number, row)), Some((_, column))) = ends else {
            return Err(format!("edge {at} joins row {} and column {}, which do not exist", edge.row, edge.column));
        };
        let cost = cost(&edge.score);
        if i128::from(row.dual_ms) + i128::from(column.dual_ms) > i128::from(cost) {
            return Err(format!("edge {at}: u {} + v {} is over the cost {cost}", row.dual_ms, column.dual_ms));
        }
        if row.column == Some(edge.column) && paid[number].replace(cost).is_some() {
            return Err(format!("edge {at}: row {number} has this edge twice"));
        }
    }
    let mut taken = vec![false; columns.len()];
    for (at, row) in rows.iter().enumerate() {
        if row.dual_ms > row.unserved_ms {
            return Err(format!("row {at}: u {} is over {}, the cost of no driver", row.dual_ms, row.unserved_ms));
        }
        let Some(column) = row.column else { continue };
        match index(column, columns) {
            Some((number, _)) if paid[at].is_some() && !taken[number] => taken[number] = true,
            Some(_) if paid[at].is_some() => return Err(format!("row {at}: column {column} is taken twice")),
            _ => return Err(format!("row {at} has column {column} without an edge")),
        }
    }
    if let Some(at) = columns.iter().position(|column| column.dual_ms > 0) {
        return Err(format!("column {at}: v {} is over zero", columns[at].dual_ms));
    }
    let primal: i128 = paid.into_iter().flatten().map(i128::from).sum();
    let duals = rows.iter().map(|row| row.dual_ms).chain(columns.iter().map(|column| column.dual_ms));
    let dual: i128 = duals.map(i128::from).sum();
    match primal - dual == i128::from(gap_ms) {
        true => Ok(()),
        false => Err(format!("costs {primal}, the duals prove {dual}: the gap is not {gap_ms}")),
    }
}

fn index<T>(number: i32, of: &[T]) -> Option<(usize, &T)> {
    let number = usize::try_from(number).ok()?;
    of.get(number).map(|item| (number, item))
}
