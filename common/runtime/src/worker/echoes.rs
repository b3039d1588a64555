//! What this worker wrote and reads back: it knows it already, so it is not decoded again.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use kernel::{Processor, Topic};

use crate::{
    log::{Raw, Transaction},
    seat::At,
};

/// Records that are remembered until they are read back, most: beyond it none are, and all are decoded.
const MOST: usize = 1 << 17;

/// Own records on their way back, in the order in which they were written.
#[derive(Default)]
pub(super) struct Echoes {
    due: BTreeMap<At, VecDeque<(Arc<Transaction>, usize)>>,
    count: usize,
}

impl Echoes {
    /// A transaction was sent; what is read of it was committed.
    pub(super) fn expect<P: Processor>(&mut self, transaction: &Arc<Transaction>) {
        self.note(P::ECHOES, transaction);
    }

    fn note(&mut self, topics: &[&Topic], transaction: &Arc<Transaction>) {
        for (place, record) in transaction.records.iter().enumerate() {
            if topics.iter().any(|echo| echo.name == record.topic.name) {
                let at = (record.topic.name, record.partition);
                self.due.entry(at).or_default().push_back((transaction.clone(), place));
                self.count += 1;
            }
        }
        if self.count > MOST {
            self.forget();
        }
    }

    /// Whether a record is the next that is due, to the byte. What others wrote there is none, and what comes after it still is.
    pub(super) fn heard(&mut self, raw: &Raw) -> bool {
        let Some(due) = self.due.get_mut(&(raw.topic, raw.partition)) else { return false };
        let same = due
            .front()
            .and_then(|(transaction, place)| transaction.records.get(*place))
            .is_some_and(|record| record.value == raw.value && raw.key.as_deref() == Some(record.key.as_slice()));
        if same {
            due.pop_front();
            self.count -= 1;
        }
        same
    }

    /// Nothing is known of what comes: a transaction failed, or partitions went.
    pub(super) fn forget(&mut self) {
        self.due.clear();
        self.count = 0;
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Millis, Record, contract::PriceQuoted};

    use super::*;
    use crate::log::Outgoing;

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
    }

    #[test]
    fn a_topic_that_is_no_echo_is_not_expected() {
        let most = Arc::new(Transaction { records: vec![outgoing(b"a")], ..Transaction::default() });
        let mut echoes = Echoes::default();
        echoes.note(&[], &most);
        assert!(!echoes.heard(&raw(b"a")));
    }
}
