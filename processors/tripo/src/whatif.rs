//! `tripo whatif`: another policy judged by what was recorded.

mod prices;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// Judges another policy.
#[derive(Args)]
pub(crate) struct Whatif {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Acceptance, fares and profit of recorded quotes under another policy, from what riders did at explored prices
    Prices(prices::Args),
}

/// Judges what was asked for and prints it.
///
/// # Errors
/// One sentence that says what to change.
pub(crate) fn run(args: &Whatif) -> Result<ExitCode, String> {
    match &args.what {
        What::Prices(args) => prices::run(args),
    }
}
