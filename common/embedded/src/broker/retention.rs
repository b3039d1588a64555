//! What is dropped, when its time or size is over or memory is needed.
//!
//! Nothing is dropped that a consumer group still has to read: where a group committed an offset in a topic, all it has not
//! passed stays, in every partition. Nor is anything that may belong to an open transaction.

use std::collections::BinaryHeap;

use super::groups::Group;
use super::state::State;

/// Batches dropped from one partition before the largest is looked for again.
const STRIDE: usize = 32;

/// Before which offset a partition may be dropped.
fn floor<'a>(groups: impl Iterator<Item = &'a Group>, at: (&str, i32), stable: i64) -> i64 {
    let groups = groups.filter(|group| group.offsets.covers(at.0));
    let needed = groups.map(|group| group.offsets.get(at).map_or(0, |committed| committed.offset.max(0)));
    needed.min().unwrap_or(i64::MAX).min(stable)
}

/// Drops what is older or more than its topic keeps.
pub(super) fn expire(state: &mut State, now: i64) {
    let State { topics, groups, .. } = state;
    for (name, topic) in topics.iter_mut().filter(|(_, topic)| topic.config.delete) {
        let oldest =
            if topic.config.retention_ms < 0 { i64::MIN } else { now.saturating_sub(topic.config.retention_ms) };
        let most = usize::try_from(topic.config.retention_bytes).unwrap_or(usize::MAX);
        for (index, partition) in topic.partitions.iter_mut().enumerate() {
            let Some(first) = partition.log.batches.front() else { continue };
            if first.max_timestamp >= oldest && partition.log.bytes <= most {
                continue;
            }
            let floor = floor(groups.values(), (name, index as i32), partition.stable());
            while let Some(first) = partition.log.batches.front() {
                let over = first.max_timestamp < oldest || partition.log.bytes.saturating_sub(first.size()) >= most;
                if !over || first.last >= floor {
                    break;
                }
                partition.log.drop_first();
            }
            partition.producers.trim(partition.log.start);
        }
    }
}

/// Drops the oldest of the largest partitions until all take at most `target` bytes, as far as that is allowed.
///
/// Topics that keep everything for ever are left alone, compacted ones too.
pub(super) fn make_room(state: &mut State, target: usize) {
    let target = target - target / 32; // A little more, so that this is not done for every batch at the limit.
    let mut used = state.used();
    let State { topics, groups, .. } = state;
    let mut largest = BinaryHeap::new();
    for (name, topic) in topics.iter().filter(|(_, topic)| !topic.config.keeps_all()) {
        for (index, partition) in topic.partitions.iter().enumerate() {
            let floor = floor(groups.values(), (name, index as i32), partition.stable());
            largest.push((partition.log.bytes, name.clone(), index, floor));
        }
    }
    while used > target
        && let Some((_, name, index, floor)) = largest.pop()
    {
        let Some(topic) = topics.get_mut(&name) else { continue };
        let Some(partition) = topic.partitions.get_mut(index) else { continue };
        let before = partition.log.bytes;
        for _ in 0..STRIDE {
            match partition.log.batches.front() {
                Some(first) if first.last < floor => partition.log.drop_first(),
                _ => break,
            }
        }
        partition.producers.trim(partition.log.start);
        used -= before - partition.log.bytes;
        if partition.log.bytes < before {
            largest.push((partition.log.bytes, name, index, floor));
        }
    }
}
