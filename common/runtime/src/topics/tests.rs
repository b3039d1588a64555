//! What differs, and what does not.

use kernel::contract::TOPICS;

use super::compare::{configuration, partitions, uneven, wanted};
use super::reason::explain;
use super::*;
use crate::settings::Secret;

fn topic(name: &str) -> &'static Topic {
    TOPICS.iter().find(|topic| topic.name == name).unwrap()
}

/// The sentences for a topic that is as the contract has it but for one key.
fn with(name: &str, key: &str, value: &str) -> Vec<String> {
    let topic = topic(name);
    let config = |asked: &str| match asked == key {
        true => value.to_owned(),
        false => wanted(topic).into_iter().find(|(key, _)| *key == asked).map(|(_, value)| value).unwrap(),
    };
    let harmful = configuration(topic, config).into_iter().filter(Difference::breaks_a_law);
    harmful.map(|difference| difference.sentence("b:9")).collect()
}

#[test]
fn more_than_the_contract_asks_for_is_fine_and_less_is_not() {
    let ticked = "market.ticked";
    for (key, value) in [("retention.ms", "86400000"), ("retention.ms", "86400001"), ("retention.ms", "-1")] {
        assert_eq!(with(ticked, key, value), Vec::<String>::new(), "{key} {value}");
    }
    assert_eq!(with(ticked, "max.message.bytes", "2000000"), Vec::<String>::new());
    assert_eq!(with("turn.taken", "compression.type", "producer"), Vec::<String>::new());
    // A topic that is only compacted keeps what it has, whatever its retention.
    assert_eq!(with("state.kept", "retention.ms", "604800000"), Vec::<String>::new());
    let fix = "kafka-configs.sh --bootstrap-server b:9 --alter --topic market.ticked --add-config";
    for (key, found, wanted) in [
        ("retention.ms", "86399999", "at least 86400000"),
        ("retention.ms", "nothing", "at least 86400000"),
        ("max.message.bytes", "1000", "at least 1048576"),
        ("cleanup.policy", "compact,delete", "delete"),
        ("message.timestamp.type", "CreateTime", "LogAppendTime"),
    ] {
        let value = wanted.trim_start_matches("at least ");
        let sentence = format!("{ticked}: {key} is {found}, wanted {wanted}: {fix} {key}={value}");
        assert_eq!(with(ticked, key, found), [sentence]);
    }
}

#[test]
fn the_topic_with_another_count_than_most_is_named() {
    let topics = ["market.ticked", "ride.requested", "state.kept", "driver.changed"].map(topic);
    let counts = |counts: [i32; 4]| {
        let found = topics.iter().map(|topic| topic.name.to_owned()).zip(counts).collect();
        uneven(&topics, &found).iter().map(|difference| difference.sentence("b:9")).collect::<Vec<_>>()
    };
    assert_eq!(counts([3, 3, 3, 3]), Vec::<String>::new());
    assert_eq!(counts([3, 3, 3, 7]), Vec::<String>::new(), "what is placed by its key may have another count");
    let sentences = counts([3, 2, 3, 1]);
    assert_eq!(sentences.len(), 1);
    assert!(sentences[0].starts_with("ride.requested: partitions is 2, wanted 3: "), "{sentences:?}");
}

#[test]
fn a_wrong_count_of_all_topics_is_asked_for_and_only_the_odd_one_out_is_deleted() {
    let topics = ["market.ticked", "ride.requested", "state.kept", "policy.changed"].map(topic);
    let counts = |counts: [i32; 4]| {
        let found = topics.iter().map(|topic| topic.name.to_owned()).zip(counts).collect();
        let layout = Layout { partitions: Some(6), replication: 1 };
        let differences = partitions(&topics, &found, |topic| layout.partitions(topic));
        differences.iter().map(|difference| difference.sentence("b:9")).collect::<Vec<_>>()
    };
    assert_eq!(counts([6, 6, 6, 1]), Vec::<String>::new());
    let fix = "12 partitions each: run with --partitions 12; a count is for life";
    let all = ["market.ticked", "ride.requested", "state.kept"];
    assert_eq!(counts([12, 12, 12, 1]), all.map(|name| format!("{name}: partitions is 12, wanted 6: {fix}")));
    let renewed = "a count is for life: delete the topic if it is empty, and run `tripo schemas topics` again";
    assert_eq!(counts([6, 3, 6, 1]), [format!("ride.requested: partitions is 3, wanted 6: {renewed}")]);
    assert_eq!(counts([6, 6, 6, 2]), [format!("policy.changed: partitions is 2, wanted 1: {renewed}")]);
    let mixed = counts([12, 6, 12, 1]);
    assert!(mixed.len() == 3 && mixed[0].ends_with(fix) && mixed[1].ends_with(renewed), "{mixed:?}");
}

#[test]
fn the_librarys_error_is_explained_on_one_line_without_the_password() {
    let access = Access {
        security: crate::kafka::Security {
            tls: None,
            sasl: Some(crate::kafka::Sasl {
                mechanism: "PLAIN".to_owned(),
                username: "matching".to_owned(),
                password: Secret::new("hunter2"),
            }),
        },
        ..Access::default()
    };
    let said = "[thrd:sasl_ssl://b:9/bootstrap]: sasl_ssl://b:9/bootstrap: SASL authentication error: no\nhunter2 (after 3ms in state AUTH)";
    let sentence = explain(said, &access);
    assert!(sentence.starts_with("the brokers refuse the user: check kafka.sasl_username"), "{sentence}");
    assert!(!sentence.contains('\n') && !sentence.contains("hunter2") && !sentence.contains("after 3ms"), "{sentence}");
    assert!(!format!("{access:?}").contains("hunter2"));
    let said = "sasl_plaintext://b:9/bootstrap: SASL Handshake not supported by broker (required by mechanism PLAIN)";
    assert!(explain(said, &access).contains("check kafka.security"));
    assert!(explain("Broker: Cluster authorization failed", &access).ends_with("authorization failed"));
    assert!(explain("something else", &access).ends_with("is it running?"));
}
