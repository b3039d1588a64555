//! From bytes to what a processor reads: every record is checked, and what breaks the contract is parked.

use std::panic::{AssertUnwindSafe, catch_unwind};

use kernel::{Malformed, Millis, Processor, Read, codec::Datum, contract::Cause, wire};

use crate::{
    log::{Fault, Raw},
    schemas::{Schemas, Unresolved},
};

/// A larger value is parked unread, bytes.
const VALUE: usize = 256 * 1024;

/// A decoded record.
pub(crate) struct Decoded<P: Processor> {
    pub(crate) market: String,
    pub(crate) at: Millis,
    pub(crate) read: Read<P>,
}

/// Decodes `raw`; the inner error says why it must be parked.
///
/// # Errors
/// [`Fault::Away`] when the registry does not answer: the record must wait.
pub(crate) fn decode<P: Processor>(
    raw: &Raw,
    schemas: &mut impl Schemas,
) -> Result<Result<Decoded<P>, Malformed>, Fault> {
    let Some(value) = raw.value.as_deref() else {
        return Ok(Err(malformed(Cause::Undecodable, "no value: nothing can be deleted from this topic")));
    };
    if value.len() > VALUE {
        return Ok(Err(malformed(Cause::Oversized, &format!("{} bytes, at most {VALUE}", value.len()))));
    }
    let (id, bytes) = match wire::split(value) {
        Ok(split) => split,
        Err(wire::Unframed::Short) => {
            let detail = format!("{} bytes, shorter than the wire header of {}", value.len(), wire::HEADER);
            return Ok(Err(malformed(Cause::WrongMagic, &detail)));
        }
        Err(wire::Unframed::Magic(byte)) => {
            let detail = format!("first byte is {byte:#04x}, not 0x00: not in the schema registry's wire format");
            return Ok(Err(malformed(Cause::WrongMagic, &detail)));
        }
    };
    let schema = match schemas.by_id(id) {
        Ok(schema) => schema,
        Err(Unresolved::Away(why)) => return Err(Fault::Away(why)),
        Err(Unresolved::Unknown(why)) => return Ok(Err(malformed(Cause::UnknownSchema, &why))),
    };
    let datum = Datum { bytes, schema: &schema };
    let read = catch_unwind(AssertUnwindSafe(|| P::read(raw.topic, datum)));
    Ok(match read {
        Ok(Ok((market, at, read))) => Ok(Decoded { market, at, read }),
        Ok(Err(malformed)) => Err(malformed),
        Err(_) => Err(malformed(Cause::Panicked, "the decoder panicked on it")),
    })
}

/// Whether a record lies where its market (or, in a global tail, what it is about) belongs.
pub(crate) fn placed(raw: &Raw, market: &str, partitions: i32) -> Result<(), Malformed> {
    if raw.key.as_deref() != Some(market.as_bytes()) {
        let key = raw.key.as_deref().map(|key| String::from_utf8_lossy(&key[..key.len().min(64)]).into_owned());
        let detail = format!("key {key:?} is not `{market}`, by which the record is placed");
        return Err(malformed(Cause::Misplaced, &detail));
    }
    let home = kernel::partition::of(market.as_bytes(), partitions);
    if home != raw.partition {
        let detail = format!("`{market}` belongs to partition {home} of {partitions}: murmur2 of the key");
        return Err(malformed(Cause::Misplaced, &detail));
    }
    Ok(())
}

pub(crate) fn malformed(cause: Cause, detail: &str) -> Malformed {
    Malformed { cause, detail: detail.to_owned() }
}
