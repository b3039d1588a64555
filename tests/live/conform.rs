//! One suite of checks, the same on the embedded broker and on Apache Kafka.

mod clients;
mod groups;
mod logs;
mod records;
mod takeover;
mod transactions;

use std::collections::BTreeMap;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use clients::{Fault, Verdict, held};
use embedded::{Broker, Config};

use crate::servers;

/// What the embedded broker does not do, as its README lists it.
const DIFFERENCES: &[&str] = &["members_share_by_the_consumer_protocol"];

#[test]
fn the_embedded_broker_differs_from_kafka_only_where_its_readme_says_so() {
    let broker = Broker::start(Config::default()).unwrap();
    let faults = run("embedded broker", broker.address());
    let failed: Vec<&str> = faults.keys().copied().collect();
    assert_eq!(failed, DIFFERENCES, "{faults:#?}");
}

#[test]
fn apache_kafka_passes_every_check() {
    let Some(kafka) = servers::kafka() else { return };
    let faults = run("Apache Kafka", kafka.address());
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Checks at a time.
const AT_ONCE: usize = 8;
/// Longest time of one check.
const LONGEST: Duration = Duration::from_secs(90);

type Check = (&'static str, fn(&str) -> Verdict);

macro_rules! checks {
    ($($module:ident: $($name:ident),+;)+) => {
        &[$($((stringify!($name), $module::$name)),+),+]
    };
}

const CHECKS: &[Check] = checks! {
    logs: compaction_keeps_the_last_committed_of_a_key, compaction_spares_an_open_transaction,
        a_log_append_time_topic_sets_the_time, a_time_far_ahead_is_refused, a_batch_over_the_limit_is_refused,
        a_record_without_key_is_refused_where_compacted, a_topic_tells_its_configuration, what_is_too_old_is_dropped;
    groups: members_share_by_the_range_protocol, members_share_by_the_cooperative_protocol,
        members_share_by_the_consumer_protocol, a_static_member_reads, a_silent_member_is_replaced;
    takeover: a_pending_offset_blocks_until_its_owner_is_fenced, an_open_transaction_ends_though_its_heir_does_not_wait,
        the_last_stable_offset_lags_behind_the_end,
        an_empty_list_of_offsets_fences_nothing, an_unchanged_offset_of_a_stale_generation_is_refused,
        metadata_of_no_member_is_let_through, offsets_of_topics_not_subscribed_are_committed_too;
    transactions: an_abort_is_hidden_from_read_committed, an_open_transaction_is_hidden, offsets_and_output_are_one,
        a_zombie_is_fenced, a_zombie_cannot_write, a_transaction_that_takes_too_long_is_aborted;
    records: a_topic_is_created_with_its_partitions, producing_creates_a_topic, a_partition_keeps_its_order,
        an_idempotent_producer_writes_each_record_once, every_compression_comes_back,
        headers_keys_and_times_are_kept, a_group_resumes_where_it_committed, a_time_is_found_exactly,
        records_are_deleted_up_to_an_offset, a_topic_is_deleted;
};

/// Runs all checks, prints their table and returns the faults found.
fn run(name: &str, broker: &str) -> BTreeMap<&'static str, String> {
    let waiting = Mutex::new(CHECKS.iter());
    let found = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(check) = held(&waiting).next() else { return };
                    let begun = Instant::now();
                    let verdict = limited(check.1, broker);
                    held(&found).insert(check.0, (verdict, begun.elapsed()));
                }
            });
        }
    });
    let found = std::mem::take(&mut *held(&found));
    println!("{name}, {} checks", found.len());
    for (check, (verdict, took)) in &found {
        let told = verdict.as_ref().map_or_else(|fault| format!("NO: {fault}"), |()| "yes".to_owned());
        println!("  {check:60} {:5.1} s  {told}", took.as_secs_f32());
    }
    found.into_iter().filter_map(|(check, (verdict, _))| Some((check, verdict.err()?.to_string()))).collect()
}

/// Runs a check on a thread of its own, so that one that hangs is only one that failed.
fn limited(check: fn(&str) -> Verdict, broker: &str) -> Verdict {
    let (sender, receiver) = channel();
    let broker = broker.to_owned();
    std::thread::spawn(move || sender.send(catch_unwind(|| check(&broker)).unwrap_or_else(|_| Err("panicked".into()))));
    receiver.recv_timeout(LONGEST).unwrap_or_else(|error| {
        let why = if error == RecvTimeoutError::Timeout { "did not end in time" } else { "died" };
        Err(Fault::from(why))
    })
}
