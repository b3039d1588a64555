//! `tripo fit forecast`: how many will ask, from a CSV of requests or pickups, or from `ride.requested`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args as Arguments;
use devkit::calendar;
use devkit::rides::Table as Rows;
use kernel::contract::{Point, RideRequested};
use kernel::geo;
use pricing::fit::forecast::{Asked, DAYS_LEAST, Deviance, Log, Unlearned, choose, judge, learn};
use pricing::forecast::sound;
use runtime::kafka::History;

use crate::config::{self, Flags, Instance};
use crate::table::say;

/// Rows that are taken at most; each quarter and cell with any takes about 50 bytes.
const ROWS_MAX: u64 = 50_000_000;
/// Rides of a market that are told apart at most, about 100 bytes each.
const RIDES_MAX: usize = 4_000_000;
/// What is left out whose time no ride can have had.
const ABSURD: &str = "whose time is absurd";
/// A minute, milliseconds.
const MINUTE_MS: i64 = 60_000;

/// A CSV, plain or gzip, whose first line names its columns.
#[derive(Arguments)]
pub(crate) struct Args {
    /// The requests, all of them: those that were refused or expired too, where they are known.
    #[arg(long, value_name = "FILE", required_unless_present = "market", conflicts_with = "market")]
    pickups: Option<PathBuf>,
    /// In place of a file: this market's requests in `ride.requested`, whatever became of them. The contract keeps 7 days of them, too
    /// few: keep 25 days by `retention.ms` for the default --held-back.
    #[arg(long)]
    market: Option<String>,
    #[command(flatten)]
    flags: Flags,
    /// Column of the time: UNIX seconds, `2014-04-01T00:00:00-04:00`, or local time without a zone (`2014-04-01 00:00:00`).
    #[arg(long, value_name = "COLUMN", default_value = "ts")]
    time: String,
    /// Column of the latitude, degrees.
    #[arg(long, value_name = "COLUMN", default_value = "lat")]
    lat: String,
    /// Column of the longitude, degrees.
    #[arg(long, value_name = "COLUMN", default_value = "lng")]
    lng: String,
    /// Only rows whose column has this value.
    #[arg(long, value_name = "COLUMN=VALUE")]
    only: Option<String>,
    /// Local time less UTC, minutes, -840 to 840; times without a zone are local already.
    #[arg(long, alias = "utc-offset", value_name = "MINUTES", default_value_t = 0, allow_hyphen_values = true, value_parser = clap::value_parser!(i64).range(-840..=840))]
    utc_offset_minutes: i64,
    /// Whole days at the end that the table does not see and is judged by.
    #[arg(long, value_name = "DAYS", default_value_t = 14, value_parser = clap::value_parser!(i64).range(1..=90))]
    held_back: i64,
    /// Where the table is written; it is learned from all days, those held back too.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Reads, chooses knobs and learns on the days seen, judges by those held back, and writes the table.
pub(super) fn run(args: &Args) -> Result<ExitCode, String> {
    let (source, (log, left_out)) = match (&args.pickups, &args.market) {
        (Some(pickups), _) => (pickups.display().to_string(), read(args, pickups)?),
        (None, Some(market)) => {
            let settings = match config::load(&args.flags, &Instance::default(), None) {
                Ok(settings) => settings,
                Err(problems) => return Ok(config::refuse(&problems)),
            };
            let mut history = History::open(settings.access("forecast", "forecast"), &settings.registry())?;
            (format!("ride.requested of {market}"), topic(&mut history, market, args.utc_offset_minutes)?)
        }
        (None, None) => return Err("name --pickups FILE or --market NAME".to_owned()),
    };
    let (from, to) = log.days();
    let cut = to - args.held_back;
    let left: Vec<String> = left_out.iter().map(|(cause, count)| format!("{count} {cause}")).collect();
    let none = if left.is_empty() { "none".to_owned() } else { left.join(", ") };
    if log.total() == 0 {
        return Err(format!("no request of {source} was found; rows left out: {none}"));
    }
    let refused = |why: Unlearned| {
        let more = kept(args, &why);
        format!("{source}: {why}; {} days are held back, rows left out: {none}{more}", args.held_back)
    };
    let knobs = choose(&log, (from, cut)).map_err(refused)?;
    let table = learn(&log, (from, cut), &knobs).map_err(refused)?;
    let judged = judge(&log, &table, (from, cut, to));
    let day = |day: i64| calendar::show(kernel::Millis(day * 86_400_000), 0)[..14].to_owned();
    say!(
        "# Learned from {} ({} days), {} requests of {}.",
        day(from),
        cut - from,
        log.between(from, cut).total(),
        source
    );
    say!(
        "# Judged by {} ({} whole days): {} requests in {} places, {} places times quarters of an hour, each foretold an hour ahead.",
        day(cut),
        to - cut,
        judged.requests,
        table.places.len(),
        judged.judged
    );
    left.iter().for_each(|left| say!("# Left out: rows {left}."));
    tell(&judged);
    say!("# {knobs:?}");
    if let Some(out) = &args.out {
        let mut whole = learn(&log, (from, to), &knobs).map_err(refused)?;
        whole.utc_offset_minutes = args.utc_offset_minutes;
        let name = args
            .pickups
            .as_ref()
            .map_or(source.clone(), |path| path.file_name().unwrap_or_default().display().to_string());
        whole.source = format!(
            "{name}, {} to {}, {} requests",
            day(from).trim(),
            day(to - 1).trim(),
            log.between(from, to).total()
        );
        let text = whole.text();
        std::fs::write(out, &text).map_err(|error| format!("{}: {error}", out.display()))?;
        say!("# Written to {}: {} places, {} bytes.", out.display(), whole.places.len(), text.len());
    }
    Ok(ExitCode::SUCCESS)
}

/// What to change where a topic does not reach back far enough: days are whole, so one more is kept than is needed.
fn kept(args: &Args, why: &Unlearned) -> String {
    let days = DAYS_LEAST + args.held_back + 1;
    match (why, &args.market) {
        (Unlearned::TooShort(..), Some(_)) => {
            format!(
                "; keep ride.requested for {days} days (its `retention.ms`; the contract's are 7), or lower --held-back"
            )
        }
        _ => String::new(),
    }
}

fn tell(judged: &Deviance) {
    let Deviance { model, table, last_week, mixed, plain, place_mean, global_mean, .. } = judged;
    let row = |name: &str, deviance: f64| {
        [name.to_owned(), format!("{deviance:.4}"), format!("{:+.1} %", (deviance / last_week - 1.0) * 100.0)]
    };
    let last = format!(
        "last week's same hour, {:.0} % of it the place's mean, the best mixture for these days",
        mixed * 100.0
    );
    crate::table::print(&[
        ["Poisson deviance".to_owned(), "mean".to_owned(), "against last week".to_owned()],
        row("table and levels", *model),
        row("table alone", *table),
        row(&last, *last_week),
        row("last week's same hour, 1 % of it the place's mean", *plain),
        row("each place's mean", *place_mean),
        row("one mean of all places", *global_mean),
    ]);
}

/// The requests, and how many were left out by cause.
type Found = (Log, BTreeMap<&'static str, u64>);

/// A market's requests in the topic; one that was sent again counts once.
fn topic(history: &mut History, market: &str, utc_offset_minutes: i64) -> Result<Found, String> {
    let (mut log, mut known, mut again, mut absurd, mut full) = (Log::default(), BTreeSet::new(), 0, 0, false);
    let scanned = history.scan(ROWS_MAX, |request: RideRequested| {
        if request.market != market || full {
            return;
        }
        if !sound(request.at) {
            absurd += 1;
            return;
        }
        if known.len() == RIDES_MAX && !known.contains(&request.ride) {
            full = true;
            return;
        }
        let cell = geo::cell(request.pickup);
        match known.insert(request.ride) {
            true => log.add(Asked { local_ms: request.at + utc_offset_minutes * MINUTE_MS, cell }),
            false => again += 1,
        }
    })?;
    if full {
        return Err(format!(
            "ride.requested: more than {RIDES_MAX} rides of {market}: take a shorter span from a file by --pickups"
        ));
    }
    let left_out = [("that cannot be read", scanned.unreadable), ("that were sent before", again), (ABSURD, absurd)];
    Ok((log, left_out.into_iter().filter(|(_, count)| *count > 0).collect()))
}

/// The rows of a file.
fn read(args: &Args, pickups: &Path) -> Result<Found, String> {
    let only = match &args.only {
        None => None,
        Some(only) => Some(only.split_once('=').ok_or("--only: write COLUMN=VALUE, such as base=B02512")?),
    };
    let mut wanted = vec![args.time.as_str(), args.lat.as_str(), args.lng.as_str()];
    wanted.extend(only.map(|(column, _)| column));
    let mut rows = Rows::open(pickups, &wanted)?;
    let (mut log, mut left_out, mut taken) = (Log::default(), BTreeMap::new(), 0);
    while let Some((_, row)) = rows.row() {
        let row = row.map_err(|_| "that are no text or have too few columns");
        if let (Ok(cells), Some((_, value))) = (&row, only)
            && cells[3] != value
        {
            continue;
        }
        match row.and_then(|cells| asked(&cells, args.utc_offset_minutes)) {
            Ok(asked) => log.add(asked),
            Err(cause) => *left_out.entry(cause).or_insert(0) += 1,
        }
        taken += 1;
        if taken > ROWS_MAX {
            return Err(format!("{}: more than {ROWS_MAX} rows: take a shorter span", pickups.display()));
        }
    }
    rows.whole(pickups)?;
    Ok((log, left_out))
}

fn asked(cells: &[String], utc_offset_minutes: i64) -> Result<Asked, &'static str> {
    let local = |text: &str| calendar::parse(&format!("{text}Z")).map(|at| at.0);
    let (at_ms, offset) = match calendar::parse(&cells[0]) {
        Ok(at) => (at.0, utc_offset_minutes * MINUTE_MS),
        Err(_) => (local(&cells[0]).map_err(|_| "whose time is not understood")?, 0),
    };
    if !sound(at_ms) {
        return Err(ABSURD);
    }
    let local_ms = at_ms + offset;
    let degrees = |text: &str, most: f64| text.parse::<f64>().ok().filter(|degrees| degrees.abs() <= most);
    let place = degrees(&cells[1], 90.0).zip(degrees(&cells[2], 180.0)).ok_or("whose place is not in degrees")?;
    let e6 = |degrees: f64| (degrees * 1e6).round() as i32;
    Ok(Asked { local_ms, cell: geo::cell(Point { lat_e6: e6(place.0), lng_e6: e6(place.1) }) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_no_ride_can_have_had_is_left_out_before_it_is_reckoned_with() {
        let of = |time: &str| asked(&[time.to_owned(), "37.77".to_owned(), "-122.43".to_owned()], 840);
        for time in ["9223372036854775", "-9223372036854775", "0", "4102444800", "1999-12-31T23:59:59Z"] {
            assert_eq!(of(time), Err(ABSURD), "{time}");
        }
        assert_eq!(of("946684800").map(|asked| asked.local_ms), Ok(946_684_800_000 + 840 * MINUTE_MS));
        assert_eq!(of("2014-04-01 00:00:00").map(|asked| asked.local_ms), Ok(1_396_310_400_000));
    }
}
