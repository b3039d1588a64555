//! What tools ask about groups: list, describe, delete.

use kafka_protocol::ResponseError as Error;
use kafka_protocol::messages::GroupId;
use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::{
    DeleteGroupsRequest, DeleteGroupsResponse, DescribeGroupsRequest, DescribeGroupsResponse, ListGroupsRequest,
    ListGroupsResponse,
};

use super::super::state::{Shared, code, text};
use super::{Group, Phase};

pub(in super::super) fn list(shared: &Shared, request: &ListGroupsRequest) -> ListGroupsResponse {
    let state = shared.lock();
    let wanted = |group: &Group| {
        let name = group.phase.name();
        request.states_filter.is_empty() || request.states_filter.iter().any(|state| state.eq_ignore_ascii_case(name))
    };
    let groups = state.groups.iter().filter(|(_, group)| wanted(group)).map(|(id, group)| {
        ListedGroup::default()
            .with_group_id(GroupId(text(id)))
            .with_protocol_type(group.kind.clone())
            .with_group_state(text(group.phase.name()))
    });
    ListGroupsResponse::default().with_groups(groups.collect())
}

pub(in super::super) fn describe(shared: &Shared, request: &DescribeGroupsRequest) -> DescribeGroupsResponse {
    let state = shared.lock();
    let groups = request.groups.iter().map(|id| {
        let answer = DescribedGroup::default().with_group_id(id.clone());
        let Some(group) = state.groups.get(id.as_str()) else {
            return answer.with_group_state(text("Dead"));
        };
        let members = group.members.iter().map(|(id, member)| {
            let metadata = member.protocols.iter().find(|(name, _)| *name == group.protocol);
            DescribedGroupMember::default()
                .with_member_id(text(id))
                .with_group_instance_id(member.instance.clone())
                .with_client_id(member.client.clone())
                .with_client_host(text("/127.0.0.1"))
                .with_member_metadata(metadata.map(|(_, metadata)| metadata.clone()).unwrap_or_default())
                .with_member_assignment(member.assignment.clone())
        });
        answer
            .with_group_state(text(group.phase.name()))
            .with_protocol_type(group.kind.clone())
            .with_protocol_data(group.protocol.clone())
            .with_members(members.collect())
    });
    DescribeGroupsResponse::default().with_groups(groups.collect())
}

pub(in super::super) fn delete(shared: &Shared, request: &DeleteGroupsRequest) -> DeleteGroupsResponse {
    let mut state = shared.lock();
    let results = request.groups_names.iter().map(|id| {
        let result = match state.groups.get(id.as_str()).map(|group| group.phase) {
            None => Err(Error::GroupIdNotFound),
            Some(Phase::Empty) => Ok(()),
            Some(_) => Err(Error::NonEmptyGroup),
        };
        if result.is_ok() {
            state.groups.remove(id.as_str());
        }
        DeletableGroupResult::default().with_group_id(id.clone()).with_error_code(code(&result))
    });
    DeleteGroupsResponse::default().with_results(results.collect())
}
