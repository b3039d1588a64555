//! What a fare may be at most and at least: a preset, and the cap of an emergency. Applied last; what they changed is in the quote.
//!
//! The emergency preset is the agreement of the New York Attorney General with Uber of 2014: while it holds, no price above what was
//! asked on the 60 days before, the three highest not counted.

use std::collections::BTreeMap;

use kernel::contract::Cap;

use crate::money::{AMOUNT, WHOLE, share};

/// A day, milliseconds.
const DAY_MS: i64 = 86_400_000;
/// Days that an emergency looks back.
const DAYS: i64 = 60;
/// The highest that do not count.
const EXCLUDED: usize = 3;

/// The caps of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Least fare, basis points of the metered one; 5,000 is half.
    pub floor_bps: i64,
    /// Most fare, basis points of the metered one; `None`: an open market.
    pub ceiling_bps: Option<i64>,
    /// Most fare at all, minor units.
    pub most: i64,
}

impl Caps {
    /// No ceiling but the amount at which a mistake is more likely than a ride.
    pub const OPEN: Caps = Caps { floor_bps: 0, ceiling_bps: None, most: AMOUNT };
    /// Half to twice the metered fare: India's Motor Vehicle Aggregator Guidelines, 2025.
    pub const DOUBLE: Caps = Caps { floor_bps: 5_000, ceiling_bps: Some(20_000), most: AMOUNT };
}

/// A cap that held a fare back, or up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Breach {
    /// The preset's floor.
    Floor,
    /// The preset's ceiling.
    Ceiling,
    /// The most of all.
    Most,
    /// The emergency's ceiling.
    Emergency,
}

impl From<&Breach> for Cap {
    /// A cap as records name it.
    fn from(breach: &Breach) -> Cap {
        match breach {
            Breach::Floor => Cap::Floor,
            Breach::Ceiling => Cap::Ceiling,
            Breach::Most => Cap::Most,
            Breach::Emergency => Cap::Emergency,
        }
    }
}

/// The bounds of one fare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Least and most fare, minor units.
    pub bounds: (i64, i64),
    /// Who set the most.
    pub(crate) ceiling: Breach,
}

impl Caps {
    /// The bounds of a fare whose meter says `metered`; `emergency` is the ceiling of one that holds, basis points.
    pub fn hold(&self, metered: i64, emergency: Option<i64>) -> Held {
        let ceiling = self.ceiling_bps.map(|bps| (share(metered, bps), Breach::Ceiling));
        let emergency = emergency.map(|bps| (share(metered, bps), Breach::Emergency));
        let all = [Some((self.most.clamp(0, AMOUNT), Breach::Most)), ceiling, emergency];
        // Of equal ones the last names itself: the emergency's is what people ask about.
        let (most, who) =
            all.into_iter().flatten().rev().min_by_key(|(most, _)| *most).unwrap_or((AMOUNT, Breach::Most));
        // A ceiling is stronger than a floor.
        let least = share(metered, self.floor_bps).min(most);
        Held { bounds: (least, most), ceiling: who }
    }
}

impl Held {
    /// Which cap `fare` would break.
    pub fn breach(&self, fare: i64) -> Option<Breach> {
        match fare {
            fare if fare > self.bounds.1 => Some(self.ceiling),
            fare if fare < self.bounds.0 => Some(Breach::Floor),
            _ => None,
        }
    }
}

/// The highest price of each of the last days, basis points of the metered fare: what an emergency is measured by. The three highest that
/// do not count were asked on different days, so that one bad hour sets no ceiling.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    days: BTreeMap<i64, i64>,
}

impl Account {
    /// Notes that a price of `bps` of the metered fare was asked at the event time `at`, milliseconds.
    pub fn note(&mut self, at: i64, bps: i64) {
        let today = at.div_euclid(DAY_MS);
        let newest = self.days.last_key_value().map_or(today, |(day, _)| (*day).max(today));
        let oldest = newest - DAYS;
        if today < oldest {
            return;
        }
        let day = self.days.entry(today).or_insert(bps);
        *day = (*day).max(bps);
        self.days = self.days.split_off(&oldest);
    }

    /// Whether [`Account::note`] would change anything.
    pub fn matters(&self, at: i64, bps: i64) -> bool {
        self.days.get(&at.div_euclid(DAY_MS)).is_none_or(|highest| bps > *highest)
    }

    /// The highest prices, by day since 1 January 1970.
    pub fn days(&self) -> impl Iterator<Item = (i64, i64)> {
        self.days.iter().map(|(day, highest)| (*day, *highest))
    }

    /// The account that [`Account::days`] told.
    pub fn restored(days: impl Iterator<Item = (i64, i64)>) -> Account {
        Account { days: days.collect() }
    }

    /// The ceiling of an emergency that began at `began`: the highest of the 60 days before, without the three highest; the metered fare
    /// where so few days are known.
    pub fn ceiling(&self, began: i64) -> i64 {
        let first = began.div_euclid(DAY_MS);
        let mut highest: Vec<i64> = self.days.range(first - DAYS..first).map(|(_, bps)| *bps).collect();
        highest.sort_unstable_by(|a, b| b.cmp(a));
        highest.get(EXCLUDED).copied().unwrap_or(WHOLE).max(WHOLE)
    }
}
