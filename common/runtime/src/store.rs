//! The port to a store: the fold of a topic, for those who ask for one key at a time. It is never on the path of a decision's truth: a
//! store that is slow or absent costs what only it knows, and nothing else.
//!
//! Rows are written by a [`Projection`](crate::projection::Projection) and read by a [`Reader`]. Adapters: [`Memory`] here, a file in
//! `embedded`, and a CQL server.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use kernel::Millis;
use serde::{Deserialize, Serialize};

mod cache;
pub mod cql;
mod gated;
mod memory;
mod reader;
mod rider;

#[cfg(test)]
mod tests;

pub use cql::Cql;
pub use gated::Gated;
pub use memory::Memory;
pub use reader::{Reader, Reading};
pub(crate) use rider::row;

/// The table of riders: what `rider.changed` says of each.
pub const RIDERS: &str = "riders";

/// So long an adapter remembers of what was forgotten that it was, at least: an older record that comes late must not bring it back.
pub const REMEMBERED: Millis = Millis(10 * 86_400_000);

/// What is known under a key, and the record that said so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The key.
    pub key: String,
    /// Partition of the record. A key lies in one partition, so offsets say which record is newer.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// What it says, as JSON; `None`: the key is forgotten.
    pub body: Option<String>,
    /// From then on, milliseconds since 1970 by the clock of the machine, the row is as if it were not there; `None`: never.
    #[serde(with = "millis")]
    pub expires: Option<Millis>,
}

/// A time as its number.
mod millis {
    use kernel::Millis;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Option<Millis>, to: S) -> Result<S::Ok, S::Error> {
        time.map(|time| time.0).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Millis>, D::Error> {
        Ok(Option::<i64>::deserialize(from)?.map(Millis))
    }
}

/// Next offset to read of each partition.
pub type Positions = BTreeMap<i32, i64>;

/// A store of rows. Every method may block, as long as it says.
pub trait Store: Send + Sync {
    /// What and where it is, for a sentence.
    fn name(&self) -> String;

    /// The rows of these keys, in their order; a row that is forgotten or expired is none.
    ///
    /// # Errors
    /// One sentence with the fix, when they are not all there `within` that time.
    fn read(&self, table: &'static str, keys: &[&str], within: Duration) -> Result<Vec<Option<Row>>, String>;

    /// The rows of the first of these keys, as many as came in time, and why the others did not. One that answers all or nothing need
    /// not write this.
    fn read_some(&self, table: &'static str, keys: &[&str], within: Duration) -> (Vec<Option<Row>>, Option<String>) {
        self.read(table, keys, within).map_or_else(|why| (Vec::new(), Some(why)), |rows| (rows, None))
    }

    /// Writes rows, and how far the topic was read. An older offset never overwrites a newer one, not even one that forgot the key;
    /// the same rows again change nothing.
    ///
    /// # Errors
    /// One sentence with the fix. Some of the rows may be written.
    fn write(&self, table: &'static str, rows: &[Row], read: &Positions) -> Result<(), String>;

    /// How far the topic was read; empty where nothing ever was.
    ///
    /// # Errors
    /// One sentence with the fix.
    fn positions(&self, table: &'static str) -> Result<Positions, String>;
}

impl<T: Store + ?Sized> Store for Arc<T> {
    fn name(&self) -> String {
        (**self).name()
    }

    fn read(&self, table: &'static str, keys: &[&str], within: Duration) -> Result<Vec<Option<Row>>, String> {
        (**self).read(table, keys, within)
    }

    fn read_some(&self, table: &'static str, keys: &[&str], within: Duration) -> (Vec<Option<Row>>, Option<String>) {
        (**self).read_some(table, keys, within)
    }

    fn write(&self, table: &'static str, rows: &[Row], read: &Positions) -> Result<(), String> {
        (**self).write(table, rows, read)
    }

    fn positions(&self, table: &'static str) -> Result<Positions, String> {
        (**self).positions(table)
    }
}

/// Whether a row is there for a reader at `now`.
pub fn is_there(row: &Row, now: Millis) -> bool {
    row.body.is_some() && row.expires.is_none_or(|expires| now < expires)
}

/// The clock of the machine.
pub fn wall() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
