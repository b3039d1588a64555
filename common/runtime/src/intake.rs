//! From bytes to what a processor reads: every record is checked, and what breaks the contract is parked.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use kernel::{Malformed, Millis, Processor, Read, Record, codec::Datum, contract::Cause, wire};
use serde_avro_fast::Schema;

use crate::{
    log::{Fault, Raw},
    schemas::{Schemas, Unresolved},
};

/// A decoded record.
pub(crate) struct Decoded<P: Processor> {
    pub(crate) market: String,
    pub(crate) at: Millis,
    pub(crate) read: Read<P>,
}

/// The schema that a value names; the error says that there is none. `None`: the value names none.
pub(crate) type Named = Option<Result<Arc<Schema>, String>>;

/// Finds the schema that `raw` names.
///
/// # Errors
/// [`Fault::Registry`] when the registry does not answer: the record must wait.
pub(crate) fn resolve(raw: &Raw, schemas: &mut impl Schemas) -> Result<Named, Fault> {
    let Some(Ok((id, _))) = raw.value.as_deref().map(wire::split) else { return Ok(None) };
    match schemas.by_id(id) {
        Ok(schema) => Ok(Some(Ok(schema))),
        Err(Unresolved::Unknown(why)) => Ok(Some(Err(why))),
        Err(Unresolved::Away(why)) => Err(Fault::Registry(why)),
    }
}

/// Decodes `raw`, which may hold `most` bytes.
///
/// # Errors
/// Why it must be parked.
pub(crate) fn decode<P: Processor>(raw: &Raw, named: Named, most: usize) -> Result<Decoded<P>, Malformed> {
    let (schema, bytes) = framed(raw, named, most)?;
    let datum = Datum { bytes, schema: &schema };
    let read = catch_unwind(AssertUnwindSafe(|| P::read(raw.topic, datum)));
    match read {
        Ok(Ok((market, at, read))) => Ok(Decoded { market, at, read }),
        Ok(Err(malformed)) => Err(malformed),
        Err(_) => Err(malformed(Cause::Panicked, "the decoder panicked on it")),
    }
}

/// Decodes `raw` as the record that it must be.
///
/// # Errors
/// Why it must be parked.
pub(crate) fn read<R: Record>(raw: &Raw, named: Named, most: usize) -> Result<R, Malformed> {
    let (schema, bytes) = framed(raw, named, most)?;
    let datum = Datum { bytes, schema: &schema };
    let read = catch_unwind(AssertUnwindSafe(|| datum.read()));
    let read = read.map_err(|_| malformed(Cause::Panicked, "the decoder panicked on it"))?;
    read.map_err(|why| malformed(Cause::Undecodable, &why))
}

/// The schema of a value in the wire format, and its datum.
fn framed(raw: &Raw, named: Named, most: usize) -> Result<(Arc<Schema>, &[u8]), Malformed> {
    let Some(value) = raw.value.as_deref() else {
        return Err(malformed(Cause::Undecodable, "no value: nothing can be deleted from this topic"));
    };
    if value.len() > most {
        return Err(malformed(Cause::Oversized, &format!("{} bytes, at most {most}", value.len())));
    }
    let (_, bytes) = wire::split(value).map_err(|unframed| {
        let detail = match unframed {
            wire::Unframed::Short => {
                format!("{} bytes, shorter than the wire header of {}", value.len(), wire::HEADER)
            }
            wire::Unframed::Magic(byte) => {
                format!("first byte is {byte:#04x}, not 0x00: not in the schema registry's wire format")
            }
        };
        malformed(Cause::WrongMagic, &detail)
    })?;
    match named {
        Some(Ok(schema)) => Ok((schema, bytes)),
        Some(Err(why)) => Err(malformed(Cause::UnknownSchema, &why)),
        None => Err(malformed(Cause::UnknownSchema, "it names no schema")),
    }
}

/// Whether a record lies where its market (or, in a global tail, what it is about) belongs.
pub(crate) fn placed(raw: &Raw, market: &str, partitions: i32) -> Result<(), Malformed> {
    if raw.key.as_deref() != Some(market.as_bytes()) {
        let key = raw.key.as_deref().map(|key| String::from_utf8_lossy(&key[..key.len().min(64)]).into_owned());
        let key = key.map_or("no key".to_owned(), |key| format!("key `{}`", key.escape_debug()));
        let detail = format!("{key}, but the record is placed by `{market}`");
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
