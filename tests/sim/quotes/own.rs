//! Own answers are read on a take-over only, and stand for a clock that is not kept each time.

use std::{cell::RefCell, collections::BTreeSet, rc::Rc, sync::Arc};

use devkit::sim::{Cluster, Faults, Rng, World};
use kernel::contract::{
    Cause, MarketTicked, Point, PriceQuoted, QuoteOutcome, QuoteRequested, RecordParked, RideRequested, Service,
};
use kernel::{Millis, Record, Rules};
use pricing::{Policy, Quoting};
use runtime::{Limits, Pace, Sound, Time};

use super::Shaky;
use crate::quotes::{Street, place, read, same, settle};

const A_MINUTE: Millis = Millis(60_000);
const PLACE: Point = Point { lat_e6: 46_948_000, lng_e6: 7_447_000 };

/// One worker after the other, on one partition.
struct Desk {
    world: Rc<RefCell<World>>,
    cluster: Cluster<Quoting, Sound>,
    street: Street,
}

impl Desk {
    fn new(seed: u64, pace: Pace) -> Desk {
        let world = World::new(seed, 1, None, 0);
        let policy = Arc::new(Policy::parse(pricing::BUILT_IN).unwrap());
        let street = Street { world: world.clone(), rng: Rng::new(seed), number: 0, store: Shaky::new(seed) };
        let mut cluster = Cluster::new(world.clone(), policy, (pace, 1), same);
        settle(&mut cluster).unwrap();
        Desk { world, cluster, street }
    }

    fn ask(&mut self, market: &str, quote: &str) {
        let at = self.world.borrow().now().0;
        self.ask_at(market, quote, at);
    }

    fn ask_at(&mut self, market: &str, quote: &str, at: i64) {
        let asked = QuoteRequested { quote: quote.to_owned(), at, ..self.street.asked(market, (at, PLACE)) };
        self.world.borrow_mut().produce(market, &asked).unwrap();
        settle(&mut self.cluster).unwrap();
    }

    fn kill(&mut self) {
        self.world.borrow_mut().faults = Faults { kill: 10_000, ..Faults::NONE };
        self.cluster.step().unwrap();
        self.world.borrow_mut().faults = Faults::NONE;
    }

    /// The worker is killed, and another takes over.
    fn succeed(&mut self) {
        self.kill();
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
        let mut desk = Desk::new(seed, Pace::default());
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

/// Time is replayed, and events come faster than it was said: what is from the future is measured against what was answered last.
#[test]
fn a_successor_knows_the_time_of_the_last_answer_before_it_reads_the_tails() {
    for seed in 0..20 {
        let mut desk = Desk::new(seed, Pace { time: Time::Log { speed: 1 }, ..Pace::default() });
        let begun = desk.world.borrow().now().0;
        desk.world.borrow_mut().produce("bern", &MarketTicked { market: "bern".into(), at: begun }).unwrap();
        for number in 0..60 {
            desk.ask_at("bern", &format!("q{number}"), begun + 4_500 * number);
        }
        desk.kill();
        let (ride, rider, market, service) = ("r".into(), "ann".into(), "bern".to_owned(), Service::Standard);
        let (at, pickup, dropoff, tier, quote) = (begun + 4_500 * 60, PLACE, PLACE, None, None);
        let wanted = RideRequested { ride, at, market, rider, pickup, dropoff, service, tier, quote };
        desk.world.borrow_mut().produce("bern", &wanted).unwrap();
        settle(&mut desk.cluster).unwrap();
        desk.ask_at("bern", "last", at);
        let parked = desk.world.borrow().committed(RecordParked::TOPIC.name);
        assert!(parked.is_empty(), "seed {seed}: {:?}", read::<RecordParked>(&parked[0]));
        assert_eq!(desk.answers("bern").last().unwrap().inputs.as_ref().unwrap().demand, 1, "seed {seed}");
    }
}

/// A copy of an answer that somebody else wrote, of another century: it takes no market along, and hides none of ours.
#[test]
fn a_stray_answer_of_the_future_moves_no_clock_there() {
    for seed in 0..20 {
        let mut desk = Desk::new(seed, Pace::default());
        desk.ask("bern", "a");
        let stray = PriceQuoted { at: 3_786_912_000_000, quote: "z".into(), ..desk.answers("bern")[0].clone() };
        desk.world.borrow_mut().produce("bern", &stray).unwrap();
        desk.succeed();
        desk.ask("bern", "b");
        desk.ask("bern", "a");
        let parked = desk.world.borrow().committed(RecordParked::TOPIC.name);
        let parked: Vec<RecordParked> = parked.iter().map(|raw| read(raw).unwrap()).collect();
        assert!(parked.iter().map(|one| one.cause).eq([Cause::FromTheFuture]), "seed {seed}: {parked:?}");
        let answers = desk.answers("bern");
        let outcomes: Vec<_> = answers.iter().map(|one| (one.quote.as_str(), one.outcome)).collect();
        let own = [("a", QuoteOutcome::Quoted), ("b", QuoteOutcome::Quoted), ("a", QuoteOutcome::Duplicate)];
        assert_eq!([&outcomes[..1], &outcomes[2..]].concat(), own, "seed {seed}");
    }
}

/// Garbage among own answers, more than is held in hand: all is read past it all the same, for what lies behind was answered.
#[test]
fn garbage_among_own_answers_hides_none_of_them() {
    for seed in 0..20 {
        let limits = Limits { parked_in_hand: 1, ..Limits::default() };
        let mut desk = Desk::new(seed, Pace { limits, ..Pace::default() });
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
