//! A store in memory: filled anew from the topic at every start.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{Positions, Row, Store, is_there, wall};

/// At the bound what has expired is looked for so often at most: the look goes over all rows.
const SWEEP: Duration = Duration::from_secs(60);

/// Rows of all tables, in this process.
#[derive(Debug)]
pub struct Memory {
    most: usize,
    tables: Mutex<BTreeMap<&'static str, Table>>,
}

#[derive(Debug, Default)]
struct Table {
    rows: BTreeMap<String, Row>,
    read: Positions,
    swept: Option<Instant>,
    /// Rows that found no room.
    left_out: u64,
}

impl Table {
    /// Whether one row more has room among `most`.
    fn has_room(&mut self, most: usize) -> bool {
        if self.rows.len() >= most && self.swept.is_none_or(|swept| swept.elapsed() >= SWEEP) {
            let now = wall();
            self.rows.retain(|_, row| row.expires.is_none_or(|expires| now < expires));
            self.swept = Some(Instant::now());
        }
        self.rows.len() < most
    }

    /// A row is not taken in. Said at the first, and whenever there are twice as many.
    fn leave_out(&mut self, most: usize) {
        self.left_out += 1;
        if self.left_out.is_power_of_two() {
            let count = self.left_out;
            tracing::warn!(
                side = "store",
                "the store in memory holds {most} rows, and {count} more were left out: raise store.rows_max, or take redb or cql"
            );
        }
    }
}

impl Memory {
    /// An empty one that holds so many rows of a table at most, those of forgotten keys among them; about 400 bytes each. At the bound
    /// a key that is not known yet is left out, counted and told; what is known is kept up and forgotten as before.
    pub fn new(most: usize) -> Memory {
        Memory { most, tables: Mutex::default() }
    }

    /// Rows of a table that were left out since the start: there was no room for their keys.
    pub fn left_out(&self, table: &'static str) -> u64 {
        self.tables().get(table).map_or(0, |table| table.left_out)
    }

    fn tables(&self) -> MutexGuard<'_, BTreeMap<&'static str, Table>> {
        // A panic while it was held broke no row.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Memory {
    fn name(&self) -> String {
        "the store in memory".to_owned()
    }

    fn read(&self, table: &'static str, keys: &[&str], _: Duration) -> Result<Vec<Option<Row>>, String> {
        let (tables, now) = (self.tables(), wall());
        let rows = tables.get(table).map(|table| &table.rows);
        let find = |key: &&str| rows.and_then(|rows| rows.get(*key)).filter(|row| is_there(row, now)).cloned();
        Ok(keys.iter().map(find).collect())
    }

    fn write(&self, table: &'static str, rows: &[Row], read: &Positions) -> Result<(), String> {
        let mut tables = self.tables();
        let table = tables.entry(table).or_default();
        for row in rows {
            match table.rows.get_mut(&row.key) {
                Some(known) if known.offset > row.offset => {}
                Some(known) => known.clone_from(row),
                None => match table.has_room(self.most) {
                    true => drop(table.rows.insert(row.key.clone(), row.clone())),
                    // Who was not known and is forgotten lacks nothing.
                    false if row.body.is_none() => {}
                    false => table.leave_out(self.most),
                },
            }
        }
        table.read.extend(read);
        Ok(())
    }

    fn positions(&self, table: &'static str) -> Result<Positions, String> {
        Ok(self.tables().get(table).map(|table| table.read.clone()).unwrap_or_default())
    }
}
