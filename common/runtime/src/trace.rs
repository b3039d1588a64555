//! Traces across topics: the header `traceparent` of a record that led to a decision goes on in the decision's own.
//!
//! W3C Trace Context, version 00: `00-<32 hex: trace>-<16 hex: span>-<2 hex: flags>`. The span of a decision follows from the
//! span that led to it and what was written, so that a turn decided again gives the same bytes.

use sha2::{Digest, Sha256};

use crate::log::Raw;

/// The header's name.
pub(crate) const HEADER: &str = "traceparent";

/// The trace context of a record, if it carries a valid one.
pub(crate) fn of(raw: &Raw) -> Option<&str> {
    let (_, value) = raw.headers.iter().find(|(name, _)| name == HEADER)?;
    parse(value.as_deref()?)
}

/// A header's value, if it is valid.
pub(crate) fn parse(value: &[u8]) -> Option<&str> {
    std::str::from_utf8(value).ok().filter(|text| valid(text))
}

/// The context of what was written because of `parent`.
pub(crate) fn child(parent: &str, written: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(parent.as_bytes());
    hash.update(written);
    let span: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    // A span of zeros is none; it comes once in 2^64.
    let span = if span.bytes().all(|digit| digit == b'0') { "0000000000000001" } else { &span };
    format!("{}{span}{}", &parent[..36], &parent[52..])
}

fn valid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let hex = |part: &str, digits: usize| {
        part.len() == digits && part.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit))
    };
    let some = |part: &str| part.bytes().any(|digit| digit != b'0');
    matches!(parts[..], ["00", trace, span, flags]
        if hex(trace, 32) && hex(span, 16) && hex(flags, 2) && some(trace) && some(span))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_child_keeps_the_trace_and_the_flags_and_has_a_span_of_its_own() {
        let child = child(PARENT, b"decision");
        assert!(valid(&child), "{child}");
        assert_eq!((&child[..36], &child[52..]), (&PARENT[..36], "-01"));
        assert_ne!(&child[36..52], &PARENT[36..52]);
        assert_eq!(child, super::child(PARENT, b"decision"), "decided again it is the same");
    }

    #[test]
    fn what_is_no_trace_context_is_ignored() {
        let zero = PARENT.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32));
        let bad = ["", "00", "00---", "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", &PARENT[1..], &zero];
        bad.iter().for_each(|text| assert!(!valid(text), "{text}"));
        assert!(!valid(&PARENT.to_uppercase()) && !valid(&PARENT.replace('b', "\u{fc}")));
        assert!(valid(PARENT));
    }
}
