//! What every store must do: one body, run on each of them.

use std::{collections::BTreeMap, sync::Arc, thread::sleep, time::Duration};

use kernel::Millis;
use runtime::store::{Positions, RIDERS, Row, Store, wall};

/// Longer than any store needs on an idle machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// A row of a rider, as offset `offset` of partition 3 says it.
pub fn row(key: &str, offset: i64, body: Option<&str>) -> Row {
    let (key, body) = (key.to_owned(), body.map(str::to_owned));
    Row { key, partition: 3, offset, body, expires: None }
}

fn bodies(store: &dyn Store, keys: &[&str]) -> Vec<Option<(i64, String)>> {
    let rows = store.read(RIDERS, keys, PATIENCE).expect("it answers");
    rows.into_iter().map(|row| row.map(|row| (row.offset, row.body.unwrap_or_default()))).collect()
}

fn write(store: &dyn Store, rows: &[Row]) {
    store.write(RIDERS, rows, &Positions::new()).expect("it takes rows");
}

fn some(offset: i64, body: &str) -> Option<(i64, String)> {
    Some((offset, body.to_owned()))
}

/// Closes a store and opens it once more.
pub type Again<'a> = dyn Fn(Arc<dyn Store>) -> Arc<dyn Store> + 'a;

/// All that is promised of a store that nobody wrote before. `again` opens it once more, where what it holds outlives it.
///
/// # Panics
/// It breaks a promise.
pub fn keeps_its_promises(store: Arc<dyn Store>, again: Option<&Again<'_>>) {
    reads_in_order(&*store);
    newer_wins(&*store);
    any_order_and_any_repetition_give_the_same(&*store);
    ends_with_time(&*store);
    remembers_how_far_it_read(&*store);
    if let Some(again) = again {
        let store = again(store);
        assert_eq!(bodies(&*store, &["ann", "bob"]), [some(9, "{\"b\":1}"), None], "it outlives the process");
        assert_eq!(store.positions(RIDERS), Ok(BTreeMap::from([(0, 7), (3, 12)])));
    }
}

fn reads_in_order(store: &dyn Store) {
    assert_eq!(bodies(store, &["ann"]), [None], "nobody wrote it before");
    assert_eq!(bodies(store, &[]), []);
    write(store, &[row("ann", 4, Some("{\"a\":1}")), row("bob", 5, Some("\u{e9}\"'")), row("a/b c%", 6, Some("{}"))]);
    let all = bodies(store, &["zoe", "bob", "ann", "ann", "a/b c%"]);
    let ann = some(4, "{\"a\":1}");
    assert_eq!(all, [None, some(5, "\u{e9}\"'"), ann.clone(), ann, some(6, "{}")]);
    let place = store.read(RIDERS, &["ann"], PATIENCE).expect("it answers")[0].clone().map(|row| row.partition);
    assert_eq!(place, Some(3));
}

fn newer_wins(store: &dyn Store) {
    write(store, &[row("ann", 9, Some("{\"b\":1}")), row("ann", 8, Some("late"))]);
    write(store, &[row("ann", 4, Some("{\"a\":1}"))]);
    assert_eq!(bodies(store, &["ann"]), [some(9, "{\"b\":1}")], "an older offset overwrites nothing");
    write(store, &[row("bob", 10, None)]);
    assert_eq!(bodies(store, &["bob"]), [None], "forgotten");
    write(store, &[row("bob", 5, Some("back"))]);
    assert_eq!(bodies(store, &["bob"]), [None], "an older record does not bring back who was forgotten");
    write(store, &[row("cy", 11, None), row("cy", 12, Some("new"))]);
    assert_eq!(bodies(store, &["cy"]), [some(12, "new")], "a newer one does");
}

/// Few keys and few offsets, so that they collide.
fn any_order_and_any_repetition_give_the_same(store: &dyn Store) {
    let log: Vec<Row> = (0..40_i64)
        .map(|offset| {
            let body = (offset % 5 != 0).then(|| format!("{{\"v\":{offset}}}"));
            row(&format!("k{}", (offset * 7) % 6), 100 + offset, body.as_deref())
        })
        .collect();
    let keys: Vec<String> = (0..6).map(|key| format!("k{key}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let newest =
        |key: &&str| log.iter().rev().find(|row| row.key == *key).and_then(|row| Some((row.offset, row.body.clone()?)));
    let expected: Vec<_> = keys.iter().map(newest).collect();
    assert!(expected.iter().any(Option::is_some) && expected.iter().any(Option::is_none), "{expected:?}");
    // As it lies; from the middle again; backwards; every third.
    write(store, &log[..25]);
    write(store, &log[10..]);
    assert_eq!(bodies(store, &keys), expected);
    for row in log.iter().rev() {
        write(store, std::slice::from_ref(row));
    }
    let thirds: Vec<Row> = log.iter().step_by(3).cloned().collect();
    write(store, &thirds);
    assert_eq!(bodies(store, &keys), expected);
}

fn ends_with_time(store: &dyn Store) {
    let (past, soon) = (wall().plus(Millis(-1_000)), wall().plus(Millis(1_500)));
    let ends = |key: &str, expires| Row { expires: Some(expires), ..row(key, 200, Some("x")) };
    write(store, &[ends("gone", past), ends("going", soon), ends("stays", wall().plus(Millis(3_600_000)))]);
    assert_eq!(bodies(store, &["gone", "going", "stays"]), [None, some(200, "x"), some(200, "x")]);
    sleep(Duration::from_millis(3_100));
    assert_eq!(bodies(store, &["going", "stays"]), [None, some(200, "x")]);
    write(store, &[row("gone", 199, Some("older"))]);
    assert_eq!(bodies(store, &["gone"]), [None], "what was expired when it came is newer all the same");
}

fn remembers_how_far_it_read(store: &dyn Store) {
    assert_eq!(store.positions(RIDERS), Ok(Positions::new()));
    store.write(RIDERS, &[], &BTreeMap::from([(0, 7), (3, 11)])).expect("it takes positions");
    store.write(RIDERS, &[], &BTreeMap::from([(3, 12)])).expect("it takes positions");
    assert_eq!(store.positions(RIDERS), Ok(BTreeMap::from([(0, 7), (3, 12)])));
}
