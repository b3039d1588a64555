//! A partition's batches in memory, and the partition around them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use kafka_protocol::ResponseError as Error;
use tokio::sync::Notify;

use super::batch::{self, Header};
use super::producer::Producers;

/// One stored batch.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    pub(super) base: i64,
    /// Its last offset.
    pub(super) last: i64,
    pub(super) max_timestamp: i64,
    /// The largest timestamp of this and all earlier batches, so a time is found by bisection.
    reached: i64,
    /// When compaction may remove its tombstones.
    pub(super) horizon: Option<i64>,
    pub(super) data: Bytes,
}

impl Batch {
    /// Memory it takes: the bytes, this structure, and what the allocator adds.
    pub(super) fn size(&self) -> usize {
        self.data.len() + size_of::<Batch>() + 32
    }
}

/// Batches in offset order. Offsets may have gaps where compaction removed some.
#[derive(Debug)]
pub(super) struct Log {
    /// First offset that may be read.
    pub(super) start: i64,
    /// Offset of the next record.
    pub(super) next: i64,
    pub(super) bytes: usize,
    pub(super) batches: VecDeque<Batch>,
    /// What all logs of the broker take together.
    used: Arc<AtomicUsize>,
}

impl Log {
    pub(super) fn new(used: Arc<AtomicUsize>) -> Log {
        Log { start: 0, next: 0, bytes: 0, batches: VecDeque::new(), used }
    }

    fn push(&mut self, last_delta: i32, max_timestamp: i64, data: Bytes) {
        let reached = self.batches.back().map_or(max_timestamp, |batch| batch.reached.max(max_timestamp));
        let last = self.next + i64::from(last_delta);
        let batch = Batch { base: self.next, last, max_timestamp, reached, horizon: None, data };
        self.grow(batch.size());
        self.batches.push_back(batch);
        self.next = last + 1;
    }

    fn grow(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.used.fetch_add(bytes, Ordering::Relaxed);
    }

    fn shrink(&mut self, bytes: usize) {
        self.bytes -= bytes;
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Index of the batch that holds `offset`, or of the first after it.
    pub(super) fn find(&self, offset: i64) -> usize {
        self.batches.partition_point(|batch| batch.last < offset)
    }

    /// The first batch with a record at or after that time.
    pub(super) fn at_time(&self, timestamp: i64) -> Option<&Batch> {
        let skip = self.batches.partition_point(|batch| batch.reached < timestamp);
        self.batches.range(skip..).find(|batch| batch.max_timestamp >= timestamp)
    }

    /// Drops the oldest batch.
    pub(super) fn drop_first(&mut self) {
        if let Some(batch) = self.batches.pop_front() {
            self.shrink(batch.size());
            self.start = self.batches.front().map_or(self.next, |first| first.base).max(batch.last + 1);
        }
    }

    /// Moves the start to `offset` and drops what lies before.
    pub(super) fn advance(&mut self, offset: i64) {
        self.start = offset.clamp(self.start, self.next);
        while self.batches.front().is_some_and(|batch| batch.last < self.start) {
            let start = self.start;
            self.drop_first();
            self.start = start;
        }
    }

    /// Gives every batch to `change`, which may alter it or have it removed by answering false.
    pub(super) fn rewrite(&mut self, mut change: impl FnMut(&mut Batch) -> bool) {
        let (mut before, mut after) = (0, 0);
        self.batches.retain_mut(|batch| {
            before += batch.size();
            let stays = change(batch);
            after += if stays { batch.size() } else { 0 };
            stays
        });
        self.shrink(before);
        self.grow(after);
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A fetch that waits for data.
#[derive(Debug)]
struct Waiter {
    committed: bool,
    wake: Arc<Notify>,
}

/// A log, its producers, and who waits for it.
#[derive(Debug)]
pub(super) struct Partition {
    pub(super) log: Log,
    pub(super) producers: Producers,
    /// Everything before was compacted.
    pub(super) clean_to: i64,
    waiters: Vec<Waiter>,
    /// The last stable offset when waiters were last woken.
    announced: i64,
}

/// What appending depends on, besides the batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Append {
    pub(super) now: i64,
    pub(super) append_time: bool,
    pub(super) max_producers: usize,
}

impl Partition {
    pub(super) fn new(used: Arc<AtomicUsize>) -> Partition {
        Partition {
            log: Log::new(used),
            producers: Producers::default(),
            clean_to: 0,
            waiters: Vec::new(),
            announced: 0,
        }
    }

    /// Everything before it is decided: the first offset of an open transaction, or the end.
    pub(super) fn stable(&self) -> i64 {
        self.producers.first_open().unwrap_or(self.log.next)
    }

    /// The end for a reader of that isolation level.
    pub(super) fn end(&self, committed: bool) -> i64 {
        if committed { self.stable() } else { self.log.next }
    }

    /// Writes a checked batch and says at which offset it lies.
    pub(super) fn append(&mut self, raw: &[u8], header: &Header, how: Append) -> Result<i64, Error> {
        let idempotent = header.producer >= 0;
        if idempotent && let Some(before) = self.producers.check(header)? {
            return Ok(before);
        }
        let base = self.log.next;
        let append_time = how.append_time.then_some(how.now);
        let data = batch::place(raw, base, append_time);
        self.log.push(header.last_delta, append_time.unwrap_or(header.max_timestamp), data);
        if idempotent {
            if self.producers.len() >= how.max_producers {
                self.producers.expire(i64::MIN, how.max_producers.saturating_sub(1));
            }
            self.producers.note(header, base, how.now);
        }
        self.wake();
        Ok(base)
    }

    /// Ends a producer's transaction here.
    pub(super) fn end_transaction(&mut self, producer: (i64, i16), commit: bool, now: i64) {
        let marker = self.log.next;
        self.log.push(0, now, batch::marker(marker, now, producer, commit));
        self.producers.end(producer, marker, commit);
        self.wake();
    }

    /// Moves the log's start to `offset`.
    pub(super) fn advance(&mut self, offset: i64) {
        self.log.advance(offset);
        self.producers.trim(self.log.start);
    }

    /// Registers a fetch to be woken when there is more to read for it.
    pub(super) fn wait(&mut self, committed: bool, wake: &Arc<Notify>) {
        self.waiters.push(Waiter { committed, wake: wake.clone() });
    }

    /// Takes back what `wait` registered.
    pub(super) fn leave(&mut self, wake: &Arc<Notify>) {
        self.waiters.retain(|waiter| !Arc::ptr_eq(&waiter.wake, wake));
    }

    /// Those who read only what is decided sleep on while an open transaction hides all that is new.
    fn wake(&mut self) {
        let decided = self.stable() > self.announced;
        self.announced = self.stable();
        self.waiters.retain(|waiter| {
            let more = decided || !waiter.committed;
            if more {
                waiter.wake.notify_one();
            }
            !more
        });
    }
}

impl Drop for Partition {
    fn drop(&mut self) {
        self.waiters.iter().for_each(|waiter| waiter.wake.notify_one());
    }
}
