use std::time::Duration;

use kafka_protocol::ResponseError as Error;
use kafka_protocol::messages::ProduceRequest;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};

use super::super::offsets::Committed;
use super::super::produce::produce;
use super::super::retention;
use super::super::state::topic_name;
use super::*;

/// Ten batches of about a kilobyte, a second apart.
fn ten(shared: &Shared) {
    let mut state = shared.lock();
    for second in 0..10 {
        let raw = batch_of(NOBODY, second * 1_000, &[(None, Some(&"x".repeat(900)), 0)]);
        append(state.partition("t", 0).unwrap().1, &raw).unwrap();
    }
}

fn commit(shared: &Shared, offset: i64) {
    let group = &mut *shared.lock();
    group.group("g", 10).unwrap().commit(("t", 0), Committed::new(offset, None), now_ms());
}

fn start(shared: &Shared) -> i64 {
    shared.lock().partition("t", 0).unwrap().1.log.start
}

#[test]
fn what_is_older_than_the_topic_keeps_is_dropped() {
    let shared = shared(Config::default(), &[("retention.ms", "5000")]);
    ten(&shared);
    retention::expire(&mut shared.lock(), 9_000);
    assert_eq!(start(&shared), 4);
}

#[test]
fn what_is_more_than_the_topic_keeps_is_dropped() {
    let shared = shared(Config::default(), &[("retention.ms", "-1"), ("retention.bytes", "4000")]);
    ten(&shared);
    retention::expire(&mut shared.lock(), now_ms());
    assert!((5..=7).contains(&start(&shared)), "start {}", start(&shared));
}

#[test]
fn nothing_is_dropped_that_a_group_has_still_to_read() {
    let shared = shared(Config::default(), &[("retention.ms", "5000")]);
    ten(&shared);
    commit(&shared, 3);
    retention::expire(&mut shared.lock(), 1_000_000);
    assert_eq!(start(&shared), 3);
    retention::make_room(&mut shared.lock(), 0);
    assert_eq!(start(&shared), 3);
    commit(&shared, 10);
    retention::make_room(&mut shared.lock(), 0);
    assert_eq!(start(&shared), 10);
}

#[test]
fn nothing_of_an_open_transaction_is_dropped() {
    let shared = shared(Config::default(), &[("retention.ms", "5000")]);
    ten(&shared);
    let from = From { producer: 1, epoch: 0, sequence: 0, transactional: true };
    append(shared.lock().partition("t", 0).unwrap().1, &batch_of(from, 0, &[(None, Some("v"), 0)])).unwrap();
    ten(&shared);
    retention::make_room(&mut shared.lock(), 0);
    assert_eq!(start(&shared), 10);
}

#[test]
fn a_topic_kept_for_ever_makes_no_room() {
    for settings in [[("retention.ms", "-1")], [("cleanup.policy", "compact")]] {
        let shared = shared(Config::default(), &settings);
        ten(&shared);
        retention::make_room(&mut shared.lock(), 0);
        assert_eq!(start(&shared), 0);
    }
}

fn request() -> ProduceRequest {
    let raw = batch_of(NOBODY, 0, &[(None, Some(&"x".repeat(900)), 0)]);
    let data = PartitionProduceData::default().with_index(0).with_records(Some(raw));
    let topic = TopicProduceData::default().with_name(topic_name("t")).with_partition_data(vec![data]);
    ProduceRequest::default().with_acks(-1).with_timeout_ms(5_000).with_topic_data(vec![topic])
}

fn small() -> Config {
    Config { memory_bytes: 16_000, produce_wait: Duration::from_millis(30), ..Config::default() }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

async fn error(shared: &Shared) -> i16 {
    produce(shared, &request()).await.responses[0].partition_responses[0].error_code
}

#[test]
fn a_producer_is_told_to_try_again_when_nothing_may_be_dropped() {
    let shared = shared(small(), &[]);
    ten(&shared);
    commit(&shared, 0);
    block_on(async {
        let mut told = 0;
        for _ in 0..20 {
            told = error(&shared).await; // Twenty kilobytes do not fit.
        }
        assert_eq!(told, Error::KafkaStorageError.code());
        assert!(shared.lock().used() <= small().memory_bytes);
        assert_eq!(start(&shared), 0);
        commit(&shared, 8);
        assert_eq!(error(&shared).await, 0);
    });
}

#[test]
fn a_waiting_producer_goes_on_when_a_group_has_read() {
    let shared = shared(Config { produce_wait: Duration::from_secs(20), ..small() }, &[]);
    ten(&shared);
    commit(&shared, 0);
    ten(&shared); // More than a producer could have written.
    block_on(async {
        let reader = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            commit(&shared, 19);
        };
        let (error, ()) = tokio::join!(error(&shared), reader);
        assert_eq!(error, 0);
    });
}

#[test]
fn memory_without_readers_is_used_as_a_ring() {
    let shared = shared(small(), &[]);
    block_on(async {
        for _ in 0..100 {
            assert_eq!(error(&shared).await, 0);
            assert!(shared.lock().used() <= small().memory_bytes);
        }
    });
    assert!(start(&shared) > 80);
}
