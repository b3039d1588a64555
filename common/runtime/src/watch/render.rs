//! What is told, in Prometheus's text format.

use std::{collections::BTreeMap, sync::atomic::Ordering::Relaxed, time::Instant};

use super::{Policy, View, Watch, health::Counted, hold};
use crate::metrics::{
    AGE, BOUND_REACHED, BOUNDS, BUILD, CAUSES, COUNTS, CPU, DEGRADED, DRAINING, ENTITIES, HAND, IN_HAND, LAG, LIVE,
    MARKETS, MEMBERS, Metric, OPEN, OPEN_MOST, OTHER, OWNED, PARKED, POLICY, READY, RESIDENT, SIDES, STARTED, STEP_AGE,
    THREADS, TROUBLE, TROUBLES, WATERMARK, WORKERS, process::Process, recorder::Snapshot,
};

impl Watch {
    /// All metrics as of now; empty without a recorder, that is for a `Watch::default()`.
    pub fn render(&self) -> String {
        let Some(histograms) = &self.histograms else { return String::new() };
        let mut snapshot = Snapshot::new(self.processor);
        self.counters(&snapshot);
        self.partitions(&snapshot);
        self.markets(&snapshot);
        self.standing(&snapshot);
        process(&mut snapshot);
        histograms.render() + &snapshot.render()
    }

    fn counters(&self, to: &Snapshot) {
        for (metric, count) in COUNTS.iter().zip(&self.counts) {
            to.count(metric, &[], count.load(Relaxed));
        }
        let labelled = |metric: &Metric, names: &[&str], counts: &[std::sync::atomic::AtomicU64]| {
            names.iter().zip(counts).for_each(|(name, count)| to.count(metric, &[name], count.load(Relaxed)));
        };
        labelled(&PARKED, &CAUSES, &self.parked);
        labelled(&BOUND_REACHED, &BOUNDS, &self.bounds);
        for (step, count) in hold(&self.degraded).clone() {
            to.count(&DEGRADED, &[step], count);
        }
        for side in SIDES {
            let (begun, now) = self.troubles.of(side);
            to.count(&TROUBLES, &[side], begun);
            to.gauge(&TROUBLE, &[side], f64::from(u8::from(now)));
        }
    }

    fn partitions(&self, to: &Snapshot) {
        for ((topic, partition), records) in hold(&self.lags).clone() {
            to.gauge(&LAG, &[topic, &partition.to_string()], records as f64);
        }
        for (partition, counts) in hold(&self.in_hand).clone() {
            let partition = partition.to_string();
            for (kind, count) in IN_HAND.iter().zip(counts) {
                to.gauge(&HAND, &[&partition, kind], count as f64);
            }
        }
    }

    fn markets(&self, to: &Snapshot) {
        let seconds = |millis: kernel::Millis| millis.0 as f64 / 1_000.0;
        let now = named(hold(&self.now).clone(), |one, other| one.min(other));
        for (market, now) in &now {
            to.gauge(&WATERMARK, &[market], seconds(*now));
        }
        let views = named(hold(&self.views).clone(), |one, other| View {
            entities: one.entities.saturating_add(other.entities),
            age: one.age.max(other.age),
        });
        for (market, View { entities, age }) in &views {
            to.gauge(&ENTITIES, &[market], *entities as f64);
            if let Some(age) = age {
                to.gauge(&AGE, &[market], seconds(*age));
            }
        }
    }

    fn standing(&self, to: &Snapshot) {
        let Counted { workers, members, owned, live } = self.health.counted();
        for (metric, value) in [(&WORKERS, workers), (&MEMBERS, members), (&OWNED, owned), (&LIVE, live)] {
            to.gauge(metric, &[], value as f64);
        }
        to.gauge(&READY, &[], f64::from(u8::from(self.ready().is_ok())));
        to.gauge(&DRAINING, &[], f64::from(u8::from(self.health.is_draining())));
        for (worker, since) in self.health.steps(Instant::now()) {
            to.gauge(&STEP_AGE, &[&worker.to_string()], since.as_secs_f64());
        }
        if let Some(Policy { version, hash, effective_from }) = hold(&self.policy).clone() {
            to.gauge(&POLICY, &[&version.to_string(), &hash], effective_from.0 as f64 / 1_000.0);
        }
        to.gauge(&BUILD, &[env!("CARGO_PKG_VERSION")], 1.0);
    }
}

fn process(to: &mut Snapshot) {
    let Some(process) = Process::read() else { return };
    to.fraction(&CPU, process.cpu_s);
    to.gauge(&RESIDENT, &[], process.resident as f64);
    to.gauge(&THREADS, &[], process.threads as f64);
    to.gauge(&OPEN, &[], process.open as f64);
    if let Some(most) = process.open_most {
        to.gauge(&OPEN_MOST, &[], most as f64);
    }
    to.gauge(&STARTED, &[], process.started_s);
}

/// The first markets by their names, and one for all beyond the bound.
fn named<T: Copy>(all: BTreeMap<String, T>, both: impl Fn(T, T) -> T) -> BTreeMap<String, T> {
    let mut named = BTreeMap::new();
    for (number, (market, value)) in all.into_iter().enumerate() {
        let market = if number < MARKETS { market } else { OTHER.to_owned() };
        let value = named.get(&market).map_or(value, |known| both(*known, value));
        named.insert(market, value);
    }
    named
}
