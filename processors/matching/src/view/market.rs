//! What is known of one market.

use std::collections::BTreeMap;

use kernel::contract::DriverKept;
use kernel::{Measure, Millis};

use super::{Agenda, Fleet};
use crate::Policy;

/// One market: its rides and its drivers.
#[derive(Debug, Default)]
pub(crate) struct Market {
    pub(crate) agenda: Agenda,
    pub(crate) fleet: Fleet,
}

/// What is kept of a market, with what is derived from it.
#[derive(Debug, PartialEq)]
pub(super) struct MarketKept<'a> {
    agenda: &'a Agenda,
    drivers: BTreeMap<&'a str, &'a DriverKept>,
    derived: super::fleet::Derived<'a>,
}

impl MarketKept<'_> {
    pub(super) fn is_empty(&self) -> bool {
        *self.agenda == Agenda::default() && self.drivers.is_empty() && self.derived.is_empty()
    }
}

impl Market {
    pub(super) fn kept(&self) -> MarketKept<'_> {
        MarketKept { agenda: &self.agenda, drivers: self.fleet.kept().collect(), derived: self.fleet.derived() }
    }

    /// How much is known here: rides and drivers, and when the newest ping was.
    pub(crate) fn measure(&self) -> Measure {
        let entities = self.agenda.len() + self.fleet.len();
        Measure { entities: entities as u64, newest: self.fleet.newest() }
    }

    /// Whether time alone has something to decide: a lapse, a ride that looks for a driver, a driver who wants to leave.
    pub(super) fn ripe(&self, now: Millis, policy: &Policy) -> bool {
        self.agenda.looks()
            || self.agenda.lapsed(now, &policy.chain).next().is_some()
            || self.fleet.leaving().next().is_some()
    }
}
