//! A record of `rider.changed` as a row.

use kernel::{
    Malformed, Millis,
    check::{broken, id, time, within},
    contract::{Cause, RiderChanged},
};

use super::{REMEMBERED, Row};
use crate::{
    intake::{self, Named, malformed},
    log::Raw,
};

/// What a record says, as the row of its rider. It is kept for `keep` after its event time, milliseconds; 0: for ever. `now` is the
/// machine's clock: a record that is older than that already forgets the rider.
///
/// # Errors
/// Why it must be parked.
pub(crate) fn row(
    raw: &Raw,
    named: Named,
    (partitions, most): (i32, usize),
    (keep, now): (Millis, Millis),
) -> Result<Row, Malformed> {
    let Raw { partition, offset, .. } = *raw;
    let forgotten = |key: String| Row { key, partition, offset, body: None, expires: Some(now.plus(REMEMBERED)) };
    if raw.value.is_none() {
        let key = raw.key.as_deref().and_then(|key| std::str::from_utf8(key).ok());
        let key = key.ok_or_else(|| malformed(Cause::Undecodable, "neither a value nor a key of UTF-8"))?;
        id("key", key)?;
        intake::placed(raw, key, partitions)?;
        return Ok(forgotten(key.to_owned()));
    }
    let changed: RiderChanged = intake::read(raw, named, most)?;
    check(&changed)?;
    intake::placed(raw, &changed.rider, partitions)?;
    let expires = (keep.0 > 0).then(|| Millis(changed.at).plus(keep));
    if expires.is_some_and(|expires| expires <= now) {
        return Ok(forgotten(changed.rider));
    }
    let body = serde_json::to_string(&changed).map_err(|error| malformed(Cause::Undecodable, &error.to_string()))?;
    Ok(Row { key: changed.rider, partition, offset, body: Some(body), expires })
}

fn check(changed: &RiderChanged) -> Result<(), Malformed> {
    id("rider", &changed.rider)?;
    time(changed.at)?;
    within("rides", changed.rides.into(), (0, i32::MAX.into()), "")?;
    match changed.points {
        0.. => Ok(()),
        points => Err(broken("points", points, "zero or more")),
    }
}
