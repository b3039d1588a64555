//! What a policy may say.

use expect_test::{Expect, expect};
use kernel::Millis;
use kernel::Rules;

use super::{MARKET, START};
use crate::eta::Pace;
use crate::{BUILT_IN, Policy};

#[track_caller]
fn check(from: &str, to: &str, expect: Expect) {
    assert!(BUILT_IN.contains(from), "{from}");
    let error = Policy::parse(&BUILT_IN.replacen(from, to, 1)).map(|policy| policy.version).unwrap_err();
    expect.assert_eq(&error);
}

#[test]
fn the_built_in_policy_is_sound_and_named_by_its_text() {
    let policy = Policy::parse(BUILT_IN).unwrap();
    assert_eq!((policy.version(), policy.hash().len()), (1, 16));
    assert_ne!(policy.hash(), Policy::parse(&format!("{BUILT_IN}\n")).unwrap().hash());
}

#[test]
fn a_number_out_of_range_is_named_with_its_range() {
    check(
        "ping_max_age_s = 180",
        "ping_max_age_s = 601",
        expect!["search.ping_max_age_s is 601: it must lie in 10 to 600"],
    );
    check("fairness_ms = 45_000", "fairness_ms = -1", expect!["cost.fairness_ms is -1: it must lie in 0 to 90000"]);
    check(
        "searches_max = 512",
        "searches_max = 255",
        expect!["search.searches_max is 255: it must lie in 256 to 4096"],
    );
    check("a1 = 0.0843038", "a1 = nan", expect!["eta.a1 is NaN: it must lie in 0.001 to 1"]);
    check("0.8642, ", "", expect!["eta.k has 47 factors: it needs 48, 24 hours of two kinds of day"]);
    check("0.8642, ", "0.0, ", expect!["eta.k[0] is 0: it must lie in 0.1 to 10"]);
}

#[test]
fn all_that_is_out_of_range_is_named_at_once() {
    let text =
        BUILT_IN.replacen("rings_max = 12", "rings_max = 0", 1).replacen("rows_max = 256", "rows_max = 9_999", 1);
    assert_eq!(
        Policy::parse(&text).unwrap_err(),
        "search.rings_max is 0: it must lie in 1 to 30; search.rows_max is 9999: it must lie in 1 to 1024"
    );
    let many = Policy::parse(&BUILT_IN.replacen("a1 = 0.0843038", "a1 = nan", 1).replace("0.8", "0.08")).unwrap_err();
    assert!(many.split("; ").count() < 22 && !many.contains('\n'), "{many}");
}

#[test]
fn a_value_of_another_type_is_named_with_its_key() {
    check(
        "ping_max_age_s = 180",
        "ping_max_age_s = \"a\"",
        expect![[r#"search.ping_max_age_s: invalid type: string "a", expected i32"#]],
    );
    check(
        "version = 1",
        "version = 99_999_999_999",
        expect!["version: invalid value: integer `99999999999`, expected i32"],
    );
    check("a1 = 0.0843038", "a1 = []", expect!["eta.a1: invalid type: sequence, expected f64"]);
}

#[test]
fn an_unknown_or_missing_key_is_refused() {
    check(
        "rings_max = 12",
        "rings_max = 12\nring_max = 12",
        expect![
            "TOML parse error at line 13, column 1 | 13 | ring_max = 12 | ^^^^^^^^ unknown field `ring_max`, expected one of `ping_max_age_s`, `eta_max_s`, `rings_max`, `candidates_max`, `rows_max`, `searches_max`"
        ],
    );
    check(
        "rings_max = 12",
        "",
        expect!["TOML parse error at line 6, column 1 | 6 | [search] | ^^^^^^^^ missing field `rings_max`"],
    );
    check(
        "version = 1",
        "version = one",
        expect![
            "TOML parse error at line 4, column 11 | 4 | version = one | ^^^ string values must be quoted, expected literal string"
        ],
    );
}

#[test]
fn a_market_may_have_a_pace_of_its_own() {
    let figures = format!("a1 = 0.1\na2 = 0.0\nutc_offset_minutes = 0\nk = {:?}\n", [1.0; 48]);
    let policy = Policy::parse(&format!("{BUILT_IN}\n[eta.markets.\"s/f\"]\n{figures}")).unwrap();
    let travel = |market| Pace::at(&policy.eta, market, Millis(START)).travel_ms(1_000.0);
    assert_eq!(travel("s/f"), 100_000);
    // Thursday, 17 o'clock: 1.2609 * (0.0843038 * 1000 + 5.438055 * sqrt(1000)) seconds.
    assert_eq!(travel(MARKET), 323_131);
}

#[test]
fn the_reach_of_a_time_is_the_way_that_takes_it() {
    let pace = Pace::at(&Policy::default().eta, MARKET, Millis(START));
    for travel_ms in [1_000, 60_000, 900_000, 3_600_000] {
        assert!((pace.travel_ms(pace.reach_m(travel_ms)) - travel_ms).abs() <= 1, "{travel_ms}");
    }
}

#[test]
fn the_hour_is_the_market_s_own() {
    let policy = Policy::default();
    // In San Francisco, Sunday 23:59 is weekend, Monday 00:00 a working day, although in London it is Monday long since.
    let monday = START + 3 * 86_400_000 + 7 * 3_600_000;
    let factor = |now| Pace::at(&policy.eta, MARKET, Millis(now)).travel_ms(1_000.0);
    assert_eq!(factor(monday - 60_000), 247_634);
    assert_eq!(factor(monday), 221_469);
}
