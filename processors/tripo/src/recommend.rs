//! `tripo recommend`: what could be decided better, by what was.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args as Arguments;
use devkit::rides::Table as Rows;
use kernel::contract::{MatchDecided, PriceQuoted, RideRequested};
use pricing::recommend::{Recommendation, Seen, recommend};
use runtime::kafka::{self, Access};
use runtime::registry::Registry;
use runtime::settings::Settings;
use serde_json::{Value, json};

use crate::config::{self, Flags, Instance};

/// Records of a topic that are read at most.
const RECORDS_MAX: u64 = 20_000_000;

/// Reads price.quoted, ride.requested and match.decided as a read_committed consumer sees them, and changes nothing.
#[derive(Arguments)]
pub(crate) struct Args {
    #[command(flatten)]
    flags: Flags,
    /// The policy that holds now, a file [default: the one that policy.quoting names, or the built-in one]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Leakage by class: a CSV with the columns market, class, rides, lost_minor
    #[arg(long, value_name = "FILE")]
    leaks: Option<PathBuf>,
    /// Local time less UTC, minutes, -840 to 840
    #[arg(long, value_name = "MINUTES", default_value_t = 0, allow_hyphen_values = true, value_parser = clap::value_parser!(i64).range(-840..=840))]
    utc_offset: i64,
    /// Print JSON, with the whole text of each policy that would be published
    #[arg(long)]
    json: bool,
}

/// Reads, finds and prints. Wrong settings are said here.
///
/// # Errors
/// One sentence that says what to change.
pub(crate) fn run(args: &Args) -> Result<ExitCode, String> {
    let settings = match config::load(&args.flags, &Instance::default(), None) {
        Ok(settings) => settings,
        Err(problems) => return Ok(config::refuse(&problems)),
    };
    let text = policy(args, &settings)?;
    let mut seen = Seen::new(args.utc_offset);
    let unreadable = read(&settings, &mut seen)?;
    if let Some(path) = &args.leaks {
        leaks(path, &mut seen)?;
    }
    let found = recommend(&seen, &text)?;
    for (count, what) in
        [(unreadable, "records could not be read"), (seen.unknown, "records belong to no ride that was read")]
    {
        if count > 0 {
            eprintln!("tripo: {count} {what}, and are not counted");
        }
    }
    if args.json {
        println!("{}", Value::from(found.iter().map(value).collect::<Vec<_>>()));
    } else if found.is_empty() {
        println!(
            "Nothing to recommend: in {} markets no hour, leak or tier asks for another policy.",
            seen.markets.len()
        );
    }
    for one in found.iter().filter(|_| !args.json) {
        show(one);
    }
    Ok(ExitCode::SUCCESS)
}

fn policy(args: &Args, settings: &Settings) -> Result<String, String> {
    let set = settings.text("policy.quoting");
    let path = args.policy.clone().or_else(|| (!set.is_empty()).then(|| PathBuf::from(set)));
    let Some(path) = path else { return Ok(pricing::BUILT_IN.to_owned()) };
    std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
}

/// How many records could not be read.
fn read(settings: &Settings, seen: &mut Seen) -> Result<u64, String> {
    let mut registry = Registry::open(&settings.registry())?;
    let access: Access = settings.access("recommend", "recommend");
    let quotes = kafka::scan(&access, &mut registry, RECORDS_MAX, |quoted: PriceQuoted| seen.quoted(&quoted))?;
    let asked = kafka::scan(&access, &mut registry, RECORDS_MAX, |asked: RideRequested| seen.requested(&asked))?;
    let decided = kafka::scan(&access, &mut registry, RECORDS_MAX, |decided: MatchDecided| seen.decided(&decided))?;
    Ok(quotes.unreadable + asked.unreadable + decided.unreadable)
}

fn leaks(path: &std::path::Path, seen: &mut Seen) -> Result<(), String> {
    let mut rows = Rows::open(path, &["market", "class", "rides", "lost_minor"])?;
    while let Some((line, row)) = rows.row() {
        let wrong = |why: &str| format!("{} line {line}: {why}", path.display());
        let row = row.map_err(|why| wrong(&why))?;
        let number = |at: usize| row[at].parse::<i64>().ok().filter(|number| (0..=pricing::AMOUNT).contains(number));
        let (Some(rides), Some(lost)) = (number(2), number(3)) else {
            return Err(wrong("rides and lost_minor must be whole numbers from 0 to 10000000000"));
        };
        seen.leaked(&row[0], &row[1], rides, lost);
    }
    rows.whole(path)
}

fn show(one: &Recommendation) {
    let Recommendation { id, what, margin, unmet, change, .. } = one;
    println!("{id}: {what}");
    println!("  margin a week: {} minor units, four times of five {} to {}", margin.mid, margin.low, margin.high);
    if unmet.mid != 0 {
        let rides = |thousandths: i64| thousandths as f64 / 1e3;
        let (low, mid, high) = (rides(unmet.low), rides(unmet.mid), rides(unmet.high));
        println!("  riders a week who do not wait for nobody: {mid:.1}, four times of five {low:.1} to {high:.1}");
    }
    match change {
        None => println!("  no change of the policy"),
        Some(change) => {
            println!("  would be published as quoting@{}, with:", change.version);
            change.fragment.lines().for_each(|line| println!("    {line}"));
        }
    }
}

fn value(one: &Recommendation) -> Value {
    let span = |span: &pricing::allocate::Span| json!({"low": span.low, "mid": span.mid, "high": span.high});
    let change = one.change.as_ref().map(|change| {
        let policy = format!("quoting@{}", change.version);
        json!({"policy": policy, "version": change.version, "fragment": change.fragment, "text": change.text})
    });
    json!({
        "id": one.id, "market": one.market, "kind": one.kind.name(), "what": one.what,
        "margin_minor_week": span(&one.margin), "unmet_thousandths_week": span(&one.unmet), "change": change,
    })
}
