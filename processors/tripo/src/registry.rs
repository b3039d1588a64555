//! The list: one line a processor.

use kernel::{Processor, Rules};
use matching::Matching;
use pricing::{Capturing, Quoting};
use runtime::settings::Settings;

use crate::run::{Run, serve};

/// A processor by its name on the command line.
pub(crate) struct Entry {
    /// Its name.
    pub(crate) name: &'static str,
    /// The setting that names the file with its policy.
    pub(crate) policy: &'static str,
    /// Its default of `run.commit_interval_ms`, where that is another than the table's.
    pub(crate) interval_ms: Option<&'static str>,
    /// Checks a policy's text.
    pub(crate) check: fn(&str) -> Result<(), String>,
    /// Runs it.
    pub(crate) serve: fn(&Run, &Settings) -> Result<(), String>,
}

/// All processors.
pub(crate) const PROCESSORS: &[Entry] = &[
    processor::<Matching>("matching", "policy.matching"),
    // Somebody looks at a screen until he has his price, and nothing is gained by waiting for others who ask.
    Entry { interval_ms: Some("10"), ..processor::<Quoting>("quoting", "policy.quoting") },
    processor::<Capturing>("capturing", "policy.capturing"),
];

const fn processor<P: Processor>(name: &'static str, policy: &'static str) -> Entry {
    Entry { name, policy, interval_ms: None, check: |text| P::Policy::parse(text).map(drop), serve: serve::<P> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_calls_each_processor_by_its_name() {
        let names: Vec<_> = PROCESSORS.iter().map(|entry| entry.name).collect();
        assert_eq!(names, [Matching::NAME, Quoting::NAME, Capturing::NAME]);
        assert!(PROCESSORS.iter().all(|entry| entry.policy == format!("policy.{}", entry.name)));
    }
}
