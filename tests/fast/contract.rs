//! The generated types say what the schemas say, and read and write what another Avro library writes and reads.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use devkit::contract::{COMMAND, GENERATED, SCHEMAS, generate, read};
use kernel::codec::{self, Datum, encode};
use kernel::contract::{
    DriverChanged, DriverLocated, DriverReleased, FareCaptured, MarketSampled, MarketTicked, MatchDecided,
    PolicyChanged, PriceQuoted, QuoteRequested, RecordParked, RideProgressed, RideRequested, RiderChanged, StateKept,
    TOPICS, TurnTaken, Vehicle,
};
use kernel::{Record, Topic};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_generated_types_are_those_of_the_schemas() {
    let wanted = generate(&read(&root().join(SCHEMAS)).unwrap()).unwrap();
    let found = fs::read_to_string(root().join(GENERATED)).unwrap();
    assert!(wanted == found, "{GENERATED} is not what the schemas say: run `{COMMAND}`");
}

#[test]
fn every_topic_of_the_contract_stands_under_its_name_once() {
    let names: Vec<_> = TOPICS.iter().map(|topic| topic.name).collect();
    assert!(names.is_sorted_by(|one, other| one < other), "{names:?}");
}

/// Few distinct values: empty and not, the ends of the ranges, every symbol, lists of up to two.
struct Values<'a> {
    state: u64,
    named: BTreeMap<String, &'a Schema>,
}

impl<'a> Values<'a> {
    fn new(seed: u64, schema: &'a Schema) -> Self {
        let mut values = Values { state: seed, named: BTreeMap::new() };
        values.collect(schema);
        values
    }

    fn collect(&mut self, schema: &'a Schema) {
        if let (Some(name), false) = (schema.name(), matches!(schema, Schema::Ref { .. })) {
            self.named.insert(name.fullname(None), schema);
        }
        match schema {
            Schema::Record(record) => record.fields.iter().for_each(|field| self.collect(&field.schema)),
            Schema::Array(array) => self.collect(&array.items),
            Schema::Union(union) => union.variants().iter().for_each(|variant| self.collect(variant)),
            _ => {}
        }
    }

    /// Splitmix64 (Steele, Lea and Flood, 2014), below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) % bound as u64) as usize
    }

    fn of(&mut self, schema: &'a Schema) -> Value {
        match schema {
            Schema::Boolean => Value::Boolean(self.below(2) == 1),
            Schema::Int => Value::Int([0, -1, i32::MAX, i32::MIN][self.below(4)]),
            Schema::Long => Value::Long([0, -1, i64::MAX, i64::MIN][self.below(4)]),
            Schema::TimestampMillis => Value::TimestampMillis([0, -1, i64::MAX, i64::MIN][self.below(4)]),
            Schema::String => Value::String(["", "a", "ä€𝄞"][self.below(3)].to_owned()),
            Schema::Bytes => Value::Bytes(vec![0, 255, b'a'][..self.below(4)].to_vec()),
            Schema::Null => Value::Null,
            Schema::Enum(symbols) => {
                let at = self.below(symbols.symbols.len());
                Value::Enum(at as u32, symbols.symbols[at].clone())
            }
            Schema::Union(union) => {
                let at = self.below(union.variants().len());
                Value::Union(at as u32, Box::new(self.of(&union.variants()[at])))
            }
            Schema::Array(array) => Value::Array((0..self.below(3)).map(|_| self.of(&array.items)).collect()),
            Schema::Record(record) => {
                Value::Record(record.fields.iter().map(|field| (field.name.clone(), self.of(&field.schema))).collect())
            }
            Schema::Ref { name } => self.of(self.named[&name.fullname(None)]),
            other => panic!("no values for {other:?}: add them here"),
        }
    }
}

/// What the other library writes of a topic is read by our type, which writes the same bytes again.
fn the_libraries_agree<R: Record + PartialEq + std::fmt::Debug>() -> &'static Topic {
    let schema = Schema::parse_str(R::TOPIC.schema).unwrap();
    let writer = GenericDatumWriter::builder(&schema).build().unwrap();
    let reader = GenericDatumReader::builder(&schema).build().unwrap();
    for seed in 0..200 {
        let value = Values::new(seed, &schema).of(&schema);
        let theirs = writer.write_value_to_vec(value.clone()).unwrap();
        let record: R =
            Datum { bytes: &theirs, schema: R::schema() }.read().unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        let mut ours = Vec::new();
        encode(&record, &mut ours).unwrap();
        let mut by_schema = Vec::new();
        codec::by_schema(&record, &mut by_schema).unwrap();
        assert_eq!(ours, by_schema, "{}, seed {seed}", R::TOPIC.name);
        assert_eq!(reader.read_value(&mut ours.as_slice()).unwrap(), value, "{}, seed {seed}", R::TOPIC.name);
        let again: R = Datum { bytes: &ours, schema: R::schema() }.read().unwrap();
        assert_eq!(again, record, "{}, seed {seed}", R::TOPIC.name);
    }
    R::TOPIC
}

#[test]
fn our_types_and_another_avro_library_read_each_other() {
    let tried = [
        the_libraries_agree::<DriverChanged>(),
        the_libraries_agree::<DriverLocated>(),
        the_libraries_agree::<DriverReleased>(),
        the_libraries_agree::<FareCaptured>(),
        the_libraries_agree::<MarketSampled>(),
        the_libraries_agree::<MarketTicked>(),
        the_libraries_agree::<MatchDecided>(),
        the_libraries_agree::<PolicyChanged>(),
        the_libraries_agree::<PriceQuoted>(),
        the_libraries_agree::<QuoteRequested>(),
        the_libraries_agree::<RecordParked>(),
        the_libraries_agree::<RideProgressed>(),
        the_libraries_agree::<RideRequested>(),
        the_libraries_agree::<RiderChanged>(),
        the_libraries_agree::<StateKept>(),
        the_libraries_agree::<TurnTaken>(),
    ];
    assert_eq!(tried, TOPICS, "a topic of the contract is not tried here");
}

#[test]
fn what_a_newer_writer_added_is_passed_over() {
    let newer = DriverChanged::TOPIC.schema.replace("\"ACCESSIBLE\"", "\"ACCESSIBLE\",\"HOVERCRAFT\"").replace(
        "{\"name\":\"active\"",
        "{\"name\":\"wings\",\"type\":{\"type\":\"array\",\"items\":\"string\"},\"default\":[]},{\"name\":\"active\"",
    );
    let schema = Schema::parse_str(&newer).unwrap();
    let mut value = Values::new(1, &schema).of(&schema);
    let Value::Record(fields) = &mut value else { panic!("a record") };
    for (name, value) in fields {
        match name.as_str() {
            "vehicle" => *value = Value::Enum(4, "HOVERCRAFT".to_owned()),
            "wings" => *value = Value::Array(vec![Value::String("left".to_owned()), Value::String("right".to_owned())]),
            "rating_bps" => *value = Value::Int(9_700),
            _ => {}
        }
    }
    let bytes = GenericDatumWriter::builder(&schema).build().unwrap().write_value_to_vec(value).unwrap();
    let read: DriverChanged = Datum { bytes: &bytes, schema: &newer.parse().unwrap() }.read().unwrap();
    assert_eq!((read.vehicle, read.rating_bps), (Vehicle::Unknown, 9_700));
}

#[test]
fn what_an_older_writer_had_not_yet_is_its_default() {
    let tier = "\"name\":\"tier\",\"type\":";
    let (before, after) = DriverChanged::TOPIC.schema.split_once(tier).unwrap();
    let after = &after[after.find("{\"name\":\"vehicle\"").unwrap()..];
    let older = format!("{}{after}", before.trim_end_matches('{'));
    let schema = Schema::parse_str(&older).unwrap();
    let value = Values::new(2, &schema).of(&schema);
    let bytes = GenericDatumWriter::builder(&schema).build().unwrap().write_value_to_vec(value).unwrap();
    let read: DriverChanged = Datum { bytes: &bytes, schema: &older.parse().unwrap() }.read().unwrap();
    assert_eq!(read.tier, None);
}
