//! The exporter's recorder, filled for each rendering with counters and gauges as they stand. So what is gone is no longer exposed, and
//! nothing has to be forgotten by a time-out.

use ::metrics::{Key, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

use super::Metric;

fn metadata() -> Metadata<'static> {
    Metadata::new("runtime", Level::INFO, None)
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
        let recorder = PrometheusBuilder::new().add_global_label("processor", processor).build_recorder();
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
