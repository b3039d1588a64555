//! Record batches, message format v2: the header of 61 bytes, control batches, and the records inside.
//!
//! A batch stays the bytes its producer sent; only what a broker must set is written into it. Layout:
//! <https://kafka.apache.org/documentation/#recordbatch>.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::ResponseError as Error;

/// Bytes before the first record.
pub(super) const HEADER: usize = 61;
/// The compression codec, in the attributes.
pub(super) const CODEC: i16 = 0x07;
const LOG_APPEND_TIME: i16 = 0x08;
const TRANSACTIONAL: i16 = 0x10;
const CONTROL: i16 = 0x20;

/// What a batch says about itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) attributes: i16,
    pub(super) last_delta: i32,
    pub(super) base_timestamp: i64,
    pub(super) max_timestamp: i64,
    pub(super) producer: i64,
    pub(super) epoch: i16,
    pub(super) sequence: i32,
    pub(super) count: i32,
}

impl Header {
    /// Reads the header; `None` if the bytes are too few to hold one.
    pub(super) fn read(raw: &[u8]) -> Option<Header> {
        Some(Header {
            attributes: i16::from_be_bytes(at(raw, 21)?),
            last_delta: i32::from_be_bytes(at(raw, 23)?),
            base_timestamp: i64::from_be_bytes(at(raw, 27)?),
            max_timestamp: i64::from_be_bytes(at(raw, 35)?),
            producer: i64::from_be_bytes(at(raw, 43)?),
            epoch: i16::from_be_bytes(at(raw, 51)?),
            sequence: i32::from_be_bytes(at(raw, 53)?),
            count: i32::from_be_bytes(at(raw, 57)?),
        })
    }

    /// Reads what a producer sent, which must be exactly one sound batch of data.
    pub(super) fn check(raw: &[u8]) -> Result<Header, Error> {
        let header = Header::read(raw).ok_or(Error::CorruptMessage)?;
        let length = at(raw, 8).map(i32::from_be_bytes).and_then(|length| usize::try_from(length).ok());
        if length.map(|length| length.saturating_add(12)) != Some(raw.len()) {
            return Err(Error::CorruptMessage);
        }
        if raw[16] != 2 {
            return Err(Error::UnsupportedForMessageFormat);
        }
        if at(raw, 17).map(u32::from_be_bytes) != Some(crc32c::crc32c(&raw[21..])) {
            return Err(Error::CorruptMessage);
        }
        let whole = header.count > 0 && header.last_delta == header.count - 1;
        let known = header.attributes & CODEC <= 4;
        if !whole || !known || header.control() || (header.producer >= 0 && header.sequence < 0) {
            return Err(Error::InvalidRecord);
        }
        Ok(header)
    }

    pub(super) fn transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL != 0
    }

    pub(super) fn control(&self) -> bool {
        self.attributes & CONTROL != 0
    }

    pub(super) fn log_append_time(&self) -> bool {
        self.attributes & LOG_APPEND_TIME != 0
    }
}

fn at<const N: usize>(raw: &[u8], from: usize) -> Option<[u8; N]> {
    raw.get(from..from + N)?.try_into().ok()
}

/// A copy of the batch placed at `base`; with `append_time`, all its records carry that time.
pub(super) fn place(raw: &[u8], base: i64, append_time: Option<i64>) -> Bytes {
    let mut batch = BytesMut::from(raw);
    batch[..8].copy_from_slice(&base.to_be_bytes());
    batch[12..16].fill(0); // The only leader epoch there is.
    if let Some(now) = append_time {
        batch[22] |= LOG_APPEND_TIME as u8;
        batch[35..43].copy_from_slice(&now.to_be_bytes());
        seal(&mut batch);
    }
    batch.freeze()
}

/// Sets length and checksum after the rest of a batch was written.
fn seal(batch: &mut BytesMut) {
    let length = (batch.len() - 12) as i32;
    batch[8..12].copy_from_slice(&length.to_be_bytes());
    let crc = crc32c::crc32c(&batch[21..]);
    batch[17..21].copy_from_slice(&crc.to_be_bytes());
}

/// The control batch that ends a transaction.
pub(super) fn marker(base: i64, now: i64, (producer, epoch): (i64, i16), commit: bool) -> Bytes {
    let mut batch = BytesMut::with_capacity(HEADER + 17);
    batch.put_i64(base);
    batch.put_i32(0); // Length, set by `seal`.
    batch.put_i32(0);
    batch.put_i8(2);
    batch.put_u32(0); // Checksum, set by `seal`.
    batch.put_i16(TRANSACTIONAL | CONTROL);
    batch.put_i32(0);
    batch.put_i64(now);
    batch.put_i64(now);
    batch.put_i64(producer);
    batch.put_i16(epoch);
    batch.put_i32(-1);
    batch.put_i32(1);
    // One record of 16 bytes: no attributes or deltas, key (version 0, type), value (version 0, coordinator epoch 0).
    batch.put_slice(&[32, 0, 0, 0, 8, 0, 0, 0, u8::from(commit), 12, 0, 0, 0, 0, 0, 0, 0]);
    seal(&mut batch);
    batch.freeze()
}

/// The batch with only these of its records, not compressed; offsets and sequences stay what they were.
pub(super) fn thin(raw: &[u8], kept: &[&[u8]]) -> Bytes {
    let mut batch = BytesMut::with_capacity(HEADER + kept.iter().map(|record| record.len()).sum::<usize>());
    batch.put_slice(&raw[..HEADER]);
    batch[22] &= !(CODEC as u8);
    batch[57..61].copy_from_slice(&(kept.len() as i32).to_be_bytes());
    kept.iter().for_each(|record| batch.put_slice(record));
    seal(&mut batch);
    batch.freeze()
}

/// One record, in the bytes it lies in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    pub(super) raw: &'a [u8],
    pub(super) timestamp_delta: i64,
    pub(super) offset_delta: i64,
    pub(super) key: Option<&'a [u8]>,
    pub(super) tombstone: bool,
}

/// The records of a decompressed body; ends with an error where the bytes make no sense.
pub(super) fn records(mut body: &[u8]) -> impl Iterator<Item = Result<Record<'_>, Error>> {
    std::iter::from_fn(move || {
        if body.is_empty() {
            return None;
        }
        let whole = body;
        let record = (|| {
            let length = usize::try_from(varint(&mut body)?).ok()?;
            let (mut inner, rest) = body.split_at_checked(length)?;
            body = rest;
            let raw = &whole[..whole.len() - rest.len()];
            inner = inner.get(1..)?;
            let timestamp_delta = varint(&mut inner)?;
            let offset_delta = varint(&mut inner)?;
            let key = field(&mut inner)?;
            let tombstone = field(&mut inner)?.is_none();
            Some(Record { raw, timestamp_delta, offset_delta, key, tombstone })
        })();
        if record.is_none() {
            body = &[];
        }
        Some(record.ok_or(Error::InvalidRecord))
    })
}

/// A field behind its length; the inner `None` is null.
fn field<'a>(bytes: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let length = varint(bytes)?;
    if length < 0 {
        return Some(None);
    }
    let (value, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
    *bytes = rest;
    Some(Some(value))
}

/// A zigzag varint of at most ten bytes.
fn varint(bytes: &mut &[u8]) -> Option<i64> {
    let mut value = 0u64;
    for shift in (0..70).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 127).checked_shl(shift).unwrap_or(0);
        if byte < &128 {
            return Some((value >> 1) as i64 ^ -((value & 1) as i64));
        }
    }
    None
}
