//! The proof that an assignment is the best, checked edge by edge.
//!
//! Linear-programming duality: prices `u` of rows and `v` of columns with `u + v <= cost` on every edge, `u <= unserved` and
//! `v <= 0` bound every assignment from below by their sum; an assignment that costs just that sum is the best there is.

use kernel::contract::{Score, TurnTaken};

/// What an edge costs: the sum of its parts, milliseconds.
pub(super) fn cost(score: &Score) -> i64 {
    [score.eta_ms, score.rating_ms, score.reliability_ms, score.vehicle_ms, score.fairness_ms]
        .into_iter()
        .map(i64::from)
        .sum()
}

/// Checks a whole turn, its chunks put together.
///
/// # Errors
/// The first thing that does not hold.
pub(super) fn check(turn: &TurnTaken) -> Result<(), String> {
    let takers = takers(turn)?;
    let mut served = vec![false; turn.rows.len()];
    for edge in &turn.edges {
        let (row, column) = (edge.row as usize, edge.column as usize);
        let (Some(of_row), Some(of_column)) = (turn.rows.get(row), turn.columns.get(column)) else {
            return Err(format!("edge {}-{} joins nothing", edge.row, edge.column));
        };
        let (price, cost) = (of_row.dual_ms + of_column.dual_ms, cost(&edge.score));
        let matched = takers[column] == Some(row);
        if price > cost || (matched && turn.exact && price != cost) {
            let relation = if matched { "is not" } else { "is more than" };
            return Err(format!(
                "the price {price} of ride {} and driver {} {relation} the cost {cost} of the pair",
                of_row.ride, of_column.driver
            ));
        }
        served[row] |= matched;
    }
    for (row, served) in turn.rows.iter().zip(&served) {
        if row.column.is_some() != *served {
            return Err(format!("ride {} got a driver whom no edge joins to it", row.ride));
        }
        if row.dual_ms > row.unserved_ms || (!served && turn.exact && row.dual_ms != row.unserved_ms) {
            return Err(format!("ride {}: the price {} against {} unserved", row.ride, row.dual_ms, row.unserved_ms));
        }
    }
    for (column, taker) in turn.columns.iter().zip(&takers) {
        if column.dual_ms > 0 || (taker.is_none() && turn.exact && column.dual_ms != 0) {
            return Err(format!("driver {}: the price {} is not allowed", column.driver, column.dual_ms));
        }
    }
    gap(turn, &takers)
}

/// The row that took each column.
fn takers(turn: &TurnTaken) -> Result<Vec<Option<usize>>, String> {
    let mut takers = vec![None; turn.columns.len()];
    for (index, row) in turn.rows.iter().enumerate() {
        let Some(column) = row.column else { continue };
        let Some(taker) = takers.get_mut(column as usize) else {
            return Err(format!("ride {} got column {column}, which does not exist", row.ride));
        };
        if taker.replace(index).is_some() {
            return Err(format!("driver {} was given to two rides", turn.columns[column as usize].driver));
        }
    }
    Ok(takers)
}

/// What is paid may lie above the bound by the stated gap only, which is zero for an exact solution.
fn gap(turn: &TurnTaken, takers: &[Option<usize>]) -> Result<(), String> {
    let matched = |edge: &&kernel::contract::TurnEdge| takers[edge.column as usize] == Some(edge.row as usize);
    let unserved = turn.rows.iter().filter(|row| row.column.is_none()).map(|row| row.unserved_ms);
    let paid: i64 =
        turn.edges.iter().filter(matched).map(|edge| cost(&edge.score)).sum::<i64>() + unserved.sum::<i64>();
    let rows: i64 = turn.rows.iter().map(|row| row.dual_ms).sum();
    let columns: i64 = turn.columns.iter().map(|column| column.dual_ms).sum();
    let (gap, stated) = (paid - rows - columns, if turn.exact { 0 } else { turn.gap_ms });
    if gap > stated {
        return Err(format!("it costs {gap} ms more than its bound, but states {stated}"));
    }
    Ok(())
}
