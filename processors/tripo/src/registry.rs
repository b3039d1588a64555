//! The list: one line a processor.

use matching::Matching;

use crate::run::{Run, policy_text, serve};

/// A processor by its name on the command line, and what runs it.
pub(crate) type Entry = (&'static str, fn(&Run) -> Result<(), String>);

/// All processors.
pub(crate) const PROCESSORS: &[Entry] =
    &[("matching", |run| serve::<Matching>(run, matching::Policy::parse(&policy_text(run, matching::BUILT_IN)?)?))];
