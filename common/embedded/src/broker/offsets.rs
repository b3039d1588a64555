//! Offsets that groups committed: committing and reading them.

use std::collections::HashMap;

use kafka_protocol::ResponseError as Error;
use kafka_protocol::messages::offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic};
use kafka_protocol::messages::offset_fetch_response::{OffsetFetchResponsePartition, OffsetFetchResponseTopic};
use kafka_protocol::messages::{OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse};
use kafka_protocol::protocol::StrBytes;

use super::groups::{Group, Phase};
use super::state::{Shared, State, code, now_ms, topic_name};

/// Longest metadata of an offset, as in Apache Kafka.
const METADATA: usize = 4096;

/// A committed offset.
#[derive(Clone, Debug)]
pub(super) struct Committed {
    pub(super) offset: i64,
    pub(super) metadata: Option<StrBytes>,
}

impl Committed {
    pub(super) fn new(offset: i64, metadata: Option<StrBytes>) -> Committed {
        Committed { offset, metadata }
    }
}

/// Offsets by topic and partition.
#[derive(Debug, Default)]
pub(super) struct Offsets(HashMap<String, HashMap<i32, Committed>>);

impl Offsets {
    pub(super) fn put(&mut self, (topic, index): (&str, i32), committed: Committed) {
        // A topic's name is copied once, not for every commit.
        match self.0.get_mut(topic) {
            Some(partitions) => partitions.insert(index, committed),
            None => self.0.entry(topic.to_owned()).or_default().insert(index, committed),
        };
    }

    pub(super) fn get(&self, (topic, index): (&str, i32)) -> Option<&Committed> {
        self.0.get(topic)?.get(&index)
    }

    pub(super) fn extend(&mut self, other: Offsets) {
        for (topic, partitions) in other.0 {
            self.0.entry(topic).or_default().extend(partitions);
        }
    }

    pub(super) fn forget_topic(&mut self, topic: &str) {
        self.0.remove(topic);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Topics with at least one offset, and their partitions in order.
    pub(super) fn topics(&self) -> impl Iterator<Item = (&str, Vec<i32>)> {
        self.0.iter().map(|(topic, partitions)| {
            let mut indexes: Vec<i32> = partitions.keys().copied().collect();
            indexes.sort_unstable();
            (topic.as_str(), indexes)
        })
    }

    /// Whether any partition of the topic has an offset.
    pub(super) fn covers(&self, topic: &str) -> bool {
        self.0.contains_key(topic)
    }
}

/// Whether an offset may be stored at all.
pub(super) fn acceptable(state: &State, (topic, index): (&str, i32), committed: &Committed) -> Result<(), Error> {
    if committed.metadata.as_ref().is_some_and(|metadata| metadata.len() > METADATA) {
        return Err(Error::OffsetMetadataTooLarge);
    }
    if state.has(topic, index) { Ok(()) } else { Err(Error::UnknownTopicOrPartition) }
}

pub(super) fn commit(shared: &Shared, request: &OffsetCommitRequest) -> OffsetCommitResponse {
    let mut state = shared.lock();
    let group = request.group_id.as_str();
    let allowed = may_commit(&mut state, request);
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            let at = (topic.name.as_str(), partition.partition_index);
            let committed = Committed::new(partition.committed_offset, partition.committed_metadata.clone());
            let result = allowed.and_then(|()| acceptable(&state, at, &committed)).and_then(|()| {
                state.group(group, shared.config.max_groups).map(|group| group.commit(at, committed, now_ms()))
            });
            OffsetCommitResponsePartition::default().with_partition_index(at.1).with_error_code(code(&result))
        });
        OffsetCommitResponseTopic::default().with_name(topic.name.clone()).with_partitions(partitions.collect())
    });
    OffsetCommitResponse::default().with_topics(topics.collect())
}

fn may_commit(state: &mut State, request: &OffsetCommitRequest) -> Result<(), Error> {
    let generation = request.generation_id_or_member_epoch;
    let id = request.group_id.as_str();
    let Some(group) = state.groups.get(id) else {
        return if generation < 0 { Ok(()) } else { Err(Error::IllegalGeneration) };
    };
    if generation < 0 && group.phase == Phase::Empty {
        return Ok(()); // A consumer that assigns its partitions itself.
    }
    if group.phase == Phase::Syncing {
        return Err(Error::RebalanceInProgress);
    }
    state.check_member(id, request.member_id.as_str(), generation, request.group_instance_id.as_ref())
}

pub(super) fn fetch(shared: &Shared, request: &OffsetFetchRequest) -> OffsetFetchResponse {
    let state = shared.lock();
    let group = state.groups.get(request.group_id.as_str());
    let topics = match &request.topics {
        Some(topics) => topics
            .iter()
            .map(|topic| read(group, topic.name.as_str(), &topic.partition_indexes, request.require_stable))
            .collect(),
        None => group.map_or_else(Vec::new, |known| {
            known.offsets.topics().map(|(topic, all)| read(group, topic, &all, request.require_stable)).collect()
        }),
    };
    OffsetFetchResponse::default().with_topics(topics)
}

fn read(group: Option<&Group>, topic: &str, indexes: &[i32], stable: bool) -> OffsetFetchResponseTopic {
    let partitions = indexes.iter().map(|index| {
        let answer = OffsetFetchResponsePartition::default()
            .with_partition_index(*index)
            .with_committed_offset(-1)
            .with_metadata(Some(StrBytes::new()));
        let Some(group) = group else { return answer };
        if stable && group.pending((topic, *index)) {
            return answer.with_error_code(Error::UnstableOffsetCommit.code());
        }
        match group.offsets.get((topic, *index)) {
            None => answer,
            Some(found) => answer.with_committed_offset(found.offset).with_metadata(found.metadata.clone()),
        }
    });
    OffsetFetchResponseTopic::default().with_name(topic_name(topic)).with_partitions(partitions.collect())
}
