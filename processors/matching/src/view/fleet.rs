//! The drivers of a market: who they are, what they do, and who is in which cell.

mod cells;

use std::collections::{BTreeMap, BTreeSet};

use kernel::contract::{DriverKept, DriverLocated, DriverStatus, Point, Tier, Vehicle};
use kernel::{Millis, geo};

use crate::HORIZON;
use cells::Cells;
pub(crate) use cells::{Earned, Seat};

/// Pings are swept this long after they stopped to count: `now` may lag the newest ping by what is from the future.
const SWEEP_AFTER_MS: i64 = HORIZON.0 + 60_000;

/// The drivers of a market. Slots are numbered by arrival; no outcome may depend on that.
#[derive(Debug, Default)]
pub(crate) struct Fleet {
    slots: Vec<Slot>,
    names: BTreeMap<Box<str>, u32>,
    vacant: Vec<u32>,
    cells: Cells,
    /// Event time of the newest ping, and the slot that the sweep looks at next.
    newest: i64,
    hand: usize,
    totals: Totals,
    idle: BTreeSet<(i64, Box<str>)>,
    leaving: BTreeSet<Box<str>>,
}

/// A driver.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    pub(crate) name: Box<str>,
    pub(crate) kept: Option<Box<DriverKept>>,
    pub(crate) standing: Option<Standing>,
    pub(crate) ping: Option<Ping>,
}

/// What a driver's profile says, as far as one market cares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Standing {
    /// Registered here first.
    pub(crate) native: bool,
    /// Wants to drive in another market.
    pub(crate) bound_elsewhere: bool,
    pub(crate) active: bool,
    pub(crate) tier: Tier,
    pub(crate) vehicle: Vehicle,
    pub(crate) rating_bps: i32,
    pub(crate) reliability_bps: i32,
}

/// Where a driver was seen last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ping {
    pub(crate) at: i64,
    pub(crate) place: Point,
    pub(crate) status: DriverStatus,
    pub(crate) cell: u64,
    /// The number of his seat in the cell; none for who is offline.
    seat: Option<u32>,
}

/// Sums over the accounts of this market's drivers, from which the mean income an hour follows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Totals {
    accounts: i64,
    income_minor: i128,
    since: i128,
}

/// What the market's drivers earn together: `income_minor` in `active_ms`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mean {
    pub(crate) income_minor: i128,
    pub(crate) active_ms: i128,
}

/// What follows from the kept drivers and their profiles.
#[derive(Debug, PartialEq)]
pub(super) struct Derived<'a> {
    totals: Totals,
    idle: &'a BTreeSet<(i64, Box<str>)>,
    leaving: &'a BTreeSet<Box<str>>,
}

impl Derived<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.totals == Totals::default() && self.idle.is_empty() && self.leaving.is_empty()
    }
}

impl Slot {
    /// Whether this market may offer him rides.
    pub(crate) fn here(&self) -> bool {
        match &self.kept {
            Some(kept) => kept.here,
            None => self.standing.is_some_and(|standing| standing.native),
        }
    }

    /// Whether a ride holds him.
    fn held(&self) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.ride.is_some())
    }

    fn leaves(&self) -> bool {
        self.here() && self.standing.is_some_and(|standing| standing.bound_elsewhere) && !self.held()
    }
}

impl Fleet {
    pub(crate) fn slot(&self, number: u32) -> &Slot {
        &self.slots[number as usize]
    }

    /// Drivers of whom anything is known here.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Event time of the newest ping, if there was one.
    pub(crate) fn newest(&self) -> Option<Millis> {
        (self.newest > 0).then_some(Millis(self.newest))
    }

    /// The slot number of a driver.
    pub(crate) fn find(&self, driver: &str) -> Option<u32> {
        self.names.get(driver).copied()
    }

    pub(crate) fn driver(&self, driver: &str) -> Option<&Slot> {
        self.find(driver).map(|number| self.slot(number))
    }

    /// The drivers in a cell, in no order.
    pub(crate) fn in_cell(&self, cell: u64) -> &[Seat] {
        self.cells.get(cell)
    }

    /// Drivers who are free to go and want to drive elsewhere, by name.
    pub(crate) fn leaving(&self) -> impl Iterator<Item = &str> {
        self.leaving.iter().map(AsRef::as_ref)
    }

    /// Drivers without a ride whose account is older than `limit`, the longest idle first.
    pub(crate) fn idle(&self, limit: Millis) -> impl Iterator<Item = &DriverKept> {
        let old = self.idle.iter().take_while(move |(since, _)| *since < limit.0);
        old.filter_map(|(_, name)| self.driver(name)?.kept.as_deref())
    }

    /// The income that fairness compares with; none before anybody earned.
    pub(crate) fn mean(&self, now: Millis) -> Option<Mean> {
        let Totals { accounts, income_minor, since } = self.totals;
        let active_ms = i128::from(accounts) * i128::from(now.0) - since;
        (income_minor > 0 && active_ms > 0).then_some(Mean { income_minor, active_ms })
    }

    pub(super) fn kept(&self) -> impl Iterator<Item = (&str, &DriverKept)> {
        let slots = self.slots.iter().filter_map(|slot| slot.kept.as_deref());
        slots.map(|kept| (kept.driver.as_str(), kept))
    }

    pub(super) fn derived(&self) -> Derived<'_> {
        Derived { totals: self.totals, idle: &self.idle, leaving: &self.leaving }
    }

    /// Keeps a driver, or forgets what was kept of him.
    pub(super) fn keep(&mut self, driver: &str, standing: Option<Standing>, kept: Option<&DriverKept>) {
        let number = self.seat(driver, || standing);
        self.account(number, -1);
        self.slots[number as usize].kept = kept.cloned().map(Box::new);
        self.account(number, 1);
        self.take_seat(number);
        self.settle(number);
    }

    /// Takes note of a profile, where it matters here.
    pub(super) fn stand(&mut self, driver: &str, standing: Standing) {
        let number = match self.find(driver) {
            Some(number) => number,
            None if standing.native && standing.bound_elsewhere => self.seat(driver, || None),
            None => return,
        };
        self.slots[number as usize].standing = Some(standing);
        self.take_seat(number);
        self.settle(number);
    }

    /// Takes note of a ping, unless a newer one is known; of two at the same time the order of arrival decides nothing.
    pub(super) fn locate(&mut self, ping: &DriverLocated, standing: impl FnOnce() -> Option<Standing>) {
        self.newest = self.newest.max(ping.at);
        let number = self.seat(&ping.driver, standing);
        let slot = &mut self.slots[number as usize];
        let old = slot.ping;
        let order = |at: i64, status: DriverStatus, place: Point| (at, status, place);
        if let Some(old) = &old
            && order(old.at, old.status, old.place) >= order(ping.at, ping.status, ping.place)
        {
            return;
        }
        let cell = match &old {
            Some(old) if old.place == ping.place => old.cell,
            _ => geo::cell(ping.place),
        };
        let stays = |at: u64| at == cell && ping.status != DriverStatus::Offline;
        let seat = match old.and_then(|old| old.seat.map(|seat| (old.cell, seat))) {
            Some((at, seat)) if stays(at) => Some(seat),
            Some((at, seat)) => {
                self.rise(at, seat);
                None
            }
            None => None,
        };
        let fresh = Ping { at: ping.at, status: ping.status, place: ping.place, cell, seat };
        self.slots[number as usize].ping = Some(fresh);
        self.take_seat(number);
        self.sweep();
    }

    /// Writes what is known of a driver into his seat; a new one if he has none and is not offline.
    fn take_seat(&mut self, number: u32) {
        let slot = &mut self.slots[number as usize];
        let (here, held) = (slot.here(), slot.held());
        let earned = slot
            .kept
            .as_ref()
            .map(|kept| Earned { income_minor: kept.account.income_minor, since: kept.account.since });
        let Some(ping) = &mut slot.ping else { return };
        let (Ping { at, place, status, cell, .. }, standing) = (*ping, slot.standing);
        let seat = Seat { slot: number, place, at, status, here, held, standing, earned };
        match ping.seat {
            Some(at) => self.cells.update(cell, at, seat),
            None if status == DriverStatus::Offline => {}
            None => ping.seat = Some(self.cells.sit(cell, seat)),
        }
    }

    /// Empties a seat; who moves up into it learns his new number.
    fn rise(&mut self, cell: u64, seat: u32) {
        if let Some(moved) = self.cells.rise(cell, seat)
            && let Some(ping) = &mut self.slots[moved as usize].ping
        {
            ping.seat = Some(seat);
        }
    }

    /// The slot of a driver, new when he has none.
    fn seat(&mut self, driver: &str, standing: impl FnOnce() -> Option<Standing>) -> u32 {
        if let Some(number) = self.names.get(driver) {
            return *number;
        }
        let number = self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            self.slots.len() as u32 - 1
        });
        let slot = &mut self.slots[number as usize];
        slot.name = driver.into();
        slot.standing = standing();
        self.names.insert(driver.into(), number);
        number
    }

    /// Counts the kept driver in, or out.
    fn account(&mut self, number: u32, sign: i64) {
        let Some(kept) = &self.slots[number as usize].kept else { return };
        let account = kept.account;
        if kept.here && account.rides > 0 {
            self.totals.accounts += sign;
            self.totals.income_minor += i128::from(sign) * i128::from(account.income_minor);
            self.totals.since += i128::from(sign) * i128::from(account.since);
        }
        // Who changed markets is kept for his hop; only his account is closed when he is idle.
        if kept.ride.is_none() && kept.here && (kept.hop == 0 || account.rides > 0) {
            let entry = (account.free_since, kept.driver.as_str().into());
            if sign > 0 {
                self.idle.insert(entry)
            } else {
                self.idle.remove(&entry)
            };
        }
    }

    /// Puts a changed driver on the list of leavers or takes him off; gives his slot back when nothing is known of him.
    fn settle(&mut self, number: u32) {
        let slot = &self.slots[number as usize];
        let leaves = slot.leaves();
        if leaves != self.leaving.contains(&slot.name) {
            if leaves {
                self.leaving.insert(slot.name.clone())
            } else {
                self.leaving.remove(&slot.name)
            };
        }
        if !leaves && slot.kept.is_none() && slot.ping.is_none() {
            self.names.remove(&slot.name);
            self.slots[number as usize] = Slot::default();
            self.vacant.push(number);
        }
    }

    /// Looks at one slot a ping, round and round, and drops a ping that no longer counts.
    fn sweep(&mut self) {
        self.hand = if self.hand + 1 < self.slots.len() { self.hand + 1 } else { 0 };
        let number = self.hand as u32;
        let limit = self.newest.saturating_sub(SWEEP_AFTER_MS);
        let Some(old) = self.slots[self.hand].ping.filter(|ping| ping.at < limit) else { return };
        if let Some(seat) = old.seat {
            self.rise(old.cell, seat);
        }
        self.slots[number as usize].ping = None;
        self.settle(number);
    }
}
