//! What a person sees who starts the binary where something is missing or wrong: one line each, with the fix.

use std::time::Duration;

use embedded::{Broker, Config, Registry};
use kernel::{PlacedBy, Topic, contract::TOPICS};
use runtime::topics::{Layout, ensure};

use crate::binary::{Running, ended, output};
use crate::servers::free_port;

/// `market.ticked` as somebody else would have it.
static OTHER: Topic = Topic {
    name: "market.ticked",
    schema: "",
    partitions: 2,
    placed_by: PlacedBy::Market,
    cleanup: "compact",
    retention_ms: 3_600_000,
    max_message_bytes: 1_000,
    compression: None,
};

/// An address where nobody listens.
fn nobody() -> String {
    format!("127.0.0.1:{}", free_port().unwrap())
}

/// Starts `run matching` where something is missing: it says so in one line, waits, and ends when asked to.
fn waits(brokers: &str, registry: &str, sentence: &str) {
    let mut running = Running::start(&["run", "matching", "--brokers", brokers, "--registry", registry], &[]);
    running.says(sentence);
    assert!(running.lives_for(Duration::from_secs(2)), "{:#?}", running.said());
    let (status, said) = running.stop();
    assert_eq!((status, said.len()), (Some(0), 2), "the first line and one of the trouble: {said:#?}");
}

#[test]
fn without_a_broker_it_says_so_once_and_waits() {
    let registry = Registry::start(0, None).unwrap();
    let brokers = nobody();
    waits(&brokers, registry.url(), &format!("kafka at {brokers}: nothing listens there"));
}

#[test]
fn without_a_registry_it_says_so_once_and_waits() {
    let broker = Broker::start(Config::default()).unwrap();
    let registry = format!("http://{}", nobody());
    waits(broker.address(), &registry, &format!("the schema registry at {registry} does not answer: "));
}

#[test]
fn without_its_topics_it_waits_until_they_are_made() {
    let broker = Broker::start(Config::default()).unwrap();
    let registry = Registry::start(0, None).unwrap();
    let arguments = ["run", "matching", "--brokers", broker.address(), "--registry", registry.url()];
    let mut running = Running::start(&arguments, &[]);
    let line = running.says("do not exist: create them with `tripo schemas topics`");
    assert!(line.contains("ride.requested") && line.contains("state.kept"), "{line}");
    let (status, said) = ended(&["schemas", "topics", "--brokers", broker.address(), "--replication", "1"], &[]);
    assert_eq!((status, said.as_str()), (Some(0), ""));
    running.becomes_ready();
    let (status, said) = running.stop();
    assert_eq!(status, Some(0), "{said:#?}");
}

#[test]
fn topics_that_break_the_contract_end_the_start() {
    let broker = Broker::start(Config::default()).unwrap();
    let registry = Registry::start(0, None).unwrap();
    let layout = Layout { partitions: None, replication: 1 };
    ensure(broker.address(), &[&OTHER], layout).unwrap();
    let others: Vec<_> = TOPICS.iter().copied().filter(|topic| topic.name != OTHER.name).collect();
    ensure(broker.address(), &others, layout).unwrap();
    let arguments = ["run", "matching", "--brokers", broker.address(), "--registry", registry.url()];
    let (status, said) = ended(&arguments, &[]);
    assert_eq!(status, Some(1), "{said}");
    let fix =
        format!("kafka-configs.sh --bootstrap-server {} --alter --topic market.ticked --add-config", broker.address());
    for sentence in [
        "tripo: market.ticked: partitions is 2, wanted 12: ".to_owned(),
        format!("tripo: market.ticked: cleanup.policy is compact, wanted delete: {fix} cleanup.policy=delete\n"),
        format!(
            "tripo: market.ticked: max.message.bytes is 1000, wanted at least 1048576: {fix} max.message.bytes=1048576\n"
        ),
    ] {
        assert!(said.contains(&sentence), "{sentence} is not in {said}");
    }
}

#[test]
fn everything_that_is_wrong_with_the_settings_is_said_at_once() {
    let folder = std::env::temp_dir().join(format!("wrong-settings-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("settings.toml");
    std::fs::write(&file, "[run]\nworkers = 900\n\n[kafak]\nbrokers = \"a:1\"\n").unwrap();
    let file = file.to_str().unwrap();
    let variables =
        [("TRIPO_SETTINGS", file), ("TRIPO__LIMITS__ASKS_TAKEN", "many"), ("TRIPO__KAFKA__SASL_PASSWORD", "0123")];
    let (status, said) = ended(&["run", "matching", "--set", "limits.views=5"], &variables);
    let wanted = [
        format!("tripo: kafak.brokers ({file}:5) is not a setting: did you mean kafka.brokers?"),
        format!("tripo: run.workers is 900 ({file}:2): take 1 to 64 workers"),
        "tripo: limits.asks_taken is \"many\" (TRIPO__LIMITS__ASKS_TAKEN): take 1 to 100000 records".to_owned(),
        "tripo: limits.views (--set) is not a setting: did you mean limits.view?".to_owned(),
        "tripo: kafka.sasl_password is *** (TRIPO__KAFKA__SASL_PASSWORD) but kafka.security is \"plaintext\" (default): take sasl_tls, \
         or leave the user out"
            .to_owned(),
    ];
    assert_eq!((status, said.lines().collect::<Vec<_>>()), (Some(2), wanted.iter().map(String::as_str).collect()));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_policy_that_cannot_be_taken_is_refused_with_its_key_and_range() {
    let path = std::env::temp_dir().join(format!("wrong-policy-{}.toml", std::process::id()));
    std::fs::write(&path, matching::BUILT_IN.replace("rings_max = ", "rings_max = 99")).unwrap();
    let policy = path.to_str().unwrap();
    let (status, said) = ended(&["run", "matching", "--policy", policy], &[]);
    std::fs::remove_file(&path).unwrap();
    assert_eq!((status, said.lines().count()), (Some(2), 1), "{said}");
    assert!(
        said.starts_with(&format!("tripo: policy.matching is \"{policy}\" (--policy): search.rings_max is 99")),
        "{said}"
    );
    let (status, said) = ended(&["run", "matching", "--policy", policy], &[]);
    assert_eq!((status, said.lines().count()), (Some(2), 1), "{said}");
    assert!(said.ends_with("name a file with a policy\n"), "{said}");
}

#[test]
fn the_settings_are_shown_with_their_origin_and_without_their_secrets() {
    let variables = [
        ("TRIPO__KAFKA__SECURITY", "sasl_tls"),
        ("TRIPO__KAFKA__SASL_USERNAME", "u"),
        ("TRIPO__KAFKA__SASL_PASSWORD", "0123456789"),
    ];
    let shown = output(&["config", "matching", "--brokers", "h:1", "--set", "limits.view=5000"], &variables);
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    let shown = String::from_utf8(shown.stdout).unwrap();
    let row = |key: &str| {
        let line = shown.lines().find(|line| line.starts_with(&format!("{key} "))).unwrap_or_default();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(row("kafka.brokers"), ["kafka.brokers", "h:1", "--brokers"]);
    assert_eq!(row("limits.view"), ["limits.view", "5000", "entities", "--set"]);
    assert_eq!(row("kafka.sasl_password"), ["kafka.sasl_password", "***", "TRIPO__KAFKA__SASL_PASSWORD"]);
    assert_eq!(row("run.grace_ms"), ["run.grace_ms", "25000", "milliseconds", "default"]);
    assert!(!shown.contains("0123456789"));
    let (status, said) = ended(&["config", "--check", "--set", "run.workers=x"], &[]);
    assert_eq!((status, said.as_str()), (Some(2), "tripo: run.workers is \"x\" (--set): take 1 to 64 workers\n"));
    assert_eq!(ended(&["config", "--check"], &[]), (Some(0), String::new()));
}
