//! `turn.taken`: one record of a turn, or several when it is large.

use kernel::contract::{Place, RideKept, RideProgressed, RideRequested, TurnTaken};

/// A record of a turn is at most this long, bytes.
const CHUNK_MAX: usize = 256 * 1024;

/// More than any fixed-size part of an entry takes: at most 40 numbers of at most 10 bytes.
const FIXED: usize = 400;

/// Cuts a turn into records of at most [`CHUNK_MAX`] bytes; entries keep their order, and indexes count through the whole turn.
pub(crate) fn cut(whole: TurnTaken) -> Vec<TurnTaken> {
    let TurnTaken { cut, asked, progressed, rides, rows, columns, edges, .. } = whole;
    let head = TurnTaken {
        cut: Vec::new(),
        asked: Vec::new(),
        progressed: Vec::new(),
        rides: Vec::new(),
        rows: Vec::new(),
        columns: Vec::new(),
        edges: Vec::new(),
        cells: Vec::new(),
        ..whole
    };
    let mut chunks = Chunks { open: head.clone(), head, size: FIXED, closed: Vec::new() };
    for entry in cut {
        chunks.room(FIXED + entry.topic.len()).cut.push(entry);
    }
    for entry in asked {
        chunks.room(place(&entry.place) + request(&entry.request)).asked.push(entry);
    }
    for entry in progressed {
        chunks.room(place(&entry.place) + progress(&entry.progress)).progressed.push(entry);
    }
    for entry in rides {
        chunks.room(ride(&entry)).rides.push(entry);
    }
    for entry in rows {
        chunks.room(FIXED + entry.ride.len()).rows.push(entry);
    }
    for entry in columns {
        chunks.room(50 + entry.driver.len()).columns.push(entry);
    }
    for entry in edges {
        // Eight `int`s of at most five bytes.
        chunks.room(40).edges.push(entry);
    }
    chunks.finish()
}

/// Puts a turn together from its records.
///
/// # Errors
/// Says which record is missing or does not belong to the turn.
pub(crate) fn join(chunks: &[TurnTaken]) -> Result<TurnTaken, String> {
    let Some(first) = chunks.first() else { return Err("a turn has at least one record".to_owned()) };
    let mut whole = first.clone();
    for (at, chunk) in chunks.iter().enumerate() {
        let same = (chunk.market.as_str(), chunk.turn) == (whole.market.as_str(), whole.turn);
        if !same || usize::try_from(chunk.chunk) != Ok(at) || usize::try_from(chunk.chunks) != Ok(chunks.len()) {
            let (market, turn) = (&chunk.market, chunk.turn);
            return Err(format!("place {at} of {} has chunk {} of {market}/{turn}", chunks.len(), chunk.chunk));
        }
        if at > 0 {
            whole.cut.extend_from_slice(&chunk.cut);
            whole.asked.extend_from_slice(&chunk.asked);
            whole.progressed.extend_from_slice(&chunk.progressed);
            whole.rides.extend_from_slice(&chunk.rides);
            whole.rows.extend_from_slice(&chunk.rows);
            whole.columns.extend_from_slice(&chunk.columns);
            whole.edges.extend_from_slice(&chunk.edges);
        }
    }
    whole.chunks = 1;
    Ok(whole)
}

struct Chunks {
    /// A record without entries.
    head: TurnTaken,
    open: TurnTaken,
    size: usize,
    closed: Vec<TurnTaken>,
}

impl Chunks {
    /// The record that has room for an entry of at most `size` bytes.
    fn room(&mut self, size: usize) -> &mut TurnTaken {
        if self.size + size > CHUNK_MAX {
            self.closed.push(std::mem::replace(&mut self.open, self.head.clone()));
            self.size = FIXED;
        }
        self.size += size;
        &mut self.open
    }

    fn finish(mut self) -> Vec<TurnTaken> {
        self.closed.push(self.open);
        let chunks = self.closed.len() as i32;
        for (chunk, at) in self.closed.iter_mut().zip(0..) {
            (chunk.chunk, chunk.chunks) = (at, chunks);
        }
        self.closed
    }
}

fn place(place: &Place) -> usize {
    place.topic.len() + 20
}

fn request(request: &RideRequested) -> usize {
    let quote = request.quote.as_ref().map_or(0, String::len);
    FIXED + request.ride.len() + request.market.len() + request.rider.len() + quote
}

fn progress(fact: &RideProgressed) -> usize {
    let optional = [&fact.driver, &fact.why, &fact.currency].into_iter().flatten().map(String::len).sum::<usize>();
    FIXED + fact.event.len() + fact.market.len() + fact.ride.len() + optional
}

fn ride(ride: &RideKept) -> usize {
    let optional = [&ride.driver, &ride.first].into_iter().flatten().map(String::len).sum::<usize>();
    let refused = ride.refused.iter().map(|driver| driver.len() + 10).sum::<usize>();
    FIXED + ride.ride.len() + optional + refused + ride.request.as_ref().map_or(0, request)
}
