//! What this worker wrote and reads back: it knows it already, so it is not decoded again.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use kernel::{Processor, Topic};

use crate::{
    log::{Outgoing, Raw, Transaction},
    seat::At,
};

/// Records that are remembered until they are read back, most, and bytes of the transactions that they are part of: beyond it none are,
/// and all are decoded.
const MOST: usize = 1 << 17;
const BYTES: usize = 256 << 20;

/// A record of a transaction, by its place in it.
struct Echo {
    transaction: Arc<Transaction>,
    place: usize,
    /// Its part of the transaction's bytes.
    bytes: usize,
}

/// Own records on their way back, in the order in which they were written.
#[derive(Default)]
pub(super) struct Echoes {
    due: BTreeMap<At, VecDeque<Echo>>,
    count: usize,
    bytes: usize,
}

impl Echoes {
    /// A transaction was sent; what is read of it was committed.
    pub(super) fn expect<P: Processor>(&mut self, transaction: &Arc<Transaction>) {
        self.note(P::ECHOES, transaction);
    }

    fn note(&mut self, topics: &[&Topic], transaction: &Arc<Transaction>) {
        let echo = |topic: &Topic| topics.iter().any(|echo| echo.name == topic.name);
        let count = transaction.records.iter().filter(|record| echo(record.topic)).count();
        if count == 0 {
            return;
        }
        let all: usize = transaction.records.iter().map(|record| record.value.as_ref().map_or(0, Vec::len)).sum();
        let bytes = all.div_ceil(count);
        for (place, record) in transaction.records.iter().enumerate().filter(|(_, record)| echo(record.topic)) {
            let due = self.due.entry((record.topic.name, record.partition)).or_default();
            due.push_back(Echo { transaction: transaction.clone(), place, bytes });
        }
        self.count += count;
        self.bytes += bytes * count;
        if self.count > MOST || self.bytes > BYTES {
            self.forget();
        }
    }

    /// Whether a record is the next that is due, to the byte. What others wrote there is none, and what comes after it still is.
    pub(super) fn heard(&mut self, raw: &Raw) -> bool {
        let Some(due) = self.due.get_mut(&(raw.topic, raw.partition)) else { return false };
        let Some(Echo { transaction, place, bytes }) = due.front() else { return false };
        let same = |record: &Outgoing| record.value == raw.value && raw.key.as_deref() == Some(record.key.as_slice());
        let same = transaction.records.get(*place).is_some_and(same);
        if same {
            self.count -= 1;
            self.bytes -= *bytes;
            due.pop_front();
        }
        same
    }

    /// Nothing is known of what comes: a transaction failed, or partitions went.
    pub(super) fn forget(&mut self) {
        *self = Echoes::default();
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Millis, Record, contract::PriceQuoted};

    use super::*;

    fn outgoing(value: &[u8]) -> Outgoing {
        let (topic, key, value) = (PriceQuoted::TOPIC, b"m".to_vec(), Some(value.to_vec()));
        Outgoing { topic, partition: 0, key, value, trace: None }
    }

    fn raw(value: &[u8]) -> Raw {
        let (topic, key, value) = (PriceQuoted::TOPIC.name, Some(Arc::from(&b"m"[..])), Some(value.to_vec()));
        Raw { topic, partition: 0, offset: 0, appended: Millis(0), key, value, headers: Vec::new() }
    }

    fn written(values: &[&[u8]]) -> Echoes {
        let records = values.iter().map(|value| outgoing(value)).collect();
        let mut echoes = Echoes::default();
        echoes.note(&[PriceQuoted::TOPIC], &Arc::new(Transaction { records, ..Transaction::default() }));
        echoes
    }

    #[test]
    fn what_was_written_is_heard_once_and_in_order() {
        let mut echoes = written(&[b"a", b"b"]);
        assert_eq!(
            [b"b", b"a", b"a", b"b", b"b"].map(|value| echoes.heard(&raw(value))),
            [false, true, false, true, false]
        );
    }

    #[test]
    fn what_others_wrote_is_none_and_holds_nothing_up() {
        let mut echoes = written(&[b"a", b"b"]);
        assert_eq!([b"x", b"a", b"x", b"b"].map(|value| echoes.heard(&raw(value))), [false, true, false, true]);
        let mut elsewhere = raw(b"a");
        elsewhere.partition = 1;
        assert!(!written(&[b"a"]).heard(&elsewhere), "another partition");
        let mut other = raw(b"a");
        other.key = None;
        assert!(!written(&[b"a"]).heard(&other), "another key");
    }

    #[test]
    fn after_a_failure_nothing_is_expected_and_no_more_is_held_than_the_bound() {
        let mut echoes = written(&[b"a"]);
        echoes.forget();
        assert!(!echoes.heard(&raw(b"a")));
        let records = vec![outgoing(b"a"); MOST];
        let most = Arc::new(Transaction { records, ..Transaction::default() });
        echoes.note(&[PriceQuoted::TOPIC], &most);
        assert_eq!(echoes.count, MOST);
        echoes.note(&[PriceQuoted::TOPIC], &most);
        assert_eq!((echoes.count, echoes.due.len()), (0, 0));
        // A few, but heavy: what else is in their transaction is held with them.
        let heavy =
            Arc::new(Transaction { records: vec![outgoing(&vec![0; BYTES / 2 + 1])], ..Transaction::default() });
        (0..2).for_each(|_| echoes.note(&[PriceQuoted::TOPIC], &heavy));
        assert_eq!((echoes.count, echoes.bytes), (0, 0));
    }

    #[test]
    fn a_topic_that_is_no_echo_is_not_expected() {
        let most = Arc::new(Transaction { records: vec![outgoing(b"a")], ..Transaction::default() });
        let mut echoes = Echoes::default();
        echoes.note(&[], &most);
        assert!(!echoes.heard(&raw(b"a")));
    }
}
