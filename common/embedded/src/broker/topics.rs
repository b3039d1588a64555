//! Requests about topics and the cluster.

use kafka_protocol::ResponseError as Error;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::create_topics_response::{CreatableTopicConfigs, CreatableTopicResult};
use kafka_protocol::messages::delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult};
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    BrokerId, CreateTopicsRequest, CreateTopicsResponse, DeleteRecordsRequest, DeleteRecordsResponse,
    DeleteTopicsRequest, DeleteTopicsResponse, DescribeClusterResponse, FindCoordinatorResponse, MetadataRequest,
    MetadataResponse,
};
use kafka_protocol::protocol::StrBytes;

use super::configs::TopicConfig;
use super::state::{Shared, State, code, text, topic_name};

/// The only node.
const NODE: BrokerId = BrokerId(1);
const CLUSTER: StrBytes = StrBytes::from_static_str("embedded");

pub(super) fn metadata(shared: &Shared, request: &MetadataRequest, version: i16) -> MetadataResponse {
    let mut state = shared.lock();
    let topics = match &request.topics {
        Some(topics) if !(version == 0 && topics.is_empty()) => {
            let may_create = shared.config.auto_create && (request.allow_auto_topic_creation || version < 4);
            let names = topics.iter().filter_map(|topic| topic.name.as_ref());
            names.map(|name| named(&mut state, shared, name.as_str(), may_create)).collect()
        }
        _ => state.topics.iter().map(|(name, topic)| topic_metadata(name, topic.partitions.len())).collect(),
    };
    let node = MetadataResponseBroker::default()
        .with_node_id(NODE)
        .with_host(shared.host.clone())
        .with_port(i32::from(shared.port));
    MetadataResponse::default()
        .with_brokers(vec![node])
        .with_cluster_id(Some(CLUSTER))
        .with_controller_id(NODE)
        .with_topics(topics)
}

fn named(state: &mut State, shared: &Shared, name: &str, may_create: bool) -> MetadataResponseTopic {
    if !state.topics.contains_key(name) {
        let refused = if may_create {
            // A topic with no settings of its own is always sound.
            TopicConfig::new(Default::default())
                .and_then(|config| state.create(&shared.config, name, (shared.config.partitions, config), false))
        } else {
            Err((Error::UnknownTopicOrPartition, String::new()))
        };
        if let Err((error, _)) = refused {
            let answer = MetadataResponseTopic::default().with_name(Some(topic_name(name)));
            return answer.with_error_code(error.code());
        }
    }
    topic_metadata(name, state.topics.get(name).map_or(0, |topic| topic.partitions.len()))
}

fn topic_metadata(name: &str, partitions: usize) -> MetadataResponseTopic {
    let partitions = (0..partitions as i32).map(|index| {
        MetadataResponsePartition::default()
            .with_partition_index(index)
            .with_leader_id(NODE)
            .with_leader_epoch(0)
            .with_replica_nodes(vec![NODE])
            .with_isr_nodes(vec![NODE])
    });
    MetadataResponseTopic::default().with_name(Some(topic_name(name))).with_partitions(partitions.collect())
}

pub(super) fn describe_cluster(shared: &Shared) -> DescribeClusterResponse {
    let node = DescribeClusterBroker::default()
        .with_broker_id(NODE)
        .with_host(shared.host.clone())
        .with_port(i32::from(shared.port));
    DescribeClusterResponse::default().with_cluster_id(CLUSTER).with_controller_id(NODE).with_brokers(vec![node])
}

pub(super) fn coordinator(shared: &Shared) -> FindCoordinatorResponse {
    FindCoordinatorResponse::default()
        .with_node_id(NODE)
        .with_host(shared.host.clone())
        .with_port(i32::from(shared.port))
}

pub(super) fn create(shared: &Shared, request: &CreateTopicsRequest) -> CreateTopicsResponse {
    let mut state = shared.lock();
    let topics = request.topics.iter().map(|topic| {
        let answer = CreatableTopicResult::default().with_name(topic.name.clone());
        match create_one(&mut state, shared, topic, request.validate_only) {
            Err((error, why)) => answer
                .with_error_code(error.code())
                .with_error_message(Some(text(&why)))
                .with_num_partitions(-1)
                .with_replication_factor(-1),
            Ok((partitions, config)) => answer
                .with_num_partitions(partitions)
                .with_replication_factor(1)
                .with_configs(Some(config.entries().map(creatable).collect())),
        }
    });
    CreateTopicsResponse::default().with_topics(topics.collect())
}

fn create_one(
    state: &mut State,
    shared: &Shared,
    topic: &CreatableTopic,
    dry: bool,
) -> Result<(i32, TopicConfig), (Error, String)> {
    let assigned = i32::try_from(topic.assignments.len()).unwrap_or(i32::MAX);
    let partitions = match (assigned, topic.num_partitions) {
        (0, -1) => shared.config.partitions,
        (0, wanted) => wanted,
        (assigned, _) => assigned,
    };
    let copies = if assigned > 0 { 1 } else { topic.replication_factor };
    if copies != 1 && copies != -1 {
        let why = format!("replication factor {copies} is not possible: the embedded broker is one node, use 1");
        return Err((Error::InvalidReplicationFactor, why));
    }
    let set =
        topic.configs.iter().filter_map(|config| Some((config.name.to_string(), config.value.as_ref()?.to_string())));
    let config = TopicConfig::new(set.collect())?;
    state.create(&shared.config, topic.name.as_str(), (partitions, config.clone()), dry)?;
    Ok((partitions, config))
}

fn creatable(entry: super::configs::Entry) -> CreatableTopicConfigs {
    CreatableTopicConfigs::default()
        .with_name(StrBytes::from_static_str(entry.name))
        .with_value(Some(text(&entry.value)))
        .with_config_source(entry.source())
}

pub(super) fn delete(shared: &Shared, request: &DeleteTopicsRequest) -> DeleteTopicsResponse {
    let mut state = shared.lock();
    let topics = request.topic_names.iter().map(|name| {
        let result = state.delete(name.as_str());
        DeletableTopicResult::default().with_name(Some(name.clone())).with_error_code(code(&result))
    });
    DeleteTopicsResponse::default().with_responses(topics.collect())
}

pub(super) fn delete_records(shared: &Shared, request: &DeleteRecordsRequest) -> DeleteRecordsResponse {
    let mut state = shared.lock();
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            let result = delete_before(&mut state, (topic.name.as_str(), partition.partition_index), partition.offset);
            DeleteRecordsPartitionResult::default()
                .with_partition_index(partition.partition_index)
                .with_error_code(code(&result))
                .with_low_watermark(result.unwrap_or(-1))
        });
        DeleteRecordsTopicResult::default().with_name(topic.name.clone()).with_partitions(partitions.collect())
    });
    DeleteRecordsResponse::default().with_topics(topics.collect())
}

fn delete_before(state: &mut State, (topic, index): (&str, i32), offset: i64) -> Result<i64, Error> {
    let (config, partition) = state.partition(topic, index)?;
    if !config.delete {
        return Err(Error::PolicyViolation);
    }
    let offset = if offset == -1 { partition.log.next } else { offset };
    if offset < 0 || offset > partition.log.next {
        return Err(Error::OffsetOutOfRange);
    }
    partition.advance(offset);
    Ok(partition.log.start)
}
