//! Who is in which cell.

use std::collections::BTreeMap;

use kernel::contract::{DriverStatus, Point};

use super::Standing;

/// Drivers by H3 cell, side by side with what a search needs of most of them; a driver knows the number of his seat in the cell's
/// list, so he leaves it without a search.
#[derive(Debug, Default)]
pub(super) struct Cells {
    occupied: BTreeMap<u64, Vec<Seat>>,
}

/// A driver in a cell: all that a search needs of him, in one cache line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    /// His slot number.
    pub(crate) slot: u32,
    pub(crate) place: Point,
    /// Event time of his newest ping.
    pub(crate) at: i64,
    pub(crate) status: DriverStatus,
    /// Whether this market may offer him rides.
    pub(crate) here: bool,
    /// Whether a ride holds him.
    pub(crate) held: bool,
    pub(crate) standing: Option<Standing>,
    /// What he earned, and since when; none before his first ride here.
    pub(crate) earned: Option<Earned>,
}

/// A driver's income, as fairness compares it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Earned {
    pub(crate) income_minor: i64,
    pub(crate) since: i64,
}

impl Cells {
    /// Who is in a cell, in no order.
    pub(super) fn get(&self, cell: u64) -> &[Seat] {
        self.occupied.get(&cell).map_or(&[], Vec::as_slice)
    }

    /// Adds a driver to a cell; says the number of his seat.
    pub(super) fn sit(&mut self, cell: u64, seat: Seat) -> u32 {
        let seats = self.occupied.entry(cell).or_default();
        seats.push(seat);
        seats.len() as u32 - 1
    }

    /// Replaces what is known of a driver who stays in his cell.
    pub(super) fn update(&mut self, cell: u64, number: u32, seat: Seat) {
        if let Some(old) = self.occupied.get_mut(&cell).and_then(|seats| seats.get_mut(number as usize)) {
            *old = seat;
        }
    }

    /// Empties a seat; says whose slot moved up into it.
    pub(super) fn rise(&mut self, cell: u64, number: u32) -> Option<u32> {
        let seats = self.occupied.get_mut(&cell)?;
        seats.swap_remove(number as usize);
        let moved = seats.get(number as usize).map(|seat| seat.slot);
        if seats.is_empty() {
            self.occupied.remove(&cell);
        }
        moved
    }
}
