//! What the test binaries share.

use std::io::Write;

pub mod quote;
pub mod store;

/// Says what a test did not run, and why, past the harness, which shows nothing of a test that passes.
pub fn not_run(what: &str, why: &str) {
    // Where nobody reads the standard error, nobody is told.
    let _ = writeln!(std::io::stderr(), "not run: {what}: {why}");
}
