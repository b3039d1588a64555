//! Tables on the standard output.

use std::io::{self, Write};

/// Prints rows with their columns below each other.
pub(crate) fn print<const N: usize>(rows: &[[String; N]]) {
    let width = |row: &[String; N], at: usize| row[at].chars().count();
    let widths: [usize; N] = std::array::from_fn(|at| rows.iter().map(|row| width(row, at)).max().unwrap_or(0));
    let mut out = io::stdout().lock();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        // A reader that went away, such as `head`, has seen enough.
        let _ = writeln!(out, "{}", cells.join("  ").trim_end());
    }
}
