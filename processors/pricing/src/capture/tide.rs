//! Whether a market has its peak, whether it surges, and whether an emergency holds. Peak and surge are entered at one level and left at
//! a lower one, and each state lasts for a while at least, so that no fare hangs on a flicker.

use kernel::contract::{MarketSampled, TideKept};

use crate::policy::PeakPolicy;

/// A state of a market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Flag {
    on: bool,
    /// Event time since when it is so, milliseconds; 0: always.
    since: i64,
}

impl Flag {
    /// Goes on, or off, where it lasted for long enough.
    fn turn(&mut self, to: Option<bool>, now: i64, dwell_ms: i64) {
        if let Some(on) = to.filter(|on| *on != self.on && now.saturating_sub(self.since) >= dwell_ms) {
            *self = Flag { on, since: now };
        }
    }
}

/// What is seen of a market: what its states are stepped by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Level {
    /// Requests for rides in the window.
    pub(crate) requests: i64,
    /// Mean of the surge that was quoted in the window, basis points.
    pub(crate) surge_bps: i64,
}

/// The states of a market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tide {
    peak: Flag,
    surge: Flag,
    emergency: bool,
    heard: i64,
}

impl Tide {
    pub(crate) fn peak(&self) -> bool {
        self.peak.on
    }

    /// Whether it was the peak at the event time `at`, milliseconds, as far as the last change tells: requests may be read long after.
    pub(crate) fn peak_at(&self, at: i64) -> bool {
        if self.peak.since <= at { self.peak.on } else { !self.peak.on }
    }

    pub(crate) fn surge(&self) -> bool {
        self.surge.on
    }

    pub(crate) fn emergency(&self) -> bool {
        self.emergency
    }

    /// Takes a word about an emergency, unless a newer one was heard.
    pub(crate) fn hear(&mut self, sample: &MarketSampled) {
        if let Some(engaged) = sample.emergency.filter(|_| sample.at >= self.heard) {
            (self.emergency, self.heard) = (engaged, sample.at);
        }
    }

    /// The states at the event time `now`, milliseconds.
    pub(crate) fn step(&mut self, now: i64, level: Level, policy: &PeakPolicy) {
        let scheduled = policy.scheduled(now);
        let peak = match level.requests {
            _ if scheduled => Some(true),
            many if many >= policy.enter_requests => Some(true),
            few if few < policy.leave_requests => Some(false),
            _ => None,
        };
        let surge = match level.surge_bps {
            high if high >= policy.surge_enter_bps => Some(true),
            low if low < policy.surge_leave_bps => Some(false),
            _ => None,
        };
        let dwell_ms = policy.dwell_s * 1_000;
        self.peak.turn(peak, now, dwell_ms);
        self.surge.turn(surge, now, dwell_ms);
    }

    pub(crate) fn keep(&self) -> TideKept {
        TideKept {
            peak: self.peak.on,
            peak_since: self.peak.since,
            surge: self.surge.on,
            surge_since: self.surge.since,
            emergency: self.emergency,
            heard: self.heard,
        }
    }
}

impl From<&TideKept> for Tide {
    fn from(kept: &TideKept) -> Tide {
        Tide {
            peak: Flag { on: kept.peak, since: kept.peak_since },
            surge: Flag { on: kept.surge, since: kept.surge_since },
            emergency: kept.emergency,
            heard: kept.heard,
        }
    }
}
