//! Who is in which cell.

use std::collections::BTreeMap;

/// Lists of slot numbers by H3 cell; a driver knows his seat in the list, so he leaves it without a search.
#[derive(Debug, Default)]
pub(super) struct Cells {
    occupied: BTreeMap<u64, Vec<u32>>,
}

impl Cells {
    /// The slot numbers in a cell.
    pub(super) fn get(&self, cell: u64) -> &[u32] {
        self.occupied.get(&cell).map_or(&[], Vec::as_slice)
    }

    /// Adds a slot to a cell; says its seat.
    pub(super) fn sit(&mut self, cell: u64, slot: u32) -> u32 {
        let seats = self.occupied.entry(cell).or_default();
        seats.push(slot);
        seats.len() as u32 - 1
    }

    /// Empties a seat; says which slot took it.
    pub(super) fn rise(&mut self, cell: u64, seat: u32) -> Option<u32> {
        let seats = self.occupied.get_mut(&cell)?;
        seats.swap_remove(seat as usize);
        let moved = seats.get(seat as usize).copied();
        if seats.is_empty() {
            self.occupied.remove(&cell);
        }
        moved
    }
}
