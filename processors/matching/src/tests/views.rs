//! What the view takes in, and in which order it counts.

use kernel::Processor;
use kernel::contract::DriverChanged;

use super::{MARKET, START, Stage, ask, decisions, near, ping, profile, tell};
use crate::{Matching, Output, Seen, View};

#[test]
fn a_slash_in_the_id_of_a_ride_or_driver_is_restored_as_it_was_kept() {
    let drivers = ["d/ride/1", "d/driver/2", "/d"];
    let mut stage = Stage::with(&drivers);
    stage.play(0, &[ask("a/driver/b", 0), ask("a/ride/b", 0), ask("/r/", 0)]);
    let mut rebuilt = View::default();
    let mut entities = Vec::new();
    for output in &stage.outputs {
        if let Output::Kept(kept) = output {
            Matching::restore(&mut rebuilt, MARKET, &kept.entity, Some(kept));
            entities.push(kept.entity.clone());
        }
    }
    assert_eq!(entities.len(), 6);
    for driver in drivers {
        rebuilt.see("", Seen::Changed(Box::new(profile(driver))), usize::MAX);
    }
    assert_eq!(rebuilt.kept(MARKET), stage.view.kept(MARKET));
    entities.iter().for_each(|entity| Matching::restore(&mut rebuilt, MARKET, entity, None));
    assert_eq!(rebuilt.kept(MARKET), View::default().kept(MARKET));
}

/// What a ride is told when of these profiles of the nearest driver the market was sent one after the other.
fn offered(profiles: &[DriverChanged]) -> String {
    let mut stage = Stage::with(&["d1"]);
    profiles.iter().for_each(|profile| stage.see(Seen::Changed(Box::new(profile.clone()))));
    stage.see(Seen::Located(ping("d1", START, near(1))));
    decisions(&stage.play(0, &[ask("r1", 0)])).map(tell).collect()
}

#[test]
fn an_older_profile_never_replaces_a_newer_and_of_equal_ones_the_later_counts() {
    let active = |at: i64, active: bool| DriverChanged { at: START + at, active, ..profile("d1") };
    let (free, barred) = ("r1 0 Offered Best d1", "r1 0 Waiting Nobody nobody");
    assert_eq!(offered(&[active(1, false)]), barred);
    assert_eq!(offered(&[active(2, true), active(1, false)]), free);
    assert_eq!(offered(&[active(2, false), active(1, true)]), barred);
    assert_eq!(offered(&[active(2, true), active(2, false)]), barred);
    assert_eq!(offered(&[active(2, false), active(2, true)]), free);
}

#[test]
fn where_a_driver_was_registered_stays_so_for_life() {
    let elsewhere = DriverChanged { registered_market: "la".into(), at: START + 1, ..profile("d1") };
    assert_eq!(offered(std::slice::from_ref(&elsewhere)), "r1 0 Offered Best d1");
    let back = DriverChanged { at: START + 2, active: false, ..elsewhere };
    assert_eq!(offered(&[back]), "r1 0 Waiting Nobody nobody", "the rest of it counts");
}
