//! A store in a file: for one process on one machine. It is durable: a write that returned survives a kill.

use std::{path::Path, time::Duration};

use kernel::Millis;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, TableError};
use runtime::store::{Positions, Row, Store, is_there, wall};

/// The file in its folder.
const FILE: &str = "store.redb";
/// Bytes of the file that are held in memory.
const CACHED: usize = 64 * 1024 * 1024;

/// Rows by key, each as JSON.
type Rows<'a> = TableDefinition<'a, &'static str, &'static [u8]>;
/// Next offset by partition.
type Read<'a> = TableDefinition<'a, i32, i64>;

/// A store in a file.
pub struct Disk {
    database: Database,
    place: String,
}

impl Disk {
    /// Opens the store of a folder, or makes it; what has expired since is forgotten now.
    ///
    /// # Errors
    /// One sentence when the folder cannot be written, or another process has it.
    pub fn open(folder: &Path, tables: &[&'static str]) -> Result<Disk, String> {
        let place = folder.join(FILE).display().to_string();
        let failed = |error: &dyn std::fmt::Display| {
            format!("the store {place} cannot be opened: {error}: name a folder that this process alone may write")
        };
        std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        let mut builder = Database::builder();
        let database = builder.set_cache_size(CACHED).create(folder.join(FILE)).map_err(|error| failed(&error))?;
        let disk = Disk { database, place };
        tables.iter().try_for_each(|table| disk.sweep(table, wall()))?;
        Ok(disk)
    }

    fn failed(&self, error: &dyn std::fmt::Display) -> String {
        format!("the store {} failed: {error}: is the disk full?", self.place)
    }

    /// Forgets what has expired by `now`.
    fn sweep(&self, table: &str, now: Millis) -> Result<(), String> {
        let writing = self.database.begin_write().map_err(|error| self.failed(&error))?;
        {
            let mut rows = writing.open_table(Rows::new(table)).map_err(|error| self.failed(&error))?;
            // What cannot be read is as good as expired: the topic has it.
            let there = |bytes: &[u8]| row(bytes).is_ok_and(|row| row.expires.is_none_or(|expires| now < expires));
            rows.retain(|_, bytes| there(bytes)).map_err(|error| self.failed(&error))?;
        }
        writing.commit().map_err(|error| self.failed(&error))
    }
}

fn row(bytes: &[u8]) -> Result<Row, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

impl Store for Disk {
    fn name(&self) -> String {
        format!("the store {}", self.place)
    }

    /// A page of a local file is read in microseconds or not at all: the time is not watched.
    fn read(&self, table: &'static str, keys: &[&str], _: Duration) -> Result<Vec<Option<Row>>, String> {
        let reading = self.database.begin_read().map_err(|error| self.failed(&error))?;
        let rows = match reading.open_table(Rows::new(table)) {
            Ok(rows) => rows,
            // Nothing was ever written.
            Err(TableError::TableDoesNotExist(_)) => return Ok(vec![None; keys.len()]),
            Err(error) => return Err(self.failed(&error)),
        };
        let now = wall();
        let find = |key: &&str| -> Result<Option<Row>, String> {
            let found = rows.get(*key).map_err(|error| self.failed(&error))?;
            let found = found.map(|bytes| row(bytes.value())).transpose().map_err(|why| self.failed(&why))?;
            Ok(found.filter(|row| is_there(row, now)))
        };
        keys.iter().map(find).collect()
    }

    fn write(&self, table: &'static str, rows: &[Row], read: &Positions) -> Result<(), String> {
        let failed = |error: &dyn std::fmt::Display| self.failed(error);
        let positions = format!("{table}.read");
        let writing = self.database.begin_write().map_err(|error| failed(&error))?;
        {
            let mut known = writing.open_table(Rows::new(table)).map_err(|error| failed(&error))?;
            for new in rows {
                let old = known.get(new.key.as_str()).map_err(|error| failed(&error))?;
                let newer = old.and_then(|bytes| row(bytes.value()).ok()).is_some_and(|old| old.offset > new.offset);
                if !newer {
                    let bytes = serde_json::to_vec(new).map_err(|error| failed(&error))?;
                    known.insert(new.key.as_str(), bytes.as_slice()).map_err(|error| failed(&error))?;
                }
            }
            let mut ends = writing.open_table(Read::new(&positions)).map_err(|error| failed(&error))?;
            for (partition, offset) in read {
                ends.insert(partition, offset).map_err(|error| failed(&error))?;
            }
        }
        writing.commit().map_err(|error| failed(&error))
    }

    fn positions(&self, table: &'static str) -> Result<Positions, String> {
        let reading = self.database.begin_read().map_err(|error| self.failed(&error))?;
        let positions = match reading.open_table(Read::new(&format!("{table}.read"))) {
            Ok(positions) => positions,
            Err(TableError::TableDoesNotExist(_)) => return Ok(Positions::new()),
            Err(error) => return Err(self.failed(&error)),
        };
        let all = positions.iter().map_err(|error| self.failed(&error))?;
        let one = |entry: Result<_, redb::StorageError>| {
            let (partition, offset): (redb::AccessGuard<'_, i32>, redb::AccessGuard<'_, i64>) =
                entry.map_err(|error| self.failed(&error))?;
            Ok((partition.value(), offset.value()))
        };
        all.map(one).collect()
    }
}
