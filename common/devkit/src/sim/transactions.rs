//! Transactions: begun, written to, and ended by their producer, by a successor, or by time.

use std::collections::BTreeMap;

use kernel::Millis;
use runtime::log::Outgoing;

use super::{
    World,
    shelf::{Entry, Kind},
    world::At,
};

/// An open transaction ends by itself after so long.
const TIMEOUT: Millis = Millis(10_000);

/// Where a transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Open,
    Committed,
    Aborted,
}

/// What becomes of a transaction that its producer left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Its producer still works on it, or nobody does.
    Nobody,
    /// Its commit is under way and arrives then; it counts if nobody ended the transaction before.
    UnderWay(Millis),
    /// The coordinator has decided to commit and the markers are not written yet; nobody can stop it.
    Decided(Millis),
}

/// A committed offset, and what it says of who committed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Committed {
    pub(super) offset: i64,
    /// Broker time of the newest record that was read, and the transactional id; on work topics only.
    pub(super) said: Option<(Millis, usize)>,
}

/// A transaction.
#[derive(Debug)]
pub(super) struct Transaction {
    pub(super) producer: usize,
    began: Millis,
    pub(super) state: State,
    pub(super) end: End,
    pub(super) offsets: Vec<(At, Committed)>,
    first: BTreeMap<At, i64>,
}

impl World {
    /// Starts a producer: ends what an earlier one of the same id left open. `None`: that is being committed, ask again.
    pub(super) fn init_producer(&mut self, producer: usize) -> Option<u32> {
        if let Some(open) = self.open_of(producer) {
            if matches!(self.transactions[open].end, End::Decided(_)) {
                return None;
            }
            self.end(open, false);
        }
        let epoch = self.epochs.entry(producer).or_insert(0);
        *epoch += 1;
        Some(*epoch)
    }

    fn open_of(&self, producer: usize) -> Option<usize> {
        self.open.iter().copied().find(|open| self.transactions[*open].producer == producer)
    }

    pub(super) fn begin(&mut self, producer: usize) -> usize {
        let (began, state, end) = (self.now, State::Open, End::Nobody);
        let (offsets, first) = (Vec::new(), BTreeMap::new());
        self.transactions.push(Transaction { producer, began, state, end, offsets, first });
        let transaction = self.transactions.len() - 1;
        self.open.insert(transaction);
        transaction
    }

    pub(super) fn write(&mut self, transaction: usize, records: &[Outgoing]) {
        for record in records {
            let (appended, of) = (self.now, Some(transaction));
            let (key, value) = (Some(record.key.clone()), record.value.clone());
            let trace = record.trace.iter().map(|trace| ("traceparent".to_owned(), Some(trace.clone().into_bytes())));
            let headers = trace.collect();
            let at = (record.topic.name, record.partition);
            let offset = self.shelf(at).push(Entry { kind: Kind::Data, appended, key, value, headers, of });
            self.transactions[transaction].first.entry(at).or_insert(offset);
        }
    }

    /// Commits or aborts: a marker on every partition that was written to, and the offsets with it.
    pub(super) fn end(&mut self, transaction: usize, commit: bool) {
        if !self.open.remove(&transaction) {
            return;
        }
        let state = if commit { State::Committed } else { State::Aborted };
        self.transactions[transaction].state = state;
        let touched: Vec<At> = self.transactions[transaction].first.keys().copied().collect();
        for at in touched {
            let (appended, of) = (self.now, Some(transaction));
            self.shelf(at).push(Entry {
                kind: Kind::Marker,
                appended,
                key: None,
                value: None,
                headers: Vec::new(),
                of,
            });
        }
        if commit {
            let offsets = std::mem::take(&mut self.transactions[transaction].offsets);
            self.offsets.extend(offsets);
        }
        self.say(|| format!("  transaction {transaction} ends: {state:?}"));
    }

    /// Whether a transaction that moves this offset is open.
    pub(super) fn pending(&self, at: At) -> bool {
        let moves = |open: &usize| self.transactions[*open].offsets.iter().any(|(other, _)| *other == at);
        self.open.iter().any(moves)
    }

    /// The last stable offset: what lies behind it may yet be aborted.
    pub(super) fn stable(&self, at: At) -> i64 {
        let firsts = self.open.iter().filter_map(|open| self.transactions[*open].first.get(&at));
        firsts.copied().min().unwrap_or_else(|| self.end_of(at))
    }

    /// Whether a reader of what is committed sees the entry; below the last stable offset only.
    pub(super) fn visible(&self, entry: &Entry) -> bool {
        entry.kind == Kind::Data && entry.of.is_none_or(|of| self.transactions[of].state == State::Committed)
    }

    /// Ends what time ends.
    pub(super) fn expire(&mut self) {
        for open in self.open.clone() {
            let Transaction { end, began, producer, .. } = self.transactions[open];
            match end {
                End::UnderWay(then) | End::Decided(then) if self.now >= then => self.end(open, true),
                End::Nobody | End::UnderWay(_) if self.now.since(began) > TIMEOUT => {
                    self.end(open, false);
                    *self.epochs.entry(producer).or_insert(0) += 1;
                }
                _ => {}
            }
        }
    }
}
