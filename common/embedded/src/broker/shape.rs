//! Checks that the counts in a request fit into its bytes.
//!
//! `kafka-protocol` reserves memory for as many elements as a request claims to hold, so a claim of two thousand million would
//! end the process. Each request is walked along its shape first; what does not fit is refused.

/// Elements that all arrays of one request may hold together.
const ELEMENTS: usize = 200_000;

/// What is wrong with a request's bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misshapen;

/// Walks a request body.
///
/// A shape is a list of fields: `1 2 4 8` fixed bytes, `s` string, `b` bytes, `[..]` array of structures, `(..)` array of
/// plain values. `3:x` exists from version 3 on, `2-4:x` in versions 2 to 4.
pub(super) fn check(shape: &str, version: i16, flexible: bool, body: &[u8]) -> Result<(), Misshapen> {
    let fields: Vec<&str> = shape.split_whitespace().collect();
    let mut walk = Walk { version, flexible, rest: body, left: ELEMENTS };
    walk.fields(&fields)?;
    walk.tags()
}

struct Walk<'a> {
    version: i16,
    flexible: bool,
    rest: &'a [u8],
    left: usize,
}

impl Walk<'_> {
    fn fields(&mut self, mut fields: &[&str]) -> Result<(), Misshapen> {
        while let Some((field, rest)) = fields.split_first() {
            let (served, field) = self.served(field);
            fields = rest;
            let opens = field.starts_with(['[', '(']);
            if opens {
                let end = closing(rest)?;
                if served {
                    self.array(&rest[..end], field == "[")?;
                }
                fields = &rest[end + 1..];
            } else if served {
                self.value(field)?;
            }
        }
        Ok(())
    }

    /// Whether this version has the field, and its type.
    fn served<'f>(&self, field: &'f str) -> (bool, &'f str) {
        let Some((versions, kind)) = field.split_once(':') else { return (true, field) };
        let (from, to) = versions.split_once('-').unwrap_or((versions, "99"));
        let bound = |text: &str| text.parse::<i16>().unwrap_or(0);
        (self.version >= bound(from) && self.version <= bound(to), kind)
    }

    fn array(&mut self, element: &[&str], structure: bool) -> Result<(), Misshapen> {
        let count = self.count(4)?;
        self.left = self.left.checked_sub(count).ok_or(Misshapen)?;
        for _ in 0..count {
            self.fields(element)?;
            if structure {
                self.tags()?;
            }
        }
        Ok(())
    }

    fn value(&mut self, kind: &str) -> Result<(), Misshapen> {
        let length = match kind {
            "s" => self.count(2)?,
            "b" => self.count(4)?,
            fixed => fixed.parse().map_err(|_| Misshapen)?,
        };
        self.take(length).map(|_| ())
    }

    /// A length of `wide` bytes, or a varint one more than it; null counts as zero.
    fn count(&mut self, wide: usize) -> Result<usize, Misshapen> {
        if self.flexible {
            return Ok(self.varint()?.saturating_sub(1));
        }
        let bytes = self.take(wide)?;
        let signed = match *bytes {
            [a, b] => i32::from(i16::from_be_bytes([a, b])),
            [a, b, c, d] => i32::from_be_bytes([a, b, c, d]),
            _ => return Err(Misshapen),
        };
        if signed == -1 { Ok(0) } else { usize::try_from(signed).map_err(|_| Misshapen) }
    }

    fn tags(&mut self) -> Result<(), Misshapen> {
        if !self.flexible {
            return Ok(());
        }
        let count = self.varint()?;
        self.left = self.left.checked_sub(count).ok_or(Misshapen)?;
        for _ in 0..count {
            self.varint()?;
            let length = self.varint()?;
            self.take(length)?;
        }
        Ok(())
    }

    fn varint(&mut self) -> Result<usize, Misshapen> {
        let mut value = 0u64;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return u32::try_from(value).map(|value| value as usize).map_err(|_| Misshapen);
            }
        }
        Err(Misshapen)
    }

    fn take(&mut self, length: usize) -> Result<&[u8], Misshapen> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Misshapen)?;
        self.rest = rest;
        Ok(taken)
    }
}

/// Where the array that was just opened closes.
fn closing(fields: &[&str]) -> Result<usize, Misshapen> {
    let mut depth = 0;
    for (index, field) in fields.iter().enumerate() {
        match field.rsplit(':').next() {
            Some("[" | "(") => depth += 1,
            Some("]" | ")") if depth == 0 => return Ok(index),
            Some("]" | ")") => depth -= 1,
            _ => {}
        }
    }
    Err(Misshapen)
}
