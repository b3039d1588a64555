use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use kernel::{
    contract::{Consents, Loyalty, RiderChanged},
    rider::Facts,
};

use crate::{
    store::{Memory, Positions, RIDERS, Reader, Reading, Row, Store},
    watch::{Bound, Count, Watch},
};

/// A store that can be away, and tells what it was asked.
struct Asked {
    memory: Memory,
    away: AtomicBool,
    /// Answers no more than the first of those asked for.
    slow: AtomicBool,
    reads: Mutex<Vec<Vec<String>>>,
}

impl Store for Asked {
    fn name(&self) -> String {
        "the test's store".to_owned()
    }

    fn read(&self, table: &'static str, keys: &[&str], within: Duration) -> Result<Vec<Option<Row>>, String> {
        self.reads.lock().unwrap().push(keys.iter().map(|key| (*key).to_owned()).collect());
        match self.away.load(Relaxed) {
            true => Err("the test's store does not answer".to_owned()),
            false => self.memory.read(table, keys, within),
        }
    }

    fn read_some(&self, table: &'static str, keys: &[&str], within: Duration) -> (Vec<Option<Row>>, Option<String>) {
        let most = if self.slow.load(Relaxed) { 1 } else { keys.len() };
        match self.read(table, &keys[..most], within) {
            Ok(rows) => (rows, (most < keys.len()).then(|| "the test's store does not answer in time".to_owned())),
            Err(why) => (Vec::new(), Some(why)),
        }
    }

    fn write(&self, table: &'static str, rows: &[Row], read: &Positions) -> Result<(), String> {
        self.memory.write(table, rows, read)
    }

    fn positions(&self, table: &'static str) -> Result<Positions, String> {
        self.memory.positions(table)
    }
}

fn rider(rider: &str, loyalty: Option<Loyalty>) -> RiderChanged {
    let consents = Consents { personal_price: true, marketing: false };
    RiderChanged { rider: rider.to_owned(), at: 1_212_105_600_000, loyalty, points: 0, rides: 3, consents }
}

fn row(of: &RiderChanged, offset: i64) -> Row {
    let body = serde_json::to_string(of).unwrap();
    Row { key: of.rider.clone(), partition: 1, offset, body: Some(body), expires: None }
}

struct Stage {
    store: Arc<Asked>,
    reader: Reader,
    watch: Watch,
}

impl Stage {
    fn with(cached: usize) -> Stage {
        let [deadline, pause, fresh] = [20, 1_000, 5_000].map(Duration::from_millis);
        let [away, slow] = [false; 2].map(AtomicBool::new);
        let store = Arc::new(Asked { memory: Memory::new(100), away, slow, reads: Mutex::default() });
        store.write(RIDERS, &[row(&rider("ann", Some(Loyalty::Gold)), 7)], &Positions::new()).unwrap();
        let reader = Reader::new(store.clone(), Reading { deadline, pause, cached, fresh });
        Stage { store, reader, watch: Watch::default() }
    }

    fn look(&mut self, riders: &[&str], at_ms: u64) -> BTreeMap<String, Facts> {
        let riders: BTreeSet<String> = riders.iter().map(|rider| (*rider).to_owned()).collect();
        let found = self.reader.look(riders.clone(), Duration::from_millis(at_ms), &self.watch);
        assert!(found.keys().eq(&riders), "each has an answer: {found:?}");
        found
    }

    fn reads(&self) -> usize {
        self.store.reads.lock().unwrap().len()
    }
}

#[test]
fn a_turn_is_one_read_and_what_was_read_is_remembered_for_a_while() {
    let mut stage = Stage::with(10);
    let found = stage.look(&["ann", "bob"], 0);
    let Facts::Found(known) = &found["ann"] else { panic!("{found:?}") };
    assert_eq!((known.place.partition, known.place.offset, known.rider.loyalty), (1, 7, Some(Loyalty::Gold)));
    assert_eq!(found["bob"], Facts::Absent);
    assert_eq!(*stage.store.reads.lock().unwrap(), [["ann", "bob"]]);
    assert_eq!(stage.look(&["ann", "bob"], 4_999), found, "from memory, the absent one too");
    assert_eq!(stage.reads(), 1);
    stage.store.write(RIDERS, &[row(&rider("ann", None), 8)], &Positions::new()).unwrap();
    stage.look(&["ann"], 5_000);
    assert_eq!(stage.reads(), 2, "what is old is read again");
    let counted = [Count::RidersRead, Count::RidersRemembered, Count::RidersUnanswered].map(|of| stage.watch.total(of));
    assert_eq!(counted, [3, 2, 0]);
}

#[test]
fn no_more_are_remembered_than_the_bound_says() {
    let mut stage = Stage::with(2);
    stage.look(&["a", "b"], 0);
    assert_eq!(stage.watch.total_bound(Bound::RidersRemembered), 0);
    stage.look(&["c"], 1);
    assert_eq!((stage.watch.total_bound(Bound::RidersRemembered), stage.reader.cache.len()), (1, 2));
    stage.look(&["b", "c"], 2);
    assert_eq!(stage.reads(), 2, "the oldest went");
    stage.look(&["a"], 3);
    assert_eq!(stage.reads(), 3);
    let mut none = Stage::with(0);
    none.look(&["ann"], 0);
    none.look(&["ann"], 1);
    assert_eq!((none.reads(), none.reader.cache.len()), (2, 0));
}

#[test]
fn a_store_that_is_away_is_asked_once_in_a_while_and_says_so_until_it_answers() {
    let mut stage = Stage::with(10);
    stage.look(&["ann"], 0);
    stage.store.away.store(true, Relaxed);
    assert_eq!(stage.look(&["ann", "bob"], 10)["bob"], Facts::Unanswered);
    assert_eq!((stage.reads(), stage.watch.total_bound(Bound::StoreDeadline)), (2, 1));
    for at in 11..500 {
        assert_eq!(stage.look(&["bob"], at)["bob"], Facts::Unanswered);
    }
    assert_eq!(stage.reads(), 2, "nobody waits for it meanwhile");
    let trouble = |at_ms| stage.reader.trouble(Duration::from_millis(at_ms));
    assert!(trouble(500).is_some_and(|why| why.contains("does not answer")));
    assert_eq!(trouble(1_010), None, "where nobody asks it is over with the pause");
    assert!(matches!(stage.look(&["ann"], 600)["ann"], Facts::Found(_)), "who is remembered is known all the same");
    stage.look(&["bob"], 1_010);
    assert_eq!(stage.reads(), 3, "after the pause once more");
    stage.store.away.store(false, Relaxed);
    assert_eq!(stage.look(&["bob"], 1_900)["bob"], Facts::Unanswered);
    assert_eq!(stage.look(&["bob"], 2_010)["bob"], Facts::Absent, "silence is not remembered");
    assert_eq!(stage.reader.trouble(Duration::from_millis(2_010)), None);
    assert_eq!(stage.watch.total(Count::RidersUnanswered), 492);
}

#[test]
fn a_row_that_cannot_be_read_costs_its_rider_alone() {
    let mut stage = Stage::with(10);
    let broken = Row { body: Some("{}".to_owned()), ..row(&rider("bob", None), 9) };
    stage.store.write(RIDERS, &[broken], &Positions::new()).unwrap();
    let found = stage.look(&["ann", "bob"], 0);
    assert!(matches!((&found["ann"], &found["bob"]), (Facts::Found(_), Facts::Unanswered)), "{found:?}");
    let said = stage.reader.trouble(Duration::ZERO).unwrap();
    assert!(said.contains("rider.changed/1@9 cannot be read") && !said.contains('\n'), "{said}");
}

#[test]
fn what_came_within_the_deadline_counts_though_the_rest_did_not() {
    let mut stage = Stage::with(10);
    stage.store.slow.store(true, Relaxed);
    let found = stage.look(&["ann", "bob"], 0);
    assert!(matches!((&found["ann"], &found["bob"]), (Facts::Found(_), Facts::Unanswered)), "{found:?}");
    assert!(matches!(stage.look(&["ann"], 1)["ann"], Facts::Found(_)), "and is remembered");
    let counted = [Count::RidersRead, Count::RidersRemembered, Count::RidersUnanswered].map(|of| stage.watch.total(of));
    assert_eq!((counted, stage.watch.total_bound(Bound::StoreDeadline), stage.reads()), ([1, 1, 1], 1, 1));
}
