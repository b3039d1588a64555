//! What a turn leaves behind: rides and drivers as they stand now, drivers handed over, and what may be forgotten.

use std::collections::BTreeMap;

use kernel::contract::{Account, DriverKept, DriverReleased};
use kernel::{Millis, Turn, WINDOW};

use crate::chain::{Change, DriverStep, Ride};
use crate::output::{Output, driver_entity, ride_entity};
use crate::view::Market;
use crate::{Fact, Matching, Policy, View};

/// Appends to `outputs` what is kept after the turn: `rides` and the steps of `drivers` that it took.
pub(crate) fn keep(
    turn: &Turn<Matching>,
    view: &View,
    policy: &Policy,
    (rides, steps): (BTreeMap<String, Ride>, Vec<DriverStep>),
    outputs: &mut Vec<Output>,
) {
    let market = view.market(&turn.market);
    let mut drivers = Drivers { market, now: turn.now, policy, changed: BTreeMap::new() };
    for step in steps {
        drivers.step(step);
    }
    for fact in &turn.facts {
        if let Fact::Released(released) = &fact.body {
            drivers.arrive(released);
        }
    }
    let leaving = drivers.leave(turn, view);
    let quiet = outputs.is_empty() && leaving.is_empty();
    let forgotten = forgotten(turn, policy, market, (&rides, &mut drivers), quiet);
    let changed = rides.into_values().filter(|ride| ride.before.as_ref() != Some(&ride.kept));
    outputs.extend(changed.map(|ride| Output::ride(&turn.market, ride.kept)));
    outputs.extend(drivers.changed.into_values().map(|driver| Output::driver(&turn.market, driver)));
    outputs.extend(leaving.into_iter().map(Output::Released));
    outputs.extend(forgotten.into_iter().map(|entity| Output::Forgotten { market: turn.market.clone(), entity }));
}

/// Drivers as the turn leaves them.
struct Drivers<'a> {
    market: Option<&'a Market>,
    now: Millis,
    policy: &'a Policy,
    changed: BTreeMap<String, DriverKept>,
}

impl Drivers<'_> {
    /// The driver, to be changed.
    fn entry(&mut self, driver: &str) -> &mut DriverKept {
        let (market, now) = (self.market, self.now);
        self.changed.entry(driver.to_owned()).or_insert_with(|| {
            let slot = market.and_then(|market| market.fleet.driver(driver));
            let fresh = || DriverKept {
                driver: driver.to_owned(),
                hop: 0,
                here: slot.is_some_and(|slot| slot.here()),
                ride: None,
                account: account(now),
            };
            slot.and_then(|slot| slot.kept.as_deref().cloned()).unwrap_or_else(fresh)
        })
    }

    fn step(&mut self, DriverStep { driver, ride, change }: DriverStep) {
        let (now, gap) = (self.now, self.policy.chain.shift_gap_ms());
        let kept = self.entry(&driver);
        match change {
            Change::Held => {
                if kept.ride.is_none() && now.since(Millis(kept.account.free_since)).0 >= gap {
                    kept.account = account(now);
                }
                kept.ride = Some(ride);
            }
            // Only the ride that holds him can let him go.
            Change::Freed | Change::Paid(_) if kept.ride.as_ref() != Some(&ride) => {}
            Change::Freed | Change::Paid(_) => {
                if let Change::Paid(minor) = change {
                    kept.account.income_minor = kept.account.income_minor.saturating_add(minor);
                    kept.account.rides = kept.account.rides.saturating_add(1);
                }
                kept.ride = None;
                kept.account.free_since = now.0;
            }
        }
    }

    /// Another market hands a driver over; an old hand-over, read again, changes nothing.
    fn arrive(&mut self, released: &DriverReleased) {
        let (now, known) = (self.now, self.market.and_then(|market| market.fleet.driver(&released.driver)));
        let hop = known.and_then(|slot| slot.kept.as_ref()).map_or(0, |kept| kept.hop);
        if released.hop <= self.changed.get(&released.driver).map_or(hop, |kept| kept.hop) {
            return;
        }
        let kept = self.entry(&released.driver);
        // Who is here already, against all order, keeps his ride: nobody is ever in two.
        if !kept.here {
            (kept.ride, kept.account) = (None, account(now));
        }
        (kept.hop, kept.here) = (released.hop, true);
    }

    /// Lets those go who want to drive elsewhere and have no ride; who changed in this turn goes in the next.
    fn leave(&mut self, turn: &Turn<Matching>, view: &View) -> Vec<DriverReleased> {
        let Some(market) = self.market else { return Vec::new() };
        let most = self.policy.turn.sweep_max;
        let leaving = market.fleet.leaving().filter(|driver| !self.changed.contains_key(*driver)).take(most);
        let leaving: Vec<&str> = leaving.collect();
        leaving.into_iter().filter_map(|driver| self.release(turn, driver, view.destination(driver)?)).collect()
    }

    fn release(&mut self, turn: &Turn<Matching>, driver: &str, to: &str) -> Option<DriverReleased> {
        let kept = self.entry(driver);
        kept.here = false;
        // At the last number he stays nowhere: two thousand million moves.
        kept.hop = kept.hop.checked_add(1)?;
        Some(DriverReleased {
            driver: driver.to_owned(),
            at: turn.now.0,
            market: to.to_owned(),
            from: turn.market.clone(),
            hop: kept.hop,
            turn: turn.number,
        })
    }
}

/// An account that begins now.
fn account(now: Millis) -> Account {
    Account { income_minor: 0, rides: 0, since: now.0, free_since: now.0 }
}

/// Entities that no longer count: rides over for longer than the window, drivers idle as long. A turn does this only beside other work.
fn forgotten(
    turn: &Turn<Matching>,
    policy: &Policy,
    market: Option<&Market>,
    (rides, drivers): (&BTreeMap<String, Ride>, &mut Drivers<'_>),
    quiet: bool,
) -> Vec<String> {
    let Some(market) = market.filter(|_| !quiet) else { return Vec::new() };
    let most = policy.turn.sweep_max;
    let over = market.agenda.outlived(turn.now).filter(|ride| !rides.contains_key(*ride));
    let mut entities: Vec<String> = over.take(most).map(|ride| ride_entity(&turn.market, ride)).collect();
    let limit = turn.now.since(WINDOW);
    let idle = market.fleet.idle(limit).filter(|kept| !drivers.changed.contains_key(&kept.driver));
    for kept in idle.take(most).collect::<Vec<_>>() {
        match kept.hop {
            0 => entities.push(driver_entity(&turn.market, &kept.driver)),
            // His hop must stay known: only the account ends.
            _ => drivers.entry(&kept.driver).account = account(turn.now),
        }
    }
    entities
}
