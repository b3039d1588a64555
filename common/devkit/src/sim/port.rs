//! The log as one worker sees it.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    sync::Arc,
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
    sent: Option<Sent>,
}

/// A transaction on its way.
enum Sent {
    Handed(Arc<Transaction>, Proof),
    /// Its records and offsets are written; it is open, with this number.
    Written(usize, Way, Vec<(At, Committed)>),
    /// It came to nothing.
    Failed(Fault),
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
        let held = BTreeSet::new();
        SimLog { world, shape, who, producer, epoch: None, followed, resumed, held, settling, sent: None }
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

    /// Writes records and offsets, and leaves the transaction open.
    fn write(&mut self, transaction: &Transaction, proof: Proof) -> Result<Sent, Fault> {
        let epoch = self.epoch()?;
        self.fenced(epoch)?;
        let offsets = self.offsets(transaction);
        let world = &mut *self.world.borrow_mut();
        let way = SimLog::way(world);
        let open = world.begin(self.producer);
        world.say(|| format!("worker {}: {} records as transaction {open}", self.who, transaction.records.len()));
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
        if world.plant != Some(Plant::OffsetsOutside) {
            world.transactions[open].offsets.clone_from(&offsets);
        }
        Ok(Sent::Written(open, way, offsets))
    }

    /// Ends what was written.
    fn finish(&mut self, open: usize, way: &Way, offsets: Vec<(At, Committed)>) -> Result<(), Fault> {
        let epoch = self.epoch()?;
        self.fenced(epoch)?;
        let world = &mut *self.world.borrow_mut();
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
        if world.plant == Some(Plant::OffsetsOutside) {
            if world.rng.chance(world.faults.unheard) {
                return Err(Fault::Unknown("died before the offsets".to_owned()));
            }
            world.offsets.extend(offsets);
        }
        Ok(())
    }

    /// Whether another producer took our id, or time ended our transaction.
    fn fenced(&self, epoch: u32) -> Result<(), Fault> {
        match self.world.borrow().epochs.get(&self.producer) == Some(&epoch) {
            true => Ok(()),
            false => Err(Fault::Unknown("the producer is fenced".to_owned())),
        }
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

    fn firsts(&mut self, of: &[(&'static str, i32)]) -> Result<Vec<i64>, Fault> {
        self.call("firsts")?;
        let world = self.world.borrow();
        Ok(of.iter().map(|at| world.first(*at)).collect())
    }

    fn member(&mut self) -> Option<Proof> {
        let world = &mut *self.world.borrow_mut();
        let generation = world.group.proof(self.who, &mut world.rng)?;
        Some(Proof { who: self.who, generation })
    }

    fn send(&mut self, transaction: &Arc<Transaction>, proof: Proof) {
        self.sent = Some(Sent::Handed(transaction.clone(), proof));
    }

    fn underway(&mut self) -> bool {
        let (lag, half) = {
            let world = &mut *self.world.borrow_mut();
            (world.slow || world.faults.lag > 0 && world.rng.chance(5_000), world.rng.chance(5_000))
        };
        // As often as not it takes its time: before anything is written, or open, while the group and the others go on.
        self.sent = match self.sent.take() {
            Some(Sent::Handed(transaction, proof)) if half => {
                Some(self.write(&transaction, proof).unwrap_or_else(Sent::Failed))
            }
            sent => sent,
        };
        lag
    }

    fn commit(&mut self) -> Result<(), Fault> {
        let sent = match self.sent.take() {
            Some(Sent::Handed(transaction, proof)) => self.write(&transaction, proof),
            Some(sent) => Ok(sent),
            None => Err(Fault::Unknown("nothing was sent".to_owned())),
        };
        let ended = match sent {
            Ok(Sent::Written(open, way, offsets)) => self.finish(open, &way, offsets),
            Ok(Sent::Failed(fault)) | Err(fault) => Err(fault),
            Ok(Sent::Handed(..)) => Err(Fault::Unknown("it was not written".to_owned())),
        };
        let world = &mut *self.world.borrow_mut();
        world.say(|| format!("worker {}: {ended:?}", self.who));
        if matches!(ended, Err(Fault::Unknown(_))) {
            self.epoch = None;
        }
        if world.faults.doom > 0 && world.rng.chance(world.faults.doom) {
            world.doomed.insert(self.who);
        }
        ended
    }

    fn partitions(&mut self, topic: &'static str) -> Result<i32, Fault> {
        // The order of policies is that of one partition.
        let one = topic == PolicyChanged::TOPIC.name;
        Ok(if one { 1 } else { self.world.borrow().partitions() })
    }
}
