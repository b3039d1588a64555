//! Requests that read and change the configuration of topics.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError as Error;
use kafka_protocol::messages::alter_configs_response::AlterConfigsResourceResponse as Altered;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kafka_protocol::messages::incremental_alter_configs_response::AlterConfigsResourceResponse as IncrementallyAltered;
use kafka_protocol::messages::{
    AlterConfigsRequest, AlterConfigsResponse, DescribeConfigsRequest, DescribeConfigsResponse,
    IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
};
use kafka_protocol::protocol::StrBytes;

use super::configs::{Entry, TopicConfig};
use super::state::{Shared, State, text};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;

type Refusal = (Error, String);

pub(super) fn describe(shared: &Shared, request: &DescribeConfigsRequest) -> DescribeConfigsResponse {
    let state = shared.lock();
    let results = request.resources.iter().map(|resource| {
        let answer = DescribeConfigsResult::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name.clone());
        match described(&state, resource, request.include_synonyms) {
            Ok(configs) => answer.with_configs(configs),
            Err((error, why)) => answer.with_error_code(error.code()).with_error_message(Some(text(&why))),
        }
    });
    DescribeConfigsResponse::default().with_results(results.collect())
}

fn described(
    state: &State,
    resource: &DescribeConfigsResource,
    synonyms: bool,
) -> Result<Vec<DescribeConfigsResourceResult>, Refusal> {
    if resource.resource_type == BROKER {
        return Ok(Vec::new()); // Nothing of the broker is a Kafka setting.
    }
    let config = find(state, resource.resource_type, resource.resource_name.as_str())?;
    let keys = resource.configuration_keys.as_ref();
    let wanted = |entry: &Entry| keys.is_none_or(|keys| keys.iter().any(|key| key.as_str() == entry.name));
    Ok(config.entries().filter(wanted).map(|entry| result(&entry, synonyms)).collect())
}

fn find<'a>(state: &'a State, kind: i8, name: &str) -> Result<&'a TopicConfig, Refusal> {
    if kind != TOPIC {
        return Err((Error::InvalidRequest, "the embedded broker has configurations of topics only".to_owned()));
    }
    let missing = || (Error::UnknownTopicOrPartition, format!("there is no topic {name}"));
    Ok(&state.topics.get(name).ok_or_else(missing)?.config)
}

fn result(entry: &Entry, synonyms: bool) -> DescribeConfigsResourceResult {
    let synonym = |value: &str, source| {
        DescribeConfigsSynonym::default()
            .with_name(StrBytes::from_static_str(entry.name))
            .with_value(Some(text(value)))
            .with_source(source)
    };
    let set = entry.set.then(|| synonym(&entry.value, entry.source()));
    let all: Vec<_> = set.into_iter().chain([synonym(entry.default, Entry::DEFAULT)]).collect();
    DescribeConfigsResourceResult::default()
        .with_name(StrBytes::from_static_str(entry.name))
        .with_value(Some(text(&entry.value)))
        .with_config_source(entry.source())
        .with_config_type(entry.kind)
        .with_synonyms(if synonyms { all } else { Vec::new() })
}

/// Puts changed settings into effect.
fn change(
    shared: &Shared,
    (kind, name): (i8, &str),
    edit: impl FnOnce(&mut BTreeMap<String, String>) -> Result<(), Refusal>,
    dry: bool,
) -> (i16, Option<StrBytes>) {
    let mut state = shared.lock();
    let changed = find(&state, kind, name).and_then(|config| {
        let mut set = config.overrides().clone();
        edit(&mut set)?;
        TopicConfig::new(set)
    });
    match changed {
        Err((error, why)) => (error.code(), Some(text(&why))),
        Ok(config) => {
            if let Some(topic) = state.topics.get_mut(name).filter(|_| !dry) {
                topic.config = config;
            }
            (0, None)
        }
    }
}

/// Sets exactly what is named; the rest goes back to its default.
pub(super) fn alter(shared: &Shared, request: &AlterConfigsRequest) -> AlterConfigsResponse {
    let responses = request.resources.iter().map(|resource| {
        let at = (resource.resource_type, resource.resource_name.as_str());
        let edit = |set: &mut BTreeMap<String, String>| {
            let named = resource.configs.iter();
            let named = named.filter_map(|config| Some((config.name.to_string(), config.value.as_ref()?.to_string())));
            *set = named.collect();
            Ok(())
        };
        let (code, why) = change(shared, at, edit, request.validate_only);
        Altered::default()
            .with_error_code(code)
            .with_error_message(why)
            .with_resource_type(at.0)
            .with_resource_name(resource.resource_name.clone())
    });
    AlterConfigsResponse::default().with_responses(responses.collect())
}

/// Sets or unsets what is named and leaves the rest.
pub(super) fn alter_some(shared: &Shared, request: &IncrementalAlterConfigsRequest) -> IncrementalAlterConfigsResponse {
    let responses = request.resources.iter().map(|resource| {
        let at = (resource.resource_type, resource.resource_name.as_str());
        let edit = |set: &mut BTreeMap<String, String>| {
            for config in &resource.configs {
                match (config.config_operation, &config.value) {
                    (0, Some(value)) => drop(set.insert(config.name.to_string(), value.to_string())),
                    (1, _) => drop(set.remove(config.name.as_str())),
                    _ => {
                        let why = "the embedded broker sets and deletes keys, it does not append or subtract";
                        return Err((Error::InvalidConfig, why.to_owned()));
                    }
                }
            }
            Ok(())
        };
        let (code, why) = change(shared, at, edit, request.validate_only);
        IncrementallyAltered::default()
            .with_error_code(code)
            .with_error_message(why)
            .with_resource_type(at.0)
            .with_resource_name(resource.resource_name.clone())
    });
    IncrementalAlterConfigsResponse::default().with_responses(responses.collect())
}
