//! Compaction: of every key the last committed record stays.
//!
//! The part of a log before the last stable offset is compacted: in it every transaction is decided. Offsets stay what they
//! were. A batch that cannot be decoded within the limit of decompression is left as it is, and its records displace none.
//! A batch that loses records is kept uncompressed. The last batch of the part is never removed, so that a reader's position
//! reaches the end.

use std::collections::HashMap;

use bytes::Bytes;

use super::batch::{self, Header};
use super::codec;
use super::log::Batch;
use super::producer::Aborted;
use super::state::{Shared, State, now_ms};

/// A part of a log to compact.
struct Section {
    topic: String,
    index: i32,
    batches: Vec<Batch>,
    aborted: Vec<Aborted>,
    /// The offset behind it.
    until: i64,
    rules: Rules,
}

#[derive(Clone, Copy)]
struct Rules {
    now: i64,
    /// How long a tombstone stays after it was first compacted.
    tombstones_ms: i64,
    limit: usize,
}

/// What becomes of a batch.
#[derive(Debug, PartialEq)]
enum Fate {
    Goes,
    Stays { horizon: Option<i64> },
    Thins { data: Bytes, horizon: Option<i64> },
}

/// Compacts what is worth it, one partition after the other. Requests are held up only to copy references and to put the
/// result in place.
pub(super) fn run(shared: &Shared) {
    let compacted: Vec<(String, i32)> = {
        let state = shared.lock();
        let topics = state.topics.iter().filter(|(_, topic)| topic.config.compact);
        let partitions =
            topics.flat_map(|(name, topic)| (0..topic.partitions.len()).map(|index| (name.clone(), index as i32)));
        partitions.collect()
    };
    for (topic, index) in compacted {
        let section = section(&mut shared.lock(), (topic, index), shared.config.max_decompressed_bytes);
        if let Some(section) = section {
            let fates = fates(&section);
            put(&mut shared.lock(), &section, fates);
        }
    }
}

fn section(state: &mut State, (topic, index): (String, i32), limit: usize) -> Option<Section> {
    let now = now_ms();
    let (config, partition) = state.partition(&topic, index).ok()?;
    let stable = partition.stable();
    let young = if config.compaction_lag_ms == 0 { i64::MAX } else { now.saturating_sub(config.compaction_lag_ms) };
    let all = partition.log.batches.iter();
    let batches: Vec<Batch> =
        all.take_while(|batch| batch.last < stable && batch.max_timestamp <= young).cloned().collect();
    let until = batches.last()?.last + 1;
    let size = |batches: &mut dyn Iterator<Item = &Batch>| batches.map(Batch::size).sum::<usize>() as f64;
    let dirty = size(&mut batches.iter().filter(|batch| batch.base >= partition.clean_to));
    let due = batches.iter().filter_map(|batch| batch.horizon).any(|horizon| horizon <= now);
    if !due && (dirty == 0.0 || dirty < config.dirty_ratio * size(&mut batches.iter())) {
        return None;
    }
    let aborted = partition.producers.aborted(partition.log.start, until);
    let rules = Rules { now, tombstones_ms: config.delete_retention_ms, limit };
    Some(Section { topic, index, batches, aborted, until, rules })
}

/// The fate of each batch of the section.
fn fates(section: &Section) -> Vec<Fate> {
    let newest = newest(section);
    let end = section.batches.len().saturating_sub(1);
    let fate = |(index, batch): (usize, &Batch)| match Header::read(&batch.data) {
        Some(header) if header.control() || section.aborted(&header, batch) => {
            if index == end {
                Fate::Stays { horizon: None }
            } else {
                Fate::Goes
            }
        }
        Some(header) => fate(batch, &header, &newest, (section.rules, index == end)),
        None => Fate::Stays { horizon: None },
    };
    section.batches.iter().enumerate().map(fate).collect()
}

/// The offset of every key's last committed record.
fn newest(section: &Section) -> HashMap<Vec<u8>, i64> {
    let mut newest = HashMap::new();
    for batch in &section.batches {
        let Some(header) = Header::read(&batch.data) else { continue };
        if header.control() || section.aborted(&header, batch) {
            continue;
        }
        let Ok(body) = codec::body(&batch.data, &header, section.rules.limit) else { continue };
        for record in batch::records(&body).map_while(Result::ok) {
            if let Some(key) = record.key {
                newest.insert(key.to_vec(), batch.base + record.offset_delta);
            }
        }
    }
    newest
}

impl Section {
    fn aborted(&self, header: &Header, batch: &Batch) -> bool {
        let covers = |aborted: &Aborted| (aborted.first..aborted.marker).contains(&batch.base);
        header.transactional()
            && self.aborted.iter().any(|aborted| aborted.producer == header.producer && covers(aborted))
    }
}

fn fate(batch: &Batch, header: &Header, newest: &HashMap<Vec<u8>, i64>, (rules, end): (Rules, bool)) -> Fate {
    let stays = Fate::Stays { horizon: batch.horizon };
    let Ok(body) = codec::body(&batch.data, header, rules.limit) else { return stays };
    let Ok(records) = batch::records(&body).collect::<Result<Vec<_>, _>>() else { return stays };
    let over = !end && batch.horizon.is_some_and(|horizon| horizon <= rules.now);
    let last = |record: &batch::Record| {
        let offset = batch.base + record.offset_delta;
        record.key.is_none_or(|key| newest.get(key).is_none_or(|newest| *newest <= offset))
    };
    let mut kept = Vec::new();
    let mut tombstones = false;
    for record in records.iter().filter(|record| last(record) && !(over && record.tombstone)) {
        tombstones |= record.tombstone;
        kept.push(record.raw);
    }
    let horizon = tombstones.then(|| batch.horizon.unwrap_or(rules.now.saturating_add(rules.tombstones_ms)));
    match kept.len() {
        0 => Fate::Goes,
        all if all == records.len() => Fate::Stays { horizon },
        _ => Fate::Thins { data: batch::thin(&batch.data, &kept), horizon },
    }
}

/// Puts the result in the place of the section, as far as that is still what it was.
fn put(state: &mut State, section: &Section, fates: Vec<Fate>) {
    let Ok((_, partition)) = state.partition(&section.topic, section.index) else { return };
    let same = |batch: &Batch, old: &Batch| batch.base == old.base && batch.data.as_ptr() == old.data.as_ptr();
    let mut fates: HashMap<i64, (&Batch, Fate)> =
        section.batches.iter().zip(fates).map(|(old, fate)| (old.base, (old, fate))).collect();
    partition.log.rewrite(|batch| match fates.remove(&batch.base) {
        Some((old, fate)) if same(batch, old) => {
            match fate {
                Fate::Goes => return false,
                Fate::Stays { horizon } => batch.horizon = horizon,
                Fate::Thins { data, horizon } => (batch.data, batch.horizon) = (data, horizon),
            }
            true
        }
        _ => true,
    });
    partition.clean_to = section.until;
    // No record of a transaction that was aborted before is left.
    partition.producers.trim(section.until);
}
