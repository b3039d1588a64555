//! Recorded rides and pings as a source: two CSV files, plain or gzip.
//!
//! Columns are found by name. Rides: `cab, pickup_ts, dropoff_ts, pickup_lat, pickup_lng, dropoff_lat, dropoff_lng`; pings, sorted
//! by time: `ts, cab, lat, lng, occ` (1: a fare sits in the cab). Times are UNIX seconds, places degrees. Further columns are not
//! read. Every pickup is a request at its time and place; the trip's recorded duration is that of our ride. Rides of the chosen span
//! are held in memory, pings are streamed.

mod table;

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use kernel::Millis;
use kernel::contract::Point;

use crate::city;
use crate::world::{Draw, Happening, Newcomer, Sighting, Source, Trip};
pub use table::Table;

/// Rides of one span that are held in memory at most, about 200 bytes each.
const RIDES_MAX: usize = 2_000_000;

/// What to read, and how to split it.
#[derive(Clone, Debug)]
pub struct Recording {
    /// CSV of rides.
    pub rides: PathBuf,
    /// CSV of pings.
    pub pings: PathBuf,
    /// Event time of the first request and ping; `None`: from where both files have something.
    pub from: Option<Millis>,
    /// Event time at which they end; `None`: where one of the files does.
    pub to: Option<Millis>,
    /// Markets over which rides and cabs are spread by a hash of their ids.
    pub markets: usize,
    /// Of every draw.
    pub seed: u64,
}

/// Lines that could not be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// How many.
    pub lines: u64,
    /// The first: file, line number and what is wrong.
    pub first: Option<String>,
}

impl Skipped {
    fn add(&mut self, path: &Path, line: u64, fault: &str) {
        self.lines += 1;
        self.first.get_or_insert_with(|| format!("{} line {line}: {fault}", path.display()));
    }
}

/// The recordings, merged in event-time order.
pub struct Rides {
    recording: Recording,
    from: Millis,
    to: Millis,
    trips: VecDeque<(Millis, Trip)>,
    pings: Table,
    ping: Option<(Millis, Sighting)>,
    newest: Millis,
    known: BTreeSet<String>,
    skipped: Skipped,
}

impl Rides {
    /// Opens both files and reads the rides.
    ///
    /// # Errors
    /// A file that cannot be read, a column that is missing, or a span without any ride.
    pub fn open(recording: Recording) -> Result<Rides, String> {
        let mut skipped = Skipped::default();
        let mut trips = trips(&recording, &mut skipped)?;
        let pinged = match (recording.from, recording.to) {
            (Some(from), Some(to)) => (from, to),
            _ => span(&recording.pings)?,
        };
        let asked = (trips.front().map_or(Millis(0), |trip| trip.0), trips.back().map_or(Millis(0), |trip| trip.0));
        let from = recording.from.unwrap_or(pinged.0.max(asked.0));
        let to = recording.to.unwrap_or(pinged.1.min(asked.1));
        trips.retain(|(at, _)| (from..=to).contains(at));
        if trips.is_empty() {
            return Err(format!(
                "{}: no ride lies between {} and {} UNIX seconds: choose --from and --to where rides and pings overlap",
                recording.rides.display(),
                from.0 / 1_000,
                to.0 / 1_000
            ));
        }
        let pings = Table::open(&recording.pings, &PING_COLUMNS)?;
        let known = BTreeSet::new();
        let mut rides = Rides { recording, from, to, trips, pings, ping: None, newest: from, known, skipped };
        rides.advance();
        Ok(rides)
    }

    /// The span of event time that will be told.
    pub fn span(&self) -> (Millis, Millis) {
        (self.from, self.to)
    }

    /// Lines that could not be used so far; pings out of order among them.
    pub fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// Whether the pings could be read so far.
    ///
    /// # Errors
    /// One sentence when their file ends in the middle.
    pub fn whole(&self) -> Result<(), String> {
        self.pings.whole(&self.recording.pings)
    }

    /// Reads on to the next ping that counts.
    fn advance(&mut self) {
        self.ping = None;
        while let Some((line, row)) = self.pings.row() {
            match row.and_then(|row| ping(&row)) {
                Ok((at, _)) if at < self.from => {}
                Ok((at, _)) if at > self.to => return,
                Ok((at, _)) if at < self.newest => {
                    self.skipped.add(
                        &self.recording.pings,
                        line,
                        "the ping is older than the one before: sort the file by ts",
                    );
                }
                Ok((at, sighting)) => {
                    self.newest = at;
                    self.ping = Some((at, sighting));
                    return;
                }
                Err(fault) => self.skipped.add(&self.recording.pings, line, &fault),
            }
        }
    }
}

impl Source for Rides {
    fn peek(&mut self) -> Option<Millis> {
        let (trip, ping) = (self.trips.front().map(|trip| trip.0), self.ping.as_ref().map(|ping| ping.0));
        trip.into_iter().chain(ping).min()
    }

    fn next(&mut self) -> Option<(Millis, Happening)> {
        let trip = self.trips.front().map(|trip| trip.0);
        match &self.ping {
            // Pings first, so that a request finds the cabs of its own second.
            Some((at, sighting)) if trip.is_none_or(|trip| *at <= trip) => {
                let at = *at;
                if !self.known.contains(&sighting.driver) {
                    let (driver, place) = (sighting.driver.clone(), sighting.place);
                    self.known.insert(driver.clone());
                    let market = market(&self.recording, &driver);
                    return Some((at, Happening::Joined(Newcomer { driver, market, place, roams: false })));
                }
                let (_, sighting) = self.ping.take()?;
                self.advance();
                Some((at, Happening::Sighted(sighting)))
            }
            _ => self.trips.pop_front().map(|(at, trip)| (at, Happening::Asked(trip))),
        }
    }
}

const TRIP_COLUMNS: [&str; 7] =
    ["cab", "pickup_ts", "dropoff_ts", "pickup_lat", "pickup_lng", "dropoff_lat", "dropoff_lng"];
const PING_COLUMNS: [&str; 5] = ["ts", "cab", "lat", "lng", "occ"];

/// All rides of the span asked for, by pickup time.
fn trips(recording: &Recording, skipped: &mut Skipped) -> Result<VecDeque<(Millis, Trip)>, String> {
    let mut trips = Vec::new();
    let mut table = Table::open(&recording.rides, &TRIP_COLUMNS)?;
    while let Some((line, row)) = table.row() {
        match row.and_then(|row| trip(recording, &row)) {
            Ok((at, _)) if recording.from.is_some_and(|from| at < from) || recording.to.is_some_and(|to| at > to) => {}
            Ok(trip) => trips.push(trip),
            Err(fault) => skipped.add(&recording.rides, line, &fault),
        }
        if trips.len() > RIDES_MAX {
            return Err(format!("{}: more than {RIDES_MAX} rides: choose a shorter span", recording.rides.display()));
        }
    }
    table.whole(&recording.rides)?;
    trips.sort_by(|one, other| (one.0, &one.1.ride).cmp(&(other.0, &other.1.ride)));
    Ok(trips.into())
}

/// First and last time of the pings.
fn span(pings: &Path) -> Result<(Millis, Millis), String> {
    let mut table = Table::open(pings, &PING_COLUMNS)?;
    let mut span: Option<(Millis, Millis)> = None;
    while let Some((_, row)) = table.row() {
        if let Ok((at, _)) = row.and_then(|row| ping(&row)) {
            let (first, last) = span.unwrap_or((at, at));
            span = Some((first.min(at), last.max(at)));
        }
    }
    table.whole(pings)?;
    span.ok_or(format!("{}: no line is a ping", pings.display()))
}

fn trip(recording: &Recording, row: &[String]) -> Result<(Millis, Trip), String> {
    let (at, end) = (seconds(&row[1])?, seconds(&row[2])?);
    if end <= at || end.since(at) > Millis(12 * 3_600_000) {
        return Err("the ride takes no time, or more than 12 hours".to_owned());
    }
    let ride = format!("{}-{}", row[1], cab(&row[0])?);
    let (pickup, dropoff) = (point(&row[3], &row[4])?, point(&row[5], &row[6])?);
    let (service, tier) = city::wish(recording.seed, &ride);
    let market = market(recording, &ride);
    Ok((at, Trip { ride, market, pickup, dropoff, duration: end.since(at), service, tier }))
}

fn ping(row: &[String]) -> Result<(Millis, Sighting), String> {
    let busy = match row[4].as_str() {
        "0" => false,
        "1" => true,
        other => return Err(format!("occ is `{}`, not 0 or 1", other.chars().take(16).collect::<String>())),
    };
    Ok((seconds(&row[0])?, Sighting { driver: cab(&row[1])?, place: point(&row[2], &row[3])?, busy }))
}

fn market(recording: &Recording, id: &str) -> usize {
    Draw::of(recording.seed, id, "market").below(recording.markets as u64) as usize
}

fn cab(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > 32 || text.chars().any(char::is_control) {
        return Err("the cab's id has no or more than 32 characters".to_owned());
    }
    Ok(format!("cab-{text}"))
}

fn seconds(text: &str) -> Result<Millis, String> {
    const CENTURY: std::ops::Range<i64> = 946_684_800..4_102_444_800;
    let seconds = text.parse::<i64>().ok().filter(|seconds| CENTURY.contains(seconds));
    seconds.map(|seconds| Millis(seconds * 1_000)).ok_or("a time is not UNIX seconds of this century".to_owned())
}

fn point(lat: &str, lng: &str) -> Result<Point, String> {
    let degrees = |text: &str, most: f64| text.parse::<f64>().ok().filter(|degrees| degrees.abs() <= most);
    let e6 = |degrees: f64| (degrees * 1e6).round() as i32;
    match (degrees(lat, 90.0), degrees(lng, 180.0)) {
        (Some(lat), Some(lng)) => Ok(Point { lat_e6: e6(lat), lng_e6: e6(lng) }),
        _ => Err("a place is not in degrees".to_owned()),
    }
}
