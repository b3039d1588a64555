//! What was learned, as a policy takes it.

use super::{Learned, Local};

/// The text of a policy's `[demand]`, or of a market's own: figures inside their ranges, rows by cell and hour below.
pub fn section(market: Option<&str>, learned: &Learned, rows: &[Local], utc_offset_minutes: i32) -> String {
    let name = market.map_or("demand".to_owned(), |market| format!("markets.{market:?}.demand"));
    let (odds, slope, error) = figures(learned.odds, learned.slope, learned.error);
    let wait = learned.wait.clamp(0.0, 2.0);
    let head = format!(
        "[{name}]\nodds = {odds:.4}\nslope = {slope:.4}\nerror = {error:.4}\nwait = {wait:.4}\nutc_offset_minutes = {utc_offset_minutes}\n"
    );
    let row = |row: &Local| {
        let (odds, slope, error) = figures(row.odds, row.slope, row.error);
        let cell = row.cell.map_or(String::new(), |cell| format!("cell = \"{cell:x}\", "));
        let hour = row.hour.map_or(String::new(), |hour| format!("hour = {hour}, "));
        let quotes = row.quotes;
        format!("    {{ {cell}{hour}odds = {odds:.4}, slope = {slope:.4}, error = {error:.4} }}, # {quotes} quotes\n")
    };
    match rows.is_empty() {
        true => head + "local = []\n",
        false => format!("{head}local = [\n{}]\n", rows.iter().map(row).collect::<String>()),
    }
}

/// Odds, slope and error, each inside what a policy may say.
fn figures(odds: f64, slope: f64, error: f64) -> (f64, f64, f64) {
    (odds.clamp(-5.0, 5.0), slope.clamp(0.05, 20.0), error.clamp(0.0, 10.0))
}
