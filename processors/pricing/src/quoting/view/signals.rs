//! What `market.sampled` said: the emergency that holds, and competitors' prices.

use std::collections::BTreeMap;

use kernel::contract::{MarketSampled, SampleKept, SignalsKept};

/// Signals of a market.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Signals {
    /// Of the emergency that holds: when it began, and its ceiling in basis points of the metered fare.
    pub(crate) emergency: Option<(i64, i64)>,
    /// Event time of the newest word about an emergency.
    heard: i64,
    /// Competitors' prices by place (zero: the whole market), with their event time, basis points.
    samples: BTreeMap<u64, (i64, i32)>,
}

impl Signals {
    /// Competitors' price at `cell`, or in the whole market, sampled at `since` or later.
    pub(crate) fn competitor(&self, cell: u64, since: i64) -> Option<i32> {
        let of = |place: u64| self.samples.get(&place).filter(|(at, _)| *at >= since).map(|(_, bps)| *bps);
        of(cell).or_else(|| of(0))
    }

    /// Takes a sample; `ceiling` is what an emergency that begins now is held by.
    pub(crate) fn hear(&mut self, sample: &MarketSampled, ceiling: impl FnOnce(i64) -> i64) {
        if let Some(engaged) = sample.emergency.filter(|_| sample.at >= self.heard) {
            self.heard = sample.at;
            self.emergency = match (engaged, self.emergency) {
                // Said again: it holds on, by the ceiling that it began with.
                (true, Some(held)) => Some(held),
                (true, None) => Some((sample.at, ceiling(sample.at))),
                (false, _) => None,
            };
        }
        let place = sample.cell.map_or(0, |cell| cell as u64);
        if let Some(bps) = sample.competitor_bps {
            let known = self.samples.entry(place).or_insert((i64::MIN, bps));
            if sample.at >= known.0 {
                *known = (sample.at, bps);
            }
        }
    }

    /// Forgets samples before `since`, and the oldest beyond `most` (of equal ones the first places).
    pub(crate) fn sweep(&mut self, since: i64, most: usize) {
        self.samples.retain(|_, (at, _)| *at >= since);
        while self.samples.len() > most {
            let oldest = self.samples.iter().min_by_key(|(place, (at, _))| (*at, **place)).map(|(place, _)| *place);
            oldest.and_then(|place| self.samples.remove(&place));
        }
    }

    pub(crate) fn keep(&self) -> SignalsKept {
        let sample = |(place, (at, competitor_bps)): (&u64, &(i64, i32))| SampleKept {
            cell: (*place != 0).then_some(*place as i64),
            at: *at,
            competitor_bps: *competitor_bps,
        };
        SignalsKept {
            since: self.emergency.map(|(since, _)| since),
            ceiling_bps: self.emergency.map(|(_, bps)| i32::try_from(bps).unwrap_or(i32::MAX)),
            heard: self.heard,
            samples: self.samples.iter().map(sample).collect(),
        }
    }
}

impl From<SignalsKept> for Signals {
    fn from(kept: SignalsKept) -> Signals {
        let sample = |one: SampleKept| (one.cell.map_or(0, |cell| cell as u64), (one.at, one.competitor_bps));
        Signals {
            emergency: kept.since.zip(kept.ceiling_bps.map(i64::from)),
            heard: kept.heard,
            samples: kept.samples.into_iter().map(sample).collect(),
        }
    }
}
