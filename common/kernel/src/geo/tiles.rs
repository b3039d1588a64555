//! Cells of places near those that were looked up before: pings come from the same streets again and again, and to find a cell from
//! nothing is the dearest step of reading one.
//!
//! The earth is cut into tiles of 512 micro-degrees, 57 m at most. A cell of an even resolution is convex on the sphere: its sides are
//! great circles, and where it lies on two faces of the icosahedron its corners lie on their common edge, never its sides (those of odd
//! resolutions have kinks there). So a tile lies in a cell if its corners do; those count that lie [`SPARE`] further out, for roundings and
//! for the parallels, which are no great circles. What is remembered changes no answer: a test compares both, along all edges too.

use std::cell::RefCell;

use super::{CELLS, on_earth, whole};
use crate::contract::Point;

/// A tile is two to this power of micro-degrees high and wide.
const BITS: u32 = 9;
/// How far outside of the tile its corners are looked up, micro-degrees: 14 m north, and at least 5 m east.
const SPARE: i32 = 128;
/// Further from the equator nothing is remembered, micro-degrees: there the spare east is too little.
const FAR: i32 = 66_000_000;
/// Tiles that are remembered, two to this power: two cities of 14 km by 12 km in all their streets, 2 MB a thread.
const SLOTS: u32 = 17;

/// Looked up once. The corners are dear: they wait until somebody comes again.
const ONCE: u64 = 0;
/// More than one cell.
const MIXED: u64 = 1;
/// Beside what is known of a tile: another one was looked up here since. The next other one takes its place. No cell has this bit.
const WORN: u64 = 1 << 63;

const _: () = assert!(
    (CELLS as u8).is_multiple_of(2),
    "cells of an odd resolution have kinks: a tile may leave one between its corners"
);

/// What is known of a tile.
#[derive(Clone, Copy)]
struct Slot {
    tile: u64,
    /// Its cell, or [`ONCE`], or [`MIXED`].
    cell: u64,
}

thread_local! {
    static SEEN: RefCell<Vec<Slot>> = const { RefCell::new(Vec::new()) };
}

/// The cell of a place on earth.
pub(super) fn cell(point: Point) -> u64 {
    if point.lat_e6.abs() > FAR {
        return whole(point);
    }
    let (row, column) = (point.lat_e6 >> BITS, point.lng_e6 >> BITS);
    let (tile, place) = home(row, column);
    SEEN.with_borrow_mut(|seen| {
        if seen.is_empty() {
            seen.resize(1 << SLOTS, Slot { tile: u64::MAX, cell: ONCE });
        }
        let slot = &mut seen[place];
        if slot.tile != tile {
            // What is known cost four times as much: who only passes by does not take its place.
            if slot.cell == ONCE || slot.cell & WORN != 0 {
                *slot = Slot { tile, cell: ONCE };
            } else {
                slot.cell |= WORN;
            }
            return whole(point);
        }
        slot.cell &= !WORN;
        if slot.cell == ONCE {
            slot.cell = only(row, column).unwrap_or(MIXED);
        }
        if slot.cell == MIXED { whole(point) } else { slot.cell }
    })
}

/// Whether a place's cell is one that is remembered.
#[cfg(test)]
pub(super) fn remembered(point: Point) -> bool {
    let (tile, place) = home(point.lat_e6 >> BITS, point.lng_e6 >> BITS);
    SEEN.with_borrow(|seen| seen.get(place).is_some_and(|slot| slot.tile == tile && slot.cell & !WORN > MIXED))
}

/// A tile's number, and its place among those that are remembered.
fn home(row: i32, column: i32) -> (u64, usize) {
    let tile = u64::from(row.cast_unsigned()) << 32 | u64::from(column.cast_unsigned());
    // Fibonacci hashing: neighbours spread.
    (tile, (tile.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - SLOTS)) as usize)
}

/// The one cell of a tile.
fn only(row: i32, column: i32) -> Option<u64> {
    let (south, west) = (row << BITS, column << BITS);
    let (north, east) = (south + (1 << BITS) - 1 + SPARE, west + (1 << BITS) - 1 + SPARE);
    let (south, west) = (south - SPARE, west - SPARE);
    let first = whole(Point { lat_e6: south, lng_e6: west });
    let others = [(south, east), (north, west), (north, east)];
    let same = others.into_iter().map(|(lat_e6, lng_e6)| Point { lat_e6, lng_e6 }).all(|corner| {
        // None lies off the earth, not even at its edge.
        on_earth(corner) && whole(corner) == first
    });
    (same && on_earth(Point { lat_e6: south, lng_e6: west })).then_some(first)
}
