//! Clients as the checks need them, and the few steps most checks begin with.

use std::collections::HashMap;
use std::error::Error;
use std::future::Future;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};

/// What a check finds wrong.
pub(crate) type Fault = Box<dyn Error + Send + Sync>;
/// How a check ends.
pub(crate) type Verdict = Result<(), Fault>;

/// Longest wait of a single call.
pub(crate) const WAIT: Duration = Duration::from_secs(20);

/// Fails a check unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($why:tt)+) => {
        if !$condition {
            return Err(format!($($why)+).into());
        }
    };
}
pub(crate) use ensure;

/// What the mutex guards; a check that panicked meanwhile has its own verdict.
pub(crate) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A name no other check or run has.
pub(crate) fn unique(name: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{name}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn config(broker: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", broker).set("broker.address.family", "v4").set("log_level", "0");
    config
}

/// A producer with these settings.
pub(crate) fn producer(broker: &str, settings: &[(&str, &str)]) -> Result<BaseProducer, KafkaError> {
    let mut config = config(broker);
    config.set("linger.ms", "1");
    for (key, value) in settings {
        config.set(*key, *value);
    }
    config.create()
}

/// A producer that has initialised its transactional id.
pub(crate) fn transactional(broker: &str, id: &str) -> Result<BaseProducer, KafkaError> {
    let producer = asking(broker, id)?;
    producer.init_transactions(WAIT)?;
    Ok(producer)
}

/// A transactional producer that has not asked for its id yet.
pub(crate) fn asking(broker: &str, id: &str) -> Result<BaseProducer, KafkaError> {
    producer(broker, &[("transactional.id", id), ("transaction.timeout.ms", "60000")])
}

/// The settings of a consumer that reads from the start and commits nothing by itself.
pub(crate) fn consumer_config(broker: &str, group: &str) -> ClientConfig {
    let mut config = config(broker);
    let settings = [
        ("group.id", group),
        ("enable.auto.commit", "false"),
        ("auto.offset.reset", "earliest"),
        ("isolation.level", "read_committed"),
        ("fetch.wait.max.ms", "100"),
        ("topic.metadata.refresh.interval.ms", "1000"),
    ];
    for (key, value) in settings {
        config.set(key, value);
    }
    config
}

/// A consumer of that group and isolation level.
pub(crate) fn consumer(broker: &str, group: &str, isolation: &str) -> Result<BaseConsumer, KafkaError> {
    consumer_config(broker, group).set("isolation.level", isolation).create()
}

/// A group member with short sessions.
pub(crate) fn member(broker: &str, group: &str, topic: &str) -> Result<BaseConsumer, KafkaError> {
    let mut config = consumer_config(broker, group);
    config.set("session.timeout.ms", "6000").set("heartbeat.interval.ms", "500");
    let consumer: BaseConsumer = config.set("partition.assignment.strategy", "cooperative-sticky").create()?;
    consumer.subscribe(&[topic])?;
    Ok(consumer)
}

/// Waits until a member owns something.
pub(crate) fn assigned(consumer: &BaseConsumer) -> Verdict {
    let begun = Instant::now();
    while consumer.assignment()?.count() == 0 {
        ensure!(begun.elapsed() < WAIT, "nothing assigned in time");
        consumer.poll(Duration::from_millis(20)).transpose()?;
    }
    Ok(())
}

/// Runs an admin request.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

/// An admin client and its options.
pub(crate) fn admin(broker: &str) -> Result<(AdminClient<DefaultClientContext>, AdminOptions), KafkaError> {
    let options = AdminOptions::new().operation_timeout(Some(WAIT)).request_timeout(Some(WAIT));
    Ok((config(broker).create()?, options))
}

/// Creates a topic of a unique name with these settings.
pub(crate) fn topic(broker: &str, partitions: i32, settings: &[(&str, &str)]) -> Result<String, Fault> {
    let name = unique("topic");
    let (admin, options) = admin(broker)?;
    let wanted = NewTopic::new(&name, partitions, TopicReplication::Fixed(1));
    let wanted = settings.iter().fold(wanted, |wanted, (key, value)| wanted.set(key, value));
    for result in block_on(admin.create_topics(&[wanted], &options))? {
        result.map_err(|(name, code)| format!("topic {name} was not created: {code}"))?;
    }
    let begun = Instant::now();
    loop {
        let metadata = admin.inner().fetch_metadata(Some(&name), WAIT)?;
        let ready = |topic: &rdkafka::metadata::MetadataTopic| {
            topic.partitions().len() == partitions as usize && topic.partitions().iter().all(|one| one.leader() >= 0)
        };
        if metadata.topics().iter().any(ready) {
            return Ok(name);
        }
        ensure!(begun.elapsed() < WAIT, "the topic got no leader");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A topic's configuration.
pub(crate) fn topic_config(broker: &str, topic: &str) -> Result<HashMap<String, String>, Fault> {
    let (admin, options) = admin(broker)?;
    let mut resources = block_on(admin.describe_configs(&[ResourceSpecifier::Topic(topic)], &options))?;
    let resource = resources.pop().ok_or("no answer")?.map_err(|code| format!("not described: {code}"))?;
    Ok(resource.entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?))).collect())
}

/// Sends these numbers, key `k<n>`, and does not wait.
pub(crate) fn send(producer: &BaseProducer, topic: &str, numbers: Range<u32>) -> Verdict {
    for number in numbers {
        put(producer, topic, Some(&format!("k{number}")), Some(&number.to_string()))?;
    }
    Ok(())
}

/// Sends one record to partition 0 and does not wait.
pub(crate) fn put(producer: &BaseProducer, topic: &str, key: Option<&str>, value: Option<&str>) -> Verdict {
    let mut record = BaseRecord::<str, str>::to(topic).partition(0);
    if let Some(key) = key {
        record = record.key(key);
    }
    if let Some(value) = value {
        record = record.payload(value);
    }
    producer.send(record).map_err(|(error, _)| error)?;
    producer.poll(Duration::ZERO);
    Ok(())
}

/// Sends these numbers and waits until they are stored.
pub(crate) fn store(broker: &str, topic: &str, numbers: Range<u32>) -> Verdict {
    let producer = producer(broker, &[])?;
    send(&producer, topic, numbers)?;
    Ok(producer.flush(WAIT)?)
}

/// The committed offsets of a group for partition 0 of a topic.
pub(crate) fn committed(consumer: &BaseConsumer, topic: &str, wait: Duration) -> Result<(Offset, String), KafkaError> {
    let list = consumer.committed_offsets(single(topic, Offset::Invalid), wait)?;
    let element = list.find_partition(topic, 0);
    Ok(element.map_or((Offset::Invalid, String::new()), |found| (found.offset(), found.metadata().to_owned())))
}

/// The end of partition 0 once no transaction in it is open; a real broker writes markers after it answered a commit.
pub(crate) fn decided_end(broker: &str, topic: &str) -> Result<i64, Fault> {
    let stable = consumer(broker, &unique("group"), "read_committed")?;
    let dirty = consumer(broker, &unique("group"), "read_uncommitted")?;
    let begun = Instant::now();
    loop {
        let (end, all) = (stable.fetch_watermarks(topic, 0, WAIT)?.1, dirty.fetch_watermarks(topic, 0, WAIT)?.1);
        if end == all {
            return Ok(end);
        }
        ensure!(begun.elapsed() < WAIT, "the last stable offset is {end}, the end {all}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Partition 0 of a topic at an offset.
pub(crate) fn single(topic: &str, offset: Offset) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, offset).expect("a valid offset");
    list
}

/// Reads numbers until there are `want`, or for `longest`.
pub(crate) fn drain(consumer: &BaseConsumer, want: usize, longest: Duration) -> Result<Vec<u32>, Fault> {
    let begun = Instant::now();
    let mut numbers = Vec::new();
    while numbers.len() < want && begun.elapsed() < longest {
        match consumer.poll(Duration::from_millis(50)) {
            Some(Ok(message)) => numbers.push(message.payload_view::<str>().ok_or("no value")??.parse()?),
            Some(Err(error)) => return Err(error.into()),
            None => {}
        }
    }
    Ok(numbers)
}

/// Reads partition 0 of a topic from its start to `end`: offset, key, value, time.
pub(crate) fn read(broker: &str, topic: &str, isolation: &str, end: i64) -> Result<Vec<Read>, Fault> {
    let mut config = consumer_config(broker, &unique("reader"));
    let consumer: BaseConsumer =
        config.set("isolation.level", isolation).set("enable.partition.eof", "true").create()?;
    consumer.assign(&single(topic, Offset::Beginning))?;
    let begun = Instant::now();
    let mut found = Vec::new();
    loop {
        ensure!(begun.elapsed() < WAIT, "the end {end} was not reached: {found:?}");
        match consumer.poll(Duration::from_millis(50)) {
            Some(Ok(message)) => {
                let text = |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
                let time = message.timestamp();
                found.push(Read {
                    offset: message.offset(),
                    key: text(message.key()),
                    value: text(message.payload()),
                    time,
                });
            }
            Some(Err(KafkaError::PartitionEOF(_))) => {
                let position = consumer.position()?;
                let position = position.find_partition(topic, 0).map(|element| element.offset());
                if matches!(position, Some(Offset::Offset(offset)) if offset >= end) || end <= 0 {
                    return Ok(found);
                }
            }
            Some(Err(error)) => return Err(error.into()),
            None => {}
        }
    }
}

/// One record read.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) offset: i64,
    pub(crate) key: Option<String>,
    pub(crate) value: Option<String>,
    pub(crate) time: rdkafka::Timestamp,
}
