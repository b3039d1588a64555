//! One partition of a topic.

use kernel::Millis;

/// What takes an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A record.
    Data,
    /// The marker that ends a transaction.
    Marker,
    /// A record that was compacted away.
    Gone,
}

/// An offset and what lies there.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) appended: Millis,
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) headers: Vec<(String, Option<Vec<u8>>)>,
    /// The transaction that it belongs to.
    pub(super) of: Option<usize>,
}

/// Entries by offset.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelf {
    pub(super) entries: Vec<Entry>,
    /// What lies before was deleted by retention.
    pub(super) first: i64,
}

impl Shelf {
    /// The offset after the last.
    pub(super) fn end(&self) -> i64 {
        self.entries.len() as i64
    }

    pub(super) fn push(&mut self, entry: Entry) -> i64 {
        self.entries.push(entry);
        self.end() - 1
    }

    /// The first offset stored at `at` or later; `None`: there is none.
    pub(super) fn since(&self, at: Millis) -> Option<i64> {
        let before = self.entries.partition_point(|entry| entry.appended < at);
        (before < self.entries.len()).then_some(before as i64)
    }

    /// Deletes what lies before an offset.
    pub(super) fn trim(&mut self, before: i64) {
        self.first = self.first.max(before.min(self.end()));
        let gone = usize::try_from(self.first).unwrap_or(0);
        self.entries[..gone].iter_mut().for_each(|entry| entry.kind = Kind::Gone);
    }

    /// Takes away what a later record of the same key made void, below `stable`; records for which `lives` says no may not
    /// make anything void.
    pub(super) fn compact(&mut self, stable: i64, lives: impl Fn(&Entry) -> bool) {
        let mut newest = std::collections::BTreeSet::new();
        for entry in self.entries[..stable as usize].iter_mut().rev() {
            if entry.kind == Kind::Data && lives(entry) && !newest.insert(entry.key.clone()) {
                entry.kind = Kind::Gone;
            }
        }
    }
}
