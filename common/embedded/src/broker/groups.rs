//! Consumer groups: who is in one, and how it comes to an assignment (the classic protocol).

mod admin;
mod join;

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::ResponseError as Error;
use kafka_protocol::protocol::StrBytes;

pub(super) use admin::{delete, describe, list};
pub(super) use join::{heartbeat, join, leave, sync};

use super::offsets::{Committed, Offsets};
use super::state::State;

/// One member.
#[derive(Debug)]
pub(super) struct Member {
    instance: Option<StrBytes>,
    client: StrBytes,
    /// What it can be assigned by, best first.
    protocols: Vec<(StrBytes, Bytes)>,
    session: Duration,
    rebalance: Duration,
    seen: Instant,
    /// Whether it joined the generation being formed.
    joined: bool,
    assignment: Bytes,
}

/// How far a group is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nobody is in it.
    #[default]
    Empty,
    /// It waits for its members to join again.
    Joining,
    /// It waits for its leader's assignment.
    Syncing,
    /// Everybody has an assignment.
    Stable,
}

impl Phase {
    /// Its name in the protocol.
    fn name(self) -> &'static str {
        match self {
            Phase::Empty => "Empty",
            Phase::Joining => "PreparingRebalance",
            Phase::Syncing => "CompletingRebalance",
            Phase::Stable => "Stable",
        }
    }
}

/// One group.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) phase: Phase,
    generation: i32,
    leader: String,
    protocol: StrBytes,
    kind: StrBytes,
    deadline: Option<Instant>,
    /// The first generation is not formed before: those who start together come together.
    gathering: Option<Instant>,
    members: BTreeMap<String, Member>,
    pub(super) offsets: Offsets,
    /// Offsets of open transactions, by producer.
    held: HashMap<i64, Offsets>,
    /// When it last had a member or a commit.
    used: i64,
}

impl Group {
    /// Begins to form a new generation.
    fn rebalance(&mut self) {
        if self.phase == Phase::Joining {
            return;
        }
        let longest = self.members.values().map(|member| member.rebalance).max().unwrap_or_default();
        self.phase = Phase::Joining;
        self.deadline = Some(Instant::now() + longest);
        self.members.values_mut().for_each(|member| member.joined = false);
    }

    /// Ends the joining if all members are there, or the time is over.
    fn complete(&mut self) -> bool {
        if self.phase != Phase::Joining {
            return false;
        }
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            self.members.retain(|_, member| member.joined);
        }
        let gathering = self.gathering.is_some_and(|until| Instant::now() < until);
        if gathering || !self.members.values().all(|member| member.joined) {
            return false;
        }
        self.gathering = None;
        self.generation = self.generation.wrapping_add(1).max(1);
        let Some(first) = self.members.keys().next() else {
            (self.phase, self.protocol) = (Phase::Empty, StrBytes::new());
            return true;
        };
        if !self.members.contains_key(&self.leader) {
            self.leader = first.clone();
        }
        self.phase = Phase::Syncing;
        self.protocol = self.common_protocol();
        let now = Instant::now();
        self.members.values_mut().for_each(|member| member.seen = now);
        true
    }

    /// The leader's best protocol that all members know.
    fn common_protocol(&self) -> StrBytes {
        let known =
            |name: &StrBytes| self.members.values().all(|member| member.protocols.iter().any(|(n, _)| n == name));
        let leader = self.members.get(&self.leader);
        let mut names = leader.into_iter().flat_map(|member| &member.protocols).map(|(name, _)| name);
        names.find(|name| known(name)).cloned().unwrap_or_default()
    }

    /// Removes members whose session is over; says whether those who wait must look again.
    pub(super) fn expire(&mut self, now: Instant) -> bool {
        let before = self.members.len();
        let joining = self.phase == Phase::Joining;
        self.members.retain(|_, member| (joining && member.joined) || now.duration_since(member.seen) < member.session);
        let lost = self.members.len() < before;
        if lost {
            self.rebalance();
        }
        self.complete() || lost
    }

    /// Stores an offset.
    pub(super) fn commit(&mut self, at: (&str, i32), committed: Committed, now: i64) {
        self.used = now;
        self.offsets.put(at, committed);
    }

    /// Holds an offset until its transaction ends.
    pub(super) fn hold(&mut self, producer: i64, at: (&str, i32), committed: Committed) {
        self.held.entry(producer).or_default().put(at, committed);
    }

    /// Stores or drops what a producer's transaction held.
    pub(super) fn end_transaction(&mut self, producer: i64, commit: bool, now: i64) {
        if let Some(held) = self.held.remove(&producer).filter(|_| commit) {
            self.used = now;
            self.offsets.extend(held);
        }
    }

    /// Whether an open transaction holds an offset of that partition.
    pub(super) fn pending(&self, at: (&str, i32)) -> bool {
        self.held.values().any(|offsets| offsets.get(at).is_some())
    }

    pub(super) fn forget_topic(&mut self, name: &str) {
        self.offsets.forget_topic(name);
        self.held.values_mut().for_each(|held| held.forget_topic(name));
    }

    /// Forgets the offsets of a group that nobody used since `before`; says whether anything is left of it.
    pub(super) fn outlives(&mut self, before: i64, now: i64) -> bool {
        if self.phase != Phase::Empty {
            self.used = now;
        }
        if self.used < before {
            self.offsets.clear();
        }
        self.phase != Phase::Empty || !self.offsets.is_empty() || !self.held.is_empty()
    }
}

impl State {
    /// A group, made if there is none and the bound allows it.
    pub(super) fn group(&mut self, id: &str, bound: usize) -> Result<&mut Group, Error> {
        if id.is_empty() {
            return Err(Error::InvalidGroupId);
        }
        if !self.groups.contains_key(id) && self.groups.len() >= bound {
            return Err(Error::PolicyViolation);
        }
        Ok(self.groups.entry(id.to_owned()).or_default())
    }

    /// Whether the member is in the group, in its current generation; it counts as a sign of life.
    pub(super) fn check_member(
        &mut self,
        group: &str,
        id: &str,
        generation: i32,
        instance: Option<&StrBytes>,
    ) -> Result<(), Error> {
        let group = self.groups.get_mut(group).ok_or(Error::UnknownMemberId)?;
        if let Some(instance) = instance {
            let holder = group.members.iter().find(|(_, member)| member.instance.as_ref() == Some(instance));
            if holder.is_some_and(|(holder, _)| holder != id) {
                return Err(Error::FencedInstanceId);
            }
        }
        let member = group.members.get_mut(id).ok_or(Error::UnknownMemberId)?;
        member.seen = Instant::now();
        if generation == group.generation { Ok(()) } else { Err(Error::IllegalGeneration) }
    }
}
