//! Law 7: released schemas stay as they are, today's types read all that they wrote, and another Avro library agrees.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Avro;
use devkit::contract::frozen::{FIXTURES, FROZEN, KINDS, Kind, Version, breaches, datums, freeze, verify, versions};
use devkit::contract::{SCHEMAS, Source, read};
use kernel::codec::Datum;
use kernel::contract::TOPICS;
use serde_json::{Value, json};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A topic of a released version: its type, its schema, its datums and what they say.
struct Fixture {
    name: String,
    kind: Kind,
    schema: String,
    datums: Vec<Vec<u8>>,
    said: Vec<Value>,
}

fn fixtures(root: &Path, Version { name, sources }: &Version) -> Vec<Fixture> {
    let folder = root.join(FIXTURES).join(name);
    let fixture = |source: &Source| {
        let topic = source.file.trim_end_matches(".avsc");
        let kind = KINDS.into_iter().find(|kind| kind.topic.name == topic);
        let avro = fs::read(folder.join(format!("{topic}.avro"))).unwrap();
        let json = fs::read_to_string(folder.join(format!("{topic}.json"))).unwrap();
        let fixture = Fixture {
            name: format!("{topic}, version {name}"),
            kind: kind.unwrap_or_else(|| panic!("{topic} was released with version {name}: a topic does not go away")),
            schema: source.text.clone(),
            datums: datums(&avro).unwrap().into_iter().map(<[u8]>::to_vec).collect(),
            said: serde_json::from_str(&json).unwrap(),
        };
        assert_eq!(fixture.datums.len(), fixture.said.len(), "{}", fixture.name);
        fixture
    };
    sources.iter().map(fixture).collect()
}

fn all() -> Vec<Fixture> {
    versions(&root()).unwrap().iter().flat_map(|version| fixtures(&root(), version)).collect()
}

/// What a datum says, read by today's type with the schema that wrote it.
fn says(fixture: &Fixture, datum: &[u8]) -> Result<String, String> {
    let schema = fixture.schema.parse().unwrap();
    (fixture.kind.says)(Datum { bytes: datum, schema: &schema })
}

#[test]
fn every_topic_has_a_type_to_read_its_fixtures_with() {
    assert_eq!(KINDS.map(|kind| kind.topic.name), TOPICS.map(|topic| topic.name));
}

#[test]
fn a_released_version_stays_as_it_was_frozen() {
    for version in versions(&root()).unwrap() {
        verify(&root(), &version.name).unwrap();
    }
}

#[test]
fn todays_schemas_may_follow_every_released_version() {
    let versions = versions(&root()).unwrap();
    assert!(!versions.is_empty(), "nothing is frozen in {FROZEN}");
    assert_eq!(breaches(&versions, &read(&root().join(SCHEMAS)).unwrap()).unwrap(), Vec::<String>::new());
}

#[test]
fn todays_types_read_what_every_released_version_wrote() {
    for fixture in all() {
        for (number, (datum, said)) in fixture.datums.iter().zip(&fixture.said).enumerate() {
            // Through today's type, so that fields which came later have their defaults here too.
            let wanted = (fixture.kind.said)(said).unwrap();
            assert_eq!(says(&fixture, datum).unwrap(), wanted, "{}, datum {number}", fixture.name);
        }
    }
}

#[test]
fn another_library_reads_the_same_in_every_fixture() {
    for fixture in all() {
        let schema = Schema::parse_str(&fixture.schema).unwrap();
        let reader = GenericDatumReader::builder(&schema).build().unwrap();
        for (number, (datum, said)) in fixture.datums.iter().zip(&fixture.said).enumerate() {
            let mut rest = datum.as_slice();
            let read = reader.read_value(&mut rest).unwrap();
            assert_eq!((plain(&read), rest.len()), (said.clone(), 0), "{}, datum {number}", fixture.name);
        }
    }
}

/// An Avro value as serde writes the types of the contract.
fn plain(value: &Avro) -> Value {
    match value {
        Avro::Null => Value::Null,
        Avro::Boolean(is) => json!(is),
        Avro::Int(number) => json!(number),
        Avro::Long(number) | Avro::TimestampMillis(number) => json!(number),
        Avro::String(text) | Avro::Enum(_, text) => json!(text),
        Avro::Bytes(bytes) => json!(bytes),
        Avro::Union(_, inner) => plain(inner),
        Avro::Array(items) => items.iter().map(plain).collect(),
        Avro::Record(fields) => fields.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        other => panic!("the contract has no {other:?}"),
    }
}

/// What a schema lets a writer write, as far as it is a matter of choice; what a value shows of it is written the same way.
fn choices<'a>(place: &str, schema: &'a Schema, named: &mut BTreeMap<String, &'a Schema>, all: &mut BTreeSet<String>) {
    let note =
        |whats: &[&str], all: &mut BTreeSet<String>| all.extend(whats.iter().map(|what| format!("{place} {what}")));
    if let (Some(name), false) = (schema.name(), matches!(schema, Schema::Ref { .. })) {
        named.insert(name.fullname(None), schema);
    }
    match schema {
        Schema::Ref { name } => choices(place, named[&name.fullname(None)], named, all),
        Schema::Enum(symbols) => symbols.symbols.iter().for_each(|symbol| note(&[symbol], all)),
        Schema::Union(union) => {
            note(&["null", "there"], all);
            union.variants().iter().for_each(|variant| choices(place, variant, named, all));
        }
        Schema::Array(array) => {
            note(&["none", "one", "more"], all);
            choices(&format!("{place}[]"), &array.items, named, all);
        }
        Schema::Record(record) => {
            record
                .fields
                .iter()
                .for_each(|field| choices(&format!("{place}.{}", field.name), &field.schema, named, all));
        }
        Schema::Int | Schema::Long | Schema::TimestampMillis => note(&["least", "negative", "zero", "greatest"], all),
        Schema::String => note(&["empty", "unicode"], all),
        Schema::Bytes => note(&["empty"], all),
        Schema::Boolean => note(&["true", "false"], all),
        _ => {}
    }
}

fn chosen(place: &str, value: &Avro, all: &mut BTreeSet<String>) {
    let note = |what: &str, all: &mut BTreeSet<String>| all.extend([format!("{place} {what}")]);
    match value {
        Avro::Enum(_, symbol) => note(symbol, all),
        Avro::Union(branch, inner) => {
            note(if *branch == 0 { "null" } else { "there" }, all);
            chosen(place, inner, all);
        }
        Avro::Array(items) => {
            note(["none", "one", "more"][items.len().min(2)], all);
            items.iter().for_each(|item| chosen(&format!("{place}[]"), item, all));
        }
        Avro::Record(fields) => {
            fields.iter().for_each(|(name, value)| chosen(&format!("{place}.{name}"), value, all));
        }
        Avro::Int(i32::MIN) | Avro::Long(i64::MIN) | Avro::TimestampMillis(i64::MIN) => note("least", all),
        Avro::Int(i32::MAX) | Avro::Long(i64::MAX) | Avro::TimestampMillis(i64::MAX) => note("greatest", all),
        Avro::Int(0) | Avro::Long(0) | Avro::TimestampMillis(0) => note("zero", all),
        Avro::Int(-1) | Avro::Long(-1) | Avro::TimestampMillis(-1) => note("negative", all),
        Avro::String(text) if !text.is_ascii() => note("unicode", all),
        Avro::String(text) if text.is_empty() => note("empty", all),
        Avro::Bytes(bytes) if bytes.is_empty() => note("empty", all),
        Avro::Boolean(is) => note(if *is { "true" } else { "false" }, all),
        _ => {}
    }
}

#[test]
fn a_fixture_shows_every_symbol_every_branch_lists_of_every_length_and_the_ends_of_the_ranges() {
    for fixture in all() {
        let schema = Schema::parse_str(&fixture.schema).unwrap();
        let reader = GenericDatumReader::builder(&schema).build().unwrap();
        let (mut wanted, mut found) = (BTreeSet::new(), BTreeSet::new());
        choices("", &schema, &mut BTreeMap::new(), &mut wanted);
        for datum in &fixture.datums {
            chosen("", &reader.read_value(&mut datum.as_slice()).unwrap(), &mut found);
        }
        let missing: Vec<_> = wanted.difference(&found).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", fixture.name);
    }
}

/// A repository with today's schemas and nothing frozen; gone when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let scratch = Scratch(std::env::temp_dir().join(format!("frozen-{name}-{}", std::process::id())));
        fs::create_dir_all(scratch.0.join(SCHEMAS)).unwrap();
        for Source { file, text } in read(&root().join(SCHEMAS)).unwrap() {
            fs::write(scratch.0.join(SCHEMAS).join(file), text).unwrap();
        }
        scratch
    }

    /// Changes a file in place.
    fn edit(&self, path: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
        let path = self.0.join(path);
        fs::write(&path, change(fs::read(&path).unwrap())).unwrap();
    }

    /// What reading the frozen versions with its schemas, `old` in place of `new` in one of them, is told.
    fn told(&self, file: &str, old: &str, new: &str) -> Vec<String> {
        let mut today = read(&self.0.join(SCHEMAS)).unwrap();
        let source = today.iter_mut().find(|source| source.file == file).unwrap();
        let compact = serde_json::from_str::<Value>(&source.text).unwrap().to_string();
        source.text = if compact.contains(old) { compact.replacen(old, new, 1) } else { panic!("{old} in {compact}") };
        breaches(&versions(&self.0).unwrap(), &today).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_version_is_frozen_once() {
    let scratch = Scratch::new("once");
    let root = &scratch.0;
    assert!(freeze(root, "first").unwrap_err().contains("three numbers such as 0.1.0"));
    // A schema, two files of a fixture for each topic, and the two lists.
    assert_eq!(freeze(root, "0.1.0"), Ok(TOPICS.len() * 3 + 2));
    assert_eq!(freeze(root, "0.1.0"), Ok(0), "the same again is no fault");
    verify(root, "0.1.0").unwrap();
    assert_eq!(freeze(root, "0.10.0"), Ok(TOPICS.len() * 3 + 2));
    assert_eq!(freeze(root, "0.2.0"), Ok(TOPICS.len() * 3 + 2));
    let names: Vec<_> = versions(root).unwrap().into_iter().map(|version| version.name).collect();
    assert_eq!(names, ["0.1.0", "0.2.0", "0.10.0"]);
    scratch.edit("tests/fixtures/0.1.0/market.ticked.avro", |mut bytes| {
        bytes[7] ^= 1;
        bytes
    });
    let sentence = verify(root, "0.1.0").unwrap_err();
    assert!(sentence.contains("market.ticked.avro is not what was frozen"), "{sentence}");
    assert!(freeze(root, "0.1.0").unwrap_err().contains("frozen with another content"));
    scratch.edit("schemas/frozen/0.2.0/market.ticked.avsc", |bytes| [bytes, b"\n".to_vec()].concat());
    assert!(verify(root, "0.2.0").unwrap_err().contains("market.ticked.avsc is not what was frozen"));
    fs::write(root.join("schemas/frozen/0.10.0/market.stopped.avsc"), "{}").unwrap();
    assert!(verify(root, "0.10.0").unwrap_err().contains("nothing is added to a version"));
}

#[test]
fn a_damaged_fixture_is_not_what_it_says() {
    let scratch = Scratch::new("damaged");
    freeze(&scratch.0, "0.1.0").unwrap();
    let all = fixtures(&scratch.0, &versions(&scratch.0).unwrap()[0]);
    let ticked = all.iter().find(|fixture| fixture.name.starts_with("market.ticked")).unwrap();
    let datum = &ticked.datums[0];
    let wanted = (ticked.kind.said)(&ticked.said[0]).unwrap();
    assert_eq!(says(ticked, datum).unwrap(), wanted);
    for at in 0..datum.len() {
        let mut damaged = datum.clone();
        damaged[at] ^= 1;
        assert_ne!(says(ticked, &damaged).ok(), Some(wanted.clone()), "byte {at}");
    }
    assert!(datums(&[0, 0, 0, 2, 7]).unwrap_err().contains("torn off"));
}

#[test]
fn what_no_released_version_allows_is_told() {
    let scratch = Scratch::new("told");
    freeze(&scratch.0, "0.1.0").unwrap();
    let reads =
        |file: &str, old: &str, new: &str| assert_eq!(scratch.told(file, old, new), Vec::<String>::new(), "{new}");
    let told = |file: &str, old: &str, new: &str, part: &str| {
        let told = scratch.told(file, old, new);
        assert!(told.iter().any(|sentence| sentence.contains(part)), "{part}: {told:#?}");
    };
    let ticked = "market.ticked.avsc";
    let field = |default: &str| format!(r#"{{"doc":"New.","name":"new","type":"int"{default}}},"#);
    let fields = r#""fields":["#;
    reads(ticked, fields, &format!("{fields}{}", field(r#","default":0"#)));
    told(ticked, fields, &format!("{fields}{}", field("")), "market.ticked.avsc: the new schema cannot read");
    let parked = "record.parked.avsc";
    told(parked, r#""default":[],"#, "", "tripo.RecordParked.headers: its released default is gone");
    told(parked, r#""key":"key""#, r#""key":"processor""#, "\"key\" was key and is processor");
    told(parked, r#""partitions":12"#, r#""partitions":24"#, "\"partitions\" was 12 and is 24");
    told(
        parked,
        r#""name":"size","type":"int""#,
        r#""name":"size","type":"string""#,
        "tripo.RecordParked.size: its type",
    );
    reads(parked, r#""name":"size","type":"int""#, r#""name":"size","type":"long""#);
    // Its records say UNKNOWN from then on.
    reads(parked, r#""PANICKED","#, "");
    reads(parked, r#""PANICKED","#, r#""PANICKED","BORED","#);
    let mut today = read(&scratch.0.join(SCHEMAS)).unwrap();
    today.retain(|source| source.file != ticked);
    let told = breaches(&versions(&scratch.0).unwrap(), &today).unwrap();
    assert_eq!(
        told,
        ["version 0.1.0: market.ticked was released: a topic does not go away: restore market.ticked.avsc"]
    );
    // Nor is such a contract frozen.
    scratch.edit("schemas/market.ticked.avsc", |text| {
        String::from_utf8(text).unwrap().replace("\"partitions\": 12", "\"partitions\": 13").into_bytes()
    });
    assert!(freeze(&scratch.0, "0.2.0").is_err());
}
