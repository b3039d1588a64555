//! `tripo recommend`: what could be decided better, by what was.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args as Arguments;
use devkit::rides::Table as Rows;
use kernel::Rules;
use kernel::contract::{FareCaptured, MatchDecided, PolicyChanged, PriceQuoted, RideRequested};
use pricing::Policy;
use pricing::recommend::{Published, Recommendation, Seen, recommend};
use runtime::kafka::History;
use runtime::settings::{self, Settings};
use serde_json::{Value, json};

use crate::config::{self, Flags, Instance};
use crate::table::say;

/// Records of a topic that are read at most.
const RECORDS_MAX: u64 = 20_000_000;
/// Rows of `--leaks`, most: a row is a class of a market.
const LEAKS_MAX: usize = 100_000;

/// Reads policy.changed, price.quoted, ride.requested, match.decided and fare.captured as a read_committed consumer sees them, and changes nothing.
#[derive(Arguments)]
pub(crate) struct Args {
    #[command(flatten)]
    flags: Flags,
    /// The policy that holds now, a file [default: the newest of quoting in policy.changed that holds at the newest event time that was
    /// read, else the one that policy.quoting names, else the built-in one]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Leakage by class in place of fare.captured: a CSV with the columns market, class, rides, lost_minor
    #[arg(long, value_name = "FILE")]
    leaks: Option<PathBuf>,
    /// Local time less UTC, minutes, -840 to 840
    #[arg(long, alias = "utc-offset", value_name = "MINUTES", default_value_t = 0, allow_hyphen_values = true, value_parser = clap::value_parser!(i64).range(-840..=840))]
    utc_offset_minutes: i64,
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
    let (named, base) = policies(args, &settings)?;
    let leaks = args.leaks.as_ref().map(|path| rows(path).map(|rows| (path, rows))).transpose()?;
    let mut seen = Seen::new(args.utc_offset_minutes);
    if let Some(base) = &base {
        seen.policies = Published::after(base)?;
    }
    let unreadable = read(&settings, &mut seen, leaks.is_none())?;
    if let Some((path, rows)) = leaks {
        leaked(path, &rows, &mut seen)?;
    }
    let published = seen.now().and_then(|now| seen.policies.at(now)).filter(|_| named.is_none());
    if let Some((version, policy)) = published.filter(|_| !args.json) {
        say!("By quoting@{version}, which {} published.", policy.author);
    }
    let text = named.as_ref().or(published.map(|(_, policy)| &policy.text)).or(base.as_ref());
    let text = text.ok_or("no policy is known: name one with --policy")?;
    let found = recommend(&seen, text)?;
    for (count, what) in [
        (unreadable, "records could not be read"),
        (seen.policies.refused, "published policies are refused by those who quote"),
        (seen.unknown, "records belong to no ride that was read"),
        (seen.absurd, "records have a time that is absurd"),
    ] {
        if count > 0 {
            eprintln!("tripo: {count} {what}, and are not counted");
        }
    }
    if args.json {
        say!("{}", Value::from(found.iter().map(value).collect::<Vec<_>>()));
    } else if found.is_empty() {
        say!("Nothing to recommend: in {} markets no hour, leak or tier asks for another policy.", seen.markets.len());
    }
    for one in found.iter().filter(|_| !args.json) {
        show(one);
    }
    Ok(ExitCode::SUCCESS)
}

/// The text that `--policy` names, if any, and the one that holds before any was published.
fn policies(args: &Args, settings: &Settings) -> Result<(Option<String>, Option<String>), String> {
    let read = |path: &Path| {
        let wrong = |why: String| format!("policy {}: {why}", path.display());
        let text = settings::text_of(path).map_err(wrong)?;
        Policy::parse(&text).map_err(wrong)?;
        Ok::<String, String>(text)
    };
    let named = args.policy.as_deref().map(read).transpose()?;
    let base = match settings.text("policy.quoting") {
        "" => Some(pricing::BUILT_IN.to_owned()),
        // Where another is named, what held before is only needed to tell what it did: the file may lie on the servers alone.
        path if named.is_some() => read(Path::new(path)).ok(),
        path => Some(read(Path::new(path))?),
    };
    Ok((named, base))
}

/// How many records could not be read.
fn read(settings: &Settings, seen: &mut Seen, fares: bool) -> Result<u64, String> {
    let mut history = History::open(settings.access("recommend", "recommend"), &settings.registry())?;
    let policies = history.scan(RECORDS_MAX, |changed: PolicyChanged| seen.policies.take(&changed))?;
    let quotes = history.scan(RECORDS_MAX, |quoted: PriceQuoted| seen.quoted(&quoted))?;
    let asked = history.scan(RECORDS_MAX, |asked: RideRequested| seen.requested(&asked))?;
    let decided = history.scan(RECORDS_MAX, |decided: MatchDecided| seen.decided(&decided))?;
    let mut unreadable = policies.unreadable + quotes.unreadable + asked.unreadable + decided.unreadable;
    if fares {
        unreadable += history.scan(RECORDS_MAX, |captured: FareCaptured| seen.captured(&captured))?.unreadable;
    }
    Ok(unreadable)
}

/// A row of `--leaks`: where it stands, and what leaked.
struct Row {
    line: u64,
    market: String,
    class: String,
    rides: i64,
    lost: i64,
}

/// The rows of `--leaks`, checked before anything is read for long.
fn rows(path: &Path) -> Result<Vec<Row>, String> {
    let mut rows = Rows::open(path, &["market", "class", "rides", "lost_minor"])?;
    let mut all = Vec::new();
    while let Some((line, row)) = rows.row() {
        let wrong = |why: &str| format!("{} line {line}: {why}", path.display());
        let row = row.map_err(|why| wrong(&why))?;
        let number = |at: usize, least: i64| {
            row[at].parse::<i64>().ok().filter(|number| (least..=pricing::AMOUNT).contains(number))
        };
        let (Some(rides), Some(lost)) = (number(2, 0), number(3, -pricing::AMOUNT)) else {
            let most = pricing::AMOUNT;
            return Err(wrong(&format!("rides must be a whole number from 0, lost_minor from -{most}, to {most}")));
        };
        if all.len() == LEAKS_MAX {
            return Err(wrong(&format!("more than {LEAKS_MAX} rows: a row is a class of a market")));
        }
        all.push(Row { line, market: row[0].clone(), class: row[1].clone(), rides, lost });
    }
    rows.whole(path)?;
    Ok(all)
}

/// Counts the rows. A market of which nothing was read has no weeks to divide by.
fn leaked(path: &Path, rows: &[Row], seen: &mut Seen) -> Result<(), String> {
    for Row { line, market, class, rides, lost } in rows {
        if seen.markets.get(market).is_none_or(|market| market.span.is_none()) {
            let why = format!("nothing of the market {market:?} was read, so how many weeks leaked is not known");
            return Err(format!("{} line {line}: {why}", path.display()));
        }
        seen.leaked(market, class, *rides, *lost);
    }
    Ok(())
}

fn show(one: &Recommendation) {
    let Recommendation { id, what, margin, unmet, change, .. } = one;
    say!("{id}: {what}");
    say!("  margin a week: {} minor units, four times of five {} to {}", margin.mid, margin.low, margin.high);
    if unmet.mid != 0 {
        let rides = |thousandths: i64| thousandths as f64 / 1e3;
        let (low, mid, high) = (rides(unmet.low), rides(unmet.mid), rides(unmet.high));
        say!("  riders a week who do not wait for nobody: {mid:.1}, four times of five {low:.1} to {high:.1}");
    }
    match change {
        None => say!("  no change of the policy"),
        Some(change) => {
            say!("  would be published as quoting@{}, with:", change.version);
            change.fragment.lines().for_each(|line| say!("    {line}"));
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
