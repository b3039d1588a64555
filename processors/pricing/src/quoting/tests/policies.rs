//! The policy: the built-in one is sound, and what is wrong with another is named with its range, all at once.

use kernel::contract::PriceQuoted;
use kernel::{Processor, Rules, geo};

use super::{DROPOFF, PICKUP, Quoting, START, Stage, ask, priced, quotes};
use crate::fit::{Learned, Local, section};
use crate::{BUILT_IN, Policy, reprice, requote};

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

/// The built-in policy with rows in its `[demand]`.
fn with_rows(rows: &str) -> String {
    assert!(BUILT_IN.contains("local = []"));
    BUILT_IN.replacen("local = []", &format!("local = [{rows}]"), 1)
}

#[test]
fn demand_is_that_of_cell_and_hour_else_of_the_cell_else_of_the_hour_else_of_the_market() {
    let (cell, mut ring) = (geo::cell(PICKUP), Vec::new());
    geo::ring(cell, 1, &mut ring);
    let next = ring[0];
    let row = |what: &str, slope: u32| format!("{{ {what}, odds = 1, slope = {slope}, error = 0.5 }}");
    let rows = [
        row("hour = 17", 7),
        row(&format!("cell = \"{cell:x}\""), 5),
        row(&format!("hour = 17, cell = \"{cell:x}\""), 9),
        row(&format!("cell = \"{next:x}\""), 4),
    ];
    let policy = Policy::parse(&with_rows(&rows.join(", "))).unwrap();
    let (other, hour) = (geo::cell(DROPOFF), 3_600_000);
    let slope = |cell, at| policy.demand(super::MARKET, (cell, at), 0)[1];
    assert_eq!(slope(cell, START), 9_000_000, "17:00 in San Francisco");
    assert_eq!(slope(cell, START + hour - 1), 9_000_000);
    assert_eq!(slope(cell, START + hour), 5_000_000);
    assert_eq!(slope(cell, START - 1), 5_000_000);
    assert_eq!(slope(other, START), 7_000_000);
    assert_eq!(slope(next, START), 4_000_000, "a place says more than an hour");
    assert_eq!(slope(other, START + 24 * hour), 7_000_000, "a day later too");
    assert_eq!(policy.demand(super::MARKET, (other, START + hour), 0), [900_000, 3_000_000, 1_000_000, 50_000]);
    assert_eq!(
        policy.demand(super::MARKET, (cell, START), 0),
        [1_000_000, 9_000_000, 500_000, 50_000],
        "waiting is as everywhere"
    );
}

#[test]
fn a_quote_tells_the_figures_of_its_row_and_is_made_again_from_them() {
    let cell = geo::cell(PICKUP);
    let policy =
        Policy::parse(&with_rows(&format!("{{ cell = \"{cell:x}\", odds = 2, slope = 1, error = 0 }}"))).unwrap();
    let mut stage = Stage::with(2);
    let turn = stage.gathered(1, &[ask("a", 1)], &[]);
    let outputs = Quoting::decide(&turn, &stage.view, &policy);
    let here = quotes(&outputs).remove(0);
    let inputs = here.inputs.as_ref().unwrap();
    assert_eq!([inputs.odds_e6, inputs.slope_e6, inputs.error_e6, inputs.wait_e6], [2_000_000, 1_000_000, 0, 50_000]);
    assert_eq!(requote(&here, &policy), Ok(here.clone()));
    let there = stage.play(1, &[ask("a", 1)], &[]).remove(0);
    let chosen = |quoted: &PriceQuoted| priced(quoted).chosen.fare_minor;
    assert!(chosen(&here) > chosen(&there), "riders who mind the price less pay more");
    // What the other policy would have said of it, but for exploration.
    let again = reprice(&there, &policy).unwrap();
    assert_eq!((chosen(&again), priced(&again).propensity_bps), (chosen(&here), 10_000));
}

#[test]
fn rows_that_cannot_be_are_named() {
    let row = |what: &str| with_rows(&format!("{{ {what} }}"));
    let figures = "odds = 1, slope = 2, error = 0.5";
    let cases = [
        (row(&format!("hour = 24, {figures}")), "demand.local, hour 24: hour is 24: it must lie in 0 to 23"),
        (
            row("hour = 3, odds = 1, slope = 0, error = 0.5"),
            "demand.local, hour 3: slope is 0: it must lie in 0.05 to 20",
        ),
        (row(figures), "demand.local has a row without cell and hour: name one, or both"),
        (
            with_rows(&format!("{{ hour = 3, {figures} }}, {{ hour = 3, {figures} }}")),
            "demand.local has two rows for cell any and hour 3: keep one",
        ),
        (
            BUILT_IN.replacen("utc_offset_minutes = -420", "utc_offset_minutes = 841", 1),
            "demand.utc_offset_minutes is 841: it must lie in -720 to 840",
        ),
    ];
    for (text, said) in cases {
        assert_eq!(Policy::parse(&text).err().as_deref(), Some(said));
    }
    let rows: Vec<String> = (0..1_025).map(|_| format!("{{ hour = 3, {figures} }}")).collect();
    let many = Policy::parse(&with_rows(&rows.join(","))).unwrap_err();
    assert!(many.starts_with("demand.local has 1025 rows: it may have 1024; "), "{many}");
    let nowhere = Policy::parse(&row(&format!("cell = \"xyz\", {figures}"))).unwrap_err();
    assert!(nowhere.contains("\"xyz\"") && nowhere.contains("H3 cell of resolution 8"), "{nowhere}");
}

#[test]
fn a_section_that_was_learned_is_a_policys() {
    let learned = Learned {
        odds: 7.0,
        slope: -1.0,
        error: 0.25,
        wait: 0.01,
        surge: 0.8,
        elasticity: 0.0,
        elasticity_error: 0.0,
        quotes: 1,
        accepted: 1,
        moved: 1,
    };
    let row = Local { cell: Some(geo::cell(PICKUP)), hour: Some(17), odds: 1.5, slope: 2.25, error: 0.75, quotes: 300 };
    let own = format!("{BUILT_IN}\n{}", section(Some("new \"york\""), &learned, &[row], -420));
    let policy = Policy::parse(&own).unwrap();
    assert_eq!(policy.demand("new \"york\"", (0, 0), 0), [5_000_000, 50_000, 250_000, 10_000], "inside the ranges");
    assert_eq!(policy.demand("new \"york\"", (geo::cell(PICKUP), START), 5_000)[..2], [1_900_000, 2_250_000]);
    assert_eq!(policy.demand("sf", (0, 0), 0)[1], 3_000_000);
}
