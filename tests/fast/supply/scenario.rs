//! Scenarios: what the planner is told, and the world that it is held against.

mod made;
mod recorded;

use pricing::allocate::{Action, Impact, Market, Response, Site, impact};

use super::city::{Dice, middle};
use super::world::{Driver, Rider, Spot, travel_ms};

pub(super) use made::made;
pub(super) use recorded::recorded;

/// Half of the drivers whose trip ends go elsewhere at once; the others stay.
const DRIFTS: f64 = 0.5;
/// Answers to pay, minor units: all come from next door for 600, a minute of the way takes off 30.
const RESPONSE: Response = Response { whole: 600, minute: 30, error_bps: 2_000 };
/// What a ride leaves: 20 % of 2.09 + 1.22 a kilometre + 0.34 a minute, and 0.60 of fees, in hundredths.
const TAKE: f64 = 0.2;

/// One seed of a scenario.
pub(super) struct Instance {
    pub(super) riders: Vec<Rider>,
    pub(super) drivers: Vec<Driver>,
    pub(super) sent: Vec<(usize, Spot)>,
    /// What those who are sent are paid, minor units.
    pub(super) paid: f64,
}

/// What happens by a seed, if so is done.
type Seeded = Box<dyn Fn(u64, &[Action]) -> Instance>;

/// What the planner is told, what is done, and what happens.
pub(super) struct Scenario {
    pub(super) name: String,
    pub(super) market: Market,
    pub(super) action: Action,
    pub(super) said: Impact,
    pub(super) end_ms: i64,
    /// What happens by a seed, if this is done.
    pub(super) seed: Seeded,
}

/// What a ride leaves, minor units.
fn margin(from: Spot, to: Spot, trip_ms: i64) -> i64 {
    let (east, north) = (to.0 - from.0, to.1 - from.1);
    let km = (east * east + north * north).sqrt() * 1.3 / 1_000.0;
    (TAKE * (209.0 + 122.0 * km + 34.0 * trip_ms as f64 / 60_000.0) + 60.0) as i64
}

/// Travel times between the middles of cells; within a cell and to the next, a mean over places.
fn travel(cells: &[u64]) -> Vec<i64> {
    let mut dice = Dice::new(1);
    let mean = |one: u64, other: u64, dice: &mut Dice| {
        let (one, other) = (middle(one), middle(other));
        let way = |dice: &mut Dice| travel_ms(dice.inside(one), dice.inside(other));
        (0..40).map(|_| way(dice)).sum::<i64>() / 40
    };
    let mut times = Vec::new();
    for from in cells {
        times.extend(cells.iter().map(|to| mean(*from, *to, &mut dice)));
    }
    times
}

/// Which drivers go where, and what they are paid. Those of a move are drawn from the free of a site; who comes for pay does so by a reservation
/// price of his own, which is `true_whole` where the planner believes [`Response::whole`].
fn sent(actions: &[Action], free: &[(usize, u64)], true_whole: f64, dice: &mut Dice) -> (Vec<(usize, Spot)>, f64) {
    let (mut sent, mut paid) = (Vec::new(), 0.0);
    let mut free = free.to_vec();
    for action in actions {
        let before = sent.len();
        let pay = match *action {
            Action::Move { from, to, drivers, pay } => {
                let of = free.iter().filter(|(_, cell)| *cell == from).take(drivers as usize);
                sent.extend(of.map(|(driver, _)| (*driver, dice.inside(middle(to)))));
                pay
            }
            Action::Incentive { to, pay } => {
                for (driver, cell) in free.iter().filter(|(_, cell)| *cell != to) {
                    let way = travel_ms(middle(*cell), middle(to)) as f64 / 60_000.0;
                    if dice.unit() * true_whole < pay as f64 - RESPONSE.minute as f64 * way {
                        sent.push((*driver, dice.inside(middle(to))));
                    }
                }
                pay
            }
        };
        paid += (sent.len() - before) as f64 * pay as f64;
        free.retain(|(driver, _)| sent[before..].iter().all(|(gone, _)| gone != driver));
    }
    (sent, paid)
}

/// An action that moves somebody: half of them moves, half of those without pay; as likely one to anywhere as one to where many ask.
fn action(market: &Market, dice: &mut Dice) -> (Action, Impact) {
    loop {
        let action = any(market.sites(), dice);
        let said = impact(market, &[action]).unwrap();
        if said.moved >= 1_000 {
            return (action, said);
        }
    }
}

fn any(sites: &[Site], dice: &mut Dice) -> Action {
    let weights = |of: &dyn Fn(&Site) -> f64| sites.iter().map(of).collect::<Vec<_>>();
    let asked = |site: &Site| site.asked.iter().sum::<i64>() as f64;
    let to = match dice.unit() < 0.5 {
        true => dice.of(&weights(&asked)),
        false => dice.of(&vec![1.0; sites.len()]),
    };
    if dice.unit() < 0.5 {
        return Action::Incentive { to: sites[to].cell, pay: dice.between(250.0, 500.0) as i64 };
    }
    let free = weights(&|site| if site.cell == sites[to].cell { 0.0 } else { (site.free * site.free) as f64 });
    let from = dice.of(&free);
    let drivers = dice.between(3.0, 16.0) as i64;
    let pay = if dice.unit() < 0.5 { 0 } else { 100 };
    Action::Move { from: sites[from].cell, to: sites[to].cell, drivers: drivers.min(sites[from].free), pay }
}

/// Free drivers as they stand, and the busy ones as they will end.
fn fleet(
    (free, busy): (&[(u64, i64)], i64),
    trip_ms: i64,
    mut end: impl FnMut(&mut Dice) -> (Spot, Spot),
    dice: &mut Dice,
) -> (Vec<Driver>, Vec<(usize, u64)>) {
    let (mut drivers, mut stands) = (Vec::new(), Vec::new());
    for (cell, count) in free {
        for _ in 0..*count {
            stands.push((drivers.len(), *cell));
            drivers.push(Driver { spot: dice.inside(middle(*cell)), free_at_ms: 0, then: None });
        }
    }
    for _ in 0..busy {
        let free_at_ms = (dice.gap() * trip_ms as f64) as i64 + 1;
        let (spot, then) = end(dice);
        drivers.push(Driver { spot, free_at_ms, then: Some(then) });
    }
    (drivers, stands)
}
