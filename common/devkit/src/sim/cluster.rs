//! Workers on one log, stepped in an order that chance chooses, killed, stopped and replaced.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use kernel::{Millis, Processor};
use runtime::{Counts, Discipline, Pace, Watch, Worker, log::Log, store::Reader};

use super::{SimLog, SimSchemas, World, shadow::Shadow};

/// A member that stands still for longer is taken for dead.
const SESSION: Millis = Millis(6_000);

/// Whether what two views keep of a market is the same; else, in one line, how it differs.
pub type Same<P> = fn(&<P as Processor>::View, &<P as Processor>::View, &str) -> Result<(), String>;

/// A worker and what befell it.
struct Hand<P: Processor, D: Discipline> {
    worker: Worker<P, SimLog, SimSchemas, D>,
    who: usize,
    producer: usize,
    born: Millis,
    asleep: Option<Millis>,
}

/// The workers.
pub struct Cluster<P: Processor, D: Discipline> {
    /// The log that they work on.
    pub world: Rc<RefCell<World>>,
    policy: Arc<P::Policy>,
    pace: Pace,
    size: usize,
    same: Same<P>,
    hands: Vec<Hand<P, D>>,
    born: usize,
    shadows: BTreeMap<i32, Shadow<P>>,
    /// Makes each worker's way to a store of riders' facts.
    reader: Option<Box<dyn Fn() -> Reader>>,
    /// What all workers did.
    pub watch: Arc<Watch>,
}

impl<P: Processor, D: Discipline> Cluster<P, D> {
    /// `size` workers on a log; `same` compares a view with one that was rebuilt.
    pub fn new(world: Rc<RefCell<World>>, policy: Arc<P::Policy>, (pace, size): (Pace, usize), same: Same<P>) -> Self {
        let (hands, born, shadows, watch) = (Vec::new(), 0, BTreeMap::new(), Arc::default());
        Cluster { world, policy, pace, size, same, hands, born, shadows, reader: None, watch }
    }

    /// From now on each worker that is hired reads riders' facts by a reader of its own.
    pub fn reading(&mut self, reader: impl Fn() -> Reader + 'static) {
        self.reader = Some(Box::new(reader));
    }

    /// Lets a little time pass, something happen, and one worker take a step.
    ///
    /// # Errors
    /// A law that is broken, in one line.
    pub fn step(&mut self) -> Result<(), String> {
        {
            let mut world = self.world.borrow_mut();
            let span = world.rng.upto(60);
            world.pass(Millis(span));
        }
        self.disturb();
        while self.hands.len() < self.size {
            self.hire()?;
        }
        let now = self.world.borrow().now();
        let awake: Vec<usize> = (0..self.hands.len()).filter(|index| self.hands[*index].asleep.is_none()).collect();
        if awake.is_empty() {
            return Ok(());
        }
        let index = *self.world.borrow_mut().rng.pick(&awake);
        let hand = &mut self.hands[index];
        let elapsed = Duration::from_millis(now.since(hand.born).0.max(0) as u64);
        let outcome = hand.worker.step(elapsed);
        let who = hand.who;
        if let Err(fault) = &outcome {
            self.world.borrow_mut().say(|| format!("worker {who}: {fault}"));
        }
        if self.world.borrow_mut().doomed.remove(&who) {
            self.bury(index);
            return Ok(());
        }
        self.stall(index, now);
        if outcome.is_ok() { self.compare(index) } else { Ok(()) }
    }

    /// Whether every partition is live with its owner, all was read, and nothing is in hand or under way.
    pub fn idle(&mut self) -> bool {
        let world = self.world.borrow();
        if !world.settled() || self.hands.iter().any(|hand| hand.asleep.is_some()) {
            return false;
        }
        (0..world.partitions()).all(|partition| {
            let owner = world.owner(partition);
            let Some(hand) = self.hands.iter_mut().find(|hand| Some(hand.who) == owner) else { return false };
            hand.worker.live().contains(&partition)
                && hand.worker.idle()
                && hand.worker.log().followed().all(|(at, position)| position >= world.stable(at))
        })
    }

    /// The views of the workers that own something, with what they own.
    pub fn views(&self) -> impl Iterator<Item = (Vec<i32>, &P::View)> {
        self.hands.iter().map(|hand| (hand.worker.live(), hand.worker.view()))
    }

    fn hire(&mut self) -> Result<(), String> {
        let who = self.born;
        self.born += 1;
        let now = self.world.borrow().now();
        // A process that is started again has its old name, a new one a new name.
        let taken: BTreeSet<usize> = self.hands.iter().map(|hand| hand.producer).collect();
        let old = (0..self.size).find(|name| !taken.contains(name));
        let producer = old.filter(|_| self.world.borrow_mut().rng.chance(5_000)).unwrap_or(self.size + who);
        self.world.borrow_mut().say(|| format!("worker {who} starts as producer {producer}"));
        let mut log = SimLog::open::<P>(&self.world, who, producer);
        let counts = Counts::read::<P>(&mut log).map_err(|fault| fault.to_string())?;
        let (schemas, paced) = (SimSchemas(self.world.clone()), (self.pace, counts));
        let worker = Worker::new(log, schemas, self.policy.clone(), paced, self.watch.clone());
        let worker = worker.reading(self.reader.as_ref().map(|reader| reader()));
        self.hands.push(Hand { worker, who, producer, born: now, asleep: None });
        Ok(())
    }

    /// Kills, stops, wakes and rebalances.
    fn disturb(&mut self) {
        let (faults, now) = (self.world.borrow().faults, self.world.borrow().now());
        for hand in &mut self.hands {
            if hand.asleep.is_some_and(|until| now >= until) {
                hand.asleep = None;
                self.world.borrow_mut().say(|| format!("worker {} wakes", hand.who));
            }
        }
        let chance = |of: u32| of > 0 && self.world.borrow_mut().rng.chance(of);
        if chance(faults.rebalance) {
            let world = &mut *self.world.borrow_mut();
            world.say(|| "rebalance".to_owned());
            world.group.spread(&mut world.rng);
        }
        if self.hands.is_empty() {
            return;
        }
        let (pause, kill) = (chance(faults.pause), chance(faults.kill));
        let index = self.world.borrow_mut().rng.below(self.hands.len());
        if pause {
            self.pause(index, now);
        }
        if kill {
            self.bury(index);
        }
    }

    /// The worst moment to stand still is between deciding and committing.
    fn stall(&mut self, index: usize, now: Millis) {
        let world = self.world.clone();
        let pause = world.borrow().faults.pause;
        if pause > 0 && !self.hands[index].worker.settled() && world.borrow_mut().rng.chance(pause) {
            self.pause(index, now);
        }
    }

    fn pause(&mut self, index: usize, now: Millis) {
        let hand = &mut self.hands[index];
        if hand.asleep.is_none() {
            let world = &mut *self.world.borrow_mut();
            let (until, who) = (now.plus(Millis(world.rng.upto(12_000))), hand.who);
            hand.asleep = Some(until);
            if until.since(now) > SESSION {
                world.sessions.push((now.plus(SESSION), who, false));
            }
            world.say(|| format!("worker {who} stands still for {} ms", until.since(now).0));
        }
    }

    fn bury(&mut self, index: usize) {
        let hand = self.hands.remove(index);
        let world = &mut *self.world.borrow_mut();
        world.say(|| format!("worker {} is killed", hand.who));
        let then = world.now().plus(Millis(world.rng.upto(SESSION.0)));
        world.sessions.push((then, hand.who, true));
    }

    /// Law 10: the view that a worker carries is the one that the log alone gives.
    fn compare(&mut self, index: usize) -> Result<(), String> {
        let hand = &mut self.hands[index];
        // What was polled and waits for the registry is in the positions, not yet in the view.
        if !hand.worker.settled() || hand.worker.waiting() > 0 {
            return Ok(());
        }
        let positions = hand.worker.log().positions().map_err(|fault| fault.to_string())?;
        for partition in hand.worker.live() {
            let world = self.world.borrow();
            if world.owner(partition) != Some(hand.who) || !world.settled() {
                continue;
            }
            let shadow = self.shadows.entry(partition).or_default();
            if !shadow.follow(&world, partition, &positions)? {
                continue;
            }
            for market in shadow.markets() {
                (self.same)(hand.worker.view(), shadow.view(), market).map_err(|how| {
                    format!("law 10: worker {} carries another view of {market} than the log gives: {how}", hand.who)
                })?;
            }
        }
        Ok(())
    }
}
