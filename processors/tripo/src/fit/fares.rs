//! `tripo fit fares`: a fare table from a CSV of trips.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use clap::Args as Arguments;
use devkit::rides::Table as Rows;
use kernel::partition;
use pricing::fit::{Linear, Ride, Table, median_error};

/// Metres a second of a trip on a road, least and most: what is slower stood still, what is faster was typed wrong.
const SPEED: (f64, f64) = (0.5, 36.0);
/// Rows that are read at most, about 40 bytes each.
const ROWS_MAX: usize = 10_000_000;

/// A CSV, plain or gzip, whose first line names its columns.
#[derive(Arguments)]
pub(crate) struct Args {
    /// The trips.
    #[arg(long, value_name = "FILE")]
    trips: PathBuf,
    /// Column of what was paid, without tips, in whole units of the currency.
    #[arg(long, value_name = "COLUMN")]
    price: String,
    /// Column of the distance and its unit: m, km or mi.
    #[arg(long, value_name = "COLUMN:UNIT")]
    distance: Measure,
    /// Column of the duration and its unit: s or min.
    #[arg(long, value_name = "COLUMN:UNIT")]
    duration: Option<Measure>,
    /// Columns that name the tier; the most frequent is the plain one, against which the others are measured.
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    tier: Vec<String>,
    /// Column of a surge multiplier that the price holds; it is divided by it.
    #[arg(long, value_name = "COLUMN")]
    multiplier: Option<String>,
    /// Share of the rows, by a hash of their line, that the table does not see and is judged by.
    #[arg(long, value_name = "PERCENT", default_value_t = 30, value_parser = clap::value_parser!(u8).range(5..=90))]
    held_back: u8,
    /// Minor units of the currency in a whole one, as a power of ten.
    #[arg(long, value_name = "DIGITS", default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=3))]
    exponent: u8,
}

/// A column and what one of its units is in kilometres or minutes.
#[derive(Clone, Debug, PartialEq)]
struct Measure {
    column: String,
    unit: f64,
    time: bool,
}

impl FromStr for Measure {
    type Err = String;

    fn from_str(text: &str) -> Result<Measure, String> {
        let units = [
            ("m", 1e-3, false),
            ("km", 1.0, false),
            ("mi", 1.609_344, false),
            ("s", 1.0 / 60.0, true),
            ("min", 1.0, true),
        ];
        let (column, unit) = text.rsplit_once(':').ok_or("write COLUMN:UNIT, such as trip_miles:mi")?;
        let known = units.iter().find(|(name, ..)| *name == unit);
        let (_, unit, time) = known.ok_or_else(|| format!("unit {unit:?} is not known: write m, km, mi, s or min"))?;
        Ok(Measure { column: column.to_owned(), unit: *unit, time: *time })
    }
}

/// What was read: rides, the names of their groups, and the rows that were left out, by cause.
struct Trips {
    rides: Vec<(Ride, bool)>,
    groups: Vec<String>,
    left_out: BTreeMap<&'static str, u64>,
}

/// Reads, fits, judges by the rows held back, and prints the table as a policy has it.
pub(super) fn run(args: &Args) -> Result<ExitCode, String> {
    if args.distance.time || args.duration.as_ref().is_some_and(|duration| !duration.time) {
        return Err("--distance takes m, km or mi, --duration takes s or min".to_owned());
    }
    let Trips { rides, groups, left_out } = read(args)?;
    let of = |held: bool| -> Vec<Ride> { rides.iter().filter(|ride| ride.1 == held).map(|ride| ride.0).collect() };
    let (seen, held) = (of(false), of(true));
    let table = Table::fit(&seen, groups.len()).map_err(|why| format!("{}: {why}", args.trips.display()))?;
    let linear = Linear::fit(&seen, groups.len()).map_err(|why| format!("{}: {why}", args.trips.display()))?;
    let error = |price: &dyn Fn(&Ride) -> f64| median_error(&held, price).map_or(f64::NAN, |error| error * 100.0);
    let (ours, theirs) = (error(&|ride| table.price(ride)), error(&|ride| linear.price(ride)));
    println!("# Fitted on {} trips of {} by least relative error.", seen.len(), args.trips.display());
    println!("# On {} held back half are off by less than {ours:.2} %; by a linear model {theirs:.2} %.", held.len());
    for (cause, count) in &left_out {
        println!("# Left out: {count} rows, {cause}.");
    }
    println!("[fare]\nbase = {}", table.base.round());
    println!("km = {}", (table.km * 1_000.0).round());
    println!("minute = {}", (table.minute * 1_000.0).round());
    if groups.len() > 1 {
        println!("\n# Against {:?}, basis points.", groups[0]);
        groups.iter().zip(&table.groups).for_each(|(name, share)| println!("{name:?} = {}", (share * 1e4).round()));
    }
    Ok(ExitCode::SUCCESS)
}

fn read(args: &Args) -> Result<Trips, String> {
    let mut wanted = vec![args.price.as_str(), args.distance.column.as_str()];
    wanted.extend(args.duration.iter().map(|duration| duration.column.as_str()));
    wanted.extend(args.multiplier.as_deref());
    let first_tier = wanted.len();
    wanted.extend(args.tier.iter().map(String::as_str));
    let mut rows = Rows::open(&args.trips, &wanted)?;
    let (mut known, mut left_out) = (BTreeMap::new(), BTreeMap::new());
    let mut all: Vec<(Ride, bool)> = Vec::new();
    while let Some((line, cells)) = rows.row() {
        if all.len() == ROWS_MAX {
            return Err(format!("{}: more than {ROWS_MAX} trips: take a sample", args.trips.display()));
        }
        let ride = cells.map_err(|_| "not to be read").and_then(|cells| {
            let (price, km, minutes) = numbers(args, &cells)?;
            let count = known.len();
            let group = *known.entry(cells[first_tier..].join(" ")).or_insert(count);
            Ok(Ride { km, minutes, price, group })
        });
        match ride {
            Ok(ride) => all.push((ride, partition::of(line.to_string().as_bytes(), 100) < i32::from(args.held_back))),
            Err(cause) => *left_out.entry(cause).or_insert(0) += 1,
        }
    }
    rows.whole(&args.trips)?;
    Ok(sorted(all, &known, left_out))
}

/// The price in minor units, the distance in kilometres, the duration in minutes; or why the row is of no use.
fn numbers(args: &Args, cells: &[String]) -> Result<(f64, f64, f64), &'static str> {
    let number = |at: usize| cells[at].parse::<f64>().ok().filter(|value| value.is_finite() && *value > 0.0);
    let price = number(0).ok_or("without a price above zero")? * 10_f64.powi(i32::from(args.exponent));
    let km = number(1).ok_or("without a distance above zero")? * args.distance.unit;
    let minutes = match &args.duration {
        Some(duration) => number(2).ok_or("without a duration above zero")? * duration.unit,
        None => 0.0,
    };
    let multiplier = match args.multiplier {
        Some(_) => number(2 + usize::from(args.duration.is_some())).ok_or("without a multiplier above zero")?,
        None => 1.0,
    };
    let speed = km * 1_000.0 / (minutes * 60.0);
    if args.duration.is_some() && !(SPEED.0..=SPEED.1).contains(&speed) {
        return Err("slower than 2 or faster than 130 km/h");
    }
    Ok((price / multiplier, km, minutes))
}

/// Groups in the order of how often they come, the most frequent first.
fn sorted(all: Vec<(Ride, bool)>, known: &BTreeMap<String, usize>, left_out: BTreeMap<&'static str, u64>) -> Trips {
    let mut counts = vec![0_usize; known.len()];
    all.iter().for_each(|(ride, _)| counts[ride.group] += 1);
    let mut order: Vec<(&String, usize)> = known.iter().map(|(name, group)| (name, *group)).collect();
    order.sort_by_key(|(_, group)| std::cmp::Reverse(counts[*group]));
    let mut place = vec![0; known.len()];
    order.iter().enumerate().for_each(|(at, (_, group))| place[*group] = at);
    let rides = all.into_iter().map(|(ride, held)| (Ride { group: place[ride.group], ..ride }, held)).collect();
    Trips { rides, groups: order.into_iter().map(|(name, _)| name.clone()).collect(), left_out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_is_a_column_and_a_known_unit() {
        let miles = "trip_miles:mi".parse::<Measure>().unwrap();
        assert_eq!((miles.column.as_str(), miles.unit, miles.time), ("trip_miles", 1.609_344, false));
        assert!("a:b:s".parse::<Measure>().unwrap().time, "a name may hold colons");
        assert_eq!("miles".parse::<Measure>(), Err("write COLUMN:UNIT, such as trip_miles:mi".to_owned()));
        assert_eq!("d:ft".parse::<Measure>(), Err("unit \"ft\" is not known: write m, km, mi, s or min".to_owned()));
    }

    #[test]
    fn the_most_frequent_group_is_the_plain_one() {
        let ride = |group| (Ride { km: 1.0, minutes: 1.0, price: 1.0, group }, false);
        let known = BTreeMap::from([("a".to_owned(), 0), ("b".to_owned(), 1)]);
        let trips = sorted(vec![ride(0), ride(1), ride(1)], &known, BTreeMap::new());
        assert_eq!(trips.groups, ["b", "a"]);
        assert_eq!(trips.rides.iter().map(|(ride, _)| ride.group).collect::<Vec<_>>(), [1, 0, 0]);
    }
}
