//! One seed: a day with faults, a last tick, a night in which everything ends.

use std::{cell::RefCell, panic::AssertUnwindSafe, rc::Rc, sync::Arc, time::Duration};

use devkit::sim::{Cluster, Faults, Plant, Rng, World};
use kernel::{Millis, Record, Rules, contract::StateKept};
use matching::{Matching, Policy, View};
use runtime::{Count, Discipline, Limits, Pace, Time};

use crate::{
    city::{City, MARKETS, Mood, Stand, text},
    oracle,
};

/// Steps until what is under way must have ended when nothing goes wrong.
const PATIENCE: usize = 4_000;

/// What a seed came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) steps: usize,
    pub(crate) commits: u64,
    pub(crate) aborts: u64,
    pub(crate) parked: u64,
    pub(crate) take_overs: u64,
    pub(crate) requests: u64,
    pub(crate) assigned: u64,
    pub(crate) refused: u64,
    pub(crate) duplicates: u64,
    pub(crate) released: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Tally) {
        self.steps += other.steps;
        self.commits += other.commits;
        self.aborts += other.aborts;
        self.parked += other.parked;
        self.take_overs += other.take_overs;
        self.requests += other.requests;
        self.assigned += other.assigned;
        self.refused += other.refused;
        self.duplicates += other.duplicates;
        self.released += other.released;
    }
}

/// Plays a seed. The error is the story of its failure, with the last steps when they are asked for.
pub(crate) fn play<D: Discipline>(seed: u64, plant: Option<Plant>, trace: usize) -> Result<Tally, String> {
    let mut rng = Rng::new(!seed);
    let partitions = 2 + rng.upto(1) as i32;
    let world = World::new(seed, partitions, plant, trace);
    let told = std::panic::catch_unwind(AssertUnwindSafe(|| day::<D>(seed, &mut rng, &world)));
    let told = told.unwrap_or_else(|_| Err("a panic".to_owned()));
    told.map_err(|why| {
        let last = world.try_borrow().map(|world| world.trace()).unwrap_or_default();
        let chains = world.try_borrow().map(|world| oracle::chains(&world)).unwrap_or_default();
        let trace = if trace > 0 { format!("{chains}\n{last}") } else { String::new() };
        format!("{trace}\nseed {seed}: {why}\nrun it alone with SIM_SEED={seed}")
    })
}

fn day<D: Discipline>(seed: u64, rng: &mut Rng, world: &Rc<RefCell<World>>) -> Result<Tally, String> {
    let policy = Arc::new(Policy::parse(&text(1))?);
    let mood = Mood { requests: 250, poison: 60, moves: 40, laws: 25, kind: false, answers: true, ticks: true };
    let mut city = City::new(world.clone(), seed, mood)?;
    let size = 2 + rng.below(2);
    let mut cluster: Cluster<Matching, D> = Cluster::new(world.clone(), policy.clone(), (pace(rng), size), same);
    let mut tally = Tally::default();

    world.borrow_mut().faults = Faults::STORM;
    for _ in 0..1_200 + rng.below(600) {
        if rng.chance(20) {
            world.borrow_mut().compact(StateKept::TOPIC.name);
        }
        city.step()?;
        cluster.step()?;
        tally.steps += 1;
    }
    last_tick(&mut cluster, &mut city, &mut tally)?;
    night(&mut cluster, &mut city, &mut tally)?;
    let verdict = oracle::judge(&world.borrow(), &city.poison, &city.policies)?;
    (tally.requests, tally.assigned) = (verdict.requests, verdict.assigned);
    (tally.refused, tally.duplicates) = (verdict.refused_late, verdict.duplicates_refused);
    tally.released = verdict.released;
    tally.commits = cluster.watch.total(Count::Commits);
    tally.aborts = cluster.watch.total(Count::Aborts);
    tally.parked = cluster.watch.total_parked();
    tally.take_overs = cluster.watch.total(Count::Rebalances);
    Ok(tally)
}

/// Everybody falls silent, one tick comes, half of all commits fail: what the tick made ripe is done nevertheless.
fn last_tick<D: Discipline>(
    cluster: &mut Cluster<Matching, D>,
    city: &mut City,
    tally: &mut Tally,
) -> Result<(), String> {
    city.hush();
    city.mood = Mood { requests: 0, poison: 0, moves: 0, laws: 0, kind: true, answers: false, ticks: false };
    cluster.world.borrow_mut().faults = Faults::NONE;
    settle(cluster, tally)?;
    cluster.world.borrow_mut().pass(Millis(6_000));
    city.tick()?;
    let ticked = city.now();
    cluster.world.borrow_mut().faults = Faults::REFUSALS;
    settle(cluster, tally)?;
    for (market, ride, stand) in city.stands()? {
        if let Stand::Offered { answer_by, .. } = stand
            && answer_by <= ticked.0
        {
            return Err(format!("ride {ride} of {market}: its offer lapsed and stands; the last tick was lost"));
        }
    }
    Ok(())
}

/// Nothing goes wrong any more, and time passes until every ride has ended.
fn night<D: Discipline>(cluster: &mut Cluster<Matching, D>, city: &mut City, tally: &mut Tally) -> Result<(), String> {
    city.mood = Mood { requests: 0, poison: 0, moves: 0, laws: 0, kind: true, answers: true, ticks: true };
    cluster.world.borrow_mut().faults = Faults::NONE;
    for _ in 0..6 {
        city.round_up()?;
        for _ in 0..400 {
            city.step()?;
            cluster.step()?;
            tally.steps += 1;
        }
        if city.stands()?.iter().all(|(_, _, stand)| *stand == Stand::Closed) {
            break;
        }
        // A ride that nobody takes waits for 30 seconds.
        cluster.world.borrow_mut().pass(Millis(10_000));
    }
    city.hush();
    city.mood.ticks = false;
    settle(cluster, tally)
}

/// Steps until nothing is in hand.
fn settle<D: Discipline>(cluster: &mut Cluster<Matching, D>, tally: &mut Tally) -> Result<(), String> {
    // Not idle once, but for as long as every worker needs to look again.
    let mut idle = 0;
    for _ in 0..PATIENCE {
        cluster.step()?;
        tally.steps += 1;
        idle = if cluster.idle() { idle + 1 } else { 0 };
        if idle > 40 {
            return Ok(());
        }
    }
    Err("work is in hand, nothing goes wrong, and nobody does it".to_owned())
}

pub(crate) fn pace(rng: &mut Rng) -> Pace {
    Pace {
        time: if rng.chance(3_000) { Time::Live } else { Time::Log { speed: 1 } },
        wait: Duration::ZERO,
        interval: Duration::from_millis(if rng.chance(3_000) { rng.upto(500) as u64 } else { 0 }),
        limits: Limits {
            polled: 1 + rng.below(40),
            asks_in_hand: 1 + rng.below(20),
            facts_in_hand: 1 + rng.below(20),
            parked_in_hand: 1 + rng.below(5),
            bytes_in_hand: if rng.chance(2_000) { 1_000 } else { 1_000_000 },
            asks_taken: 1 + rng.below(5),
            facts_taken: 1 + rng.below(5),
            parked_taken: 1 + rng.below(3),
            ..Limits::default()
        },
    }
}

fn same(carried: &View, rebuilt: &View, market: &str) -> Result<(), String> {
    debug_assert!(MARKETS.contains(&market));
    match carried.kept(market) == rebuilt.kept(market) {
        true => Ok(()),
        false => Err(format!("{:?}\nagainst\n{:?}", carried.kept(market), rebuilt.kept(market))),
    }
}
