use std::{collections::BTreeMap, sync::Arc, time::Duration};

use kernel::{
    Malformed, Millis, Record, codec,
    contract::{Cause, Consents, RiderChanged},
    partition, wire,
};

use crate::{
    log::Raw,
    store::{Memory, Positions, REMEMBERED, RIDERS, Row, Store, row},
};

const NOW: Millis = Millis(1_700_000_000_000);
const AT: i64 = 1_699_999_000_000;

fn changed(rider: &str) -> RiderChanged {
    let consents = Consents { personal_price: true, marketing: false };
    RiderChanged { rider: rider.to_owned(), at: AT, loyalty: None, points: 12, rides: 3, consents }
}

fn raw(changed: &RiderChanged) -> Raw {
    let mut value = Vec::new();
    wire::start(1, &mut value);
    codec::encode(changed, &mut value).unwrap();
    let key = changed.rider.as_bytes();
    Raw {
        topic: RiderChanged::TOPIC.name,
        partition: partition::of(key, 12),
        offset: 5,
        appended: NOW,
        key: Some(Arc::from(key)),
        value: Some(value),
        headers: Vec::new(),
    }
}

fn read(raw: &Raw, keep: i64) -> Result<Row, Malformed> {
    let schema = Arc::new(RiderChanged::TOPIC.schema.parse().unwrap());
    row(raw, raw.value.as_ref().map(|_| Ok(schema)), (12, 1_000), (Millis(keep), NOW))
}

#[test]
fn a_record_is_a_row_that_says_the_same() {
    let said = changed("ann");
    let row = read(&raw(&said), 0).unwrap();
    assert_eq!((row.key.as_str(), row.offset, row.expires), ("ann", 5, None));
    assert_eq!(serde_json::from_str::<RiderChanged>(row.body.as_deref().unwrap()).unwrap(), said);
}

#[test]
fn who_asked_to_be_forgotten_leaves_nothing_but_the_name() {
    let gone = Row {
        key: "ann".to_owned(),
        partition: partition::of(b"ann", 12),
        offset: 5,
        body: None,
        expires: Some(NOW.plus(REMEMBERED)),
    };
    assert_eq!(read(&Raw { value: None, ..raw(&changed("ann")) }, 0), Ok(gone.clone()));
    assert_eq!(read(&raw(&changed("ann")), 1_000_000), Ok(gone), "and so is what is too old");
    assert_eq!(read(&raw(&changed("ann")), 1_000_001).unwrap().expires, Some(Millis(AT + 1_000_001)));
}

#[test]
fn what_breaks_the_contract_is_parked_with_its_cause() {
    let cause = |raw: &Raw| read(raw, 0).unwrap_err().cause;
    assert_eq!(cause(&raw(&RiderChanged { points: -1, ..changed("ann") })), Cause::OutOfRange);
    assert_eq!(cause(&raw(&RiderChanged { rides: -1, ..changed("ann") })), Cause::OutOfRange);
    assert_eq!(cause(&raw(&RiderChanged { at: 0, ..changed("ann") })), Cause::OutOfRange);
    assert_eq!(cause(&raw(&changed(""))), Cause::OutOfRange);
    assert_eq!(cause(&Raw { key: Some(Arc::from(&b"bob"[..])), ..raw(&changed("ann")) }), Cause::Misplaced);
    let elsewhere = raw(&changed("ann"));
    assert_eq!(cause(&Raw { partition: (elsewhere.partition + 1) % 12, ..elsewhere }), Cause::Misplaced);
    assert_eq!(cause(&Raw { value: Some(vec![1, 2]), ..raw(&changed("ann")) }), Cause::WrongMagic);
    assert_eq!(cause(&Raw { value: None, key: None, ..raw(&changed("ann")) }), Cause::Undecodable);
    assert_eq!(
        cause(&Raw { value: None, key: Some(Arc::from(&[0xff][..])), ..raw(&changed("ann")) }),
        Cause::Undecodable
    );
}

#[test]
fn a_full_store_in_memory_leaves_out_who_is_new_and_keeps_up_who_is_known() {
    let row = |key: &str, offset, body: Option<&str>| {
        let (key, body) = (key.to_owned(), body.map(str::to_owned));
        Row { key, partition: 0, offset, body, expires: None }
    };
    let (store, read) = (Memory::new(2), BTreeMap::from([(0, 7)]));
    store.write(RIDERS, &[row("ann", 1, Some("a")), row("bob", 2, Some("b"))], &Positions::new()).unwrap();
    let more = [row("cy", 3, Some("c")), row("ann", 4, Some("d")), row("bob", 5, None), row("dee", 6, None)];
    assert_eq!(store.write(RIDERS, &more, &read), Ok(()));
    let found = store.read(RIDERS, &["ann", "bob", "cy"], Duration::ZERO).unwrap();
    let bodies: Vec<_> = found.into_iter().map(|row| row.and_then(|row| row.body)).collect();
    assert_eq!(bodies, [Some("d".to_owned()), None, None]);
    assert_eq!((store.left_out(RIDERS), store.positions(RIDERS)), (1, Ok(read)));
}
