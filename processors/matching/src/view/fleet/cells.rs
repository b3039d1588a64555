//! Who is in which cell.

use std::collections::BTreeMap;

use kernel::contract::Point;

/// Drivers by H3 cell, side by side with what a search needs of most of them; a driver knows the number of his seat in the cell's
/// list, so he leaves it without a search.
#[derive(Debug, Default)]
pub(super) struct Cells {
    occupied: BTreeMap<u64, Vec<Seat>>,
}

/// A driver in a cell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    /// His slot number.
    pub(crate) slot: u32,
    pub(crate) place: Point,
    /// Event time of his newest ping.
    pub(crate) at: i64,
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

    /// Moves a driver within his cell.
    pub(super) fn shift(&mut self, cell: u64, number: u32, seat: Seat) {
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
