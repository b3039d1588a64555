//! The worker alone, with the smallest processor, on a log where nothing goes wrong unless it is said.

mod limits;
mod sides;
mod tally;

use std::{cell::RefCell, rc::Rc, sync::Arc, time::Duration};

use devkit::sim::{SimLog, SimSchemas, World};
use kernel::{
    Millis, Record,
    codec::Datum,
    contract::{
        Cause, MarketTicked, MatchDecided, Point, Progress, RecordParked, RideProgressed, RideRequested, Service,
    },
    wire,
};
use runtime::{
    Count, Counts, Limits, Pace, Time, Watch, Worker,
    log::{Fault, Log},
};

use tally::{RIPENS, Tally};

const MARKET: &str = "bern";

struct Scene {
    world: Rc<RefCell<World>>,
    worker: Worker<Tally, SimLog, SimSchemas>,
    watch: Arc<Watch>,
    began: Millis,
    workers: usize,
    pace: Pace,
}

impl Scene {
    fn new(time: Time) -> Scene {
        Scene::with(time, Limits::default())
    }

    fn with(time: Time, limits: Limits) -> Scene {
        Scene::paced(time, limits, Duration::ZERO)
    }

    fn paced(time: Time, limits: Limits, interval: Duration) -> Scene {
        let world = World::new(1, 1, None, 0);
        let began = world.borrow().now();
        let pace = Pace { time, wait: Duration::ZERO, interval, limits };
        let watch = Arc::<Watch>::default();
        let worker = hire(&world, (pace, 0), &watch);
        let mut scene = Scene { world, worker, watch, began, workers: 1, pace };
        scene.tick();
        scene.run();
        scene
    }

    /// Steps until nothing changes any more.
    fn run(&mut self) {
        for _ in 0..20 {
            self.step().unwrap();
        }
    }

    /// Steps until something holds.
    fn until(&mut self, what: &str, holds: impl Fn(&Scene) -> bool) {
        for _ in 0..100 {
            if holds(self) {
                return;
            }
            self.step().unwrap();
        }
        panic!("it never came to it: {what}");
    }

    fn step(&mut self) -> Result<bool, Fault> {
        let elapsed = self.now().since(self.began).0;
        self.worker.step(Duration::from_millis(elapsed as u64))
    }

    /// How far the worker read a topic.
    fn read(&mut self, topic: &str) -> i64 {
        let positions = self.worker.log().positions().unwrap();
        positions.iter().find(|(name, ..)| *name == topic).map_or(0, |(_, _, next)| *next)
    }

    /// The worker dies, and another takes over at once.
    fn replace(&mut self) {
        self.succeed();
        self.run();
    }

    /// The same, and the other did not begin yet.
    fn succeed(&mut self) {
        self.worker = hire(&self.world, (self.pace, self.workers), &self.watch);
        self.world.borrow_mut().bury(self.workers - 1);
        self.workers += 1;
    }

    fn now(&self) -> Millis {
        self.world.borrow().now()
    }

    fn pass(&self, ms: i64) {
        self.world.borrow_mut().pass(Millis(ms));
    }

    fn tick(&self) {
        self.produce(&MarketTicked { market: MARKET.to_owned(), at: self.now().0 });
    }

    fn produce<R: Record>(&self, record: &R) -> i64 {
        self.world.borrow_mut().produce(MARKET, record).unwrap().offset
    }

    /// A request by `rider`, stamped `ahead` of the broker's clock.
    fn ask(&self, rider: &str, ahead: i64) -> i64 {
        self.produce(&self.request(MARKET, rider, ahead))
    }

    fn request(&self, market: &str, rider: &str, ahead: i64) -> RideRequested {
        let nowhere = Point { lat_e6: 0, lng_e6: 0 };
        RideRequested {
            ride: format!("{rider}-{ahead}"),
            at: self.now().0 + ahead,
            market: market.to_owned(),
            rider: rider.to_owned(),
            pickup: nowhere,
            dropoff: nowhere,
            service: Service::Standard,
            tier: None,
            quote: None,
        }
    }

    fn tell(&self, progress: Progress) {
        self.produce(&RideProgressed {
            event: "e".to_owned(),
            at: self.now().0,
            market: MARKET.to_owned(),
            ride: "r".to_owned(),
            revision: None,
            driver: None,
            progress,
            by: None,
            why: None,
            charged_minor: None,
            paid_minor: None,
            currency: None,
            distance_m: None,
            duration_s: None,
            tolls_minor: None,
            wait_s: None,
            payment: None,
            bill: None,
        });
    }

    fn all<R: Record>(&self) -> Vec<R> {
        let read = |value: Vec<u8>| {
            let (_, bytes) = wire::split(&value).unwrap();
            Datum { bytes, schema: R::schema() }.read().unwrap()
        };
        self.world.borrow().committed(R::TOPIC.name).into_iter().filter_map(|raw| raw.value).map(read).collect()
    }

    /// Riders that were counted, and with which count.
    fn counted(&self) -> Vec<(String, i32)> {
        let decided: Vec<MatchDecided> = self.all();
        decided.into_iter().map(|step| (step.rider.unwrap(), step.revision.unwrap())).collect()
    }

    fn parked(&self) -> Vec<(i64, Cause)> {
        let parked: Vec<RecordParked> = self.all();
        parked.into_iter().map(|record| (record.place.offset, record.cause)).collect()
    }

    fn commits(&self) -> u64 {
        self.watch.total(Count::Commits)
    }
}

fn hire(
    world: &Rc<RefCell<World>>,
    (pace, who): (Pace, usize),
    watch: &Arc<Watch>,
) -> Worker<Tally, SimLog, SimSchemas> {
    let mut log = SimLog::open::<Tally>(world, who, who);
    let counts = Counts::read::<Tally>(&mut log).unwrap();
    Worker::new(log, SimSchemas(world.clone()), Arc::new(()), (pace, counts), watch.clone())
}

fn named(counts: &[(&str, i32)]) -> Vec<(String, i32)> {
    counts.iter().map(|(rider, count)| ((*rider).to_owned(), *count)).collect()
}

#[test]
fn a_record_whose_decision_fails_is_parked_alone() {
    for (rider, cause) in [("panic", Cause::Panicked), ("mute", Cause::Unencodable)] {
        let mut scene = Scene::new(Time::Live);
        scene.ask("ann", 0);
        scene.ask("bob", 0);
        let culprits = [scene.ask(rider, 0), scene.ask(rider, 1)];
        scene.ask("cid", 0);
        scene.run();
        assert_eq!(scene.counted(), named(&[("ann", 1), ("bob", 2), ("cid", 3)]));
        assert_eq!(scene.parked(), culprits.map(|offset| (offset, cause)));
        scene.replace();
        scene.ask("ann", 1);
        scene.run();
        assert_eq!(scene.counted().last(), named(&[("ann", 4)]).first(), "a successor goes on where it ended");
        assert_eq!(scene.parked().len(), 2, "and parks nothing again");
    }
}

#[test]
fn an_oversized_record_is_parked_unread() {
    let mut scene = Scene::new(Time::Live);
    let value = vec![0; 256 * 1024 + 1];
    scene.world.borrow_mut().append(RideRequested::TOPIC.name, 0, MARKET.as_bytes(), Some(value));
    scene.run();
    assert_eq!(scene.parked(), [(0, Cause::Oversized)]);
}

#[test]
fn a_record_from_the_future_or_of_yesterday_is_parked() {
    const DAY: i64 = 86_400_000;
    // Ahead of the broker's clock; in replayed time ahead of the market's, which the third one moved on.
    for (time, most) in [(Time::Live, 5_000), (Time::Log { speed: 1 }, 10_000)] {
        let mut scene = Scene::new(time);
        // Still inside the window when the third one has moved the market's time.
        scene.ask("ann", 5_000 - DAY);
        let late = scene.ask("bob", -DAY - 1);
        scene.ask("cid", 5_000);
        scene.run();
        let early = scene.ask("dan", most + 1);
        scene.run();
        assert_eq!(scene.counted(), named(&[("ann", 1), ("cid", 2)]), "{time:?}");
        assert_eq!(scene.parked(), [(late, Cause::TooOld), (early, Cause::FromTheFuture)], "{time:?}");
    }
}

#[test]
fn facts_that_change_nothing_take_no_transaction() {
    let mut scene = Scene::new(Time::Live);
    let before = scene.commits();
    scene.tell(Progress::Arrived);
    scene.run();
    assert_eq!(scene.commits(), before);
    scene.tell(Progress::Cancelled);
    scene.run();
    assert_eq!(scene.commits(), before + 1);
    scene.replace();
    scene.ask("ann", 0);
    scene.run();
    assert_eq!(scene.counted(), named(&[("ann", 2)]), "the cancellation counted once");
}

#[test]
fn what_is_committed_after_its_partition_went_away_is_no_part_of_the_view() {
    // One at a time, so that there is something to poll until the transaction is written.
    let mut scene = Scene::with(Time::Live, Limits { polled: 1, ..Limits::default() });
    scene.ask("ann", 0);
    scene.world.borrow_mut().slow(true);
    scene.until("it is sent", |scene| !scene.worker.settled());
    for number in 0..40 {
        scene.ask("bob", number);
    }
    let before = scene.commits();
    scene.until("it is written", |scene| scene.world.borrow().open() > 0);
    scene.world.borrow_mut().expel(0);
    scene.until("it is committed", |scene| scene.worker.settled());
    assert_eq!(scene.commits(), before + 1, "it was written before the group knew");
    assert!(scene.worker.live().is_empty() && scene.worker.view().counts.is_empty());
}

#[test]
fn a_request_waits_for_the_facts_that_were_there_before_it() {
    let mut scene = Scene::new(Time::Log { speed: 1 });
    let facts = RideProgressed::TOPIC.name;
    scene.world.borrow_mut().mute(facts, true);
    scene.tell(Progress::Cancelled);
    scene.ask("ann", 0);
    scene.run();
    assert_eq!(scene.counted(), named(&[]), "its fact was not read");
    scene.world.borrow_mut().mute(facts, false);
    scene.run();
    assert_eq!(scene.counted(), named(&[("ann", 2)]));
    assert!(!scene.all::<MatchDecided>()[0].stale);
}

#[test]
fn after_thirty_seconds_it_waits_no_longer_and_says_so() {
    let mut scene = Scene::new(Time::Log { speed: 1 });
    scene.world.borrow_mut().mute(RideProgressed::TOPIC.name, true);
    scene.tell(Progress::Cancelled);
    scene.ask("ann", 0);
    scene.run();
    scene.pass(29_900);
    scene.run();
    assert_eq!(scene.counted(), named(&[]));
    scene.pass(100);
    scene.run();
    assert_eq!(scene.counted(), named(&[("ann", 1)]));
    assert!(scene.all::<MatchDecided>()[0].stale);
}

#[test]
fn living_time_moves_by_itself_and_replayed_time_by_ticks() {
    for (time, moves) in [(Time::Live, true), (Time::Log { speed: 1 }, false)] {
        let mut scene = Scene::new(time);
        scene.ask("ann", 0);
        // The first pulse only sees where the inputs end.
        scene.pass(500);
        scene.run();
        let before = scene.watch.now()[MARKET];
        for _ in 0..4 {
            scene.pass(500);
            scene.run();
        }
        let after = scene.watch.now()[MARKET];
        assert_eq!(after.since(before), Millis(if moves { 2_000 } else { 0 }), "{time:?}");
        scene.pass(1_000);
        scene.tick();
        scene.run();
        assert!(scene.watch.now()[MARKET].0 >= scene.now().0, "{time:?}: a tick moves it");
    }
}

#[test]
fn a_transaction_born_of_a_tick_carries_every_position() {
    let mut scene = Scene::new(Time::Log { speed: 1 });
    scene.ask("ann", 0);
    scene.run();
    let (work, ticks) = (RideRequested::TOPIC.name, MarketTicked::TOPIC.name);
    assert_eq!(scene.world.borrow().position(ticks, 0), Some(1));
    let before = scene.commits();
    scene.pass(RIPENS.0);
    scene.tick();
    scene.run();
    assert_eq!(scene.commits(), before + 1, "time alone decides something");
    assert_eq!(scene.world.borrow().position(ticks, 0), Some(2));
    assert_eq!(scene.world.borrow().position(work, 0), Some(1));
}

#[test]
fn what_all_read_is_read_once_for_all_partitions() {
    let mut scene = Scene::new(Time::Live);
    let poison = scene.world.borrow_mut().append("driver.changed", 0, b"d", Some(b"{}".to_vec())).offset;
    scene.run();
    scene.replace();
    scene.replace();
    assert_eq!(scene.parked(), [(poison, Cause::WrongMagic)]);
    assert_eq!(scene.worker.view().drivers, 0);
}
