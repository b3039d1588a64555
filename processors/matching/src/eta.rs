//! How long a driver takes to a pickup: a model of hour and distance.
//!
//! `T = k[class * 24 + hour] * (a1 * d + a2 * sqrt(d))` seconds, `d` the straight line in metres, class 0 Monday to Friday and 1
//! at the weekend, the hour by the market's clock. The square root stands for what every trip loses at its two ends, the factors for the
//! traffic of the hour. Only `+ - * /` and the square root: the same bits everywhere.

use kernel::Millis;

use crate::policy::EtaPolicy;

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;

/// The pace of one market in one hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pace {
    /// Seconds a metre.
    line: f64,
    /// Seconds a square root of a metre.
    root: f64,
}

impl Pace {
    /// The pace in `market` at the event time `now`.
    pub(crate) fn at(policy: &EtaPolicy, market: &str, now: Millis) -> Pace {
        let model = policy.model(market);
        let local = now.0.saturating_add(i64::from(model.utc_offset_minutes) * MINUTE_MS);
        // 1 January 1970 was a Thursday: three days after a Monday.
        let weekday = (local.div_euclid(DAY_MS) + 3).rem_euclid(7);
        let hour = local.rem_euclid(DAY_MS) / HOUR_MS;
        let class = i64::from(weekday >= 5);
        let k = model.k[(class * 24 + hour) as usize];
        Pace { line: k * model.a1, root: k * model.a2 }
    }

    /// Travel time over a straight line of `distance_m`, milliseconds, half rounded to even.
    pub(crate) fn travel_ms(&self, distance_m: f64) -> i32 {
        let seconds = self.line * distance_m + self.root * distance_m.sqrt();
        // `as` saturates: around the globe takes longer than an `i32` of milliseconds.
        (seconds * 1000.0).round_ties_even() as i32
    }

    /// How far one comes in `travel_ms`, metres in a straight line: the inverse of [`Pace::travel_ms`].
    pub(crate) fn reach_m(&self, travel_ms: i32) -> f64 {
        let seconds = f64::from(travel_ms) / 1000.0;
        let half = self.root / 2.0;
        let root = ((half * half + self.line * seconds).sqrt() - half) / self.line;
        root * root
    }
}
