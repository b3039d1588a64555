//! The assignment of a turn: which ride gets which driver, at the least sum of costs.
//!
//! Shortest augmenting paths with dual prices (Jonker and Volgenant 1987, here on a sparse graph with a heap): rides are inserted one by
//! one, oldest first, and each looks for the cheapest chain of changes that makes room for it, being left without a driver included.
//! The dual prices that fall out prove the optimum to any reader, see [`certify`].

mod certify;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub use certify::certify;
pub(crate) use certify::cost;

/// An edge of the problem: this ride may have this driver at this cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Index of the ride.
    pub row: usize,
    /// Index of the driver.
    pub column: usize,
    /// Milliseconds of waiting.
    pub cost: i64,
}

/// An assignment with its certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The driver of each ride.
    pub column_of: Vec<Option<usize>>,
    /// Dual price `u` of each ride.
    pub row_duals: Vec<i64>,
    /// Dual price `v` of each driver.
    pub column_duals: Vec<i64>,
    /// The connected component of each ride, numbered by its first ride.
    pub components: Vec<usize>,
    /// Whether every ride was inserted exactly; else `gap` bounds what the greedy rest may have cost.
    pub exact: bool,
    /// Cost of this assignment less the value of its duals: how far from the optimum it can be at most.
    pub gap: i64,
}

/// Assigns at the least sum of costs, `unserved[row]` for a ride without a driver.
///
/// `edges` are sorted by row and column, each pair once. Rows and columns come in the order in which ties are broken. After `steps_max` looks
/// at an edge the rides that are left take the nearest free driver, pair by pair, and the gap says what that may cost.
pub fn solve(unserved: &[i64], columns: usize, edges: &[Edge], steps_max: u64) -> Assignment {
    let mut solver = Solver::new(unserved, columns, edges);
    let mut row = 0;
    while row < unserved.len() && solver.steps < steps_max {
        solver.insert(row);
        row += 1;
    }
    let gap = solver.finish_greedily(row);
    Assignment {
        components: components(unserved.len(), columns, edges),
        exact: row == unserved.len(),
        gap,
        column_of: solver.column_of,
        row_duals: solver.row_duals,
        column_duals: solver.column_duals,
    }
}

/// Where the cheapest way to insert a ride ends.
enum End {
    /// At a driver who is free.
    Free(usize),
    /// At a ride that goes without a driver.
    Unserved(usize),
}

struct Solver<'a> {
    unserved: &'a [i64],
    edges: &'a [Edge],
    /// `edges[starts[row]..starts[row + 1]]` are those of `row`.
    starts: Vec<usize>,
    column_of: Vec<Option<usize>>,
    row_of: Vec<Option<usize>>,
    row_duals: Vec<i64>,
    column_duals: Vec<i64>,
    /// Of each column, in the search for the present row: the distance found and the row before it; `None`: not met.
    reached: Vec<Option<(i64, usize)>>,
    /// Columns that are settled in the present search, with their distance.
    settled: Vec<(usize, i64)>,
    steps: u64,
}

impl<'a> Solver<'a> {
    fn new(unserved: &'a [i64], columns: usize, edges: &'a [Edge]) -> Solver<'a> {
        let rows = unserved.len();
        let starts = (0..=rows).map(|row| edges.partition_point(|edge| edge.row < row)).collect();
        Solver {
            unserved,
            edges,
            starts,
            column_of: vec![None; rows],
            row_of: vec![None; columns],
            row_duals: vec![0; rows],
            column_duals: vec![0; columns],
            reached: vec![None; columns],
            settled: Vec::new(),
            steps: 0,
        }
    }

    fn edges_of(&self, row: usize) -> &'a [Edge] {
        &self.edges[self.starts[row]..self.starts[row + 1]]
    }

    /// Inserts one more ride at the least cost: Dijkstra over reduced costs, which are never below zero.
    fn insert(&mut self, root: usize) {
        let mut heap = BinaryHeap::new();
        let mut met = Vec::new();
        // Of rides that are equally well left out, the last one is.
        let mut unserved = (i64::MAX, Reverse(root));
        let (mut row, mut base) = (root, 0);
        let (distance, end) = loop {
            self.steps += 1;
            let dual = self.row_duals[row];
            unserved = unserved.min((base + self.unserved[row] - dual, Reverse(row)));
            for edge in self.edges_of(row) {
                self.steps += 1;
                let distance = base + edge.cost - dual - self.column_duals[edge.column];
                let known = self.reached[edge.column];
                if known.is_none() {
                    met.push(edge.column);
                }
                if known.is_none_or(|(known, _)| distance < known) {
                    self.reached[edge.column] = Some((distance, row));
                    heap.push(Reverse((distance, edge.column)));
                }
            }
            match self.nearest(&mut heap, unserved.0) {
                None => break (unserved.0, End::Unserved(unserved.1.0)),
                Some((distance, column)) => match self.row_of[column] {
                    None => break (distance, End::Free(column)),
                    Some(next) => {
                        self.settled.push((column, distance));
                        (row, base) = (next, distance);
                    }
                },
            }
        };
        self.reprice(root, distance);
        self.augment(root, end);
        met.into_iter().for_each(|column| self.reached[column] = None);
    }

    /// The nearest column not yet settled that is no further than going without a driver.
    fn nearest(&self, heap: &mut BinaryHeap<Reverse<(i64, usize)>>, limit: i64) -> Option<(i64, usize)> {
        while let Some(Reverse((distance, column))) = heap.pop() {
            if distance > limit {
                return None;
            }
            // An entry that a shorter way has overtaken is stale; only a shorter way adds one, so the newest comes once.
            if self.reached[column].is_some_and(|(known, _)| known == distance) {
                return Some((distance, column));
            }
        }
        None
    }

    /// Moves the duals so that the path found has reduced cost zero and none falls below.
    fn reprice(&mut self, root: usize, distance: i64) {
        self.row_duals[root] += distance;
        for (column, at) in self.settled.drain(..) {
            let slack = distance - at;
            self.column_duals[column] -= slack;
            if let Some(row) = self.row_of[column] {
                self.row_duals[row] += slack;
            }
        }
    }

    /// Hands drivers on along the path, from its end back to the root.
    fn augment(&mut self, root: usize, end: End) {
        let mut free = match end {
            End::Free(column) => Some(column),
            End::Unserved(row) => self.column_of[row].take(),
        };
        while let Some(column) = free {
            let Some((_, row)) = self.reached[column] else { return };
            free = self.column_of[row].replace(column);
            self.row_of[column] = Some(row);
            if row == root {
                return;
            }
        }
    }

    /// Gives the rides from `from` on the nearest driver that is still free, pair by pair; says how much that may cost too much.
    fn finish_greedily(&mut self, from: usize) -> i64 {
        let mut pairs: Vec<Edge> = Vec::new();
        for row in from..self.unserved.len() {
            let edges = self.edges_of(row);
            let reduced = edges.iter().map(|edge| edge.cost - self.column_duals[edge.column]);
            // The highest price that breaks no edge.
            self.row_duals[row] = reduced.min().unwrap_or(i64::MAX).min(self.unserved[row]);
            pairs.extend(edges.iter().filter(|edge| edge.cost <= self.unserved[row]));
        }
        pairs.sort_unstable_by_key(|edge| (edge.cost, edge.row, edge.column));
        for edge in pairs {
            if self.column_of[edge.row].is_none() && self.row_of[edge.column].is_none() {
                self.column_of[edge.row] = Some(edge.column);
                self.row_of[edge.column] = Some(edge.row);
            }
        }
        (from..self.unserved.len()).map(|row| self.paid(row) - self.row_duals[row]).sum()
    }

    fn paid(&self, row: usize) -> i64 {
        let chosen = self.edges_of(row).iter().find(|edge| Some(edge.column) == self.column_of[row]);
        chosen.map_or(self.unserved[row], |edge| edge.cost)
    }
}

/// Labels rides that compete, directly or through others, with the same number.
fn components(rows: usize, columns: usize, edges: &[Edge]) -> Vec<usize> {
    let mut parent: Vec<usize> = (0..rows).collect();
    let mut first: Vec<Option<usize>> = vec![None; columns];
    for edge in edges {
        let other = *first[edge.column].get_or_insert(edge.row);
        let (one, two) = (root_of(&mut parent, edge.row), root_of(&mut parent, other));
        parent[one.max(two)] = one.min(two);
    }
    let mut labels: Vec<usize> = Vec::with_capacity(rows);
    let mut next = 0;
    for row in 0..rows {
        // The root is the smallest row of its component, so it has its label already.
        let root = root_of(&mut parent, row);
        let label = if root == row { next } else { labels[root] };
        next += usize::from(root == row);
        labels.push(label);
    }
    labels
}

fn root_of(parent: &mut [usize], mut row: usize) -> usize {
    while parent[row] != row {
        parent[row] = parent[parent[row]];
        row = parent[row];
    }
    row
}
