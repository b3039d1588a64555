//! `tripo recommend` and `tripo fit forecast --market` on topics: read as committed, told, and nothing written.

use embedded::{Broker, Config, Registry};
use kernel::Rules;
use kernel::contract::{MatchDecided, Outcome, PolicyChanged, Reason, TOPICS};
use pricing::{BUILT_IN, Policy};
use runtime::topics::{Layout, ensure};
use serde_json::Value;

use crate::binary::output;
use crate::client::Client;
use crate::journey::{MARKET, PARTITIONS, request};

/// Tuesday 1 April 2014, 0:00 UTC.
const TUESDAY: i64 = 1_396_310_400_000;
const HOUR: i64 = 3_600_000;

/// A ride that nobody served.
fn expired(ride: &str, at: i64) -> MatchDecided {
    MatchDecided {
        decision: format!("{MARKET}/1/{ride}"),
        market: MARKET.to_owned(),
        at,
        ride: ride.to_owned(),
        rider: None,
        revision: Some(1),
        outcome: Outcome::Closed,
        reason: Reason::Expired,
        driver: None,
        answer_by: None,
        eta_ms: None,
        score: None,
        runner_up: None,
        margin_ms: None,
        considered: 0,
        barred: Vec::new(),
        of: None,
        cause: None,
        quote: None,
        turn: 1,
        row: None,
        policy_version: 1,
        policy_hash: "0".repeat(16),
        stale: false,
    }
}

/// A policy of quoting whose surge answers less to demand.
fn published(version: i32, effective_from: i64) -> PolicyChanged {
    let text = BUILT_IN.replacen("version = 1", &format!("version = {version}"), 1);
    let text = text.replacen("gain_bps = 6_000", "gain_bps = 5_000", 1);
    PolicyChanged {
        policy: format!("quoting@{version}"),
        processor: "quoting".to_owned(),
        version,
        effective_from,
        author: "ann".to_owned(),
        reason: "less".to_owned(),
        hash: Policy::parse(&text).unwrap().hash().to_owned(),
        text,
    }
}

#[test]
fn what_the_topics_say_becomes_a_forecast_and_recommendations_that_are_policies() {
    let (broker, registry) = (Broker::start(Config::default()).unwrap(), Registry::start(0, None).unwrap());
    ensure(broker.address(), &TOPICS, Layout { partitions: Some(PARTITIONS), replication: 1 }).unwrap();
    let client = Client::new(broker.address(), registry.url(), PARTITIONS);
    let tripo = |arguments: &[&str]| {
        let found = output(&[arguments, &["--brokers", broker.address(), "--registry", registry.url()]].concat(), &[]);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (found.status.success(), text(found.stdout), text(found.stderr))
    };
    let (done, said, _) = tripo(&["recommend"]);
    assert!(done && said.lines().count() == 1 && said.starts_with("Nothing to recommend: in 0 markets"), "{said}");
    assert_eq!(tripo(&["recommend", "--json"]).1, "[]\n");

    // Twelve days with a rush at nine, in which every third rider finds nobody, and one rider in the first and the last hour of a day.
    for day in 0..12 {
        for number in 0..12 {
            let hour = if number == 0 {
                0
            } else if number == 11 {
                23
            } else {
                9
            };
            let (ride, at) = (format!("r{day}-{number}"), TUESDAY + (day * 24 + hour) * HOUR + number * 60_000);
            client.publish(&request(&ride, at));
            if number == 5 {
                client.publish(&request(&ride, at));
            }
            if hour == 9 && number % 3 == 0 {
                client.publish(&expired(&ride, at + 600_000));
            }
        }
    }
    client.raw("ride.requested", MARKET.as_bytes(), b"garbage");
    let (done, said, told) = tripo(&["recommend", "--json"]);
    assert!(done && told.contains("1 records could not be read, and are not counted"), "{told}");
    let found: Value = serde_json::from_str(&said).unwrap();
    let unmet = &found[0];
    assert_eq!(
        (unmet["id"].as_str(), found.as_array().unwrap().len()),
        (Some(format!("unmet/{MARKET}").as_str()), 1),
        "{said}"
    );
    assert!(unmet["what"].as_str().unwrap().starts_with("36 of 120 riders found nobody"), "{said}");
    let policy = Policy::parse(unmet["change"]["text"].as_str().unwrap()).unwrap();
    assert_eq!((policy.version(), unmet["change"]["policy"].as_str()), (2, Some("quoting@2")));
    let (_, said, _) = tripo(&["recommend"]);
    assert!(said.contains("would be published as quoting@2, with:") && said.contains("gain_bps = 6600"), "{said}");

    // What was published holds, where nobody names another; what is to be is not published again.
    for (version, from) in [(2, TUESDAY), (3, TUESDAY + 400 * 24 * HOUR)] {
        client.publish(&published(version, from));
    }
    client.publish(&PolicyChanged { hash: "0".repeat(16), ..published(4, TUESDAY) });
    let (_, said, told) = tripo(&["recommend", "--utc-offset", "0"]);
    assert!(said.starts_with("By quoting@2, which ann published.\n"), "{said}");
    assert!(said.contains("would be published as quoting@4, with:") && said.contains("gain_bps = 5500"), "{said}");
    assert!(told.contains("1 published policies are refused by those who quote"), "{told}");
    let file = std::env::temp_dir().join(format!("tripo-recommend-{}.toml", std::process::id()));
    std::fs::write(&file, BUILT_IN).unwrap();
    let (_, said, _) = tripo(&["recommend", "--policy", file.to_str().unwrap()]);
    std::fs::remove_file(&file).unwrap();
    assert!(said.contains("would be published as quoting@4, with:") && said.contains("gain_bps = 6600"), "{said}");

    let (done, said, told) = tripo(&["fit", "forecast", "--market", MARKET, "--held-back", "2"]);
    assert!(done, "{told}");
    assert!(said.contains("120 requests of ride.requested"), "{said}");
    assert!(said.contains("1 that cannot be read") && said.contains("12 that were sent before"), "{said}");
}
