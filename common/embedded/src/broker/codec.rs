//! Decompression of record batches, never past a limit.

use std::borrow::Cow;
use std::io::Read;

use kafka_protocol::ResponseError as Error;

use super::batch::{CODEC, HEADER, Header};

const XERIAL: &[u8] = b"\x82SNAPPY\0";

/// The records of a batch as plain bytes; an error if they are damaged or would be longer than `limit`.
pub(super) fn body<'a>(raw: &'a [u8], header: &Header, limit: usize) -> Result<Cow<'a, [u8]>, Error> {
    let packed = raw.get(HEADER..).ok_or(Error::CorruptMessage)?;
    match header.attributes & CODEC {
        0 => Ok(Cow::Borrowed(packed)),
        1 => drain(flate2::read::MultiGzDecoder::new(packed), limit),
        2 => snappy(packed, limit),
        3 => drain(lz4_flex::frame::FrameDecoder::new(packed), limit),
        4 => drain(zstd::Decoder::new(packed).map_err(|_| Error::CorruptMessage)?, limit),
        _ => Err(Error::UnsupportedCompressionType),
    }
}

fn drain(reader: impl Read, limit: usize) -> Result<Cow<'static, [u8]>, Error> {
    let mut plain = Vec::new();
    let read = reader.take(limit as u64 + 1).read_to_end(&mut plain).map_err(|_| Error::CorruptMessage)?;
    if read > limit { Err(Error::MessageTooLarge) } else { Ok(Cow::Owned(plain)) }
}

/// Snappy comes as one block (librdkafka) or in the chunks of the xerial library (Java).
fn snappy(packed: &[u8], limit: usize) -> Result<Cow<'static, [u8]>, Error> {
    if !packed.starts_with(XERIAL) {
        return block(packed, limit).map(Cow::Owned);
    }
    let mut rest = packed.get(16..).ok_or(Error::CorruptMessage)?;
    let mut plain = Vec::new();
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let (chunk, tail) = tail.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or(Error::CorruptMessage)?;
        plain.extend(block(chunk, limit - plain.len())?);
        rest = tail;
    }
    Ok(Cow::Owned(plain))
}

fn block(packed: &[u8], limit: usize) -> Result<Vec<u8>, Error> {
    match snap::raw::decompress_len(packed) {
        Ok(length) if length > limit => Err(Error::MessageTooLarge),
        Ok(_) => snap::raw::Decoder::new().decompress_vec(packed).map_err(|_| Error::CorruptMessage),
        Err(_) => Err(Error::CorruptMessage),
    }
}
