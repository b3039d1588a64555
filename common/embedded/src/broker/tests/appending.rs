use std::io::Write;

use kafka_protocol::ResponseError as Error;

use super::*;

fn partition() -> Partition {
    Partition::new(Default::default())
}

fn one(producer: i64, epoch: i16, sequence: i32) -> Bytes {
    batch_of(From { producer, epoch, sequence, transactional: false }, 0, &[(Some("k"), Some("v"), 0)])
}

fn open(producer: i64, epoch: i16, sequence: i32) -> Bytes {
    batch_of(From { producer, epoch, sequence, transactional: true }, 0, &[(Some("k"), Some("v"), 0)])
}

#[test]
fn offsets_go_on_without_a_gap() {
    let mut partition = partition();
    let three = batch_of(NOBODY, 0, &[(None, Some("a"), 0), (None, Some("b"), 0), (None, Some("c"), 0)]);
    assert_eq!(append(&mut partition, &three), Ok(0));
    assert_eq!(append(&mut partition, &three), Ok(3));
    assert_eq!((partition.log.next, partition.log.find(4)), (6, 1));
}

#[test]
fn a_retried_batch_is_not_written_twice_and_a_gap_is_refused() {
    let mut partition = partition();
    assert_eq!(append(&mut partition, &one(7, 0, 0)), Ok(0));
    assert_eq!(append(&mut partition, &one(7, 0, 1)), Ok(1));
    assert_eq!(append(&mut partition, &one(7, 0, 0)), Ok(0));
    assert_eq!(append(&mut partition, &one(7, 0, 3)), Err(Error::OutOfOrderSequenceNumber));
    assert_eq!(append(&mut partition, &one(7, 1, 0)), Ok(2));
    assert_eq!(append(&mut partition, &one(7, 0, 2)), Err(Error::InvalidProducerEpoch));
    assert_eq!(partition.log.next, 3);
}

#[test]
fn sequences_go_on_at_zero_after_the_largest() {
    let mut partition = partition();
    assert_eq!(append(&mut partition, &one(7, 0, i32::MAX)), Ok(0));
    assert_eq!(append(&mut partition, &one(7, 0, 0)), Ok(1));
}

#[test]
fn the_stable_offset_is_the_first_of_the_oldest_open_transaction() {
    let mut partition = partition();
    append(&mut partition, &open(1, 0, 0)).unwrap();
    append(&mut partition, &open(2, 0, 0)).unwrap();
    assert_eq!(partition.stable(), 0);
    partition.end_transaction((1, 0), true, 0);
    assert_eq!(partition.stable(), 1);
    partition.end_transaction((2, 0), false, 0);
    assert_eq!((partition.stable(), partition.log.next), (4, 4));
    assert_eq!(committed(&partition).iter().map(|seen| seen.0).collect::<Vec<_>>(), [0]);
}

#[test]
fn a_marker_of_a_later_epoch_fences_what_is_still_on_its_way() {
    let mut partition = partition();
    append(&mut partition, &open(1, 0, 0)).unwrap();
    partition.end_transaction((1, 1), false, 0);
    assert_eq!(append(&mut partition, &open(1, 0, 1)), Err(Error::InvalidProducerEpoch));
    assert_eq!(append(&mut partition, &open(1, 1, 0)), Ok(2));
}

#[test]
fn only_aborts_within_the_range_read_are_told_and_the_index_shrinks_with_the_log() {
    let mut partition = partition();
    for sequence in 0..10 {
        append(&mut partition, &open(1, 0, sequence)).unwrap();
        partition.end_transaction((1, 0), sequence % 2 == 0, 0); // Aborts at 2, 6, 10, ..
    }
    let firsts = |partition: &Partition, from, to| -> Vec<i64> {
        partition.producers.aborted(from, to).iter().map(|aborted| aborted.first).collect()
    };
    assert_eq!(firsts(&partition, 0, 20), [2, 6, 10, 14, 18]);
    assert_eq!(firsts(&partition, 4, 11), [6, 10]);
    partition.advance(8);
    assert_eq!((partition.producers.aborted_len(), partition.log.start), (3, 8));
}

#[test]
fn the_longest_unseen_producers_are_forgotten_but_none_with_an_open_transaction() {
    let mut partition = partition();
    append(&mut partition, &open(1, 0, 0)).unwrap();
    for producer in 2..20 {
        let raw = one(producer, 0, 0);
        let how = Append { now: producer, max_producers: 8, ..HOW };
        partition.append(&raw, &Header::check(&raw).unwrap(), how).unwrap();
        assert!(partition.producers.len() <= 8);
    }
    partition.end_transaction((1, 0), true, 0);
    assert_eq!(append(&mut partition, &open(1, 0, 5)), Err(Error::OutOfOrderSequenceNumber), "it is still known");
}

#[test]
fn a_time_is_found_although_times_go_back() {
    let mut partition = partition();
    for time in [5, 9, 3, 7, 20] {
        append(&mut partition, &batch_of(NOBODY, time, &[(None, Some("v"), 0)])).unwrap();
    }
    let at = |partition: &Partition, time| partition.log.at_time(time).map(|batch| batch.base);
    assert_eq!(
        [at(&partition, 4), at(&partition, 6), at(&partition, 10), at(&partition, 21)],
        [Some(0), Some(1), Some(4), None]
    );
    partition.advance(2);
    assert_eq!([at(&partition, 4), at(&partition, 8)], [Some(3), Some(4)]);
}

#[test]
fn append_time_replaces_the_time_and_the_batch_stays_sound() {
    let mut partition = partition();
    let raw = batch_of(NOBODY, 5, &[(None, Some("v"), 0)]);
    let how = Append { now: 777, append_time: true, ..HOW };
    partition.append(&raw, &Header::check(&raw).unwrap(), how).unwrap();
    let stored = &partition.log.batches[0];
    let header = Header::check(&stored.data).unwrap();
    assert!(header.log_append_time());
    assert_eq!((header.max_timestamp, stored.max_timestamp), (777, 777));
}

#[test]
fn a_damaged_batch_is_refused() {
    let sound = one(7, 0, 0);
    assert!(Header::check(&sound).is_ok());
    for cut in 0..sound.len() {
        assert!(Header::check(&sound[..cut]).is_err(), "cut at {cut}");
    }
    for index in 8..sound.len() {
        let mut damaged = sound.to_vec();
        damaged[index] ^= 0x41;
        // The leader's epoch is the broker's to write.
        assert_eq!(Header::check(&damaged).is_err(), !(12..16).contains(&index), "byte {index}");
    }
    assert_eq!(Header::check(&batch::marker(0, 0, (1, 0), true)).err(), Some(Error::InvalidRecord));
}

#[test]
fn all_memory_is_given_back() {
    let shared = shared(Config::default(), &[]);
    let mut state = shared.lock();
    for _ in 0..10 {
        append(state.partition("t", 0).unwrap().1, &one(-1, -1, -1)).unwrap();
    }
    let full = state.used();
    state.partition("t", 0).unwrap().1.advance(5);
    assert_eq!(state.used(), full / 2);
    state.delete("t").unwrap();
    assert_eq!(state.used(), 0);
}

#[test]
fn decompression_stops_at_its_limit() {
    let plain = vec![0; 100_000];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&plain).unwrap();
    let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
    lz4.write_all(&plain).unwrap();
    let snappy = snap::raw::Encoder::new().compress_vec(&plain).unwrap();
    let mut xerial = b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01".to_vec();
    xerial.extend((snappy.len() as u32).to_be_bytes());
    xerial.extend(&snappy);
    let zstd = zstd::encode_all(&plain[..], 1).unwrap();
    let all = [(1, gzip.finish().unwrap()), (2, snappy), (2, xerial), (3, lz4.finish().unwrap()), (4, zstd)];
    for (codec, body) in all {
        let raw = packed(NOBODY, 0, (1, codec), (0, &body));
        let header = Header::check(&raw).unwrap();
        assert_eq!(codec::body(&raw, &header, 100_000).unwrap(), plain, "codec {codec}");
        assert_eq!(codec::body(&raw, &header, 99_999).err(), Some(Error::MessageTooLarge), "codec {codec}");
        let cut = packed(NOBODY, 0, (1, codec), (0, &body[..body.len() / 2]));
        assert!(codec::body(&cut, &header, 100_000).is_err(), "codec {codec} cut");
    }
}
