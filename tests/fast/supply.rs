//! What an action on supply is said to do, against what it does in a world that knows nothing of how that is said.

mod city;
mod scenario;
mod verdict;
mod world;

use pricing::allocate::{Bounds, propose};
use scenario::Scenario;
use verdict::{Verdict, judge, realised};

/// The scenarios before these are those by which the errors of `impact` were measured.
const FROM: u64 = 3_000;

/// What a variable says, or `least`: `SUPPLY_SCENARIOS` of each kind, with `SUPPLY_SEEDS` paired runs each.
fn set(variable: &str, least: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).map_or(least, |more: u64| more.max(least))
}

fn judged(kind: &str, least: u64, scenario: impl Fn(u64) -> Scenario + Sync) -> Verdict {
    let verdict = judge(FROM..FROM + set("SUPPLY_SCENARIOS", 100), set("SUPPLY_SEEDS", least), scenario);
    eprintln!("{kind}: {verdict}");
    verdict
}

#[test]
fn what_an_action_is_said_to_do_it_does_in_made_cities() {
    judged("made cities", 100, scenario::made).holds(&["served", "wait", "margin"]);
}

#[test]
fn what_an_action_is_said_to_do_it_does_in_a_recorded_city() {
    let Some(recorded) = scenario::recorded() else { return };
    // What is true is one hour as it was, not its mean: how often intervals cover, and the sign of rides served, are told, not held.
    judged("recorded city", 60, |number| recorded.scenario(number)).signs(&["wait", "margin"]);
}

#[test]
fn proposed_moves_shorten_the_wait_and_serve_no_fewer() {
    let bounds = Bounds { drivers: 10, share_bps: 5_000, pay: 0, minute: 30, least: 20 };
    let (mut cities, mut shorter, mut said) = (0, 0, 0.0);
    let (mut wait, mut served) = ((0.0, 0.0), (0.0, 0.0));
    for number in FROM * 2..FROM * 2 + 12 {
        let scenario = scenario::made(number);
        let found = propose(&scenario.market, bounds).unwrap();
        if found.moves.is_empty() {
            continue;
        }
        let done = realised(&scenario, &found.moves, 80);
        cities += 1;
        shorter += u64::from(done[1].0 < 0.0);
        said += found.impact.wait_ms.mid as f64;
        wait = (wait.0 + done[1].0, wait.1 + done[1].1 * done[1].1);
        served = (served.0 + done[0].0, served.1 + done[0].1 * done[0].1);
    }
    let mean = f64::from(cities);
    eprintln!(
        "proposals in {cities} cities: wait {:.0} ms said, {:.0} +- {:.0} done, shorter in {shorter}; rides {:+.2} +- {:.2}",
        said / mean,
        wait.0 / mean,
        wait.1.sqrt() / mean,
        served.0 / mean,
        served.1.sqrt() / mean,
    );
    assert!(cities >= 8 && wait.0 < -3.0 * wait.1.sqrt(), "no shorter wait");
    assert!(served.0 > -2.0 * served.1.sqrt(), "fewer are served");
}
