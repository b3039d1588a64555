//! Datums of a topic, made from its schema alone: every symbol, both branches of every union, lists of none, one and two, the ends of the
//! ranges and where an Avro number grows by a byte. The same schema gives the same bytes.

use std::collections::BTreeMap;

use super::model::{Body, Contract, Field, File, Type};

/// Most datums of one topic; a contract that needs more is not sampled to its end, which a test would say.
const CASES_MAX: usize = 256;

/// Where an Avro number (zigzag, seven bits a byte) grows by a byte, and the ends of `int`.
const INTS: [i64; 10] = [0, -1, 63, 64, -64, -65, 8_191, 8_192, i32::MAX as i64, i32::MIN as i64];

/// Beyond `int`: the ends of `long`, and one that no double can hold.
const LONGS: [i64; 6] = [0, -1, 1 << 31, (1 << 53) + 1, i64::MAX, i64::MIN];

/// The epoch, the time before it, the last millisecond of the year 9999, and the ends.
const TIMES: [i64; 5] = [0, -1, 253_402_300_799_999, i64::MAX, i64::MIN];

const TEXTS: [&str; 5] = [
    "",
    "a",
    "\u{e4}\u{20ac}\u{1d11e} \u{645}\u{62f}\u{64a}\u{646}\u{629}",
    "a/b \"c\"\\\n\u{0}",
    "xxxxxxxxxxxxxxxx\
    xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
];

const BYTES: [&[u8]; 3] = [&[], &[0, 0, 0, 0, 7, 255], b"{\"json\":true}"];

const FLOATS: [f64; 4] = [0.0, -0.5, 1.0e-3, 1.0e30];

/// The datums of `file`'s topic; the first one is such as a service would write.
pub(super) fn datums(contract: &Contract, file: &File) -> Vec<Vec<u8>> {
    let mut datums = Vec::new();
    let mut writer = Writer { contract, first: true, visits: BTreeMap::new(), bytes: Vec::new() };
    while datums.len() < CASES_MAX && (writer.first || writer.visits.values().any(|(visits, count)| visits < count)) {
        writer.first = datums.is_empty();
        writer.record("", &file.record);
        datums.push(std::mem::take(&mut writer.bytes));
    }
    datums
}

/// The datums while they are written.
struct Writer<'a> {
    contract: &'a Contract,
    /// Whether it is the first datum: plausible values, nothing left out.
    first: bool,
    /// How often each place was written, in all datums, and how many values it has.
    visits: BTreeMap<String, (usize, usize)>,
    bytes: Vec<u8>,
}

impl Writer<'_> {
    /// Writes a named record at `place`, the way to it from the topic's own; a parsed contract has all that it names.
    fn record(&mut self, place: &str, full: &str) {
        let contract = self.contract;
        let Some(Body::Record(fields)) = contract.named(full).map(|named| &named.body) else { return };
        for field in fields {
            self.value(&format!("{place}.{}", field.name), field, &field.kind);
        }
    }

    fn value(&mut self, place: &str, field: &Field, kind: &Type) {
        match kind {
            Type::Boolean => {
                let at = self.turn(place, 2);
                self.bytes.push(u8::from(at == 0));
            }
            Type::Int | Type::Long | Type::Timestamp => self.whole(place, &field.name, kind),
            Type::Float => {
                let number = FLOATS[self.turn(place, FLOATS.len())] as f32;
                self.bytes.extend_from_slice(&number.to_le_bytes());
            }
            Type::Double => {
                let number = FLOATS[self.turn(place, FLOATS.len())];
                self.bytes.extend_from_slice(&number.to_le_bytes());
            }
            Type::Bytes => {
                let at = self.turn(place, BYTES.len());
                self.text(if self.first { BYTES[1] } else { BYTES[at] });
            }
            Type::String => {
                let at = self.turn(place, TEXTS.len());
                let text = if self.first { plausible_text(&field.name) } else { TEXTS[at].to_owned() };
                self.text(text.as_bytes());
            }
            Type::Array(items) => self.list(place, field, items, false),
            Type::Map(values) => self.list(place, field, values, true),
            Type::Optional(inner) => {
                let there = self.turn(&format!("{place}?"), 2) == 0;
                self.number(i64::from(there));
                if there {
                    self.value(place, field, inner);
                }
            }
            Type::Named(full) => self.named(place, full),
        }
    }

    fn named(&mut self, place: &str, full: &str) {
        let contract = self.contract;
        match contract.named(full).map(|named| &named.body) {
            Some(Body::Enum { symbols, .. }) => {
                // The first symbol is the default, so the first datum takes the second.
                let at = (self.turn(place, symbols.len()) + 1) % symbols.len();
                self.number(at as i64);
            }
            _ => self.record(place, full),
        }
    }

    /// Lists and maps are written alike, but for the keys.
    fn list(&mut self, place: &str, field: &Field, items: &Type, keyed: bool) {
        let length = [2, 0, 1][self.turn(place, 3)];
        if length > 0 {
            self.number(length);
            for at in 0..length {
                if keyed {
                    self.text(format!("key-{at}").as_bytes());
                }
                self.value(&format!("{place}[]"), field, items);
            }
        }
        self.number(0);
    }

    fn whole(&mut self, place: &str, name: &str, kind: &Type) {
        let numbers = match kind {
            Type::Int => &INTS[..],
            Type::Long => &LONGS,
            _ => &TIMES,
        };
        let at = self.turn(place, numbers.len());
        self.number(if self.first { plausible_number(name, kind) } else { numbers[at] });
    }

    /// Which of `count` values a field takes this time: one after the other.
    fn turn(&mut self, place: &str, count: usize) -> usize {
        let (visits, _) = self.visits.entry(place.to_owned()).or_insert((0, count));
        // The first datum has values of its own.
        if self.first {
            return 0;
        }
        *visits += 1;
        (*visits - 1) % count
    }

    fn text(&mut self, text: &[u8]) {
        self.number(text.len() as i64);
        self.bytes.extend_from_slice(text);
    }

    /// Zigzag, then seven bits a byte, the lowest first.
    fn number(&mut self, number: i64) {
        let mut rest = ((number << 1) ^ (number >> 63)) as u64;
        while rest >= 0x80 {
            self.bytes.push((rest as u8 & 0x7f) | 0x80);
            rest >>= 7;
        }
        self.bytes.push(rest as u8);
    }
}

/// A text that the field `name` may well hold.
fn plausible_text(name: &str) -> String {
    let text = match name {
        "market" | "registered_market" => "san-francisco",
        "from" => "oakland",
        "topic" => "ride.requested",
        "processor" => "matching",
        "policy" => "matching@3",
        "policy_hash" => "9f86d081884c7d65",
        "hash" => "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "currency" => "USD",
        "decision" | "of" | "first" => "san-francisco/4711/0",
        "entity" => "matching/san-francisco/ride/ride-7f3a",
        "text" => "version = 3\n",
        "detail" => "pickup is 91000000, -122419400: it must be micro-degrees within +-90000000 and +-180000000",
        "why" => "the rider waits at another gate",
        _ => return format!("{name}-7f3a"),
    };
    text.to_owned()
}

/// A number that the field `name` may well hold.
fn plausible_number(name: &str, kind: &Type) -> i64 {
    match name {
        _ if *kind == Type::Timestamp => 1_767_225_600_123,
        "lat_e6" => 37_774_900,
        "lng_e6" => -122_419_400,
        "cell" => 0x0892_8308_283f_ffff,
        "chunk" | "component" | "row" | "column" => 0,
        "chunks" | "hop" | "revision" => 1,
        _ if name.ends_with("_bps") => 9_650,
        _ if name.ends_with("_ms") => 240_000,
        _ if name.ends_with("_minor") => 2_350,
        _ => 42,
    }
}
