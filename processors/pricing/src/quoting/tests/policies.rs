//! The policy: the built-in one is sound, and what is wrong with another is named with its range, all at once.

use kernel::Rules;

use crate::{BUILT_IN, Policy};

#[test]
fn the_built_in_policy_is_sound_and_known_by_its_text() {
    let policy = Policy::parse(BUILT_IN).unwrap();
    assert_eq!((policy.version(), policy.hash().len()), (1, 16));
}

#[test]
fn whatever_is_wrong_is_named() {
    let cases = [
        ("take_bps = 2_000", "take_bps = 5_001", "fare.take_bps is 5001: it must lie in 0 to 5000"),
        ("step_bps = 500", "step_bps = 501", "explore.step_bps is 501: it must lie in 0 to 500"),
        ("step_bps = 1_000", "step_bps = 0", "surge.step_bps is 0: it must lie in 1 to 1000"),
        ("slope = 3.0", "slope = nan", "demand.slope is NaN: it must lie in 0.05 to 20"),
        ("currency = \"USD\"", "currency = \"usd\"", "fare.currency is \"usd\": it must be an ISO 4217 code"),
        ("XL = 15_000", "XXL = 15_000", "fare.services.XXL is unknown: take STANDARD, XL, ACCESSIBLE"),
        ("GOLD = 20_000", "GOLD = 4_999", "fare.tiers.GOLD is 4999: it must lie in 5000 to 100000"),
        ("salt = \"1\"", "salt = \"\"", "explore.salt has 0 bytes: it needs 1 to 64"),
        ("late_s = 600", "late_s = 601", "lock.late_s is 601: it must lie in 60 to 600"),
    ];
    for (from, to, said) in cases {
        assert!(BUILT_IN.contains(from), "{from}");
        assert_eq!(Policy::parse(&BUILT_IN.replacen(from, to, 1)).err().as_deref(), Some(said), "{to}");
    }
    let both = BUILT_IN.replace("take_bps = 2_000", "take_bps = -1").replace("rings_max = 6", "rings_max = 13");
    let said = "fare.take_bps is -1: it must lie in 0 to 5000; wait.rings_max is 13: it must lie in 1 to 12";
    assert_eq!(Policy::parse(&both).err().as_deref(), Some(said));
    let unknown = BUILT_IN.replace("[wait]", "[wait]\nwings = 2");
    assert!(Policy::parse(&unknown).is_err_and(|why| why.contains("unknown field `wings`")));
}

#[test]
fn a_market_may_have_figures_of_its_own() {
    let own = format!("{BUILT_IN}\n[markets.yo.caps]\nfloor_bps = 0\nmost = 500\n");
    let policy = Policy::parse(&own).unwrap();
    assert_eq!(policy.of("yo").caps.caps().ceiling_bps, None, "an open market");
    assert_eq!(policy.of("sf").caps.caps().ceiling_bps, Some(20_000));
    assert_eq!(policy.of("yo").fare.currency, "USD", "what it does not name is as everywhere");
    let wrong = own.replace("most = 500", "most = 5");
    let said = "markets.yo.caps.most is 5: it must lie in 100 to 10000000000";
    assert_eq!(Policy::parse(&wrong).err().as_deref(), Some(said));
}
