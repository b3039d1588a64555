//! A store in memory: filled anew from the topic at every start.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{Positions, Row, Store, is_there, wall};

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
}

impl Memory {
    /// An empty one that holds so many rows of a table at most, those of forgotten keys among them; about 400 bytes each.
    pub fn new(most: usize) -> Memory {
        Memory { most, tables: Mutex::default() }
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
                None => {
                    if table.rows.len() >= self.most {
                        let now = wall();
                        table.rows.retain(|_, row| row.expires.is_none_or(|expires| now < expires));
                    }
                    if table.rows.len() >= self.most {
                        let most = self.most;
                        return Err(format!(
                            "the store in memory holds {most} rows: raise store.rows_max, or take redb or cql"
                        ));
                    }
                    table.rows.insert(row.key.clone(), row.clone());
                }
            }
        }
        table.read.extend(read);
        Ok(())
    }

    fn positions(&self, table: &'static str) -> Result<Positions, String> {
        Ok(self.tables().get(table).map(|table| table.read.clone()).unwrap_or_default())
    }
}
