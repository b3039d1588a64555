use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use proptest::prelude::*;

use super::super::compaction;
use super::*;

const COMPACT: &[(&str, &str)] =
    &[("cleanup.policy", "compact"), ("min.cleanable.dirty.ratio", "0"), ("delete.retention.ms", "0")];

fn with<T>(shared: &Shared, act: impl FnOnce(&mut Partition) -> T) -> T {
    let mut state = shared.lock();
    act(state.partition("t", 0).unwrap().1)
}

fn put(shared: &Shared, from: From, records: &[(&str, Option<&str>)]) {
    let records: Vec<_> = records.iter().map(|(key, value)| (Some(*key), *value, 0)).collect();
    with(shared, |partition| append(partition, &batch_of(from, 0, &records)).unwrap());
}

fn offsets(shared: &Shared) -> Vec<i64> {
    with(shared, |partition| committed(partition).iter().map(|seen| seen.0).collect())
}

#[test]
fn the_last_record_of_a_key_stays_at_its_offset() {
    let shared = shared(Config::default(), COMPACT);
    put(&shared, NOBODY, &[("a", Some("1")), ("b", Some("1")), ("a", Some("2"))]);
    put(&shared, NOBODY, &[("c", Some("1")), ("b", Some("2"))]);
    let before = shared.lock().used();
    compaction::run(&shared);
    assert_eq!(offsets(&shared), [2, 3, 4]);
    with(&shared, |partition| {
        assert!(partition.log.batches.iter().all(|batch| Header::read(&batch.data).is_some()));
        assert_eq!((partition.log.next, partition.log.batches[0].last), (5, 2));
    });
    assert!(shared.lock().used() < before);
}

#[test]
fn a_compressed_batch_is_compacted_too() {
    let shared = shared(Config::default(), COMPACT);
    let plain = batch_of(NOBODY, 0, &[(Some("a"), Some("1"), 0), (Some("b"), Some("1"), 0)]);
    let body = zstd::encode_all(&plain[batch::HEADER..], 1).unwrap();
    with(&shared, |partition| append(partition, &packed(NOBODY, 0, (2, 4), (0, &body))).unwrap());
    put(&shared, NOBODY, &[("a", Some("2"))]);
    compaction::run(&shared);
    assert_eq!(offsets(&shared), [1, 2]);
}

#[test]
fn a_tombstone_stays_until_its_time_is_over() {
    let settings = [COMPACT[0], COMPACT[1], ("delete.retention.ms", "150")];
    let shared = shared(Config::default(), &settings);
    put(&shared, NOBODY, &[("a", Some("1"))]);
    put(&shared, NOBODY, &[("a", None)]);
    put(&shared, NOBODY, &[("b", Some("1"))]);
    compaction::run(&shared);
    assert_eq!(offsets(&shared), [1, 2]);
    std::thread::sleep(Duration::from_millis(200));
    compaction::run(&shared);
    assert_eq!(offsets(&shared), [2]);
}

#[test]
fn a_later_record_of_an_abort_displaces_nothing() {
    let shared = shared(Config::default(), COMPACT);
    put(&shared, NOBODY, &[("a", Some("1"))]);
    put(&shared, From { producer: 1, epoch: 0, sequence: 0, transactional: true }, &[("a", Some("2"))]);
    with(&shared, |partition| partition.end_transaction((1, 0), false, 0));
    put(&shared, NOBODY, &[("b", Some("1"))]);
    compaction::run(&shared);
    assert_eq!(offsets(&shared), [0, 3]);
    with(&shared, |partition| assert_eq!((partition.log.batches.len(), partition.producers.aborted_len()), (2, 0)));
}

#[test]
fn a_batch_that_cannot_be_decoded_within_the_limit_stays_and_displaces_nothing() {
    let shared = shared(Config { max_decompressed_bytes: 100, ..Config::default() }, COMPACT);
    put(&shared, NOBODY, &[("a", Some("1"))]);
    let plain = batch_of(NOBODY, 0, &[(Some("a"), Some(&"x".repeat(200)), 0)]);
    let body = zstd::encode_all(&plain[batch::HEADER..], 1).unwrap();
    with(&shared, |partition| append(partition, &packed(NOBODY, 0, (1, 4), (0, &body))).unwrap());
    compaction::run(&shared);
    assert_eq!(offsets(&shared), [0, 1]);
}

#[test]
fn young_records_wait() {
    let settings = [COMPACT[0], COMPACT[1], ("min.compaction.lag.ms", "60000")];
    let shared = shared(Config::default(), &settings);
    let at = |time: i64, value: &str| batch_of(NOBODY, time, &[(Some("a"), Some(value), 0)]);
    let now = now_ms();
    for (time, value) in [(now - 70_000, "1"), (now - 65_000, "2"), (now, "3")] {
        with(&shared, |partition| append(partition, &at(time, value)).unwrap());
    }
    compaction::run(&shared);
    assert_eq!(offsets(&shared), [1, 2]);
}

#[derive(Clone, Debug)]
enum Step {
    Put { producer: i64, records: Vec<(u8, bool)> },
    End { producer: i64, commit: bool },
    Compact,
}

/// Few producers and keys, so that they meet.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let record = (0..3u8, prop::bool::weighted(0.2));
    let step = prop_oneof![
        5 => (0..3i64, prop::collection::vec(record, 1..4)).prop_map(|(producer, records)| Step::Put { producer, records }),
        3 => (1..3i64, any::<bool>()).prop_map(|(producer, commit)| Step::End { producer, commit }),
        1 => Just(Step::Compact),
    ];
    prop::collection::vec(step, 1..40)
}

/// The newest committed record of every key that is no tombstone.
fn table(seen: &[Seen]) -> BTreeMap<String, i64> {
    let mut table = BTreeMap::new();
    for (offset, key, value) in seen {
        match value {
            Some(_) => table.insert(key.clone().unwrap(), *offset),
            None => table.remove(key.as_deref().unwrap()),
        };
    }
    table
}

proptest! {
    /// Producer 0 writes without transactions.
    #[test]
    fn a_compacted_log_tells_the_same_as_the_whole_one(steps in steps()) {
        let (compacted, whole) = (shared(Config::default(), COMPACT), shared(Config::default(), COMPACT));
        let mut sequences: HashMap<i64, i32> = HashMap::new();
        for step in steps {
            match step {
                Step::Put { producer, records } => {
                    let sequence = sequences.entry(producer).or_default();
                    let from = From { producer, epoch: 0, sequence: *sequence, transactional: producer > 0 };
                    *sequence += records.len() as i32;
                    let names = ["a", "b", "c"];
                    let records: Vec<_> = records.iter().map(|(key, gone)| (names[*key as usize], (!gone).then_some("v"))).collect();
                    put(&compacted, from, &records);
                    put(&whole, from, &records);
                }
                Step::End { producer, commit } => {
                    for shared in [&compacted, &whole] {
                        with(shared, |partition| partition.end_transaction((producer, 0), commit, 0));
                    }
                }
                Step::Compact => compaction::run(&compacted),
            }
            let (now, all) = (with(&compacted, |one| committed(one)), with(&whole, |one| committed(one)));
            prop_assert_eq!(table(&now), table(&all));
            prop_assert!(now.iter().all(|seen| all.contains(seen)));
            let ends = [&compacted, &whole].map(|shared| with(shared, |one| (one.stable(), one.log.next)));
            prop_assert_eq!(ends[0], ends[1]);
            // A reader that goes on from batch to batch gets to the end.
            let last = with(&compacted, |one| one.log.batches.back().map(|batch| batch.last + 1));
            prop_assert!(last.is_none_or(|last| last == ends[0].1));
        }
    }
}
