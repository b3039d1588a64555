//! The exporter's recorders: one keeps the histograms of a service, and one is filled for each rendering with counters and
//! gauges as they stand. So what is gone is no longer exposed, and nothing has to be forgotten by a time-out.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use ::metrics::{Histogram, Key, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::{Kind, Metric, SIZES, SPANS};

/// Samples that wait to be put into their buckets before the one who records does it: a bound for processes that nobody
/// asks for metrics, 8 bytes each. An HTTP server does it every few seconds.
const PENDING: usize = 1 << 16;

fn metadata() -> Metadata<'static> {
    Metadata::new("runtime", Level::INFO, None)
}

fn builder(processor: &str) -> PrometheusBuilder {
    PrometheusBuilder::new().add_global_label("processor", processor)
}

/// Histograms of a service.
pub(crate) struct Histograms {
    handle: PrometheusHandle,
    spans: Vec<Histogram>,
    sizes: Vec<Histogram>,
    pending: AtomicUsize,
}

impl Histograms {
    pub(crate) fn new(processor: &str) -> Histograms {
        let mut builder = builder(processor);
        for metric in SPANS.iter().chain(&SIZES) {
            let Kind::Histogram(buckets) = metric.kind else { continue };
            let name = Matcher::Full(metric.name.to_owned());
            // Fails for an empty list only, and the lists are constants.
            builder = builder.set_buckets_for_metric(name, buckets).expect("a histogram has buckets");
        }
        let recorder = builder.build_recorder();
        let register = |metric: &Metric| {
            recorder.describe_histogram(metric.name.into(), None, metric.help.into());
            recorder.register_histogram(&Key::from_static_name(metric.name), &metadata())
        };
        let (spans, sizes) = (SPANS.iter().map(register).collect(), SIZES.iter().map(register).collect());
        Histograms { handle: recorder.handle(), spans, sizes, pending: AtomicUsize::new(0) }
    }

    /// Records a span, seconds, of the metric `SPANS[span]`.
    pub(crate) fn took(&self, span: usize, seconds: f64) {
        if let Some(histogram) = self.spans.get(span) {
            histogram.record(seconds);
            self.recorded();
        }
    }

    /// Records a size of the metric `SIZES[size]`.
    pub(crate) fn sized(&self, size: usize, n: usize) {
        if let Some(histogram) = self.sizes.get(size) {
            histogram.record(n as f64);
            self.recorded();
        }
    }

    fn recorded(&self) {
        if self.pending.fetch_add(1, Relaxed) >= PENDING {
            self.upkeep();
        }
    }

    /// Puts what was recorded into its buckets.
    pub(crate) fn upkeep(&self) {
        self.pending.store(0, Relaxed);
        self.handle.run_upkeep();
    }

    /// All, in Prometheus's text format.
    pub(crate) fn render(&self) -> String {
        self.pending.store(0, Relaxed);
        self.handle.render()
    }
}

/// Counters and gauges as of now.
pub(crate) struct Snapshot {
    recorder: PrometheusRecorder,
    /// What the exporter cannot write: counters that are no integers.
    written: String,
    processor: &'static str,
}

impl Snapshot {
    pub(crate) fn new(processor: &'static str) -> Snapshot {
        let recorder = builder(processor).build_recorder();
        Snapshot { recorder, written: String::new(), processor }
    }

    fn key(metric: &Metric, labels: &[&str]) -> Key {
        let labels = metric.labels.iter().zip(labels);
        Key::from_parts(
            metric.name,
            labels.map(|(label, value)| Label::new(label.name, (*value).to_owned())).collect::<Vec<_>>(),
        )
    }

    /// A counter, with the values of its labels in their order.
    pub(crate) fn count(&self, metric: &Metric, labels: &[&str], value: u64) {
        self.recorder.describe_counter(metric.name.into(), None, metric.help.into());
        self.recorder.register_counter(&Self::key(metric, labels), &metadata()).absolute(value);
    }

    /// A gauge, with the values of its labels in their order.
    pub(crate) fn gauge(&self, metric: &Metric, labels: &[&str], value: f64) {
        self.recorder.describe_gauge(metric.name.into(), None, metric.help.into());
        self.recorder.register_gauge(&Self::key(metric, labels), &metadata()).set(value);
    }

    /// A counter of fractions, without labels.
    pub(crate) fn fraction(&mut self, metric: &Metric, value: f64) {
        let Metric { name, help, .. } = metric;
        let processor = self.processor;
        self.written.push_str(&format!(
            "# HELP {name} {help}\n# TYPE {name} counter\n{name}{{processor=\"{processor}\"}} {value}\n\n"
        ));
    }

    /// All, in Prometheus's text format.
    pub(crate) fn render(self) -> String {
        self.recorder.handle().render() + &self.written
    }
}
