//! The table of all settings that do not belong to one processor. `tripo.toml` is written from it.

use super::key::Key;

/// What each section is for, in the order of the file.
pub const SECTIONS: &[(&str, &str)] = &[
    ("kafka", "The Kafka cluster. Every client of it takes these, those that create and check topics too."),
    ("registry", "The schema registry, one that speaks Confluent's interface."),
    (
        "store",
        "The store of riders' facts: without one, quotes know nothing of loyalty. `tripo project riders` fills a cql store; memory and redb are filled by the process that reads them.",
    ),
    ("run", "An instance of a processor."),
    ("http", "What Prometheus and an orchestrator ask for: /metrics, /live, /ready."),
    ("log", "What goes to the standard error. Normal operation at `warn` says nothing."),
    (
        "limits",
        "The bounds of one worker: what it holds and takes at most, so that its memory is bounded. Each has a metric.",
    ),
    ("policy", "How each processor decides: a file with its policy; the built-in one, where none is named."),
];

const SECURITY: &[&str] = &["plaintext", "tls", "sasl_plaintext", "sasl_tls"];
const MECHANISMS: &[&str] = &["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];
const STORES: &[&str] = &["none", "memory", "redb", "cql"];
const LEVELS: &[&str] = &["off", "error", "warn", "info", "debug"];
const MS: &str = "milliseconds";
const BYTES: &str = "bytes";
const RECORDS: &str = "records";

/// Keys that every processor has.
pub const KEYS: &[Key] = &[
    Key::text("kafka.brokers", "127.0.0.1:9092", "Bootstrap servers: host:port with commas between."),
    Key::text("kafka.group", "", "Consumer group; empty: the processor's name."),
    Key::choice("kafka.security", SECURITY, "plaintext", "How the connection is secured."),
    Key::choice(
        "kafka.sasl_mechanism",
        MECHANISMS,
        "SCRAM-SHA-512",
        "How the password is proven, with sasl_plaintext and sasl_tls.",
    ),
    Key::text("kafka.sasl_username", "", "User name, with sasl_plaintext and sasl_tls."),
    Key::secret("kafka.sasl_password", "Password of that user."),
    Key::path("kafka.sasl_password_file", "File with the password instead; an end of line after it is cut."),
    Key::path("kafka.tls_ca", "Authorities that may sign the brokers' certificates, PEM; empty: those of the system."),
    Key::path("kafka.tls_certificate", "Our certificate, PEM, where the brokers ask for one."),
    Key::path("kafka.tls_key", "Its private key, PEM."),
    Key::secret("kafka.tls_key_password", "Password of the private key, if it has one."),
    Key::path("kafka.tls_key_password_file", "File with that password instead."),
    Key::integer(
        "kafka.session_ms",
        (1_000, 300_000, MS),
        "6000",
        "A worker that says nothing for so long is taken for dead, and its partitions are given to others.",
    ),
    Key::integer(
        "kafka.transaction_ms",
        (1_000, 900_000, MS),
        "10000",
        "The broker ends an open transaction after so long, if a successor does not end it sooner.",
    ),
    Key::integer("kafka.call_ms", (100, 30_000, MS), "10000", "Longest wait for an answer."),
    Key::integer(
        "kafka.offsets_ms",
        (100, 120_000, MS),
        "2000",
        "Longest wait for the answer to a question for offsets, which is asked in every turn.",
    ),
    Key::integer(
        "kafka.commit_ms",
        (1_000, 30_000, MS),
        "10000",
        "Longest wait for a commit; then its outcome is unknown, and the worker rebuilds from the log. The broker's own limit is kafka.transaction_ms.",
    ),
    Key::integer(
        "kafka.fetch_wait_ms",
        (1, 1_000, MS),
        "50",
        "How long a broker may hold back an answer without records. A partition that is taken over waits so long.",
    ),
    Key::integer("kafka.fetch_bytes", (1_048_576, 536_870_912, BYTES), "52428800", "Most that one fetch brings."),
    Key::integer(
        "kafka.fetch_partition_bytes",
        (65_536, 268_435_456, BYTES),
        "1048576",
        "Most that one fetch brings of one partition.",
    ),
    Key::integer(
        "kafka.queued_kbytes",
        (1_024, 1_048_576, "KiB"),
        "65536",
        "Most that a client holds fetched and not yet polled; a worker has four clients that read.",
    ),
    Key::text("registry.url", "http://127.0.0.1:8081", "Address, http or https."),
    Key::text("registry.username", "", "User name for basic authentication; empty: none."),
    Key::secret("registry.password", "Password of that user."),
    Key::path("registry.password_file", "File with the password instead; an end of line after it is cut."),
    Key::path("registry.tls_ca", "Authorities that may sign its certificate, PEM, beside those of the system."),
    Key::integer("registry.timeout_ms", (100, 10_000, MS), "2000", "Longest wait for an answer."),
    Key::integer(
        "registry.schemas_max",
        (16, 65_536, "schemas"),
        "1024",
        "Schemas, and unknown ids, that a worker remembers; the oldest is forgotten first.",
    ),
    Key::choice(
        "store.kind",
        STORES,
        "none",
        "memory: filled anew at each start. redb: a file. cql: ScyllaDB or Apache Cassandra, for several instances.",
    ),
    Key::path("store.data", "Folder of the file, with redb; one process has it at a time."),
    Key::integer("store.rows_max", (1_000, 100_000_000, "rows"), "1000000", "Riders in memory, about 400 bytes each."),
    Key::text("store.nodes", "127.0.0.1:9042", "Nodes of the server, with cql: host:port with commas between."),
    Key::text("store.keyspace", "tripo", "Keyspace, with cql."),
    Key::integer(
        "store.replication",
        (1, 7, "copies"),
        "3",
        "Copies of a row in each datacentre, where `tripo project riders` makes the keyspace.",
    ),
    Key::text("store.datacenter", "", "The datacentre that is asked, with cql; empty: all."),
    Key::text("store.username", "", "User name, with cql; empty: none."),
    Key::secret("store.password", "Password of that user."),
    Key::path("store.password_file", "File with the password instead; an end of line after it is cut."),
    Key::choice("store.security", &["plaintext", "tls"], "plaintext", "How the connection is secured, with cql."),
    Key::path("store.tls_ca", "Authorities that may sign the server's certificate, PEM; empty: those of the system."),
    Key::integer(
        "store.keep_days",
        (0, 3_650, "days"),
        "730",
        "A rider of whom nothing was published for so long is forgotten, by event time; 0: never. Whoever replays the past takes 0.",
    ),
    Key::integer(
        "store.deadline_ms",
        (1, 5_000, MS),
        "20",
        "Longest wait of a turn for its riders; then quotes go out without loyalty, and say so.",
    ),
    Key::integer("store.pause_ms", (100, 60_000, MS), "1000", "After that the store is asked no more for so long."),
    Key::integer("store.riders_remembered", (0, 10_000_000, "riders"), "100000", "Riders that a worker remembers."),
    Key::integer(
        "store.fresh_ms",
        (0, 3_600_000, MS),
        "10000",
        "And for how long: a consent that is taken back counts for so long at most.",
    ),
    Key::integer("store.write_ms", (100, 60_000, MS), "5000", "Longest wait for one write, with cql."),
    Key::text(
        "run.instance",
        "",
        "Name of this instance, unique among the living ones of the group; empty: host and process.",
    ),
    Key::integer(
        "run.workers",
        (1, 64, "workers"),
        "1",
        "Threads, each a member of the group with its own partitions and transactions.",
    ),
    Key::integer(
        "run.commit_interval_ms",
        (0, 5_000, MS),
        "30",
        "At least so long between two commits, so that what is decided meanwhile goes together; the first after a pause goes at once. 0: each as soon as it is decided, at twice the broker's work. Quoting takes 10 where nothing is set.",
    ),
    Key::integer(
        "run.wait_ms",
        (1, 1_000, MS),
        "5",
        "How long a worker waits for the next record before it looks at the clock.",
    ),
    Key::integer(
        "run.grace_ms",
        (1_000, 600_000, MS),
        "25000",
        "After SIGTERM: how long it may take to commit what is decided and to leave the group; at least kafka.commit_ms.",
    ),
    Key::text(
        "http.address",
        "127.0.0.1:0",
        "Where it listens; port 0: a free one, as the first line says; empty: nowhere.",
    ),
    Key::choice("log.level", LEVELS, "warn", "The least important that is still said."),
    Key::choice("log.format", &["text", "json"], "text", "How a line is written."),
    Key::integer("limits.polled", (100, 1_000_000, RECORDS), "5000", "Polled in one step."),
    Key::integer(
        "limits.asks_in_hand",
        (1, 1_000_000, RECORDS),
        "4000",
        "Work records in hand of one partition; at the bound no more are polled.",
    ),
    Key::integer(
        "limits.facts_in_hand",
        (1, 1_000_000, RECORDS),
        "20000",
        "Facts in hand of one partition; at the bound no more are polled.",
    ),
    Key::integer(
        "limits.parked_in_hand",
        (1, 100_000, RECORDS),
        "1000",
        "Poison in hand of one partition; at the bound no more is polled.",
    ),
    Key::integer(
        "limits.bytes_in_hand",
        (1_048_576, 4_294_967_296, BYTES),
        "67108864",
        "Records in hand of one partition; at the bound no more are polled.",
    ),
    Key::integer(
        "limits.asks_taken",
        (1, 100_000, RECORDS),
        "256",
        "Work records that a transaction takes of one partition.",
    ),
    Key::integer(
        "limits.facts_taken",
        (1, 100_000, RECORDS),
        "2000",
        "Facts that a transaction takes of one partition.",
    ),
    Key::integer(
        "limits.parked_taken",
        (1, 10_000, RECORDS),
        "500",
        "Poison that a transaction parks of one partition.",
    ),
    Key::integer("limits.value_bytes", (1_024, 1_048_576, BYTES), "262144", "A larger value is parked unread."),
    Key::integer("limits.output_bytes", (65_536, 1_000_000, BYTES), "1000000", "Largest record that is written."),
    Key::integer("limits.markets", (1, 100_000, "markets"), "1000", "Markets of one partition."),
    Key::integer(
        "limits.view",
        (1_000, 100_000_000, "entities"),
        "1000000",
        "Entities that the view holds of one market: drivers, rides, cells.",
    ),
    Key::integer(
        "limits.poison_global",
        (1_000, 10_000_000, RECORDS),
        "100000",
        "Poison of the global topics that is remembered until it is parked.",
    ),
    Key::integer(
        "limits.patience_ms",
        (100, 600_000, MS),
        "30000",
        "Longest wait for a topic that must be read up to a record; then it is decided and flagged stale.",
    ),
];
