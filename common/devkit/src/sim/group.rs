//! The consumer group: generations, and partitions that move one after the other as the cooperative protocol does.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use runtime::log::Polled;

use super::Rng;

/// A member as the coordinator and the member itself know it.
#[derive(Debug, Default)]
struct Member {
    /// Generation that the member knows.
    known: u64,
    /// What it was not told yet.
    news: VecDeque<Polled>,
    /// What it believes to own.
    owned: BTreeSet<i32>,
    /// Taken for dead: it believes to be a member until it polls.
    out: bool,
}

/// The group.
#[derive(Debug)]
pub(super) struct Group {
    partitions: i32,
    pub(super) generation: u64,
    members: BTreeMap<usize, Member>,
    owner: BTreeMap<i32, usize>,
    target: BTreeMap<i32, usize>,
    leaving: BTreeSet<i32>,
}

impl Group {
    pub(super) fn new(partitions: i32) -> Group {
        let (members, owner, target) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Group { partitions, generation: 0, members, owner, target, leaving: BTreeSet::new() }
    }

    pub(super) fn join(&mut self, who: usize, rng: &mut Rng) {
        self.members.insert(who, Member::default());
        self.spread(rng);
    }

    /// Who owns a partition, as the coordinator knows it.
    pub(super) fn owner(&self, partition: i32) -> Option<usize> {
        self.owner.get(&partition).copied()
    }

    /// Spreads the partitions anew over those who are members.
    pub(super) fn spread(&mut self, rng: &mut Rng) {
        let members: Vec<usize> = self.members.iter().filter(|(_, member)| !member.out).map(|(who, _)| *who).collect();
        self.generation += 1;
        self.target.clear();
        if members.is_empty() {
            return;
        }
        for partition in 0..self.partitions {
            let sticky = self.owner(partition).filter(|owner| members.contains(owner) && rng.chance(5_000));
            self.target.insert(partition, sticky.unwrap_or_else(|| *rng.pick(&members)));
        }
        self.hand_over();
    }

    /// Asks for what must move, and gives away what nobody owns.
    fn hand_over(&mut self) {
        for (partition, target) in &self.target {
            match self.owner.get(partition) {
                Some(owner) if owner == target => {}
                Some(owner) => {
                    if self.leaving.insert(*partition)
                        && let Some(member) = self.members.get_mut(owner)
                    {
                        member.news.push_back(Polled::Revoked(vec![*partition]));
                    }
                }
                None => {
                    self.owner.insert(*partition, *target);
                    if let Some(member) = self.members.get_mut(target) {
                        member.news.push_back(Polled::Assigned(vec![*partition]));
                    }
                }
            }
        }
    }

    /// What the group has to say to a member that polls.
    pub(super) fn poll(&mut self, who: usize, rng: &mut Rng) -> Option<Polled> {
        let member = self.members.get_mut(&who)?;
        if member.out {
            let lost: Vec<i32> = std::mem::take(&mut member.owned).into_iter().collect();
            if lost.is_empty() {
                self.join(who, rng);
                return None;
            }
            return Some(Polled::Revoked(lost));
        }
        member.known = self.generation;
        let news = member.news.pop_front()?;
        match &news {
            Polled::Assigned(partitions) => member.owned.extend(partitions),
            Polled::Revoked(partitions) => {
                for partition in partitions {
                    member.owned.remove(partition);
                    self.owner.remove(partition);
                    self.leaving.remove(partition);
                }
                self.generation += 1;
                self.hand_over();
            }
            Polled::Record(_) => {}
        }
        Some(news)
    }

    /// The session ended: others get its partitions, and it does not know. `gone`: it is dead indeed.
    pub(super) fn kick(&mut self, who: usize, gone: bool, rng: &mut Rng) {
        let Some(member) = self.members.get_mut(&who) else { return };
        if !member.out {
            member.out = true;
            member.news.clear();
            for partition in 0..self.partitions {
                if self.owner.get(&partition) == Some(&who) {
                    self.owner.remove(&partition);
                    self.leaving.remove(&partition);
                }
            }
        }
        if gone {
            self.members.remove(&who);
        }
        self.spread(rng);
    }

    /// The generation by which a member would prove itself; a client that has heard of its end has none.
    pub(super) fn proof(&mut self, who: usize, rng: &mut Rng) -> Option<u64> {
        let generation = self.generation;
        let member = self.members.get_mut(&who)?;
        match member.out {
            true if rng.chance(3_000) => return None,
            true => {}
            // The client's own thread heard of a new generation, or not yet.
            false if rng.chance(7_000) => member.known = generation,
            false => {}
        }
        Some(member.known)
    }

    pub(super) fn accepts(&self, who: usize, generation: u64) -> bool {
        generation == self.generation && self.members.get(&who).is_some_and(|member| !member.out)
    }
}
