//! `tripo fit`: parameters of a policy from what was recorded.

mod elasticity;
mod fares;
mod forecast;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// Learns parameters of a policy.
#[derive(Args)]
pub(crate) struct Fit {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Who accepts a price (`[demand]`), from the quotes of a log and the rides that were asked for with them
    Elasticity(elasticity::Args),
    /// A fare table (base, kilometre, minute, tiers) from trips that were paid, with its error on rows held back
    Fares(fares::Args),
    /// How many will ask, by H3 cell and quarter of an hour, from recorded pickups, with its deviance on days held back
    Forecast(forecast::Args),
}

/// Fits what was asked for and prints it.
///
/// # Errors
/// One sentence that says what to change.
pub(crate) fn run(args: &Fit) -> Result<ExitCode, String> {
    match &args.what {
        What::Elasticity(args) => elasticity::run(args),
        What::Fares(args) => fares::run(args),
        What::Forecast(args) => forecast::run(args),
    }
}
