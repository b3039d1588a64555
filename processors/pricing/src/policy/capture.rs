//! What the policy says of rides that have ended.

use serde::Deserialize;

/// What a ride comes to when it has ended.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CapturePolicy {
    pub(crate) route_bps: i64,
    pub(crate) route_m: i64,
    pub(crate) wait_free_s: i64,
    pub(crate) wait_minute: i64,
    pub(crate) wait_most: i64,
    pub(crate) cancel_free_s: i64,
    pub(crate) cancel: i64,
    pub(crate) no_show: i64,
    pub(crate) online: i64,
}

/// When a market has its peak, and when it surges.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PeakPolicy {
    pub(crate) share_bps: i64,
    /// By its name of 0.2.0, too.
    #[serde(alias = "utc_offset_min")]
    pub(crate) utc_offset_minutes: i64,
    mon: Vec<i64>,
    tue: Vec<i64>,
    wed: Vec<i64>,
    thu: Vec<i64>,
    fri: Vec<i64>,
    sat: Vec<i64>,
    sun: Vec<i64>,
    pub(crate) window_min: i64,
    pub(crate) enter_requests: i64,
    pub(crate) leave_requests: i64,
    pub(crate) surge_enter_bps: i64,
    pub(crate) surge_leave_bps: i64,
    pub(crate) dwell_s: i64,
}

/// An hour and a day, milliseconds.
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

impl PeakPolicy {
    /// The peak hours of each day, from Monday on.
    pub(super) fn days(&self) -> [(&'static str, &[i64]); 7] {
        let Self { mon, tue, wed, thu, fri, sat, sun, .. } = self;
        [("mon", mon), ("tue", tue), ("wed", wed), ("thu", thu), ("fri", fri), ("sat", sat), ("sun", sun)]
    }

    /// Whether the event time `at`, milliseconds since 1970, lies in a peak hour.
    pub(crate) fn scheduled(&self, at: i64) -> bool {
        let local = at.saturating_add(self.utc_offset_minutes * 60_000);
        // 1 January 1970 was a Thursday.
        let day = (local.div_euclid(DAY_MS) + 3).rem_euclid(7) as usize;
        let hour = local.rem_euclid(DAY_MS) / HOUR_MS;
        self.days().get(day).is_some_and(|(_, hours)| hours.contains(&hour))
    }
}
