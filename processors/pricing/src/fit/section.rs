//! What was learned, as a policy takes it.

use super::{Learned, Local};

/// Slopes that a policy may say.
const SLOPE: (f64, f64) = (0.05, 20.0);

/// The text of a policy's `[demand]`, or of a market's own: figures inside their ranges, rows by cell and hour below.
pub fn section(market: Option<&str>, learned: &Learned, rows: &[Local], utc_offset_minutes: i32) -> String {
    let name = market.map_or("demand".to_owned(), |market| format!("markets.{market:?}.demand"));
    let (odds, slope, error) = figures(learned.odds, learned.slope, learned.error);
    let wait = learned.wait.clamp(0.0, 2.0);
    let surge = format!("surge = {:.4}\n", learned.surge.clamp(-5.0, 5.0));
    // Where surge says nothing the section is one that versions before take, too.
    let surge = if surge == "surge = 0.0000\n" { String::new() } else { surge };
    let warning = beyond(learned.slope).map_or(String::new(), |why| format!("# {why}\n"));
    let head = format!(
        "{warning}[{name}]\nodds = {odds:.4}\nslope = {slope:.4}\nerror = {error:.4}\nwait = {wait:.4}\n{surge}utc_offset_minutes = {utc_offset_minutes}\n"
    );
    let row = |row: &Local| {
        let (odds, slope, error) = figures(row.odds, row.slope, row.error);
        let cell = row.cell.map_or(String::new(), |cell| format!("cell = \"{cell:x}\", "));
        let hour = row.hour.map_or(String::new(), |hour| format!("hour = {hour}, "));
        let quotes = row.quotes;
        let warning = beyond(row.slope).map_or(String::new(), |why| format!(". {why}"));
        format!(
            "    {{ {cell}{hour}odds = {odds:.4}, slope = {slope:.4}, error = {error:.4} }}, # {quotes} quotes{warning}\n"
        )
    };
    match rows.is_empty() {
        true => head + "local = []\n",
        false => format!("{head}local = [\n{}]\n", rows.iter().map(row).collect::<String>()),
    }
}

/// What to say of a slope that a policy cannot hold: the nearest that it can is another one than was learned.
fn beyond(slope: f64) -> Option<String> {
    let outside = !(SLOPE.0..=SLOPE.1).contains(&slope);
    outside.then(|| {
        format!("The slope that was learned, {slope:.4}, lies outside what a policy may say (0.05 to 20): do not publish it.")
    })
}

/// Odds, slope and error, each inside what a policy may say.
fn figures(odds: f64, slope: f64, error: f64) -> (f64, f64, f64) {
    (odds.clamp(-5.0, 5.0), slope.clamp(SLOPE.0, SLOPE.1), error.clamp(0.0, 10.0))
}
