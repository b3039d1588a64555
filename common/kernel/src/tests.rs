use crate::{Bps, partition, wire};

/// Vectors of Apache Kafka's own `UtilsTest.testMurmur2`, made positive and taken modulo 1000.
#[test]
fn a_key_lies_where_java_puts_it() {
    let cases: [(&[u8], i32); 6] = [
        (b"21", -973_932_308),
        (b"foobar", -790_332_482),
        (b"a-little-bit-long-string", -985_981_536),
        (b"a-little-bit-longer-string", -1_486_304_829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        (b"abc", 479_470_107),
    ];
    for (key, hash) in cases {
        assert_eq!(partition::of(key, 1000), (hash & 0x7fff_ffff) % 1000, "{}", String::from_utf8_lossy(key));
    }
}

#[test]
fn a_value_splits_into_schema_id_and_datum() {
    let mut value = Vec::new();
    wire::start(7, &mut value);
    value.extend_from_slice(b"datum");
    assert_eq!(wire::split(&value), Ok((7, &b"datum"[..])));
    assert_eq!(wire::split(&[0, 0, 0]), Err(wire::Unframed::Short));
    assert_eq!(wire::split(b"{\"json\":1}"), Err(wire::Unframed::Magic(b'{')));
}

#[test]
fn a_shortfall_is_a_share_of_the_whole() {
    assert_eq!(Bps(10_000).shortfall(60_000), 0);
    assert_eq!(Bps(9_000).shortfall(60_000), 6_000);
    assert_eq!(Bps(0).shortfall(60_000), 60_000);
}

#[test]
fn the_first_answer_about_a_rider_holds_and_not_to_be_asked_is_none() {
    use crate::rider::{Facts, Riders};
    let mut riders = Riders::default();
    riders.add("ann", Facts::Unasked);
    assert_eq!(riders, Riders::default());
    riders.add("ann", Facts::Absent);
    riders.add("ann", Facts::Unanswered);
    assert_eq!((riders.of("ann"), riders.of("bob")), (&Facts::Absent, &Facts::Unasked));
}
