//! What happened, one JSON record a line: all of the registry's state is a fold of it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::compatibility::Level;

/// Longest line that is read back: a schema in a body of the greatest size, with its escapes.
const LINE: u64 = 8 << 20;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event {
    /// The subject got one more version, which is the schema of this id.
    Registered {
        /// Its subject.
        subject: String,
        /// Its id.
        id: u32,
        /// Its text.
        schema: String,
    },
    /// The compatibility level of a subject, or of all that have none, was set.
    Levelled {
        /// `None`: all.
        subject: Option<String>,
        /// The level.
        level: Level,
    },
}

/// The file behind the registry.
pub(super) struct Log {
    file: File,
    /// Bytes up to the end of the last whole line.
    whole: u64,
}

impl Log {
    /// Opens or creates the log and hands every record to `apply`. A last line without its end is an append that was cut
    /// short, and is dropped; any other line that cannot be read or applied is an error.
    pub(super) fn open(path: &Path, mut apply: impl FnMut(Event) -> Result<(), String>) -> io::Result<Log> {
        let file = File::options().create(true).read(true).append(true).open(path)?;
        let mut reader = BufReader::new(&file);
        let (mut whole, mut line, mut number) = (0, Vec::new(), 0);
        loop {
            line.clear();
            let length = reader.by_ref().take(LINE).read_until(b'\n', &mut line)?;
            if !line.ends_with(b"\n") && length as u64 != LINE {
                break;
            }
            number += 1;
            let event = serde_json::from_slice(&line).map_err(|error| error.to_string());
            event.and_then(&mut apply).map_err(|why| {
                let sentence = format!("{} line {number}: {why}: restore the file or remove it", path.display());
                io::Error::new(io::ErrorKind::InvalidData, sentence)
            })?;
            whole += length as u64;
        }
        file.set_len(whole)?;
        Ok(Log { file, whole })
    }

    /// Writes one record and waits for the disk. When that fails the file is as before.
    pub(super) fn append(&mut self, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => self.whole += line.len() as u64,
            Err(_) => self.file.set_len(self.whole)?,
        }
        written
    }
}
