//! Who asks while commits fail: what was looked up of him stays with his request, for a while.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use devkit::sim::{Cluster, Faults, Rng, World};
use kernel::contract::{Consents, Loyalty, Point, PriceQuoted, QuoteRequested};
use kernel::{Millis, Record, Rules};
use pricing::{Policy, Quoting};
use runtime::{Count, Pace, Sound};

use super::Shaky;
use crate::quotes::{Street, read, same, settle};

/// No commit comes through.
const REFUSED: Faults = Faults { refused: 10_000, ..Faults::NONE };

/// Asks one after the other of one worker that remembers nobody.
struct Queue {
    world: Rc<RefCell<World>>,
    cluster: Cluster<Quoting, Sound>,
    street: Street,
    store: Arc<Shaky>,
}

impl Queue {
    fn new(seed: u64) -> Queue {
        let world = World::new(seed, 1, None, 0);
        let (policy, store) = (Arc::new(Policy::parse(pricing::BUILT_IN).unwrap()), Shaky::new(seed));
        let street = Street { world: world.clone(), rng: Rng::new(seed), number: 0, store: store.clone() };
        let mut cluster = Cluster::new(world.clone(), policy, (Pace::default(), 1), same);
        let shelf = store.clone();
        cluster.reading(move || shelf.reader(0));
        settle(&mut cluster).unwrap();
        Queue { world, cluster, street, store }
    }

    fn ask(&mut self, number: u32, rider: Option<&str>) {
        let place = Point { lat_e6: 46_948_000, lng_e6: 7_447_000 };
        let at = self.world.borrow().now().0;
        self.street.number = number;
        let asked = self.street.asked("bern", (at, place));
        let rider = rider.map_or(asked.rider.clone(), str::to_owned);
        let asked = QuoteRequested { quote: format!("q{number}"), at, rider, ..asked };
        self.world.borrow_mut().produce("bern", &asked).unwrap();
    }

    /// Commits fail until the store was asked so often, for so long at most; how long it took.
    fn refused(&mut self, reads: usize, most: Millis) -> Millis {
        self.world.borrow_mut().faults = REFUSED;
        let begun = self.world.borrow().now();
        let since = |queue: &Queue| queue.world.borrow().now().since(begun);
        while self.store.reads() < reads && since(self) < most {
            self.cluster.step().unwrap();
        }
        since(self)
    }

    /// All goes well until each has its answer: quotes with the version of the rider that each was made by.
    fn answers(&mut self) -> Vec<(String, Option<i64>)> {
        self.world.borrow_mut().faults = Faults::NONE;
        settle(&mut self.cluster).unwrap();
        let version = |quoted: &PriceQuoted| Some(quoted.inputs.as_ref()?.rider_place.as_ref()?.offset);
        let all = self.world.borrow().committed(PriceQuoted::TOPIC.name);
        all.iter()
            .map(|raw| read(raw).unwrap())
            .map(|quoted: PriceQuoted| (quoted.quote.clone(), version(&quoted)))
            .collect()
    }

    /// Ann asked and was looked up, nothing was committed, and she rose since.
    fn promoted(seed: u64) -> Queue {
        let mut queue = Queue::new(seed);
        queue.store.steady();
        queue.becomes(Loyalty::Silver);
        queue.ask(1, Some("ann"));
        queue.refused(1, Millis(5_000));
        queue.becomes(Loyalty::Gold);
        queue
    }

    fn becomes(&self, loyalty: Loyalty) {
        self.store.becomes("ann", Some(loyalty), Consents { personal_price: true, marketing: false });
    }
}

/// Nothing is remembered: still each ask is looked up once.
#[test]
fn a_turn_that_is_tried_again_is_decided_from_the_same_facts() {
    for seed in 0..20 {
        let mut queue = Queue::new(seed);
        let mut aborts = 0;
        for asked in 1..=30 {
            queue.ask(asked, None);
            queue.world.borrow_mut().faults = Faults::REFUSALS;
            (0..60).for_each(|_| queue.cluster.step().unwrap());
            queue.answers();
            // The pause after a read that failed is over.
            queue.world.borrow_mut().pass(Millis(1_000));
            aborts = queue.cluster.watch.total(Count::Aborts);
            assert_eq!(queue.store.reads(), asked as usize, "seed {seed}, {aborts} aborts");
        }
        assert!(aborts > 10, "seed {seed}: {aborts} aborts");
        assert_eq!(queue.answers().len(), 30);
    }
}

/// He is another when he asks again; what he was when he asked first holds for his first ask.
#[test]
fn who_asks_again_changes_nothing_of_his_first_ask() {
    for seed in 0..20 {
        let mut queue = Queue::promoted(seed);
        queue.ask(2, Some("ann"));
        queue.refused(2, Millis(5_000));
        let (answers, reads) = (queue.answers(), queue.store.reads());
        assert_eq!(answers.first(), Some(&("q1".to_owned(), Some(0))), "seed {seed}, {reads} reads: {answers:?}");
        assert_eq!((answers.len(), reads), (2, 2), "seed {seed}");
    }
}

#[test]
fn what_waits_for_half_a_minute_is_looked_up_again() {
    for seed in 0..10 {
        let mut queue = Queue::promoted(seed);
        let waited = queue.refused(2, Millis(60_000));
        assert!((29_000..45_000).contains(&waited.0), "seed {seed}: {} ms", waited.0);
        assert_eq!(queue.answers(), [("q1".to_owned(), Some(1))], "seed {seed}");
    }
}
