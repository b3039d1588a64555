//! What moving drivers, or paying them to come, is expected to do in the next hour; and which moves are worth it.
//!
//! [`Market`] is what is known now: free drivers by cell, what is expected of each cell, travel times. `flow` plays it forward in its mean,
//! [`impact`] is the difference that an [`Action`] makes, with an interval, [`propose`] chooses moves one by one by what the next one is worth.

mod flow;
mod impact;
mod propose;

#[cfg(test)]
mod tests;

pub use impact::{Impact, Span, impact};
pub use propose::{Bounds, MOVED_MAX, Proposal, propose};

/// Sites of a market, most.
pub const SITES_MAX: usize = 256;
/// Quarters of an hour that are looked ahead, most.
pub const AHEAD: usize = 4;
/// Riders wait at most so long, milliseconds.
pub const PATIENCE_MAX_MS: i64 = 1_800_000;
/// Drivers or requests of a site, most.
pub const COUNT_MAX: i64 = 100_000;

/// A cell as a market's play needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// H3 cell; the site's name.
    pub cell: u64,
    /// Drivers who are free there now.
    pub free: i64,
    /// Riders who are expected in each of the next quarters, thousandths; as many quarters for each site, at most [`AHEAD`].
    pub asked: Vec<i64>,
    /// Part of all finished trips after which a driver turns up free there, millionths.
    pub ends_ppm: i64,
    /// What a ride that starts there leaves on average, minor units.
    pub margin: i64,
}

/// A market now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Market {
    sites: Vec<Site>,
    travel_ms: Vec<i64>,
    /// Drivers with a rider now.
    pub busy: i64,
    /// Mean time from a pickup to the drop-off, milliseconds.
    pub trip_ms: i64,
    /// A rider leaves who cannot be picked up within so long of asking, milliseconds.
    pub patience_ms: i64,
    /// Standard error of what is expected, of each site for itself, and of all together; basis points.
    pub error_bps: i64,
    /// How drivers answer to pay.
    pub response: Response,
}

/// Who comes for pay: of the free drivers `t` minutes away the share `(pay - minute x t) / whole`, none below zero, all at one; a
/// reservation price that is evenly spread from zero to `whole`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response {
    /// Pay for which all come from next door, minor units.
    pub whole: i64,
    /// What a minute of the way takes off, minor units.
    pub minute: i64,
    /// Standard error of `whole`, basis points.
    pub error_bps: i64,
}

/// What could be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// So many free drivers of one site drive to another, free on the way and there; each is paid so much.
    Move {
        /// Where they are.
        from: u64,
        /// Where they are sent.
        to: u64,
        /// How many; no more than are free.
        drivers: i64,
        /// To each, minor units.
        pay: i64,
    },
    /// Every free driver who comes to a site is paid so much; [`Response`] says who does.
    Incentive {
        /// Where they are wanted.
        to: u64,
        /// To each, minor units.
        pay: i64,
    },
}

/// Why a market or an action cannot be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unplayable {
    /// No site, more than [`SITES_MAX`], or not in ascending order of cells.
    Sites,
    /// Not one travel time for each pair of sites, or one that is not 1 ms to a day.
    Travel,
    /// A number out of its range: negative or beyond [`COUNT_MAX`], quarters that differ from site to site, a trip or patience of no length.
    Number,
    /// An action that names a site that is none, a site twice, more drivers than are free, or pay below zero.
    Action,
}

impl std::fmt::Display for Unplayable {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(match self {
            Unplayable::Sites => "sites must be 1 to 256 in ascending order of their cells",
            Unplayable::Travel => "travel times must be one for each pair of sites, 1 ms to a day",
            Unplayable::Number => "a count, a share, a trip or the patience is out of its range",
            Unplayable::Action => "the action names no site, or one twice, or more drivers than are free",
        })
    }
}

/// What holds of a market beside its sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// See [`Market::busy`].
    pub busy: i64,
    /// See [`Market::trip_ms`].
    pub trip_ms: i64,
    /// See [`Market::patience_ms`].
    pub patience_ms: i64,
    /// See [`Market::error_bps`].
    pub error_bps: i64,
    /// See [`Market::response`].
    pub response: Response,
}

impl Market {
    /// A market of these sites, in ascending order of their cells; `travel_ms` holds the time from each site (row) to each (column).
    ///
    /// # Errors
    /// [`Unplayable`].
    pub fn new(sites: Vec<Site>, travel_ms: Vec<i64>, terms: Terms) -> Result<Market, Unplayable> {
        let Terms { busy, trip_ms, patience_ms, error_bps, response } = terms;
        if sites.is_empty() || sites.len() > SITES_MAX || !sites.is_sorted_by(|one, next| one.cell < next.cell) {
            return Err(Unplayable::Sites);
        }
        if travel_ms.len() != sites.len() * sites.len() || travel_ms.iter().any(|time| !(1..=86_400_000).contains(time))
        {
            return Err(Unplayable::Travel);
        }
        let quarters = sites[0].asked.len();
        let sound = |site: &Site| {
            (0..=COUNT_MAX).contains(&site.free)
                && site.asked.len() == quarters
                && site.asked.iter().all(|asked| (0..=COUNT_MAX * 1_000).contains(asked))
                && (0..=1_000_000).contains(&site.ends_ppm)
                && site.margin.abs() <= crate::AMOUNT
        };
        let terms = (0..=COUNT_MAX).contains(&busy)
            && (60_000..=86_400_000).contains(&trip_ms)
            && (60_000..=PATIENCE_MAX_MS).contains(&patience_ms)
            && (0..=10_000).contains(&error_bps)
            && (1..=crate::AMOUNT).contains(&response.whole)
            && (0..=crate::AMOUNT).contains(&response.minute)
            && (0..=10_000).contains(&response.error_bps);
        if !terms || !(1..=AHEAD).contains(&quarters) || !sites.iter().all(sound) {
            return Err(Unplayable::Number);
        }
        Ok(Market { sites, travel_ms, busy, trip_ms, patience_ms, error_bps, response })
    }

    /// Its sites, in ascending order of their cells.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// Time from one site to another by their places in the list, milliseconds.
    pub fn travel_ms(&self, from: usize, to: usize) -> i64 {
        self.travel_ms[from * self.sites.len() + to]
    }

    fn place(&self, cell: u64) -> Result<usize, Unplayable> {
        self.sites.binary_search_by_key(&cell, |site| site.cell).map_err(|_| Unplayable::Action)
    }
}
