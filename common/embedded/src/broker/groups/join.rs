//! The requests of a group's members: join, sync, heartbeat, leave.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::ResponseError as Error;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::{
    HeartbeatRequest, HeartbeatResponse, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse,
    SyncGroupRequest, SyncGroupResponse,
};
use kafka_protocol::protocol::StrBytes;

use super::super::state::{Shared, State, code, text};
use super::{Group, Member, Phase};

/// Answers when the generation is formed, which takes until all other members joined too.
pub(in super::super) async fn join(
    shared: &Shared,
    request: &JoinGroupRequest,
    client: &StrBytes,
) -> JoinGroupResponse {
    let refuse = |error: Error| {
        let member = request.member_id.clone();
        let answer = JoinGroupResponse::default().with_error_code(error.code()).with_generation_id(-1);
        answer.with_protocol_name(Some(StrBytes::new())).with_member_id(member)
    };
    let entered = enter(&mut shared.lock(), shared, request, client);
    let id = match entered {
        Ok(id) => id,
        Err(error) => return refuse(error),
    };
    shared.groups.notify_waiters();
    let answer = wait(shared, || {
        let mut state = shared.lock();
        let Some(group) = state.groups.get_mut(request.group_id.as_str()) else {
            return ControlFlow::Break(refuse(Error::UnknownMemberId));
        };
        match group.members.get_mut(&id) {
            None => ControlFlow::Break(refuse(Error::UnknownMemberId)),
            Some(_) if group.phase == Phase::Joining => ControlFlow::Continue(()),
            Some(member) => {
                member.seen = Instant::now();
                ControlFlow::Break(joined(group, &id))
            }
        }
    });
    answer.await
}

/// Asks again whenever groups changed, until there is an answer.
async fn wait<T>(shared: &Shared, mut ask: impl FnMut() -> ControlFlow<T>) -> T {
    loop {
        let mut changed = std::pin::pin!(shared.groups.notified());
        changed.as_mut().enable();
        if let ControlFlow::Break(answer) = ask() {
            return answer;
        }
        changed.await;
    }
}

/// Puts the caller among the joined members and returns its id.
fn enter(state: &mut State, shared: &Shared, request: &JoinGroupRequest, client: &StrBytes) -> Result<String, Error> {
    let session = Duration::from_millis(u64::try_from(request.session_timeout_ms).unwrap_or(0));
    if !shared.config.session_timeouts.contains(&session) {
        return Err(Error::InvalidSessionTimeout);
    }
    let fresh = state.next_member(client);
    let group = state.group(request.group_id.as_str(), shared.config.max_groups)?;
    let mut id = request.member_id.to_string();
    let protocols: Vec<(StrBytes, Bytes)> =
        request.protocols.iter().map(|protocol| (protocol.name.clone(), protocol.metadata.clone())).collect();
    if !group.welcomes(&request.protocol_type, &protocols) {
        return Err(Error::InconsistentGroupProtocol);
    }
    if !id.is_empty() && !group.members.contains_key(&id) {
        return Err(Error::UnknownMemberId);
    }
    if let Some(instance) = &request.group_instance_id {
        let holder = group.members.iter().find(|(_, member)| member.instance.as_ref() == Some(instance));
        match holder.map(|(holder, _)| holder.clone()) {
            Some(holder) if id.is_empty() => drop(group.members.remove(&holder)),
            Some(holder) if holder != id => return Err(Error::FencedInstanceId),
            _ => {}
        }
    }
    if id.is_empty() {
        if group.members.len() >= shared.config.max_group_members {
            return Err(Error::GroupMaxSizeReached);
        }
        id = fresh;
    }
    let rebalance = u64::try_from(request.rebalance_timeout_ms.max(request.session_timeout_ms)).unwrap_or(0);
    let rebalance = Duration::from_millis(rebalance).min(shared.config.max_rebalance_timeout);
    if group.settled(&id, &protocols) {
        return Ok(id);
    }
    group.kind = request.protocol_type.clone();
    let assignment = group.members.remove(&id).map(|member| member.assignment).unwrap_or_default();
    let (instance, client, seen) = (request.group_instance_id.clone(), client.clone(), Instant::now());
    let member = Member { instance, client, protocols, session, rebalance, seen, joined: true, assignment };
    group.members.insert(id.clone(), member);
    if group.phase == Phase::Empty {
        group.gathering = Some(Instant::now() + shared.config.initial_rebalance_delay);
    }
    group.rebalance();
    if let Some(member) = group.members.get_mut(&id) {
        member.joined = true;
    }
    group.complete();
    Ok(id)
}

impl Group {
    /// Whether a member that can do these protocols may be in the group.
    fn welcomes(&self, kind: &StrBytes, protocols: &[(StrBytes, Bytes)]) -> bool {
        let known =
            |name: &StrBytes| self.members.values().all(|member| member.protocols.iter().any(|(n, _)| n == name));
        !kind.is_empty()
            && !protocols.is_empty()
            && (self.members.is_empty() || (self.kind == *kind && protocols.iter().any(|(name, _)| known(name))))
    }

    /// Whether a member that joins again with nothing new may be told the generation as it is.
    fn settled(&self, id: &str, protocols: &[(StrBytes, Bytes)]) -> bool {
        let same = self.members.get(id).is_some_and(|member| member.protocols == protocols);
        same && (self.phase == Phase::Syncing || (self.phase == Phase::Stable && self.leader != id))
    }
}

/// The generation as a member learns it; the leader gets everybody's metadata.
fn joined(group: &Group, id: &str) -> JoinGroupResponse {
    let lead = group.leader == id;
    let members = group.members.iter().filter(|_| lead).map(|(id, member)| {
        let metadata = member.protocols.iter().find(|(name, _)| *name == group.protocol);
        JoinGroupResponseMember::default()
            .with_member_id(text(id))
            .with_group_instance_id(member.instance.clone())
            .with_metadata(metadata.map(|(_, metadata)| metadata.clone()).unwrap_or_default())
    });
    JoinGroupResponse::default()
        .with_generation_id(group.generation)
        .with_protocol_type(Some(group.kind.clone()))
        .with_protocol_name(Some(group.protocol.clone()))
        .with_leader(text(&group.leader))
        .with_member_id(text(id))
        .with_members(members.collect())
}

/// Answers when the leader's assignment is known.
pub(in super::super) async fn sync(shared: &Shared, request: &SyncGroupRequest) -> SyncGroupResponse {
    let refuse = |error: Error| SyncGroupResponse::default().with_error_code(error.code());
    let (group_id, id) = (request.group_id.as_str(), request.member_id.as_str());
    {
        let mut state = shared.lock();
        let instance = request.group_instance_id.as_ref();
        if let Err(error) = state.check_member(group_id, id, request.generation_id, instance) {
            return refuse(error);
        }
        if let Some(group) =
            state.groups.get_mut(group_id).filter(|group| group.phase == Phase::Syncing && group.leader == id)
        {
            group.members.values_mut().for_each(|member| member.assignment = Bytes::new());
            for given in &request.assignments {
                if let Some(member) = group.members.get_mut(given.member_id.as_str()) {
                    member.assignment = given.assignment.clone();
                }
            }
            group.phase = Phase::Stable;
            shared.groups.notify_waiters();
        }
    }
    let answer = wait(shared, || {
        let state = shared.lock();
        let group = state.groups.get(group_id).filter(|group| group.generation == request.generation_id);
        let Some((group, member)) = group.and_then(|group| Some((group, group.members.get(id)?))) else {
            return ControlFlow::Break(refuse(Error::RebalanceInProgress));
        };
        match group.phase {
            Phase::Syncing => ControlFlow::Continue(()),
            Phase::Stable => ControlFlow::Break(
                SyncGroupResponse::default()
                    .with_protocol_type(Some(group.kind.clone()))
                    .with_protocol_name(Some(group.protocol.clone()))
                    .with_assignment(member.assignment.clone()),
            ),
            Phase::Empty | Phase::Joining => ControlFlow::Break(refuse(Error::RebalanceInProgress)),
        }
    });
    answer.await
}

pub(in super::super) fn heartbeat(shared: &Shared, request: &HeartbeatRequest) -> HeartbeatResponse {
    let mut state = shared.lock();
    let (group, instance) = (request.group_id.as_str(), request.group_instance_id.as_ref());
    let alive = state.check_member(group, request.member_id.as_str(), request.generation_id, instance);
    let joining = state.groups.get(group).is_some_and(|group| group.phase == Phase::Joining);
    let result = alive.and(if joining { Err(Error::RebalanceInProgress) } else { Ok(()) });
    HeartbeatResponse::default().with_error_code(code(&result))
}

pub(in super::super) fn leave(shared: &Shared, request: &LeaveGroupRequest, version: i16) -> LeaveGroupResponse {
    let mut state = shared.lock();
    let Some(group) = state.groups.get_mut(request.group_id.as_str()) else {
        return LeaveGroupResponse::default().with_error_code(Error::UnknownMemberId.code());
    };
    let mut left = false;
    let mut remove = |id: &StrBytes, instance: Option<&StrBytes>| {
        // A tool names the instance alone.
        let by_instance = instance.filter(|_| id.is_empty()).and_then(|instance| {
            let mut members = group.members.iter();
            members.find(|(_, member)| member.instance.as_ref() == Some(instance)).map(|(id, _)| id.clone())
        });
        let gone = group.members.remove(by_instance.as_deref().unwrap_or(id.as_str())).is_some();
        left |= gone;
        if gone { 0 } else { Error::UnknownMemberId.code() }
    };
    let answer = if version < 3 {
        LeaveGroupResponse::default().with_error_code(remove(&request.member_id, None))
    } else {
        let members = request.members.iter().map(|member| {
            MemberResponse::default()
                .with_error_code(remove(&member.member_id, member.group_instance_id.as_ref()))
                .with_member_id(member.member_id.clone())
                .with_group_instance_id(member.group_instance_id.clone())
        });
        LeaveGroupResponse::default().with_members(members.collect())
    };
    if left {
        group.rebalance();
        group.complete();
    }
    shared.groups.notify_waiters();
    answer
}
