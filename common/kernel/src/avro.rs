//! Avro's binary encoding, value by value: what the types of the [`contract`](crate::contract) write themselves by.
//!
//! A generated type knows the order of its fields, so no schema is looked at and no name compared: a quote of some hundred numbers is written
//! in a fraction of the time. Who reads goes by the schema all the same, and tests compare both with the library's encoding.

use std::collections::BTreeMap;

/// What Avro's encoding has a form for.
pub(crate) trait Put {
    /// Appends the value to `to`.
    fn put(&self, to: &mut Vec<u8>);
}

impl Put for i64 {
    /// Zigzag, seven bits a byte, the lowest first.
    #[inline]
    fn put(&self, to: &mut Vec<u8>) {
        let mut left = ((self << 1) ^ (self >> 63)) as u64;
        while left >= 0x80 {
            to.push(left as u8 | 0x80);
            left >>= 7;
        }
        to.push(left as u8);
    }
}

impl Put for i32 {
    #[inline]
    fn put(&self, to: &mut Vec<u8>) {
        i64::from(*self).put(to);
    }
}

impl Put for bool {
    #[inline]
    fn put(&self, to: &mut Vec<u8>) {
        to.push(u8::from(*self));
    }
}

impl Put for f32 {
    fn put(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.to_le_bytes());
    }
}

impl Put for f64 {
    fn put(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.to_le_bytes());
    }
}

impl Put for String {
    #[inline]
    fn put(&self, to: &mut Vec<u8>) {
        bytes(self.as_bytes(), to);
    }
}

/// A union of null and `T`, null first.
impl<T: Put> Put for Option<T> {
    #[inline]
    fn put(&self, to: &mut Vec<u8>) {
        (i64::from(self.is_some())).put(to);
        if let Some(value) = self {
            value.put(to);
        }
    }
}

/// An array: one block, and one of none that ends it.
impl<T: Put> Put for Vec<T> {
    fn put(&self, to: &mut Vec<u8>) {
        if !self.is_empty() {
            (self.len() as i64).put(to);
            self.iter().for_each(|item| item.put(to));
        }
        to.push(0);
    }
}

impl<T: Put> Put for BTreeMap<String, T> {
    fn put(&self, to: &mut Vec<u8>) {
        if !self.is_empty() {
            (self.len() as i64).put(to);
            for (key, value) in self {
                key.put(to);
                value.put(to);
            }
        }
        to.push(0);
    }
}

/// `bytes`, which Rust would take for an array.
#[inline]
pub(crate) fn bytes(value: &[u8], to: &mut Vec<u8>) {
    (value.len() as i64).put(to);
    to.extend_from_slice(value);
}

/// A union of null and `bytes`.
pub(crate) fn some_bytes(value: Option<&[u8]>, to: &mut Vec<u8>) {
    (i64::from(value.is_some())).put(to);
    if let Some(value) = value {
        bytes(value, to);
    }
}
