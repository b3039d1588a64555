//! A store that is still being filled.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use super::{Positions, Row, Store};

/// Answers nobody before it is open: whom it lacks until then may be known to the topic.
pub struct Gated {
    store: Arc<dyn Store>,
    open: Arc<AtomicBool>,
}

impl Gated {
    /// The same store, for readers, once `open` is set.
    pub fn new(store: Arc<dyn Store>, open: Arc<AtomicBool>) -> Gated {
        Gated { store, open }
    }
}

impl Store for Gated {
    fn name(&self) -> String {
        self.store.name()
    }

    fn read(&self, table: &'static str, keys: &[&str], within: Duration) -> Result<Vec<Option<Row>>, String> {
        match self.open.load(SeqCst) {
            true => self.store.read(table, keys, within),
            false => Err(format!("{} is still being filled from its topic", self.name())),
        }
    }

    fn read_some(&self, table: &'static str, keys: &[&str], within: Duration) -> (Vec<Option<Row>>, Option<String>) {
        match self.open.load(SeqCst) {
            true => self.store.read_some(table, keys, within),
            false => (Vec::new(), Some(format!("{} is still being filled from its topic", self.name()))),
        }
    }

    fn write(&self, table: &'static str, rows: &[Row], read: &Positions) -> Result<(), String> {
        self.store.write(table, rows, read)
    }

    fn positions(&self, table: &'static str) -> Result<Positions, String> {
        self.store.positions(table)
    }
}
