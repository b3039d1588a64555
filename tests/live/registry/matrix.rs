//! What two registries must agree on: verdicts at every level, ids, statuses and error codes.

use devkit::contract::frozen;
use serde_json::{Value, json};

use super::{ask, evolutions};

const LEVELS: [&str; 7] =
    ["NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"];

const INT: &str = r#"{"type":"record","name":"R","namespace":"t","fields":[{"name":"a","type":"int"}]}"#;
const NONE: &str = r#"{"type":"record","name":"R","namespace":"t","fields":[]}"#;
const TEXT: &str =
    r#"{"type":"record","name":"R","namespace":"t","fields":[{"name":"a","type":"string","default":""}]}"#;

/// Where Apicurio does not answer as Confluent documents, or says less; the embedded one keeps to Confluent's: a question, what the embedded
/// one answers, and what Apicurio does.
pub(super) const DIFFERENT: [(&str, &str, &str); 8] = [
    ("with a doc", "another id", "the same id"),
    ("versions", "[1,2,3]", "[1,2]"),
    ("a version that is no number", "422 42202", "404 40402"),
    ("registering an empty text", "422 42201", "500 0"),
    ("registering no JSON", "400 400", "400"),
    ("compatibility, all of none", "200 true", "404 40401"),
    ("the level of a subject without", "404 40408", "404 40401"),
    ("no such call", "404 404", "404"),
];

/// What a registry answered, by what it was asked.
pub(super) type Answers = Vec<(String, String)>;

fn posted(schema: &str) -> String {
    json!({ "schema": schema }).to_string()
}

/// Status and error code, and what the answer says of compatibility.
fn brief((status, answer): (u16, Value)) -> String {
    let parts = ["error_code", "is_compatible"].into_iter().filter_map(|key| answer.get(key).map(Value::to_string));
    [status.to_string()].into_iter().chain(parts).collect::<Vec<_>>().join(" ")
}

/// A fresh subject with these versions, then held to a level.
fn subject(url: &str, name: &str, versions: &[&str], level: &str) {
    let set = |level: &str| json!({ "compatibility": level }).to_string();
    assert_eq!(ask(url, "PUT", &format!("/config/{name}"), &set("NONE")).0, 200, "{name}");
    for version in versions {
        assert_eq!(ask(url, "POST", &format!("/subjects/{name}/versions"), &posted(version)).0, 200, "{name}");
    }
    assert_eq!(ask(url, "PUT", &format!("/config/{name}"), &set(level)).0, 200, "{name}");
}

/// Whether `new` may follow `versions` at every level: as a question, then as a registration.
fn at_every_level(url: &str, name: &str, versions: &[&str], new: &str, answers: &mut Answers) {
    for level in LEVELS {
        let subject_name = format!("{}-{level}", name.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
        subject(url, &subject_name, versions, level);
        let question = format!("/compatibility/subjects/{subject_name}/versions/latest");
        let asked = brief(ask(url, "POST", &question, &posted(new)));
        let done = brief(ask(url, "POST", &format!("/subjects/{subject_name}/versions"), &posted(new)));
        answers.push((format!("{name}, {level}"), format!("asked {asked}, registered {done}")));
    }
}

/// The evolutions, what three versions need to tell, and each released schema with today's.
pub(super) fn verdicts(url: &str) -> Answers {
    let mut answers = Answers::new();
    for evolution in evolutions::all() {
        at_every_level(url, evolution.name, &[&evolution.old], &evolution.new, &mut answers);
    }
    // Readable from the last version and not from the first.
    at_every_level(url, "a field comes back as another type", &[INT, NONE], TEXT, &mut answers);
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let today = devkit::contract::read(&root.join(devkit::contract::SCHEMAS)).unwrap();
    for version in frozen::versions(&root).unwrap() {
        for old in &version.sources {
            let new = today.iter().find(|new| new.file == old.file).unwrap();
            let name = format!("{} of {}", old.file, version.name);
            at_every_level(url, &name, &[&old.text], &new.text, &mut answers);
        }
    }
    answers
}

/// Which schemas have one id: the same again, in another subject, in other words.
pub(super) fn ids(url: &str) -> Answers {
    let registered = |subject: &str, schema: &str| {
        let (status, answer) = ask(url, "POST", &format!("/subjects/{subject}/versions"), &posted(schema));
        assert_eq!(status, 200, "{subject}: {answer}");
        answer["id"].as_i64().unwrap()
    };
    let first = registered("ids-one", INT);
    let spaced = INT.replace(',', " ,\n ").replace(':', " : ");
    let turned = r#"{"name":"R","namespace":"t","fields":[{"type":"int","name":"a"}],"type":"record"}"#;
    let told = INT.replace("\"name\":\"R\"", "\"name\":\"R\",\"doc\":\"A record.\"");
    let same = |what: &str, subject: &str, schema: &str| {
        (what.to_owned(), if registered(subject, schema) == first { "the same id" } else { "another id" }.to_owned())
    };
    vec![
        same("again", "ids-one", INT),
        same("in another subject", "ids-two", INT),
        same("with other white space", "ids-one", &spaced),
        same("with the keys in another order", "ids-one", turned),
        same("with a doc", "ids-one", &told),
        same("another schema", "ids-one", NONE),
        same("the first again after it", "ids-one", INT),
        ("versions".to_owned(), ask(url, "GET", "/subjects/ids-one/versions", "").1.to_string()),
    ]
}

/// Questions that go wrong.
pub(super) fn codes(url: &str) -> Answers {
    subject(url, "codes", &[INT], "BACKWARD");
    let wrong = INT.replace("\"int\"", "\"string\"");
    let (known, unknown) = (posted(INT), posted("\"bytes\""));
    let asks: [(&str, &str, &str, String); 31] = [
        ("an unknown id", "GET", "/schemas/ids/987654", String::new()),
        ("an unknown id's schema", "GET", "/schemas/ids/987654/schema", String::new()),
        ("an unknown id's subjects", "GET", "/schemas/ids/987654/subjects", String::new()),
        ("an unknown id's versions", "GET", "/schemas/ids/987654/versions", String::new()),
        ("versions of an unknown subject", "GET", "/subjects/nowhere/versions", String::new()),
        ("the latest of an unknown subject", "GET", "/subjects/nowhere/versions/latest", String::new()),
        ("a version of an unknown subject", "GET", "/subjects/nowhere/versions/1", String::new()),
        ("the schema of an unknown subject", "GET", "/subjects/nowhere/versions/1/schema", String::new()),
        ("an unknown version", "GET", "/subjects/codes/versions/2", String::new()),
        ("an unknown version's schema", "GET", "/subjects/codes/versions/2/schema", String::new()),
        ("version 0", "GET", "/subjects/codes/versions/0", String::new()),
        ("version -1, the latest", "GET", "/subjects/codes/versions/-1", String::new()),
        ("a version that is no number", "GET", "/subjects/codes/versions/x", String::new()),
        ("finding what is there", "POST", "/subjects/codes", known.clone()),
        ("finding what is not there", "POST", "/subjects/codes", unknown.clone()),
        ("finding in an unknown subject", "POST", "/subjects/nowhere", known.clone()),
        ("registering no schema", "POST", "/subjects/codes/versions", posted("{\"type\":\"recor")),
        ("registering an unknown type", "POST", "/subjects/codes/versions", posted("{\"type\":\"recor\"}")),
        ("registering an empty text", "POST", "/subjects/codes/versions", posted("")),
        ("registering what is incompatible", "POST", "/subjects/codes/versions", posted(&wrong)),
        ("registering no JSON", "POST", "/subjects/codes/versions", "{".to_owned()),
        ("compatibility, no schema", "POST", "/compatibility/subjects/codes/versions/latest", posted("{")),
        ("compatibility, version", "POST", "/compatibility/subjects/codes/versions/1", posted(&wrong)),
        ("compatibility, unknown version", "POST", "/compatibility/subjects/codes/versions/9", known.clone()),
        ("compatibility, unknown subject", "POST", "/compatibility/subjects/nowhere/versions/latest", known.clone()),
        ("compatibility, a version of none", "POST", "/compatibility/subjects/nowhere/versions/1", known.clone()),
        ("compatibility, all versions", "POST", "/compatibility/subjects/codes/versions", posted(&wrong)),
        ("compatibility, all of none", "POST", "/compatibility/subjects/nowhere/versions", known.clone()),
        ("the level of a subject without", "GET", "/config/nowhere", String::new()),
        ("a level that is none", "PUT", "/config/codes", json!({"compatibility": "SOME"}).to_string()),
        ("no such call", "GET", "/nowhere", String::new()),
    ];
    asks.iter().map(|(name, method, path, body)| ((*name).to_owned(), brief(ask(url, method, path, body)))).collect()
}
