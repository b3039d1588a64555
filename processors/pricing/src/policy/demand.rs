//! Who accepts a price: the market's figures, and those of a cell, an hour, or both, where they are known to differ.

use kernel::{geo, rules::Ranges};
use serde::{Deserialize, Deserializer, de::Error};

use crate::{Demand, WHOLE};

/// Millionths, in which demand is told.
const MILLION: f64 = 1e6;
/// Rows of a market, most.
pub const LOCAL_MAX: usize = 1_024;
/// An hour and a minute, milliseconds.
const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;

/// Who accepts a price.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DemandPolicy {
    odds: f64,
    slope: f64,
    error: f64,
    wait: f64,
    /// Log odds for each unit of surge: who asks while others do may want it more, or less.
    #[serde(default)]
    surge: f64,
    /// Local time less UTC, by which rows have their hours.
    #[serde(default)]
    utc_offset_minutes: i32,
    /// Sorted by what they are for.
    #[serde(default, deserialize_with = "sorted")]
    local: Vec<Row>,
}

/// Figures of a cell, an hour or both; waiting is as everywhere.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    #[serde(default, deserialize_with = "cell")]
    cell: Option<u64>,
    hour: Option<u8>,
    odds: f64,
    slope: f64,
    error: f64,
}

/// H3 cell and local hour; `None`: any.
type Key = (Option<u64>, Option<u8>);

impl Row {
    fn key(&self) -> Key {
        (self.cell, self.hour)
    }
}

fn sorted<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Row>, D::Error> {
    let mut rows = Vec::<Row>::deserialize(from)?;
    rows.sort_by_key(Row::key);
    Ok(rows)
}

fn cell<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let text = String::deserialize(from)?;
    let cell = u64::from_str_radix(&text, 16).ok().filter(|cell| geo::is_cell(*cell));
    cell.map(Some).ok_or_else(|| {
        D::Error::custom(format!("invalid cell {text:?}: it must be an H3 cell of resolution 8, 15 hex digits"))
    })
}

/// The local hour of an event time in milliseconds since 1970, 0 to 23.
pub(crate) fn hour(at: i64, utc_offset_minutes: i32) -> u8 {
    let local = at.saturating_add(i64::from(utc_offset_minutes) * MINUTE_MS);
    local.div_euclid(HOUR_MS).rem_euclid(24) as u8
}

impl DemandPolicy {
    /// The figures in millionths, as a decision tells them: odds at a surge in basis points, slope, error, wait. Those of the cell at
    /// that hour, else of the cell, else of the hour, else of the market.
    pub(crate) fn millionths(&self, cell: u64, at: i64, surge_bps: i32) -> [i64; 4] {
        let hour = hour(at, self.utc_offset_minutes);
        let row =
            [(Some(cell), Some(hour)), (Some(cell), None), (None, Some(hour))].iter().find_map(|key| self.row(key));
        let [odds, slope, error] =
            row.map_or([self.odds, self.slope, self.error], |row| [row.odds, row.slope, row.error]);
        // However far surge goes beyond what was seen of it, odds stay inside what a policy may say of them.
        let odds = (odds + self.surge * f64::from(surge_bps) / WHOLE as f64).clamp(-5.0, 5.0);
        self.told(odds, slope, error)
    }

    /// The same of the market as a whole, without surge.
    pub(crate) fn of_market(&self) -> [i64; 4] {
        self.told(self.odds, self.slope, self.error)
    }

    fn told(&self, odds: f64, slope: f64, error: f64) -> [i64; 4] {
        [odds, slope, error, self.wait].map(|value| (value * MILLION).round_ties_even() as i64)
    }

    fn row(&self, key: &Key) -> Option<&Row> {
        let place = self.local.binary_search_by_key(key, Row::key).ok()?;
        self.local.get(place)
    }

    /// Says which numbers are out of their ranges.
    pub(super) fn check(&self, wrong: &mut Ranges, of: &str) {
        let of = format!("{of}demand.");
        figures(wrong, &of, [self.odds, self.slope, self.error]);
        wrong.within(&format!("{of}wait"), self.wait, 0.0, 2.0);
        wrong.within(&format!("{of}surge"), self.surge, -5.0, 5.0);
        wrong.within(&format!("{of}utc_offset_minutes"), self.utc_offset_minutes, -720, 840);
        if self.local.len() > LOCAL_MAX {
            wrong.note(format!("{of}local has {} rows: it may have {LOCAL_MAX}", self.local.len()));
        }
        for row in &self.local {
            let name = match row.key() {
                (Some(cell), Some(hour)) => format!("cell {cell:x} at hour {hour}"),
                (Some(cell), None) => format!("cell {cell:x}"),
                (None, Some(hour)) => format!("hour {hour}"),
                (None, None) => {
                    wrong.note(format!("{of}local has a row without cell and hour: name one, or both"));
                    continue;
                }
            };
            figures(wrong, &format!("{of}local, {name}: "), [row.odds, row.slope, row.error]);
            wrong.within(&format!("{of}local, {name}: hour"), row.hour.unwrap_or(0), 0, 23);
        }
        for pair in self.local.windows(2).filter(|pair| pair[0].key() == pair[1].key()) {
            let (cell, hour) = pair[0].key();
            let cell = cell.map_or("any".to_owned(), |cell| format!("{cell:x}"));
            let hour = hour.map_or("any".to_owned(), |hour| hour.to_string());
            wrong.note(format!("{of}local has two rows for cell {cell} and hour {hour}: keep one"));
        }
    }
}

fn figures(wrong: &mut Ranges, of: &str, [odds, slope, error]: [f64; 3]) {
    wrong.within(&format!("{of}odds"), odds, -5.0, 5.0);
    wrong.within(&format!("{of}slope"), slope, 0.05, 20.0);
    wrong.within(&format!("{of}error"), error, 0.0, 10.0);
}

/// Demand from its millionths: odds, slope, error, wait.
pub(crate) fn demand([odds, slope, error, wait]: [i64; 4]) -> Demand {
    let of = |millionths: i64| millionths as f64 / MILLION;
    Demand { odds: of(odds), slope: of(slope), error: of(error), wait: of(wait) }
}
