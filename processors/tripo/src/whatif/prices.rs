//! `tripo whatif prices`: what another policy would have brought on recorded quotes.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args as Arguments;
use kernel::Rules;
use pricing::Policy;
use pricing::fit::{Estimate, Figure, Judgement, Rival, judge};
use runtime::settings;

use crate::config::{self, Instance};
use crate::recorded::{Span, refused};
use crate::table::{self, say};

/// Judged are its fare table, demand, choice, caps and competitor term, over ways, surge, waits and competitors' prices as they were
/// recorded; its prices must lie within a step of exploration around those that were chosen.
#[derive(Arguments)]
pub(crate) struct Args {
    /// The other policy
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    #[command(flatten)]
    span: Span,
    /// Draws the samples of the intervals; the same seed gives the same ones
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Reads, judges and prints.
pub(super) fn run(args: &Args) -> Result<ExitCode, String> {
    let settings = match config::load(&args.span.flags, &Instance::default(), None) {
        Ok(settings) => settings,
        Err(problems) => return Ok(config::refuse(&problems)),
    };
    let named = |why: String| format!("--policy {}: {why}", args.policy.display());
    let text = settings::text_of(&args.policy).map_err(named)?;
    let policy = Policy::parse(&text).map_err(named)?;
    let mut currencies = BTreeSet::new();
    let settled = args.span.read(&settings, |quoted| {
        let rival = Rival::of(quoted, &policy)?;
        currencies.extend(quoted.price.as_ref().map(|price| price.currency.clone()));
        Ok(rival)
    })?;
    if currencies.len() > 1 {
        let all: Vec<String> = currencies.into_iter().collect();
        return Err(format!("the quotes are in {}: name one --market, for amounts are never mixed", all.join(" and ")));
    }
    let of = |(mut rival, accepted): (Rival, bool)| {
        rival.observed.accepted = accepted;
        rival
    };
    let all: Vec<Rival> = settled.quotes.into_iter().map(of).collect();
    let judged = judge(&all, args.seed).map_err(|why| refused(&why, &settled.left_out))?;
    for (cause, count) in &settled.left_out {
        say!("left out: {count} quotes {cause}");
    }
    if judged.beyond > 0 {
        say!("left out: {} quotes whose other price lies beyond what was explored", judged.beyond);
    }
    let (quotes, whose) = (judged.quotes, args.span.whose());
    say!("{quotes} quotes of {whose}, effective sample size {:.0}; in brackets nine of ten samples", judged.effective);
    print(&judged, currencies.first().map_or("", String::as_str));
    Ok(ExitCode::SUCCESS)
}

fn print(judged: &Judgement, currency: &str) {
    let Judgement { conversion, revenue, profit, .. } = judged;
    let mut rows = vec![["", "as it was", "by weights", "doubly robust", "gain, doubly robust"].map(str::to_owned)];
    let amount = |what: &str| format!("{what} a quote, minor units of {currency}");
    rows.push(row("quotes accepted, %".to_owned(), conversion, 100.0));
    rows.push(row(amount("fare"), revenue, 1.0));
    rows.push(row(amount("profit"), profit, 1.0));
    table::print(&rows);
}

fn row(what: String, figure: &Figure, unit: f64) -> [String; 5] {
    let show = |estimate: Estimate| {
        let [value, low, high] = [estimate.value, estimate.low, estimate.high].map(|one| one * unit);
        format!("{value:.2} [{low:.2}, {high:.2}]")
    };
    let Figure { logged, ips, robust, gain } = *figure;
    [what, show(logged), show(ips), show(robust), show(gain)]
}
