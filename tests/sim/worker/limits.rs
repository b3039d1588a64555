//! Every bound of law 9 is reached, does what it says, and is counted; nothing is lost on the way.

use devkit::sim::World;
use kernel::{
    Millis, Record,
    contract::{Cause, DriverChanged, Progress, RideProgressed, RideRequested, Vehicle},
};
use runtime::{Bound, Limits, Time};

use super::{MARKET, Scene, named};

/// A scene with bounds of its own, in replayed time: nothing moves by itself.
fn scene(change: impl FnOnce(&mut Limits)) -> Scene {
    let mut limits = Limits::default();
    change(&mut limits);
    Scene::with(Time::Log { speed: 1 }, limits)
}

fn profile(driver: &str, at: Millis) -> DriverChanged {
    DriverChanged {
        driver: driver.to_owned(),
        at: at.0,
        registered_market: MARKET.to_owned(),
        market: MARKET.to_owned(),
        active: true,
        tier: None,
        vehicle: Vehicle::Sedan,
        rating_bps: 10_000,
        reliability_bps: 10_000,
    }
}

fn ask_all(scene: &mut Scene, count: i32) {
    for number in 0..count {
        scene.ask(&format!("r{number}"), 0);
    }
}

fn counted_all(scene: &Scene, count: i32) {
    let wanted: Vec<(String, i32)> = (0..count).map(|number| (format!("r{number}"), number + 1)).collect();
    assert_eq!(scene.counted(), wanted, "each once, in order");
}

#[test]
fn what_a_step_polls_is_bounded_and_the_rest_follows() {
    let mut scene = scene(|limits| limits.polled = 3);
    ask_all(&mut scene, 10);
    scene.run();
    counted_all(&scene, 10);
    assert!(scene.watch.total_bound(Bound::Polled) >= 3);
}

#[test]
fn work_in_hand_is_bounded_by_a_pause_of_its_topic() {
    let mut scene = scene(|limits| limits.asks_in_hand = 4);
    // Nothing can be decided before this is read.
    scene.world.borrow_mut().mute(RideProgressed::TOPIC.name, true);
    scene.tell(Progress::Arrived);
    ask_all(&mut scene, 10);
    scene.run();
    assert_eq!(scene.read(RideRequested::TOPIC.name), 4, "no more is polled");
    assert_eq!(scene.watch.total_bound(Bound::AsksInHand), 1, "counted once, not in each step");
    scene.world.borrow_mut().mute(RideProgressed::TOPIC.name, false);
    scene.run();
    counted_all(&scene, 10);
}

#[test]
fn a_request_waits_for_the_facts_before_it_though_they_take_more_than_one_transaction() {
    let mut scene = scene(|limits| limits.facts_taken = 1);
    (0..4).for_each(|_| scene.tell(Progress::Cancelled));
    scene.ask("ann", 0);
    scene.run();
    assert_eq!(scene.counted(), named(&[("ann", 5)]), "each of them counted one");
}

#[test]
fn bytes_in_hand_are_bounded_by_a_pause_too() {
    let mut scene = scene(|limits| limits.bytes_in_hand = 600);
    scene.world.borrow_mut().mute(RideProgressed::TOPIC.name, true);
    scene.tell(Progress::Arrived);
    ask_all(&mut scene, 10);
    scene.run();
    assert!(scene.read(RideRequested::TOPIC.name) < 10);
    assert_eq!(scene.watch.total_bound(Bound::BytesInHand), 1);
    scene.world.borrow_mut().mute(RideProgressed::TOPIC.name, false);
    scene.run();
    counted_all(&scene, 10);
}

#[test]
fn facts_and_poison_in_hand_are_bounded_each_by_a_pause_of_their_topics() {
    let mut scene = scene(|limits| {
        (limits.facts_in_hand, limits.facts_taken) = (3, 1);
        (limits.parked_in_hand, limits.parked_taken) = (3, 2);
    });
    for _ in 0..8 {
        scene.tell(Progress::Cancelled);
        scene.world.borrow_mut().append(RideProgressed::TOPIC.name, 0, MARKET.as_bytes(), Some(b"{}".to_vec()));
    }
    for _ in 0..4 {
        scene.run();
    }
    scene.ask("ann", 0);
    scene.run();
    assert_eq!(scene.counted(), super::named(&[("ann", 9)]), "each cancellation counted once");
    assert_eq!(scene.parked().len(), 8);
    for bound in [Bound::FactsInHand, Bound::FactsTaken] {
        assert!(scene.watch.total_bound(bound) > 0, "{bound:?}");
    }
}

#[test]
fn a_flood_of_poison_is_parked_in_pieces() {
    let mut scene = scene(|limits| (limits.parked_in_hand, limits.parked_taken, limits.asks_taken) = (4, 2, 2));
    let garbage =
        |scene: &Scene| scene.world.borrow_mut().append(RideRequested::TOPIC.name, 0, b"bern", Some(vec![1])).offset;
    let mut places: Vec<i64> = (0..3).map(|_| garbage(&scene)).collect();
    scene.world.borrow_mut().mute(RideProgressed::TOPIC.name, true);
    scene.tell(Progress::Arrived);
    ask_all(&mut scene, 1);
    places.extend((0..12).map(|_| garbage(&scene)));
    scene.run();
    assert!(scene.read(RideRequested::TOPIC.name) < 16, "poison behind what waits is bounded");
    scene.world.borrow_mut().mute(RideProgressed::TOPIC.name, false);
    scene.run();
    scene.run();
    counted_all(&scene, 1);
    let parked: Vec<i64> = scene.parked().into_iter().map(|(offset, _)| offset).collect();
    assert_eq!(parked, places, "each once");
    assert!(scene.watch.total_bound(Bound::ParkedInHand) > 0, "what waits behind a request");
    assert!(scene.watch.total_bound(Bound::ParkedTaken) > 0);
}

#[test]
fn a_transaction_takes_no_more_than_it_may() {
    let mut scene = scene(|limits| limits.asks_taken = 2);
    let before = scene.commits();
    ask_all(&mut scene, 6);
    scene.run();
    counted_all(&scene, 6);
    assert_eq!(scene.commits() - before, 3);
    assert_eq!(scene.watch.total_bound(Bound::AsksTaken), 2);
}

#[test]
fn polling_does_not_outrun_what_is_written() {
    let mut scene = scene(|limits| (limits.polled, limits.asks_taken) = (3, 2));
    scene.ask("first", 0);
    let before = scene.commits();
    scene.world.borrow_mut().slow(true);
    scene.until("the first is sent", |scene| !scene.worker.settled());
    // What follows is polled while it is written.
    ask_all(&mut scene, 50);
    scene.until("it is waited for once the next transaction is full", |scene| scene.commits() > before);
    let polled = scene.read(RideRequested::TOPIC.name);
    assert!((4..=1 + 2 * 2 + 3).contains(&polled), "{polled} polled before the first was written");
}

#[test]
fn what_is_too_large_to_read_or_to_write_is_parked() {
    let mut scene = scene(|limits| (limits.value_bytes, limits.output_bytes) = (4_000, 4_096 + 300));
    scene.ask(&"x".repeat(5_000), 0);
    scene.ask(&"y".repeat(1_000), 0);
    scene.ask("ann", 0);
    scene.run();
    assert_eq!(scene.parked(), [(0, Cause::Oversized), (1, Cause::Unencodable)]);
    assert_eq!(scene.counted(), super::named(&[("ann", 1)]));
    assert!(scene.watch.total_bound(Bound::ValueBytes) == 1 && scene.watch.total_bound(Bound::OutputBytes) >= 1);
}

#[test]
fn one_market_too_many_is_parked_and_the_others_go_on() {
    let mut scene = scene(|limits| limits.markets = 1);
    let request = World::encode(&scene.request("cork", "bob", 0)).unwrap();
    let stranger = scene.world.borrow_mut().append(RideRequested::TOPIC.name, 0, b"cork", Some(request)).offset;
    scene.ask("ann", 0);
    scene.run();
    assert_eq!(scene.parked(), [(stranger, Cause::OutOfRange)]);
    assert_eq!(scene.counted(), super::named(&[("ann", 1)]));
    assert_eq!(scene.watch.total_bound(Bound::Markets), 1);
}

#[test]
fn what_is_seen_of_one_entity_too_many_is_ignored() {
    let mut scene = scene(|limits| limits.view = 2);
    for number in 0..5 {
        let driver = format!("d{number}");
        let profile = World::encode(&profile(&driver, scene.now())).unwrap();
        scene.world.borrow_mut().append(DriverChanged::TOPIC.name, 0, driver.as_bytes(), Some(profile));
    }
    scene.run();
    assert_eq!(scene.worker.view().drivers, 2);
    assert_eq!(scene.watch.total_bound(Bound::View), 3);
    assert!(scene.parked().is_empty());
}

#[test]
fn poison_that_all_read_is_remembered_up_to_a_bound() {
    let mut scene = scene(|limits| limits.poison_global = 2);
    for _ in 0..5 {
        scene.world.borrow_mut().append(DriverChanged::TOPIC.name, 0, b"d", Some(b"{}".to_vec()));
    }
    scene.run();
    assert_eq!(scene.parked().len(), 5, "all of it is parked by who answers for it");
    assert_eq!(scene.watch.total_bound(Bound::PoisonGlobal), 3);
}

#[test]
fn a_refused_transaction_is_tried_again_in_smaller_pieces() {
    let mut scene = scene(|limits| limits.asks_taken = 8);
    ask_all(&mut scene, 8);
    scene.world.borrow_mut().faults.refused = 10_000;
    for _ in 0..8 {
        // Refused, or about to be.
        let _ = scene.step();
    }
    assert!(scene.watch.total_bound(Bound::Halved) >= 2);
    scene.world.borrow_mut().faults.refused = 0;
    let before = scene.commits();
    scene.run();
    counted_all(&scene, 8);
    assert!(scene.commits() - before >= 4, "in pieces of one, two, four");
}
