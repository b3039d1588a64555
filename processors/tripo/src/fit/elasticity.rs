//! `tripo fit elasticity`: who accepts a price, from recorded quotes and rides.

use std::process::ExitCode;

use clap::Args as Arguments;
use pricing::LOCAL_MAX;
use pricing::fit::{Observed, ROW_LEAST, learn, locals, section};

use crate::config::{self, Instance};
use crate::recorded::{Span, refused};
use crate::table::{self, say};

/// The quotes of a log: accepted are those with which a ride was asked for before their lock expired.
#[derive(Arguments)]
pub(crate) struct Args {
    #[command(flatten)]
    span: Span,
    /// Minutes that local time is ahead of UTC: by it rows have their hours
    #[arg(long, value_name = "MINUTES", default_value_t = 0, allow_negative_numbers = true,
        value_parser = clap::value_parser!(i32).range(-720..=840))]
    utc_offset_minutes: i32,
    /// Rows by cell and hour, most
    #[arg(long, value_name = "COUNT", default_value_t = LOCAL_MAX as u64,
        value_parser = clap::value_parser!(u64).range(0..=LOCAL_MAX as u64))]
    rows: u64,
}

/// Reads, learns, and prints the section that a policy takes.
pub(super) fn run(args: &Args) -> Result<ExitCode, String> {
    let settings = match config::load(&args.span.flags, &Instance::default(), None) {
        Ok(settings) => settings,
        Err(problems) => return Ok(config::refuse(&problems)),
    };
    let settled = args.span.read(&settings, |quoted| Observed::of(quoted, false))?;
    let of = |(one, accepted)| Observed { accepted, ..one };
    let all: Vec<Observed> = settled.quotes.into_iter().map(of).collect();
    let learned = learn(&all).map_err(|why| refused(&why, &settled.left_out))?;
    let rows = locals(&all, &learned, args.utc_offset_minutes, args.rows as usize);
    let (low, high) = learned.interval();
    let (quotes, whose) = (learned.quotes, args.span.whose());
    say!(
        "# Learned from {quotes} quotes of {whose}: {} accepted, {} moved on purpose.",
        learned.accepted,
        learned.moved
    );
    say!("# Elasticity of acceptance {:.2}, in nine of ten cases within {low:.2} to {high:.2}.", learned.elasticity);
    for (cause, count) in &settled.left_out {
        say!("# Left out: {count} quotes {cause}.");
    }
    match rows.len() {
        0 => say!("# No cell or hour with {ROW_LEAST} quotes differs from the whole beyond chance."),
        count => say!("# {count} rows by cell and hour, each shrunk to what is known without it."),
    }
    say!("# Put this in the place of the section of a policy.");
    let text = section(args.span.market.as_deref(), &learned, &rows, args.utc_offset_minutes);
    table::put(format_args!("{text}"));
    Ok(ExitCode::SUCCESS)
}
