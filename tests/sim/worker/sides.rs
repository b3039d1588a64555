//! What does not work stops only what needs it: the registry, a market, a partition; and what goes on beside it.

use std::time::Duration;

use devkit::sim::World;
use kernel::{
    Record,
    contract::{Cause, MatchDecided, PolicyChanged, Progress, RecordParked, RideProgressed, RideRequested},
};
use runtime::{Count, Limits, Time, log::Raw};

use super::{MARKET, Scene};

fn scene() -> Scene {
    Scene::with(Time::Log { speed: 1 }, Limits::default())
}

#[test]
fn what_needs_the_registry_waits_and_the_rest_goes_on() {
    let mut scene = scene();
    scene.ask("ann", 0);
    scene.run();
    // Only a schema that nobody knows yet must be asked for.
    scene.world.borrow_mut().forget_schema(RideProgressed::TOPIC.name);
    scene.tell(Progress::Cancelled);
    scene.run();
    assert_eq!(scene.worker.waiting(), 1);
    assert_eq!(scene.worker.trouble().map(runtime::log::Fault::side), Some("registry"));
    scene.pass(1_000);
    scene.tick();
    scene.run();
    assert_eq!(scene.watch.now()[MARKET], scene.now(), "ticks are read meanwhile");
    scene.world.borrow_mut().learn_schemas();
    scene.pass(10_000);
    scene.run();
    scene.ask("bob", 0);
    scene.run();
    assert_eq!(scene.counted(), super::named(&[("ann", 1), ("bob", 3)]), "the cancellation was not lost");
    assert!(scene.parked().is_empty() && scene.worker.trouble().is_none());
}

#[test]
fn a_worker_that_waits_for_a_predecessor_does_not_say_that_it_goes_on() {
    // One at a time, so that there is something to poll until the transaction is written.
    let mut scene = Scene::with(Time::Live, Limits { polled: 1, ..Limits::default() });
    assert!(scene.worker.steady());
    scene.ask("ann", 0);
    scene.world.borrow_mut().slow(true);
    scene.until("it is sent", |scene| !scene.worker.settled());
    for number in 0..40 {
        scene.ask("bob", number);
    }
    scene.until("it is written", |scene| scene.world.borrow().open() > 0);
    scene.succeed();
    assert!(!scene.worker.steady(), "it is no member yet");
    for _ in 0..5 {
        scene.step().unwrap();
        assert!(!scene.worker.steady(), "a transaction is open: {}", scene.world.borrow().open());
    }
    scene.world.borrow_mut().slow(false);
    scene.pass(60_000);
    scene.run();
    assert!(scene.worker.steady());
}

#[test]
fn what_retention_deletes_before_it_is_read_is_counted_and_the_rest_is_decided() {
    let lost = |scene: &Scene| scene.watch.total(Count::Lost);
    let mut scene = scene();
    scene.ask("ann", 0);
    scene.run();
    // Some offsets are passed over by nothing but markers.
    scene.pass(1_000);
    scene.tick();
    scene.run();
    assert_eq!(lost(&scene), 0);
    scene.world.borrow_mut().mute(RideRequested::TOPIC.name, true);
    for number in 0..5 {
        scene.ask("bob", number);
    }
    scene.world.borrow_mut().trim(RideRequested::TOPIC.name, 0, 4);
    scene.world.borrow_mut().mute(RideRequested::TOPIC.name, false);
    scene.pass(1_000);
    scene.tick();
    scene.run();
    assert_eq!(scene.counted(), super::named(&[("ann", 1), ("bob", 2), ("bob", 3)]));
    assert_eq!(lost(&scene), 3, "of the five two are left");
}

#[test]
fn a_topic_that_was_created_anew_is_given_up_and_told() {
    let mut scene = scene();
    scene.ask("ann", 0);
    scene.run();
    scene.world.borrow_mut().recreate(RideRequested::TOPIC.name);
    let told = (0..20).find_map(|_| {
        scene.pass(300);
        scene.step().err()
    });
    let told = told.expect("it was told").to_string();
    assert!(told.starts_with("ride.requested/0 ends before what was read of it"), "{told}");
    assert!(scene.worker.live().is_empty() && !scene.worker.steady());
}

#[test]
fn a_transaction_waits_for_its_interval_unless_it_is_full() {
    let limits = Limits { asks_taken: 3, ..Limits::default() };
    let mut scene = Scene::paced(Time::Log { speed: 1 }, limits, Duration::from_millis(100));
    scene.pass(100);
    scene.ask("ann", 0);
    scene.run();
    let before = scene.commits();
    scene.ask("bob", 0);
    scene.pass(50);
    scene.run();
    assert_eq!(scene.commits(), before, "half of the interval is left");
    scene.pass(50);
    scene.run();
    assert_eq!(scene.commits(), before + 1);
    for rider in ["cid", "dan", "eve"] {
        scene.ask(rider, 0);
    }
    scene.run();
    assert_eq!(scene.commits(), before + 2, "a full one goes at once");
    assert_eq!(scene.counted().len(), 5);
}

#[test]
fn a_trace_goes_on_from_the_record_that_led_to_a_decision() {
    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let mut scene = scene();
    let traced = |scene: &Scene, value: Vec<u8>| {
        let headers = vec![("traceparent".to_owned(), Some(PARENT.as_bytes().to_vec())), ("other".to_owned(), None)];
        scene.world.borrow_mut().append_with(RideRequested::TOPIC.name, 0, (MARKET.as_bytes(), headers), Some(value))
    };
    let request = World::encode(&scene.request(MARKET, "ann", 0)).unwrap();
    traced(&scene, request);
    traced(&scene, vec![1]);
    scene.ask("bob", 0);
    scene.run();
    let header = |raw: &Raw| raw.headers.first().and_then(|(_, value)| value.clone()).map(String::from_utf8);
    let decided = scene.world.borrow().committed(MatchDecided::TOPIC.name);
    let trace = header(&decided[0]).unwrap().unwrap();
    assert_eq!((&trace[..36], &trace[52..]), (&PARENT[..36], "-01"), "the same trace");
    assert_ne!(&trace[36..52], &PARENT[36..52], "another span");
    assert_eq!(header(&decided[1]), None);
    let parked = scene.world.borrow().committed("record.parked");
    assert!(header(&parked[0]).unwrap().unwrap().starts_with(&PARENT[..36]));
    let record = &scene.all::<RecordParked>()[0];
    assert_eq!(record.headers.len(), 2, "all its headers are kept");
}

#[test]
fn a_published_policy_that_breaks_a_rule_is_parked_and_changes_nothing() {
    let mut scene = scene();
    let changed = PolicyChanged {
        policy: "tally@2".to_owned(),
        processor: "tally".to_owned(),
        version: 2,
        effective_from: scene.now().0 + 30_000,
        author: "ann".to_owned(),
        reason: "why not".to_owned(),
        text: "anything".to_owned(),
        hash: String::new(),
    };
    let value = World::encode(&changed).unwrap();
    // The unit policy knows one version only: 0.
    let offset = scene.world.borrow_mut().append(PolicyChanged::TOPIC.name, 0, b"tally@2", Some(value)).offset;
    scene.run();
    assert_eq!(scene.parked(), [(offset, Cause::OutOfRange)]);
    scene.ask("ann", 0);
    scene.run();
    assert_eq!(scene.counted(), super::named(&[("ann", 1)]));
}
