//! Histograms. The exporter's own collect samples, and lose one now and then while others read them; these are counters, and what was
//! told stays.

use std::{
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use super::{Kind, Metric, SIZES, SPANS};

/// Parts of a unit in which sums are kept.
const PARTS: f64 = 1e6;

/// Histograms of a service.
pub(crate) struct Histograms {
    processor: &'static str,
    spans: Vec<Histogram>,
    sizes: Vec<Histogram>,
}

struct Histogram {
    metric: &'static Metric,
    bounds: &'static [f64],
    /// Of each bound, of those above the one before; the last are above all bounds.
    counts: Vec<AtomicU64>,
    /// Millionths.
    sum: AtomicU64,
}

impl Histogram {
    fn new(metric: &'static Metric) -> Histogram {
        let Kind::Histogram(bounds) = metric.kind else { return Histogram::of(metric, &[]) };
        Histogram::of(metric, bounds)
    }

    fn of(metric: &'static Metric, bounds: &'static [f64]) -> Histogram {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Histogram { metric, bounds, counts, sum: AtomicU64::new(0) }
    }

    fn record(&self, value: f64, times: u64) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(times, Relaxed);
            self.sum.fetch_add(((value * PARTS) as u64).saturating_mul(times), Relaxed);
        }
    }

    fn render(&self, processor: &str, to: &mut String) {
        let Metric { name, help, .. } = self.metric;
        let mut below = 0;
        let mut lines = format!("# HELP {name} {help}\n# TYPE {name} histogram\n");
        let bounds = self.bounds.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
        for (bound, count) in bounds.zip(&self.counts) {
            below += count.load(Relaxed);
            // Writing to a string cannot fail.
            let _ = writeln!(lines, "{name}_bucket{{processor=\"{processor}\",le=\"{bound}\"}} {below}");
        }
        let sum = self.sum.load(Relaxed) as f64 / PARTS;
        let _ = writeln!(lines, "{name}_sum{{processor=\"{processor}\"}} {sum}");
        let _ = writeln!(lines, "{name}_count{{processor=\"{processor}\"}} {below}\n");
        to.push_str(&lines);
    }
}

impl Histograms {
    pub(crate) fn new(processor: &'static str) -> Histograms {
        let all = |metrics: &'static [Metric]| metrics.iter().map(Histogram::new).collect();
        Histograms { processor, spans: all(&SPANS), sizes: all(&SIZES) }
    }

    /// Records a span, seconds, so many times, of the metric `SPANS[span]`.
    pub(crate) fn took(&self, span: usize, seconds: f64, times: u64) {
        if let Some(histogram) = self.spans.get(span) {
            histogram.record(seconds, times);
        }
    }

    /// Records a size of the metric `SIZES[size]`.
    pub(crate) fn sized(&self, size: usize, n: usize) {
        if let Some(histogram) = self.sizes.get(size) {
            histogram.record(n as f64, 1);
        }
    }

    /// All, in Prometheus's text format.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        self.spans.iter().chain(&self.sizes).for_each(|histogram| histogram.render(self.processor, &mut text));
        text
    }
}
