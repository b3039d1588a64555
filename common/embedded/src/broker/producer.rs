//! What a partition knows of its producers: sequences, epochs, open transactions, and which were aborted.

use std::collections::{BTreeMap, HashMap, VecDeque};

use kafka_protocol::ResponseError as Error;

use super::batch::Header;

/// Batches remembered per producer, so a retry of one of them is recognised; clients have at most five in flight.
const REMEMBERED: usize = 5;

#[derive(Debug, Default)]
struct Producer {
    epoch: i16,
    next: i32,
    /// First sequence and offset of the newest batches.
    recent: VecDeque<(i32, i64)>,
    /// First offset of the open transaction.
    open: Option<i64>,
    seen: i64,
}

/// A transaction that was aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Aborted {
    pub(super) producer: i64,
    /// Its first offset.
    pub(super) first: i64,
    /// The offset of its marker.
    pub(super) marker: i64,
    /// The last stable offset once it had ended: every later one began at or after it.
    pub(super) stable: i64,
}

/// The producers of one partition.
#[derive(Debug, Default)]
pub(super) struct Producers {
    known: HashMap<i64, Producer>,
    /// First offset of each open transaction, and whose it is.
    open: BTreeMap<i64, i64>,
    /// In the order of their markers.
    aborted: VecDeque<Aborted>,
}

impl Producers {
    /// Whether the batch is the next of its producer; `Some` is the offset at which this very batch was written before.
    pub(super) fn check(&self, header: &Header) -> Result<Option<i64>, Error> {
        // A producer that is not known may begin anywhere: its state may have been forgotten.
        let Some(producer) = self.known.get(&header.producer) else { return Ok(None) };
        if header.epoch < producer.epoch {
            return Err(Error::InvalidProducerEpoch);
        }
        if header.epoch > producer.epoch {
            return if header.sequence == 0 { Ok(None) } else { Err(Error::OutOfOrderSequenceNumber) };
        }
        if let Some((_, offset)) = producer.recent.iter().find(|(first, _)| *first == header.sequence) {
            return Ok(Some(*offset));
        }
        // After a marker raised the epoch, nothing of that epoch was written yet.
        let fresh = producer.recent.is_empty();
        if fresh || header.sequence == producer.next { Ok(None) } else { Err(Error::OutOfOrderSequenceNumber) }
    }

    /// Notes a batch that was written at `offset`.
    pub(super) fn note(&mut self, header: &Header, offset: i64, now: i64) {
        let producer = self.known.entry(header.producer).or_default();
        if header.epoch != producer.epoch {
            producer.recent.clear();
        }
        producer.epoch = header.epoch;
        // Sequences go on at zero after the largest.
        producer.next = header.sequence.wrapping_add(header.last_delta).wrapping_add(1) & i32::MAX;
        producer.recent.push_back((header.sequence, offset));
        if producer.recent.len() > REMEMBERED {
            producer.recent.pop_front();
        }
        producer.seen = now;
        if header.transactional() && producer.open.is_none() {
            producer.open = Some(offset);
            self.open.insert(offset, header.producer);
        }
    }

    /// Ends the open transaction of a producer with the marker at `marker`; older epochs are fenced from here on.
    pub(super) fn end(&mut self, (id, epoch): (i64, i16), marker: i64, commit: bool) {
        let Some(producer) = self.known.get_mut(&id) else { return };
        if epoch > producer.epoch {
            producer.epoch = epoch;
            producer.recent.clear();
        }
        let Some(first) = producer.open.take() else { return };
        self.open.remove(&first);
        if !commit {
            let stable = self.first_open().unwrap_or(marker + 1);
            self.aborted.push_back(Aborted { producer: id, first, marker, stable });
        }
    }

    /// The first offset that belongs to an open transaction.
    pub(super) fn first_open(&self) -> Option<i64> {
        self.open.first_key_value().map(|(first, _)| *first)
    }

    /// The aborted transactions with records at or after `from` and before `to`.
    pub(super) fn aborted(&self, from: i64, to: i64) -> Vec<Aborted> {
        let skip = self.aborted.partition_point(|aborted| aborted.marker < from);
        let mut found = Vec::new();
        for aborted in self.aborted.range(skip..) {
            if aborted.first < to {
                found.push(*aborted);
            }
            if aborted.stable >= to {
                break;
            }
        }
        found
    }

    /// Forgets aborted transactions that ended before `start`: the log has no records of them any more.
    pub(super) fn trim(&mut self, start: i64) {
        let gone = self.aborted.partition_point(|aborted| aborted.marker < start);
        self.aborted.drain(..gone);
    }

    /// Forgets producers not seen since `before`, and the longest unseen above `limit`; never one with an open transaction.
    pub(super) fn expire(&mut self, before: i64, limit: usize) {
        self.known.retain(|_, producer| producer.open.is_some() || producer.seen >= before);
        if self.known.len() <= limit {
            return;
        }
        let closed = self.known.iter().filter(|(_, producer)| producer.open.is_none());
        let mut oldest: Vec<(i64, i64)> = closed.map(|(id, producer)| (producer.seen, *id)).collect();
        oldest.sort_unstable();
        // An eighth more than needed, so that this is not done for every batch at the limit.
        let surplus = self.known.len() - limit + limit / 8;
        for (_, id) in oldest.into_iter().take(surplus) {
            self.known.remove(&id);
        }
    }

    /// How many are known.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// How many aborted transactions are remembered.
    #[cfg(test)]
    pub(super) fn aborted_len(&self) -> usize {
        self.aborted.len()
    }
}
