//! Records that cost only themselves.

use kernel::contract::{Cause, Header, Place, RecordParked};
use sha2::{Digest, Sha256};

use crate::log::Raw;

/// Over this size only a prefix is parked, bytes.
const WHOLE: usize = 512 * 1024;
/// The prefix, bytes.
const PREFIX: usize = 64 * 1024;
/// Most headers, and most bytes of them.
const HEADERS: (usize, usize) = (32, 16 * 1024);
/// Longest detail, bytes.
const DETAIL: usize = 512;

/// The parked form of `raw`.
pub(crate) fn parked(processor: &str, raw: &Raw, market: Option<String>, cause: Cause, detail: &str) -> RecordParked {
    let value = raw.value.as_deref().unwrap_or_default();
    let cut = value.len() > WHOLE;
    RecordParked {
        processor: processor.to_owned(),
        cause,
        detail: one_line(detail),
        place: Place { topic: raw.topic.to_owned(), partition: raw.partition, offset: raw.offset },
        appended_at: raw.appended.0,
        market,
        key: raw.key.as_ref().map(|key| key[..key.len().min(PREFIX)].to_vec()),
        value: raw.value.as_ref().map(|value| value[..if cut { PREFIX } else { value.len() }].to_vec()),
        size: i32::try_from(value.len()).unwrap_or(i32::MAX),
        hash: cut.then(|| hex(&Sha256::digest(value))),
        headers: headers(raw),
    }
}

/// The first headers that fit.
fn headers(raw: &Raw) -> Vec<Header> {
    let mut left = HEADERS.1;
    let mut fit = |(name, value): &&(String, Option<Vec<u8>>)| {
        let size = name.len() + value.as_ref().map_or(0, Vec::len);
        left = left.saturating_sub(size.max(1));
        left > 0
    };
    let all = raw.headers.iter().take(HEADERS.0).take_while(|header| fit(header));
    all.map(|(name, value)| Header { name: name.clone(), value: value.clone() }).collect()
}

/// What became poison: enough of a record to park it later, when its decision panics.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) raw: Raw,
    pub(crate) market: String,
}

impl Origin {
    pub(crate) fn park(&self, processor: &str, cause: Cause, detail: &str) -> RecordParked {
        parked(processor, &self.raw, Some(self.market.clone()), cause, detail)
    }
}

fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(DETAIL));
    for word in text.split_whitespace() {
        if line.len() + word.len() + 1 > DETAIL {
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
