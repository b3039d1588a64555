//! `tripo fit fares`: a fare table from a CSV of trips.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use clap::Args as Arguments;
use devkit::rides::Table as Rows;
use kernel::partition;
use pricing::fit::{GROUPS_MAX, Linear, Ride, Table, Unfit, median_error};

use crate::table::say;

/// Metres a second of a trip on a road, least and most: what is slower stood still, what is faster was typed wrong.
const SPEED: (f64, f64) = (0.5, 36.0);
/// Most kilometres or minutes of a trip, and most minor units that it costs: what is beyond was typed wrong.
const LONGEST: f64 = 10_000.0;
const DEAREST: f64 = 1e9;
/// Trips that are taken at most; while a table is fitted one takes about 300 bytes, 800 with many tiers.
const TRIPS_MAX: usize = 1_000_000;
/// Trips of a tier that are seen, least: with fewer its factor would be chance.
const TIER_LEAST: usize = 10;
/// Tiers that are read at most; those with few trips are left out afterwards.
const TIERS_READ: usize = 1_000;

/// A CSV, plain or gzip, whose first line names its columns.
#[derive(Arguments)]
pub(crate) struct Args {
    /// The trips.
    #[arg(long, value_name = "FILE")]
    trips: PathBuf,
    /// Column of the fare in whole units of the currency, without tips, booking fee, tolls and tax: the policy adds those.
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
    /// Share of the rows, by a hash of what they say, that the table does not see and is judged by.
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

/// What was read: rides and whether they are held back, the names of their groups, and the rows that were left out, by cause.
struct Trips {
    rides: Vec<(Ride, bool)>,
    groups: Vec<String>,
    left_out: BTreeMap<&'static str, u64>,
}

impl Trips {
    fn of(&self, held: bool) -> Vec<Ride> {
        self.rides.iter().filter(|ride| ride.1 == held).map(|ride| ride.0).collect()
    }

    /// Why there is no table: with what was left out, for that is the cause more often than not.
    fn refused(&self, trips: &Path, why: &Unfit) -> String {
        let left: Vec<String> = self.left_out.iter().map(|(cause, count)| format!("{count} {cause}")).collect();
        let left = if left.is_empty() { "none".to_owned() } else { left.join(", ") };
        format!("{}: {why}; {} rides are held back, rows left out: {left}", trips.display(), self.of(true).len())
    }
}

/// Reads, fits, judges by the rows held back, and prints the numbers that a policy takes.
pub(super) fn run(args: &Args) -> Result<ExitCode, String> {
    if args.distance.time || args.duration.as_ref().is_some_and(|duration| !duration.time) {
        return Err("--distance takes m, km or mi, --duration takes s or min".to_owned());
    }
    let trips = read(args)?;
    let (seen, held) = (trips.of(false), trips.of(true));
    let refused = |why: Unfit| trips.refused(&args.trips, &why);
    let table = Table::fit(&seen, trips.groups.len()).map_err(refused)?;
    let linear = Linear::fit(&seen, trips.groups.len()).map_err(refused)?;
    let error = |price: &dyn Fn(&Ride) -> f64| median_error(&held, price).map(|error| error * 100.0);
    let (Some(ours), Some(theirs)) = (error(&|ride| table.price(ride)), error(&|ride| linear.price(ride))) else {
        return Err(format!("{}: no row is held back to judge by: raise --held-back", args.trips.display()));
    };
    say!("# Fitted on {} trips of {} by least relative error.", seen.len(), args.trips.display());
    say!("# On {} held back half are off by less than {ours:.2} %; by a linear model {theirs:.2} %.", held.len());
    for (cause, count) in &trips.left_out {
        say!("# Left out: {count} rows, {cause}.");
    }
    say!("# Put these three in the place of those of a policy; its other numbers stay.\n[fare]");
    say!("base = {}", table.base.round());
    say!("km = {}", (table.km * 1_000.0).round());
    say!("minute = {}", (table.minute * 1_000.0).round());
    if trips.groups.len() > 1 {
        say!("\n# Against {}, basis points, for [fare.tiers] or [fare.services]:", trips.groups[0]);
    }
    for (group, (name, share)) in trips.groups.iter().zip(&table.groups).enumerate().skip(1) {
        let count = seen.iter().filter(|ride| ride.group == group).count();
        say!("# {name} = {} ({count} trips)", (share * 1e4).round());
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
    while let Some((_, cells)) = rows.row() {
        if all.len() == TRIPS_MAX {
            return Err(format!("{}: more than {TRIPS_MAX} trips: take a sample", args.trips.display()));
        }
        let ride = cells.map_err(|_| "that are no text or have too few columns").and_then(|cells| {
            let (price, km, minutes) = numbers(args, &cells)?;
            let count = known.len();
            let group = *known.entry(cells[first_tier..].join(" ")).or_insert(count);
            // What two rows say alike is held back with both or with neither.
            let held = partition::of(cells.join("\n").as_bytes(), 100) < i32::from(args.held_back);
            Ok((Ride { km, minutes, price, group }, held))
        });
        match ride {
            Ok(ride) => all.push(ride),
            Err(cause) => *left_out.entry(cause).or_insert(0) += 1,
        }
        if known.len() > TIERS_READ {
            return Err(format!("{}: {}", args.trips.display(), Unfit::TooMany(known.len(), GROUPS_MAX)));
        }
    }
    rows.whole(&args.trips)?;
    Ok(sorted(all, &known, left_out))
}

/// The price in minor units, the distance in kilometres, the duration in minutes; or why the row is of no use.
fn numbers(args: &Args, cells: &[String]) -> Result<(f64, f64, f64), &'static str> {
    let number = |at: usize| cells[at].parse::<f64>().ok().filter(|value| *value > 0.0);
    let price = number(0).ok_or("whose price is no plain number above zero")? * 10_f64.powi(i32::from(args.exponent));
    let km = number(1).ok_or("whose distance is no plain number above zero")? * args.distance.unit;
    let minutes = match &args.duration {
        Some(duration) => number(2).ok_or("whose duration is no plain number above zero")? * duration.unit,
        None => 0.0,
    };
    let multiplier = match args.multiplier {
        Some(_) => {
            number(2 + usize::from(args.duration.is_some())).ok_or("whose multiplier is no plain number above zero")?
        }
        None => 1.0,
    };
    let speed = km * 1_000.0 / (minutes * 60.0);
    if args.duration.is_some() && !(SPEED.0..=SPEED.1).contains(&speed) {
        return Err("slower than 2 or faster than 130 km/h");
    }
    let price = price / multiplier;
    match (1.0..=DEAREST).contains(&price) && km <= LONGEST && minutes <= LONGEST {
        true => Ok((price, km, minutes)),
        false => Err("beyond every trip: below a minor unit, above 10000 km or minutes"),
    }
}

/// Groups in the order of how often they are seen, the most frequent first; those that hardly are are left out.
fn sorted(all: Vec<(Ride, bool)>, known: &BTreeMap<String, usize>, mut left_out: BTreeMap<&'static str, u64>) -> Trips {
    let mut counts = vec![0_usize; known.len()];
    all.iter().filter(|(_, held)| !held).for_each(|(ride, _)| counts[ride.group] += 1);
    let mut order: Vec<(&String, usize)> = known.iter().map(|(name, group)| (name, *group)).collect();
    order.retain(|(_, group)| counts[*group] >= TIER_LEAST);
    order.sort_by_key(|(_, group)| std::cmp::Reverse(counts[*group]));
    let mut place = vec![None; known.len()];
    order.iter().enumerate().for_each(|(at, (_, group))| place[*group] = Some(at));
    let before = all.len();
    let placed = |(ride, held): (Ride, bool)| Some((Ride { group: place[ride.group]?, ..ride }, held));
    let rides: Vec<(Ride, bool)> = all.into_iter().filter_map(placed).collect();
    if rides.len() < before {
        left_out.insert("of a tier with fewer than ten trips to learn from", (before - rides.len()) as u64);
    }
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
    fn the_most_frequent_group_is_the_plain_one_and_those_of_few_trips_are_left_out() {
        let ride = |group| (Ride { km: 1.0, minutes: 1.0, price: 1.0, group }, false);
        let known = ["a", "b", "c"].into_iter().map(str::to_owned).zip(0..).collect();
        let mut all = vec![ride(0); 10];
        all.extend(vec![ride(1); 11]);
        all.extend(vec![ride(2); 9]);
        let trips = sorted(all, &known, BTreeMap::new());
        assert_eq!(trips.groups, ["b", "a"]);
        assert_eq!(trips.rides.iter().filter(|(ride, _)| ride.group == 0).count(), 11);
        assert_eq!(trips.left_out.values().sum::<u64>(), 9);
    }
}
