//! The log as one worker sees it.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    time::Duration,
};

use kernel::{
    Millis, Processor, Record,
    contract::{PolicyChanged, StateKept},
};
use runtime::log::{Fault, Log, Polled, Start, Stretch, Transaction};

use super::{
    Plant, Shape, World,
    takeover::Settling,
    transactions::{Committed, End},
    world::At,
};

/// Proof of membership: who, and in which generation.
#[derive(Clone, Copy, Debug)]
pub struct Proof {
    who: usize,
    generation: u64,
}

/// The log as one worker sees it.
pub struct SimLog {
    world: Rc<RefCell<World>>,
    shape: Shape,
    who: usize,
    producer: usize,
    /// The epoch of our producer; `None`: there is none, or its last transaction is in doubt.
    epoch: Option<u32>,
    /// Positions of the tails, and of the work topic's partitions that may flow.
    followed: BTreeMap<At, i64>,
    resumed: BTreeMap<i32, i64>,
    held: BTreeSet<At>,
    settling: BTreeMap<i32, Settling>,
}

/// How a commit goes.
enum Way {
    Through,
    Refused,
    Unheard,
    Open,
    Torn,
}

impl SimLog {
    /// Joins the group as member `who`, with the transactional id `producer`.
    pub fn open<P: Processor>(world: &Rc<RefCell<World>>, who: usize, producer: usize) -> SimLog {
        let mut within = world.borrow_mut();
        let World { group, rng, .. } = &mut *within;
        group.join(who, rng);
        drop(within);
        let (followed, resumed, settling) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (world, shape) = (world.clone(), Shape::of::<P>());
        SimLog { world, shape, who, producer, epoch: None, followed, resumed, held: BTreeSet::new(), settling }
    }

    /// Everything that is read, and how far.
    pub(super) fn followed(&self) -> impl Iterator<Item = (At, i64)> {
        let resumed = self.resumed.iter().map(|(partition, next)| ((self.shape.work, *partition), *next));
        self.followed.iter().map(|(at, next)| (*at, *next)).chain(resumed)
    }

    /// A call that may not be answered.
    fn call(&self, what: &str) -> Result<(), Fault> {
        let mut world = self.world.borrow_mut();
        let away = world.faults.away;
        if away > 0 && world.rng.chance(away) {
            return Err(Fault::Away(format!("{what} is not answered")));
        }
        Ok(())
    }

    fn next(&mut self) -> Option<Polled> {
        let mut world = self.world.borrow_mut();
        let lag = world.faults.lag;
        if lag > 0 && world.rng.chance(lag) {
            return None;
        }
        let mut all: Vec<At> = self.followed.keys().copied().collect();
        all.extend(self.resumed.keys().map(|partition| (self.shape.work, *partition)));
        all.retain(|at| !world.muted.contains(at.0) && !self.held.contains(at));
        let first = world.rng.below(all.len());
        for at in all.iter().cycle().skip(first).take(all.len()) {
            let position = match at.0 == self.shape.work {
                true => self.resumed.get_mut(&at.1),
                false => self.followed.get_mut(at),
            };
            let Some(position) = position else { continue };
            let (raw, next) = world.next(at.0, at.1, *position);
            *position = next;
            if let Some(raw) = raw {
                return Some(Polled::Record(raw));
            }
        }
        None
    }

    /// The epoch of a producer that may write.
    fn epoch(&mut self) -> Result<u32, Fault> {
        if self.epoch.is_none() {
            self.epoch = self.world.borrow_mut().init_producer(self.producer);
        }
        self.epoch.ok_or_else(|| Fault::Away("the last transaction is being committed".to_owned()))
    }

    fn way(world: &mut World) -> Way {
        let faults = world.faults;
        match () {
            () if world.rng.chance(faults.refused) => Way::Refused,
            () if world.rng.chance(faults.unheard) => Way::Unheard,
            () if world.rng.chance(faults.open) => Way::Open,
            () if world.rng.chance(faults.open / 3) => Way::Torn,
            () => Way::Through,
        }
    }

    fn write(&self, transaction: &Transaction, proof: Proof) -> Result<(), Fault> {
        let world = &mut *self.world.borrow_mut();
        let way = SimLog::way(world);
        let open = world.begin(self.producer);
        if matches!(way, Way::Torn) {
            let some = world.rng.below(transaction.records.len());
            world.write(open, &transaction.records[..some]);
            return Err(Fault::Unknown("died while writing".to_owned()));
        }
        world.write(open, &transaction.records);
        let fenced = !transaction.offsets.is_empty() && !world.group.accepts(proof.who, proof.generation);
        if fenced && world.plant != Some(Plant::NoFencing) {
            world.end(open, false);
            return Err(Fault::Aborted("the generation is stale".to_owned()));
        }
        let offsets = self.offsets(transaction);
        let outside = world.plant == Some(Plant::OffsetsOutside);
        if !outside {
            world.transactions[open].offsets.clone_from(&offsets);
        }
        match way {
            Way::Through => world.end(open, true),
            Way::Refused => {
                world.end(open, false);
                return Err(Fault::Aborted("refused".to_owned()));
            }
            Way::Unheard => {
                world.end(open, true);
                return Err(Fault::Unknown("the answer was lost".to_owned()));
            }
            Way::Open | Way::Torn => {
                let then = world.now.plus(Millis(world.rng.upto(4_000)));
                let ends = [End::Nobody, End::UnderWay(then), End::Decided(then)];
                world.transactions[open].end = *world.rng.pick(&ends);
                let end = world.transactions[open].end;
                world.say(|| format!("  transaction {open} is left open: {end:?}"));
                if world.rng.chance(4_000) {
                    world.doomed.insert(self.who);
                }
                return Err(Fault::Unknown("no answer to the commit".to_owned()));
            }
        }
        if outside {
            if world.rng.chance(world.faults.unheard) {
                return Err(Fault::Unknown("died before the offsets".to_owned()));
            }
            world.offsets.extend(offsets);
        }
        Ok(())
    }

    fn offsets(&self, transaction: &Transaction) -> Vec<(At, Committed)> {
        let mut all = Vec::with_capacity(transaction.offsets.len());
        for cut in &transaction.offsets {
            let tails = self.shape.market_tails.iter().map(|(topic, _)| *topic);
            let mut names =
                tails.chain(self.shape.global_tails.iter().copied()).chain([self.shape.work, StateKept::TOPIC.name]);
            let Some(topic) = names.find(|name| *name == cut.topic) else { continue };
            let newest = transaction.newest.iter().find(|(partition, _)| *partition == cut.partition);
            let said = newest.filter(|_| topic == self.shape.work).map(|(_, newest)| (*newest, self.producer));
            all.push(((topic, cut.partition), Committed { offset: cut.offset, said }));
        }
        all
    }

    fn told(&mut self, news: &Polled) {
        let (Polled::Assigned(partitions) | Polled::Revoked(partitions)) = news else { return };
        for partition in partitions {
            self.resumed.remove(partition);
            self.settling.remove(partition);
        }
        self.world.borrow_mut().say(|| format!("worker {}: {news:?}", self.who));
    }
}

impl Log for SimLog {
    type Member = Proof;

    fn poll(&mut self, _: Duration) -> Result<Option<Polled>, Fault> {
        self.call("poll")?;
        let news = {
            let world = &mut *self.world.borrow_mut();
            world.group.poll(self.who, &mut world.rng)
        };
        if let Some(news) = news {
            self.told(&news);
            return Ok(Some(news));
        }
        Ok(self.next())
    }

    fn hold(&mut self, held: &BTreeSet<At>) -> Result<(), Fault> {
        self.held.clone_from(held);
        Ok(())
    }

    fn settle(&mut self, partition: i32) -> Result<Option<Start>, Fault> {
        self.call("settle")?;
        self.resumed.remove(&partition);
        if self.epoch().is_err() {
            return Ok(None);
        }
        let world = &mut *self.world.borrow_mut();
        let way = self.settling.entry(partition).or_insert_with(|| Settling::new(world.now));
        let start = world.settle(&self.shape, partition, self.producer, way);
        if let Some(start) = &start {
            self.settling.remove(&partition);
            world.say(|| format!("worker {}: takes {partition} over from {}", self.who, start.work));
        }
        Ok(start)
    }

    fn follow(&mut self, stretches: &[Stretch]) -> Result<(), Fault> {
        self.call("follow")?;
        for stretch in stretches {
            debug_assert!(World::knows(stretch.topic));
            self.followed.insert((stretch.topic, stretch.partition), stretch.from);
        }
        Ok(())
    }

    fn resume(&mut self, partition: i32, offset: i64) -> Result<(), Fault> {
        self.call("resume")?;
        self.resumed.insert(partition, offset);
        Ok(())
    }

    fn unfollow(&mut self, what: &[(&'static str, i32)]) -> Result<(), Fault> {
        self.call("unfollow")?;
        what.iter().for_each(|at| {
            self.followed.remove(at);
        });
        Ok(())
    }

    fn positions(&mut self) -> Result<Vec<(&'static str, i32, i64)>, Fault> {
        let tails = self.followed.iter().map(|((topic, partition), next)| (*topic, *partition, *next));
        Ok(tails.chain(self.resumed.iter().map(|(partition, next)| (self.shape.work, *partition, *next))).collect())
    }

    fn ends(&mut self, of: &[(&'static str, i32)]) -> Result<Vec<i64>, Fault> {
        self.call("ends")?;
        let world = self.world.borrow();
        Ok(of.iter().map(|at| world.stable(*at)).collect())
    }

    fn member(&mut self) -> Option<Proof> {
        let world = &mut *self.world.borrow_mut();
        let generation = world.group.proof(self.who, &mut world.rng)?;
        Some(Proof { who: self.who, generation })
    }

    fn underway(&self) -> bool {
        // As often as not the broker takes its time, so that partitions come and go meanwhile.
        let world = &mut *self.world.borrow_mut();
        world.faults.lag > 0 && world.rng.chance(4_000)
    }

    fn commit(&mut self, transaction: &Transaction, proof: &Proof) -> Result<(), Fault> {
        let epoch = self.epoch()?;
        if self.world.borrow().epochs.get(&self.producer) != Some(&epoch) {
            self.epoch = None;
            return Err(Fault::Unknown("the producer is fenced".to_owned()));
        }
        let written = self.write(transaction, *proof);
        let world = &mut *self.world.borrow_mut();
        world.say(|| format!("worker {}: {} records: {written:?}", self.who, transaction.records.len()));
        if matches!(written, Err(Fault::Unknown(_))) {
            self.epoch = None;
        }
        if world.faults.doom > 0 && world.rng.chance(world.faults.doom) {
            world.doomed.insert(self.who);
        }
        written
    }

    fn partitions(&mut self, topic: &'static str) -> Result<i32, Fault> {
        // The order of policies is that of one partition.
        let one = topic == PolicyChanged::TOPIC.name;
        Ok(if one { 1 } else { self.world.borrow().partitions() })
    }
}
