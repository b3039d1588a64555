//! Lines and tables on the standard output.

use std::fmt::Arguments;
use std::io::{self, Write};

/// Prints a line as `println!` does, to a reader that may have gone away.
macro_rules! say {
    ($($part:tt)*) => {
        $crate::table::put(format_args!("{}\n", format_args!($($part)*)))
    };
}
pub(crate) use say;

/// Writes to the standard output. A reader that went away, such as `head`, has seen enough.
///
/// # Panics
/// Where it cannot be written for another reason, as `print!` does.
pub(crate) fn put(text: Arguments<'_>) {
    match io::stdout().lock().write_fmt(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => panic!("standard output: {error}"),
        _ => {}
    }
}

/// Prints rows with their columns below each other.
pub(crate) fn print<const N: usize>(rows: &[[String; N]]) {
    let width = |row: &[String; N], at: usize| row[at].chars().count();
    let widths: [usize; N] = std::array::from_fn(|at| rows.iter().map(|row| width(row, at)).max().unwrap_or(0));
    for row in rows {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        say!("{}", cells.join("  ").trim_end());
    }
}
