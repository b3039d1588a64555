//! Every metric, declared once: name, kind, unit, help, and its labels with all the values that are known beforehand. What is
//! known beforehand is there from the start, at 0, so that an alert works before the first event.
//!
//! Names are Prometheus's: base units, the unit as a suffix, `_total` for what only grows. Each carries the label `processor`.

pub(crate) mod histogram;
pub(crate) mod process;
pub(crate) mod recorder;

/// What a metric is to Prometheus.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Only grows; begins at 0 with the process.
    Counter,
    /// Goes up and down; gone when what it is about is gone.
    Gauge,
    /// Observations in buckets, by their upper bounds.
    Histogram(&'static [f64]),
}

/// A label and the values that it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// Name.
    pub name: &'static str,
    /// All its values; none: they are not known beforehand, and bounded otherwise.
    pub values: &'static [&'static str],
}

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metric {
    /// Name, unique.
    pub name: &'static str,
    /// Kind.
    pub kind: Kind,
    /// Unit, in plain words.
    pub unit: &'static str,
    /// What it says, one sentence.
    pub help: &'static str,
    /// Labels besides `processor`.
    pub labels: &'static [Label],
}

/// Sides that get into trouble.
pub(crate) const SIDES: [&str; 4] = ["kafka", "processor", "registry", "store"];

/// Why a record is parked, by the number of [`kernel::contract::Cause`].
pub(crate) const CAUSES: [&str; 11] = [
    "unknown",
    "wrong_magic",
    "unknown_schema",
    "undecodable",
    "out_of_range",
    "misplaced",
    "from_the_future",
    "too_old",
    "oversized",
    "panicked",
    "unencodable",
];

/// Bounds, in the order of [`crate::watch::Bound`].
pub(crate) const BOUNDS: [&str; 17] = [
    "polled",
    "asks_in_hand",
    "facts_in_hand",
    "parked_in_hand",
    "bytes_in_hand",
    "asks_taken",
    "facts_taken",
    "parked_taken",
    "value_bytes",
    "output_bytes",
    "markets",
    "view",
    "poison_global",
    "patience",
    "halved",
    "riders_remembered",
    "store_deadline",
];

/// What a partition has in hand.
pub(crate) const IN_HAND: [&str; 3] = ["asks", "facts", "parked"];

/// Most markets that gauges name; those beyond share the name [`OTHER`].
pub const MARKETS: usize = 1_000;

/// The market of those beyond [`MARKETS`].
pub const OTHER: &str = "other";

const SECONDS: &[f64] = &[
    0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 7.0, 10.0, 30.0,
    60.0,
];
const COUNTED: &[f64] =
    &[0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0, 2_048.0, 4_096.0, 16_384.0, 65_536.0];
const BYTES: &[f64] =
    &[256.0, 1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0, 16_777_216.0, 67_108_864.0];

const MARKET: Label = Label { name: "market", values: &[] };
const PARTITION: Label = Label { name: "partition", values: &[] };
const SIDE: Label = Label { name: "side", values: &SIDES };

const fn counter(name: &'static str, unit: &'static str, help: &'static str, labels: &'static [Label]) -> Metric {
    Metric { name, kind: Kind::Counter, unit, help, labels }
}

const fn gauge(name: &'static str, unit: &'static str, help: &'static str, labels: &'static [Label]) -> Metric {
    Metric { name, kind: Kind::Gauge, unit, help, labels }
}

const fn seconds(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Histogram(SECONDS), unit: "seconds", help, labels: &[] }
}

const fn sizes(name: &'static str, unit: &'static str, buckets: &'static [f64], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Histogram(buckets), unit, help, labels: &[] }
}

/// Counters without labels, in the order of [`crate::watch::Count`].
pub(crate) static COUNTS: [Metric; 13] = [
    counter("tripo_commits_total", "transactions", "Transactions committed.", &[]),
    counter("tripo_aborts_total", "transactions", "Transactions aborted, or of unknown outcome.", &[]),
    counter("tripo_turns_total", "turns", "Turns decided and committed.", &[]),
    counter("tripo_asked_total", "records", "Work records that reached their fate.", &[]),
    counter("tripo_facts_total", "records", "Records of tails that were decided on.", &[]),
    counter("tripo_seen_total", "records", "Records that are only seen, applied to the view.", &[]),
    counter("tripo_written_total", "records", "Records written by committed transactions.", &[]),
    counter("tripo_rebalances_total", "rebalances", "Changes of the partitions that a worker was given.", &[]),
    counter("tripo_stale_total", "turns", "Turns decided though a tail was not read as far as wanted in time.", &[]),
    counter("tripo_lost_total", "records", "Offsets that retention deleted before they were read.", &[]),
    counter("tripo_riders_read_total", "riders", "Riders whose facts were read from the store.", &[]),
    counter("tripo_riders_remembered_total", "riders", "Riders whose facts were read lately and are remembered.", &[]),
    counter("tripo_riders_unanswered_total", "riders", "Riders of whom the store said nothing in time.", &[]),
];

/// Histograms of time, in the order of [`crate::watch::Span`].
pub(crate) static SPANS: [Metric; 6] = [
    seconds("tripo_decide_seconds", "Deciding what is ready in all partitions of a worker."),
    seconds("tripo_commit_seconds", "Writing and committing a transaction."),
    seconds("tripo_restore_seconds", "From the moment a partition is given until it decides again."),
    seconds("tripo_end_to_end_seconds", "From a work record's append time by the broker to the commit of its fate."),
    seconds("tripo_step_seconds", "One step of a worker: poll and decide, or commit."),
    seconds("tripo_store_seconds", "One read of the store: the riders of a turn."),
];

/// Histograms of sizes, in the order of [`crate::watch::Size`].
pub(crate) static SIZES: [Metric; 5] = [
    sizes("tripo_turn_asks", "records", COUNTED, "Work records of a turn."),
    sizes("tripo_turn_facts", "records", COUNTED, "Records of tails of a turn."),
    sizes("tripo_turn_outputs", "records", COUNTED, "Records that a turn's decisions write."),
    sizes("tripo_transaction_records", "records", COUNTED, "Records of a transaction."),
    sizes("tripo_transaction_bytes", "bytes", BYTES, "Keys and values of a transaction."),
];

macro_rules! declared {
    ($($name:ident = $metric:expr;)*) => {
        $(pub(crate) static $name: Metric = $metric;)*
        /// Metrics that have labels, or that are read when somebody asks.
        static OTHERS: &[&Metric] = &[$(&$name),*];
    };
}

declared! {
    PARKED = counter("tripo_parked_total", "records", "Records parked, by cause.", &[Label { name: "cause", values: &CAUSES }]);
    BOUND_REACHED = counter("tripo_bound_reached_total", "times", "How often a bound was reached and its behaviour set in.",
        &[Label { name: "bound", values: &BOUNDS }]);
    DEGRADED = counter("tripo_degraded_total", "decisions", "Decisions on a step of the degrade ladder, as the processor names it.",
        &[Label { name: "step", values: &[] }]);
    TROUBLES = counter("tripo_troubles_total", "times", "Troubles that began, by side.", &[SIDE]);
    TROUBLE = gauge("tripo_trouble", "0 or 1", "Whether a side is in trouble now.", &[SIDE]);
    LAG = gauge("tripo_lag_records", "records", "Records of an input that are stored and not read yet.",
        &[Label { name: "topic", values: &[] }, PARTITION]);
    HAND = gauge("tripo_in_hand_records", "records", "Records read and not decided yet.",
        &[PARTITION, Label { name: "kind", values: &IN_HAND }]);
    ENTITIES = gauge("tripo_view_entities", "entities", "Entities that the view holds of a market.", &[MARKET]);
    AGE = gauge("tripo_view_age_seconds", "seconds", "How far the newest fact of a market lies behind its time.", &[MARKET]);
    WATERMARK = gauge("tripo_watermark_timestamp_seconds", "seconds since 1970", "The time that a market has reached.", &[MARKET]);
    WORKERS = gauge("tripo_workers", "workers", "Workers that this process shall have.", &[]);
    MEMBERS = gauge("tripo_members", "workers", "Workers that are members of the group.", &[]);
    OWNED = gauge("tripo_partitions_owned", "partitions", "Partitions that the group gave to this process.", &[]);
    LIVE = gauge("tripo_partitions_live", "partitions", "Partitions of them that are rebuilt and decide.", &[]);
    READY = gauge("tripo_ready", "0 or 1", "Whether /ready answers 200.", &[]);
    DRAINING = gauge("tripo_draining", "0 or 1", "Whether the process was told to end.", &[]);
    STEP_AGE = gauge("tripo_step_age_seconds", "seconds", "Since the last step of a worker.", &[Label { name: "worker", values: &[] }]);
    POLICY = gauge("tripo_policy_effective_timestamp_seconds", "seconds since 1970", "Since when the policy in force is; 0: from the start.",
        &[Label { name: "version", values: &[] }, Label { name: "hash", values: &[] }]);
    BUILD = gauge("tripo_build_info", "1", "The version that runs.", &[Label { name: "version", values: &[] }]);
    CPU = counter("process_cpu_seconds_total", "seconds", "Processor time of the process, user and system.", &[]);
    RESIDENT = gauge("process_resident_memory_bytes", "bytes", "Memory of the process that is resident.", &[]);
    THREADS = gauge("process_threads", "threads", "Threads of the process.", &[]);
    OPEN = gauge("process_open_fds", "descriptors", "Open file descriptors.", &[]);
    OPEN_MOST = gauge("process_max_fds", "descriptors", "Most file descriptors that may be open.", &[]);
    STARTED = gauge("process_start_time_seconds", "seconds since 1970", "When the process began.", &[]);
}

/// The table.
pub fn all() -> Vec<&'static Metric> {
    COUNTS.iter().chain(&SPANS).chain(&SIZES).chain(OTHERS.iter().copied()).collect()
}
