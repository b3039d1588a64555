//! A CSV file, plain or gzip, read line by line.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use csv::{Reader, ReaderBuilder, StringRecord};
use flate2::bufread::MultiGzDecoder;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The rows of a file, the wanted columns only.
pub struct Table {
    reader: Reader<Box<dyn Read + Send>>,
    columns: Vec<usize>,
    record: StringRecord,
    /// Why the file cannot be read to its end.
    broken: Option<String>,
}

impl Table {
    /// Opens a file whose first line names its columns.
    ///
    /// # Errors
    /// One sentence: the file cannot be read, or names no such column.
    pub fn open(path: &Path, wanted: &[&str]) -> Result<Table, String> {
        let unreadable = |error: std::io::Error| format!("{}: {error}", path.display());
        let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(unreadable)?);
        let gzip = file.fill_buf().map_err(unreadable)?.starts_with(&GZIP);
        let bytes: Box<dyn Read + Send> = if gzip { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        let mut reader = ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes);
        let header = reader.headers().map_err(|error| format!("{}: {error}", path.display()))?;
        let find = |name: &&str| header.iter().position(|column| column == *name);
        let columns: Vec<Option<usize>> = wanted.iter().map(find).collect();
        let missing: Vec<&str> =
            wanted.iter().zip(&columns).filter(|(_, column)| column.is_none()).map(|(name, _)| *name).collect();
        if !missing.is_empty() {
            return Err(format!(
                "{}: the first line names no column {}: it must name {}",
                path.display(),
                missing.join(", "),
                wanted.join(", ")
            ));
        }
        let columns = columns.into_iter().flatten().collect();
        Ok(Table { reader, columns, record: StringRecord::new(), broken: None })
    }

    /// Refuses a file that could not be read to its end, such as a cut gzip.
    ///
    /// # Errors
    /// One sentence that says why.
    pub fn whole(&self, path: &Path) -> Result<(), String> {
        match &self.broken {
            None => Ok(()),
            Some(why) => Err(format!("{}: cannot be read to its end: {why}: fetch it again", path.display())),
        }
    }

    /// The next row's wanted columns, with its line; what is wrong where it has too few, or is no text.
    pub fn row(&mut self) -> Option<(u64, Result<Vec<String>, String>)> {
        if self.broken.is_some() {
            return None;
        }
        let line = self.reader.position().line();
        match self.reader.read_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => {
                // A line that is no text can be passed; a file that ends in the middle cannot.
                self.broken = matches!(error.kind(), csv::ErrorKind::Io(_)).then(|| error.to_string());
                return Some((line, Err(error.to_string())));
            }
        }
        let line = self.record.position().map_or(line, csv::Position::line);
        let cells = self.columns.iter().map(|column| self.record.get(*column).map(str::to_owned));
        let cells: Option<Vec<String>> = cells.collect();
        Some((line, cells.ok_or("the line has too few columns".to_owned())))
    }
}
