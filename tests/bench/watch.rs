//! How fast a topic grows, and what that costs whom.

use std::time::{Duration, Instant};

use kernel::{PlacedBy, Topic};
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::{client, cpu::cpu};

/// Between two looks at how far a mover is: they cost the broker too.
const LOOK: Duration = Duration::from_millis(20);
/// Longest that one round may take.
const LONGEST: Duration = Duration::from_secs(120);

/// Where the floor copies to.
pub(crate) const PASSED: &Topic = &Topic {
    name: "bench.passed",
    schema: "",
    partitions: 4,
    placed_by: PlacedBy::Market,
    cleanup: "delete",
    retention_ms: -1,
    max_message_bytes: 1_048_576,
    compression: None,
};

/// Records a second, and processor time a record of the mover and of the broker, microseconds.
pub(crate) struct Figures {
    pub(crate) rate: f64,
    pub(crate) mover_us: f64,
    pub(crate) broker_us: f64,
}

/// Ends of a topic as one who reads committed sees them, all partitions together.
pub(crate) fn ends(brokers: &str, topic: &str, partitions: i32) -> i64 {
    let reader: BaseConsumer = client::consumer(brokers, "ends").create().expect("a consumer");
    end(&reader, topic, partitions)
}

fn end(reader: &BaseConsumer, topic: &str, partitions: i32) -> i64 {
    let of = |partition| reader.fetch_watermarks(topic, partition, client::CALL).expect("the broker answers").1;
    (0..partitions).map(of).sum()
}

/// Watches a topic grow by 5 to 95 % of `records` from where it ended at the `begin`ning; the processes are the mover and the broker.
pub(crate) fn watch(
    brokers: &str,
    (topic, partitions): (&str, i32),
    (begin, records): (i64, i64),
    (mover, broker): (u32, u32),
) -> Figures {
    let reader: BaseConsumer = client::consumer(brokers, "watch").create().expect("a consumer");
    let begun = Instant::now();
    let mut first: Option<(i64, Instant, f64, f64)> = None;
    loop {
        let seen = end(&reader, topic, partitions) - begin;
        assert!(begun.elapsed() < LONGEST, "{topic}: {seen} of {records}");
        let now = (seen, Instant::now(), cpu(mover), cpu(broker));
        match first {
            None if seen >= records / 20 => first = Some(now),
            Some((from, since, mover_cpu, broker_cpu)) if seen >= records / 20 * 19 => {
                let moved = (seen - from) as f64;
                let each = |seconds: f64| seconds * 1e6 / moved;
                return Figures {
                    rate: moved / since.elapsed().as_secs_f64(),
                    mover_us: each(now.2 - mover_cpu),
                    broker_us: each(now.3 - broker_cpu),
                };
            }
            _ => {}
        }
        std::thread::sleep(LOOK);
    }
}

/// The process whose command line names `what`.
pub(crate) fn named(what: &str) -> Option<u32> {
    let ids = std::fs::read_dir("/proc").ok()?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    ids.into_iter().find(|id: &u32| {
        let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        *id != std::process::id() && String::from_utf8_lossy(&line).contains(what)
    })
}
