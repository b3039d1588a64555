//! What is counted while the demonstration runs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kernel::contract::{MatchDecided, Outcome, Reason};

use super::feed::Sent;

/// Quantiles of many values in little memory: buckets of 1/128 of their value.
#[derive(Clone, Debug)]
pub(super) struct Spread {
    buckets: Vec<u64>,
    count: u64,
}

const FINE: u32 = 7;

impl Default for Spread {
    fn default() -> Self {
        Spread { buckets: vec![0; 64 << FINE], count: 0 }
    }
}

impl Spread {
    pub(super) fn add(&mut self, value: u64) {
        self.buckets[Spread::bucket(value)] += 1;
        self.count += 1;
    }

    /// The value below which `share` of all lie, zero where there are none; at most 1 % too small.
    pub(super) fn quantile(&self, share: f64) -> u64 {
        let rank = (self.count as f64 * share) as u64;
        let mut below = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            below += count;
            if below > rank || (below == self.count && *count > 0) {
                return Spread::floor(bucket);
            }
        }
        0
    }

    fn bucket(value: u64) -> usize {
        let exponent = value.max(1).ilog2();
        if exponent < FINE {
            return value as usize;
        }
        let mantissa = (value >> (exponent - FINE)) & ((1 << FINE) - 1);
        (((exponent - FINE + 1) << FINE) as usize) + mantissa as usize
    }

    fn floor(bucket: usize) -> u64 {
        let (exponent, mantissa) = (bucket as u32 >> FINE, bucket as u64 & ((1 << FINE) - 1));
        if exponent == 0 { mantissa } else { ((1 << FINE) + mantissa) << (exponent - 1) }
    }
}

/// Counts of decisions heard.
#[derive(Default)]
pub(super) struct Figures {
    /// Rides assigned.
    pub(super) matched: u64,
    /// Rides driven to their end.
    pub(super) completed: u64,
    /// Rides nobody was found for.
    pub(super) expired: u64,
    /// Travel time to the pickup of assigned rides, milliseconds.
    pub(super) eta_ms: Spread,
    /// From a request being handed to the producer to its first decision being read, microseconds.
    pub(super) latency_us: Spread,
    /// When the first ride was assigned.
    pub(super) first_match: Option<Instant>,
    /// When a decision was last heard.
    pub(super) last_heard: Option<Instant>,
    /// Open rides: the way of the driver who was asked, and whether he took it.
    open: BTreeMap<String, (Option<i32>, bool)>,
}

impl Figures {
    pub(super) fn hear(&mut self, decided: &MatchDecided, at: Instant, sent: &mut Sent) {
        self.last_heard = Some(at);
        if decided.revision == Some(0)
            && let Some(sent) = sent.remove(&decided.ride)
        {
            self.latency_us.add(at.saturating_duration_since(sent).as_micros() as u64);
        } else if decided.outcome == Outcome::Duplicate {
            sent.remove(&decided.ride);
        }
        if decided.revision.is_some() {
            self.follow(decided, at);
        }
    }

    fn follow(&mut self, decided: &MatchDecided, at: Instant) {
        if decided.outcome == Outcome::Closed {
            self.open.remove(&decided.ride);
            self.completed += u64::from(decided.reason == Reason::Completed);
            self.expired += u64::from(decided.reason == Reason::Expired);
            return;
        }
        let (eta, assigned) = self.open.entry(decided.ride.clone()).or_default();
        match decided.outcome {
            Outcome::Offered => *eta = decided.eta_ms,
            Outcome::Assigned => {
                self.matched += u64::from(!*assigned);
                *assigned = true;
                self.eta_ms.add(eta.unwrap_or(0).max(0) as u64);
                self.first_match.get_or_insert(at);
            }
            Outcome::Reassigned => *assigned = decided.driver.is_some(),
            _ => {}
        }
    }

    /// Open rides without a driver.
    pub(super) fn waiting(&self) -> usize {
        self.open.values().filter(|(_, assigned)| !assigned).count()
    }
}

/// Milliseconds of a quantile of microseconds, two digits behind the point.
pub(super) fn ms(us: u64) -> f64 {
    (us as f64 / 10.0).round() / 100.0
}

/// Minutes and seconds.
pub(super) fn minutes(span: Duration) -> String {
    format!("{}:{:02}", span.as_secs() / 60, span.as_secs() % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_within_one_per_cent() {
        let mut spread = Spread::default();
        (1..=10_000).for_each(|value| spread.add(value));
        for (share, exact) in [(0.5, 5_000.0), (0.99, 9_900.0), (1.0, 10_000.0)] {
            let found = spread.quantile(share) as f64;
            assert!(found <= exact + 1.0 && found > exact * 0.985, "{share}: {found}");
        }
        assert_eq!(Spread::default().quantile(0.5), 0);
    }
}
