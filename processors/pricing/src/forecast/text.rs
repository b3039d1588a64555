//! A table as text: TOML, checked when it is read.

use std::collections::BTreeMap;
use std::fmt::Write;

use kernel::{geo, rules};
use serde::Deserialize;

use super::{COARSEST, FINEST, Forecast, HOURS, Memory, PLACES_MAX, Place, QUARTERS};

/// Longest text of a table, bytes.
pub const TEXT_MAX: usize = 1 << 20;

/// The layout; the places' shapes are by far the most of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: i64,
    source: String,
    utc_offset_minutes: i64,
    memory: Lines,
    profile: Vec<i64>,
    places: BTreeMap<String, Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lines {
    market_days: i64,
    market_hours: i64,
    place_days: i64,
    market_prior: i64,
    place_prior: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    share_ppm: i64,
    shape_bps: Vec<i64>,
}

impl Forecast {
    /// Reads a table.
    ///
    /// # Errors
    /// One line: what is no TOML, unknown or missing; every number out of its range.
    pub fn parse(text: &str) -> Result<Forecast, String> {
        if text.len() > TEXT_MAX {
            return Err(format!("the forecast has {} bytes, at most {TEXT_MAX}: fit it with fewer places", text.len()));
        }
        let file: File = rules::parse(text)?;
        let mut wrong = rules::Ranges::default();
        wrong.within("format", file.format, 1, 1);
        wrong.within("source bytes", file.source.len(), 1, 1_024);
        wrong.within("utc_offset_minutes", file.utc_offset_minutes, -840, 840);
        let Lines { market_days, market_hours, place_days, market_prior, place_prior } = file.memory;
        for (key, half) in [("market_days", market_days), ("market_hours", market_hours), ("place_days", place_days)] {
            wrong.within(&format!("memory.{key}"), half, 1, 100_000);
        }
        wrong.within("memory.market_prior", market_prior, 1, 1_000_000);
        wrong.within("memory.place_prior", place_prior, 1, 1_000_000);
        wrong.within("numbers of profile", file.profile.len(), QUARTERS, QUARTERS);
        file.profile.iter().for_each(|value| wrong.within("profile", *value, 0, 1_000_000_000));
        wrong.within("number of places", file.places.len(), 1, PLACES_MAX);
        let mut places = BTreeMap::new();
        for (name, row) in file.places {
            let cell = u64::from_str_radix(&name, 16).unwrap_or(u64::MAX);
            let known = geo::resolution(cell).is_some_and(|fine| (COARSEST..=FINEST).contains(&fine));
            if cell != 0 && !known {
                wrong.note(format!("places.{name} is no H3 cell of resolution {COARSEST} to {FINEST} in hex, nor 0"));
            }
            wrong.within(&format!("places.{name}.share_ppm"), row.share_ppm, 0, 1_000_000);
            wrong.within(&format!("numbers of places.{name}.shape_bps"), row.shape_bps.len(), HOURS, HOURS);
            let most = row.shape_bps.iter().copied().max().unwrap_or(0);
            wrong.within(&format!("places.{name}.shape_bps"), most, 0, 10_000_000);
            let least = row.shape_bps.iter().copied().min().unwrap_or(0);
            wrong.within(&format!("places.{name}.shape_bps"), least, 0, 10_000_000);
            places.insert(cell, Place { share_ppm: row.share_ppm, shape_bps: row.shape_bps });
        }
        wrong.finish()?;
        let memory = Memory { market_days, market_hours, place_days, market_prior, place_prior };
        let (utc_offset_minutes, profile) = (file.utc_offset_minutes, file.profile);
        Ok(Forecast { source: file.source, utc_offset_minutes, profile, places, memory })
    }

    /// The text of a table, as [`Forecast::parse`] reads it.
    pub fn text(&self) -> String {
        let Memory { market_days, market_hours, place_days, market_prior, place_prior } = self.memory;
        let source = toml_string(&self.source);
        let mut text = format!(
            "format = 1\nsource = {source}\nutc_offset_minutes = {}\n\n\
             # Half of what was counted is forgotten after so many quarters of an hour; so many requests stand beside it.\n\
             [memory]\nmarket_days = {market_days}\nmarket_hours = {market_hours}\nplace_days = {place_days}\n\
             market_prior = {market_prior}\nplace_prior = {place_prior}\n",
            self.utc_offset_minutes
        );
        // Keys of the top level must stand before the first section.
        let profile = format!(
            "# Requests of the market by quarter of the week, from Monday 0:00, thousandths.\nprofile = [{}]\n\n",
            list(&self.profile)
        );
        let at = text.find("# Half").unwrap_or(0);
        text.insert_str(at, &profile);
        text.push_str("\n# By cell: part of all requests, and what each hour has against the profile (0 to 23 h of working days, then of weekends).\n[places]\n");
        for (cell, place) in &self.places {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{cell:x} = {{ share_ppm = {}, shape_bps = [{}] }}",
                place.share_ppm,
                list(&place.shape_bps)
            );
        }
        text
    }
}

fn list(values: &[i64]) -> String {
    values.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
}

/// A basic string of TOML; control characters become blanks.
fn toml_string(text: &str) -> String {
    let clean: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    format!("\"{}\"", clean.replace('\\', "\\\\").replace('"', "\\\""))
}
