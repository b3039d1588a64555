use serde_json::{Value, json};

use super::{COMMAND, Source, generate, names, parse};

/// A small schema that keeps every rule.
fn good() -> Value {
    json!({
        "type": "record", "name": "RideRequested", "namespace": "t", "doc": "A rider asks.",
        "topic": {
            "name": "ride.requested", "key": "market", "partitions": 12, "placed_by": "market", "cleanup": "delete",
            "retention_ms": 1_000, "max_message_bytes": 1_048_576
        },
        "fields": [
            {"name": "market", "type": "string", "doc": "City."},
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}, "doc": "When."},
            {"name": "tier", "doc": "Tier.", "default": "NONE", "type": {
                "type": "enum", "name": "Tier", "doc": "Tiers.", "symbols": ["NONE", "GOLD", "TIER_2"], "default": "NONE"
            }},
            {"name": "seats", "type": "int", "default": 4, "doc": "Seats."},
            {"name": "type", "type": ["null", "bytes"], "default": null, "doc": "A word of Rust's."},
            {"name": "ways", "type": {"type": "array", "items": ["null", "double"]}, "default": [], "doc": "Ways."}
        ]
    })
}

fn source(file: &str, json: &Value) -> Source {
    Source { file: file.to_owned(), text: json.to_string() }
}

fn generated(json: &Value) -> Result<String, String> {
    generate(&[source("ride.requested.avsc", json)])
}

/// The sentence for the good schema with one thing changed.
fn refusal(pointer: &str, value: Value) -> String {
    let mut json = good();
    *json.pointer_mut(pointer).unwrap() = value;
    generated(&json).unwrap_err()
}

fn removed(pointer: &str, key: &str) -> String {
    let mut json = good();
    json.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(key).unwrap();
    generated(&json).unwrap_err()
}

#[test]
fn the_types_of_a_schema_have_its_fields_defaults_and_words() {
    let text = generated(&good()).unwrap();
    assert!(text.starts_with(&format!("//! Generated from `schemas/*.avsc` by `{COMMAND}`")));
    for part in [
        "/// A rider asks.\n#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]\npub struct RideRequested {",
        "    /// City.\n    pub market: String,\n    /// When.\n    pub at: i64,\n",
        "    #[serde(default)]\n    pub tier: Tier,\n",
        "    #[serde(default = \"RideRequested::default_seats\")]\n    pub seats: i32,\n",
        "    fn default_seats() -> i32 {\n        4\n    }\n",
        "    #[serde(with = \"serde_bytes\", default)]\n    pub r#type: Option<Vec<u8>>,\n",
        "    pub ways: Vec<Option<f64>>,\n",
        "    #[serde(rename = \"TIER_2\")]\n    Tier2 = 2,\n",
        "    #[default]\n    #[serde(other)]\n    #[serde(rename = \"NONE\")]\n    None = 0,\n}\n",
        "        max_message_bytes: 1_048_576,\n        compression: None,\n",
        "        self.market.as_bytes()\n",
        "pub const TOPICS: [&Topic; 1] = [",
    ] {
        assert!(text.contains(part), "not there:\n{part}\nin\n{text}");
    }
}

#[test]
fn no_field_can_say_a_protected_attribute_or_what_stands_for_one() {
    let denied =
        "gender rider_gender genders gender2 age age_years rider_birth_year battery_bps device disabilities first_name";
    for name in denied.split(' ') {
        let said = refusal("/fields/3/name", json!(name));
        assert!(said.contains(&format!("t.RideRequested.{name}: ")) && said.contains("protected attribute"), "{said}");
    }
    assert!(refusal("/fields/2/type/name", json!("GenderOfRider")).contains("t.GenderOfRider: \"gender\""));
    assert!(refusal("/fields/2/type/symbols/1", json!("PREGNANT")).contains("t.Tier: \"pregnant\""));
    // Parts of words say nothing.
    for name in ["stage", "package_count", "sector", "trace", "tripled", "name", "percentage"] {
        let mut json = good();
        *json.pointer_mut("/fields/3/name").unwrap() = json!(name);
        assert!(generated(&json).is_ok(), "{name}");
    }
}

#[test]
fn each_broken_rule_is_one_sentence_that_names_its_place() {
    for (sentence, part) in [
        (removed("", "topic"), "ride.requested.avsc: no \"topic\" attribute"),
        (removed("/topic", "retention_ms"), "topic has no \"retention_ms\""),
        (removed("", "doc"), "t.RideRequested: needs a \"doc\""),
        (removed("/fields/3", "doc"), "t.RideRequested.seats: needs a \"doc\""),
        (removed("/fields/4", "default"), "t.RideRequested.type: an optional field needs"),
        (removed("/fields/2/type", "default"), "t.Tier: needs a \"default\""),
        (refusal("/topic/name", json!("ride.asked")), "name the file ride.asked.avsc"),
        (refusal("/topic/cleanup", json!("compact")), "retention_ms is -1"),
        (refusal("/topic/retention_ms", json!(0)), "retention_ms above 0"),
        (refusal("/topic/partitions", json!(0)), "1 to 10000"),
        (refusal("/topic/placed_by", json!("luck")), "key, market, origin"),
        (refusal("/topic/key", json!("seats")), "string or bytes"),
        (refusal("/fields/0/name", json!("city")), "not market"),
        (refusal("/fields/0/name", json!("theMarket")), "snake_case"),
        (refusal("/fields/1/name", json!("market")), "two fields market"),
        (refusal("/fields/1/type", json!({"type": "int", "logicalType": "date"})), "timestamp-millis"),
        (refusal("/fields/1/type", json!("Other")), "t.Other is not defined"),
        (refusal("/fields/1/type", json!("RideRequested")), "contains itself"),
        (refusal("/fields/2/default", json!("SILVER")), "does not fit"),
        (refusal("/fields/2/type/symbols", json!(["NONE", "A_B", "A__B"])), "SCREAMING_SNAKE_CASE"),
        (refusal("/fields/2/type/symbols", json!(["NONE", "NONE"])), "each once"),
        (refusal("/fields/3/default", json!(1_i64 << 40)), "does not fit"),
        (refusal("/fields/4/type", json!(["bytes", "null"])), "only unions"),
        (refusal("/fields/4/type", json!(["null", "int", "string"])), "only unions"),
        (refusal("/fields/5/default", json!([1])), "does not fit"),
        (refusal("/fields/5/type/items", json!("bytes")), "only in a field"),
    ] {
        assert!(sentence.contains(part), "wanted {part:?} in {sentence:?}");
        assert!(!sentence.contains('\n'), "{sentence}");
    }
}

#[test]
fn a_type_of_two_files_is_written_once_and_must_be_the_same() {
    let mut second = good();
    second["name"] = json!("RideProgressed");
    second["topic"]["name"] = json!("ride.progressed");
    let both =
        |second: &Value| generate(&[source("ride.requested.avsc", &good()), source("ride.progressed.avsc", second)]);
    assert_eq!(both(&second).unwrap().matches("pub enum Tier {").count(), 1);
    second["fields"][2]["type"]["doc"] = json!("Other tiers.");
    let sentence = both(&second).unwrap_err();
    assert!(sentence.starts_with("ride.progressed.avsc: t.Tier: differs"), "{sentence}");
    second["fields"][2]["type"]["namespace"] = json!("u");
    assert!(both(&second).unwrap_err().contains("u.Tier: another namespace"));
    second["fields"][2]["type"] = json!("string");
    second["fields"][2]["default"] = json!("");
    second["topic"]["partitions"] = json!(6);
    assert!(both(&second).unwrap_err().contains("equally many"));
}

#[test]
fn an_inline_type_and_its_name_are_the_same() {
    let mut nested = good();
    let tier = nested["fields"][2]["type"].clone();
    nested["fields"][0] = json!({"name": "first", "type": tier, "doc": "First."});
    nested["fields"][2]["type"] = json!("Tier");
    nested["fields"].as_array_mut().unwrap().push(json!({"name": "market", "type": "string", "doc": "City."}));
    let sources = [source("ride.requested.avsc", &nested)];
    assert_eq!(parse(&sources).unwrap().types.len(), 2);
}

#[test]
fn the_registered_text_keeps_everything_but_white_space_between_tokens() {
    assert_eq!(
        names::minify("{ \"a\" : [1,\n 2],\t\"b c\": \"d \\\" e\\\\\" , \"f\": 3 }"),
        r#"{"a":[1,2],"b c":"d \" e\\","f":3}"#
    );
}
