//! Checks of a record's fields against the contract, with the sentence that is parked with one that breaks it.

use std::fmt::Display;

use serde::Deserialize;

use crate::{
    Malformed,
    codec::Datum,
    contract::{Cause, Point},
    geo,
};

/// 1 January 2000 and 2100, UTC.
const TIMES: (i64, i64) = (946_684_800_000, 4_102_444_800_000);

/// Bytes of an id.
const ID_MAX: usize = 64;

/// Decodes a datum.
///
/// # Errors
/// It is none of its schema.
pub fn decode<'a, T: Deserialize<'a>>(datum: Datum<'a>) -> Result<T, Malformed> {
    datum.read().map_err(|detail| Malformed { cause: Cause::Undecodable, detail })
}

/// A topic that `processor` does not read, though it was told to.
pub fn unread(processor: &str, topic: &str) -> Malformed {
    let detail = format!("{processor} does not read {}: take it off the tails", shown(topic));
    Malformed { cause: Cause::UnknownSchema, detail }
}

/// An id: 1 to 64 bytes without control characters.
///
/// # Errors
/// It is none.
pub fn id(field: &str, value: &str) -> Result<(), Malformed> {
    // Most ids are ASCII: one pass over the bytes tells; the rest is looked at letter by letter.
    let plain = value.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    match (1..=ID_MAX).contains(&value.len()) && (plain || !value.contains(char::is_control)) {
        true => Ok(()),
        false => Err(broken(field, shown(value), "1 to 64 bytes without control characters")),
    }
}

/// The same, where there is one.
///
/// # Errors
/// It is none.
pub fn optional_id(field: &str, value: Option<&str>) -> Result<(), Malformed> {
    value.map_or(Ok(()), |value| id(field, value))
}

/// A market's name: it stands before others in the keys of `state.kept`, so it holds no `/`.
///
/// # Errors
/// It is none.
pub fn market(field: &str, value: &str) -> Result<(), Malformed> {
    id(field, value)?;
    match value.contains('/') {
        false => Ok(()),
        true => Err(broken(field, shown(value), "without '/'")),
    }
}

/// Event time: in this century.
///
/// # Errors
/// It is not.
pub fn time(at: i64) -> Result<(), Malformed> {
    match (TIMES.0..=TIMES.1).contains(&at) {
        true => Ok(()),
        false => Err(broken("at", at, "milliseconds since 1970 that lie in 2000 to 2099")),
    }
}

/// A place on earth.
///
/// # Errors
/// It is not there.
pub fn place(field: &str, point: Point) -> Result<(), Malformed> {
    match geo::on_earth(point) {
        true => Ok(()),
        false => {
            let value = format!("{}, {}", point.lat_e6, point.lng_e6);
            Err(broken(field, value, "micro-degrees within +-90000000 and +-180000000"))
        }
    }
}

/// A number that lies in a range, both ends in it.
///
/// # Errors
/// It does not.
pub fn within(field: &str, value: i64, (least, most): (i64, i64), unit: &str) -> Result<(), Malformed> {
    match (least..=most).contains(&value) {
        true => Ok(()),
        false => Err(broken(field, value, &format!("{least} to {most}{unit}"))),
    }
}

/// A field whose value breaks the contract.
pub fn broken(field: &str, value: impl Display, range: &str) -> Malformed {
    Malformed { cause: Cause::OutOfRange, detail: format!("{field} is {value}: it must be {range}") }
}

/// A value as it may stand in a message: quoted, escaped, at most 64 characters of it.
pub fn shown(value: &str) -> String {
    let start: String = value.chars().take(ID_MAX).collect();
    let rest = if start.len() < value.len() { "..." } else { "" };
    format!("{start:?}{rest}")
}
