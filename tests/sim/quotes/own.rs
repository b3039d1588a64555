//! Own answers are read on a take-over only, and stand for a clock that is not kept each time.

use std::{cell::RefCell, collections::BTreeSet, rc::Rc, sync::Arc};

use devkit::sim::{Cluster, Faults, Rng, World};
use kernel::contract::{Point, PriceQuoted, QuoteOutcome, QuoteRequested, RecordParked};
use kernel::{Millis, Record, Rules};
use pricing::{Policy, Quoting};
use runtime::{Limits, Pace, Sound};

use super::Shaky;
use crate::quotes::{Street, place, read, same, settle};

const A_MINUTE: Millis = Millis(60_000);

/// One worker after the other, on one partition.
struct Desk {
    world: Rc<RefCell<World>>,
    cluster: Cluster<Quoting, Sound>,
    street: Street,
}

impl Desk {
    fn new(seed: u64, limits: Limits) -> Desk {
        let world = World::new(seed, 1, None, 0);
        let policy = Arc::new(Policy::parse(pricing::BUILT_IN).unwrap());
        let street = Street { world: world.clone(), rng: Rng::new(seed), number: 0, store: Shaky::new(seed) };
        let mut cluster = Cluster::new(world.clone(), policy, (Pace { limits, ..Pace::default() }, 1), same);
        settle(&mut cluster).unwrap();
        Desk { world, cluster, street }
    }

    fn ask(&mut self, market: &str, quote: &str) {
        let place = Point { lat_e6: 46_948_000, lng_e6: 7_447_000 };
        let at = self.world.borrow().now().0;
        let asked = QuoteRequested { quote: quote.to_owned(), at, ..self.street.asked(market, (at, place)) };
        self.world.borrow_mut().produce(market, &asked).unwrap();
        settle(&mut self.cluster).unwrap();
    }

    /// The worker is killed, and another takes over.
    fn succeed(&mut self) {
        self.world.borrow_mut().faults = Faults { kill: 10_000, ..Faults::NONE };
        self.cluster.step().unwrap();
        self.world.borrow_mut().faults = Faults::NONE;
        settle(&mut self.cluster).unwrap();
    }

    fn answers(&self, of: &str) -> Vec<PriceQuoted> {
        let all = self.world.borrow().committed(PriceQuoted::TOPIC.name);
        all.iter().filter_map(|raw| read(raw).ok()).filter(|quoted: &PriceQuoted| quoted.market == of).collect()
    }
}

/// A market in which nobody asks for longer than own answers are read: its turns are numbered on, whoever decides them.
#[test]
fn turns_are_numbered_on_when_the_answers_of_the_last_one_are_read_no_more() {
    for seed in 0..20 {
        let mut desk = Desk::new(seed, Limits::default());
        ["a", "b", "c"].into_iter().for_each(|quote| desk.ask("bern", quote));
        desk.succeed();
        desk.ask("bern", "d");
        for minute in 0..40 {
            desk.world.borrow_mut().pass(A_MINUTE);
            desk.ask("oslo", &format!("o{minute}"));
        }
        desk.succeed();
        desk.ask("bern", "e");
        let turns: Vec<i64> = desk.answers("bern").iter().map(|quoted| quoted.turn).collect();
        assert!(turns.is_sorted_by(|a, b| a < b), "seed {seed}: {turns:?}");
        let times: Vec<i64> = desk.answers("bern").iter().map(|quoted| quoted.at).collect();
        assert!(times.is_sorted(), "seed {seed}: {times:?}");
    }
}

/// Garbage among own answers, more than is held in hand: all is read past it all the same, for what lies behind was answered.
#[test]
fn garbage_among_own_answers_hides_none_of_them() {
    for seed in 0..20 {
        let mut desk = Desk::new(seed, Limits { parked_in_hand: 1, ..Limits::default() });
        desk.ask("bern", "a");
        for _ in 0..3 {
            desk.world.borrow_mut().append(PriceQuoted::TOPIC.name, 0, b"bern", Some(vec![1, 2, 3]));
        }
        desk.ask("bern", "b");
        desk.succeed();
        ["a", "b"].into_iter().for_each(|quote| desk.ask("bern", quote));
        let outcomes: Vec<QuoteOutcome> = desk.answers("bern").iter().skip(2).map(|quoted| quoted.outcome).collect();
        assert_eq!(outcomes, [QuoteOutcome::Duplicate; 2], "seed {seed}");
        // Who owned the partition did not read it; as far as he said that he knows what is there, nobody will.
        let parked = desk.world.borrow().committed(RecordParked::TOPIC.name);
        let places: BTreeSet<_> = parked.iter().map(|raw| place(&read::<RecordParked>(raw).unwrap().place)).collect();
        assert!(places.len() == parked.len() && places.len() <= 3, "seed {seed}: {places:?}");
    }
}
