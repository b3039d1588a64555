//! What the tests share: batches, partitions, and reading them.

mod appending;
mod compacting;
mod keeping;
mod wire;

use bytes::{BufMut, Bytes, BytesMut};

use super::Config;
use super::batch::{self, Header};
use super::codec;
use super::configs::TopicConfig;
use super::log::{Append, Partition};
use super::state::{Shared, now_ms};

/// A producer's side of a batch.
#[derive(Clone, Copy, Debug)]
struct From {
    producer: i64,
    epoch: i16,
    sequence: i32,
    transactional: bool,
}

const NOBODY: From = From { producer: -1, epoch: -1, sequence: -1, transactional: false };

fn varint(out: &mut BytesMut, value: i64) {
    let mut zigzag = ((value << 1) ^ (value >> 63)) as u64;
    while zigzag >= 128 {
        out.put_u8(zigzag as u8 | 128);
        zigzag >>= 7;
    }
    out.put_u8(zigzag as u8);
}

fn field(out: &mut BytesMut, value: Option<&str>) {
    varint(out, value.map_or(-1, |value| value.len() as i64));
    out.put_slice(value.unwrap_or("").as_bytes());
}

/// A batch of these records (key, value, milliseconds after `time`), as a client sends it.
fn batch_of(from: From, time: i64, records: &[(Option<&str>, Option<&str>, i64)]) -> Bytes {
    let mut body = BytesMut::new();
    for (index, (key, value, after)) in records.iter().enumerate() {
        let mut record = BytesMut::new();
        record.put_u8(0);
        varint(&mut record, *after);
        varint(&mut record, index as i64);
        field(&mut record, *key);
        field(&mut record, *value);
        varint(&mut record, 0);
        varint(&mut body, record.len() as i64);
        body.put_slice(&record);
    }
    packed(from, time, (records.len() as i32, 0), (records.iter().map(|record| record.2).max().unwrap_or(0), &body))
}

/// A batch around a body that may be compressed.
fn packed(from: From, time: i64, (count, codec): (i32, i16), (span, body): (i64, &[u8])) -> Bytes {
    let mut out = BytesMut::new();
    out.put_i64(0);
    out.put_i32((49 + body.len()) as i32);
    out.put_i32(-1);
    out.put_i8(2);
    out.put_u32(0);
    out.put_i16(codec | if from.transactional { 0x10 } else { 0 });
    out.put_i32(count - 1);
    out.put_i64(time);
    out.put_i64(time + span);
    out.put_i64(from.producer);
    out.put_i16(from.epoch);
    out.put_i32(from.sequence);
    out.put_i32(count);
    out.put_slice(body);
    let crc = crc32c::crc32c(&out[21..]);
    out[17..21].copy_from_slice(&crc.to_be_bytes());
    out.freeze()
}

const HOW: Append = Append { now: 1_000, append_time: false, max_producers: 100 };

fn append(partition: &mut Partition, raw: &[u8]) -> Result<i64, kafka_protocol::ResponseError> {
    partition.append(raw, &Header::check(raw)?, HOW)
}

/// A broker's state with one topic `t` of one partition.
fn shared(config: Config, settings: &[(&str, &str)]) -> Shared {
    let shared = Shared::new(config, 0);
    let set = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    shared.lock().create(&shared.config, "t", (1, TopicConfig::new(set).unwrap()), false).unwrap();
    shared
}

type Seen = (i64, Option<String>, Option<String>);

/// Offset, key and value of what a `read_committed` consumer sees.
fn committed(partition: &Partition) -> Vec<Seen> {
    let stable = partition.stable();
    let aborted = partition.producers.aborted(partition.log.start, stable);
    let mut seen = Vec::new();
    for stored in partition.log.batches.iter().filter(|stored| stored.last < stable) {
        let header = Header::read(&stored.data).unwrap();
        let hidden = aborted.iter().any(|aborted| {
            header.producer == aborted.producer && (aborted.first..aborted.marker).contains(&stored.base)
        });
        if header.control() || hidden {
            continue;
        }
        let body = codec::body(&stored.data, &header, 1 << 20).unwrap();
        for record in batch::records(&body) {
            let record = record.unwrap();
            let key = record.key.map(|key| String::from_utf8(key.to_vec()).unwrap());
            let value = (!record.tombstone).then(|| String::from_utf8_lossy(record.raw).into_owned());
            seen.push((stored.base + record.offset_delta, key, value));
        }
    }
    seen
}
