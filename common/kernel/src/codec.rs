//! Avro datums to contract types and back, without an allocation that a type does not need.

use std::io::BufRead;

use serde::Deserialize;
use serde_avro_fast::{
    Schema,
    de::{DeserializerConfig, DeserializerState, read::SliceRead},
    ser::SerializerConfig,
};

use crate::Record;

/// An Avro datum with the schema that it was written by.
#[derive(Clone, Copy)]
pub struct Datum<'a> {
    /// The bytes after the wire header.
    pub bytes: &'a [u8],
    /// The writer's schema: what the header's id stands for.
    pub schema: &'a Schema,
}

impl<'a> Datum<'a> {
    /// Reads the datum as a `T`, which may borrow from it.
    ///
    /// # Errors
    /// What does not fit, in one line; bytes after the datum do not fit either.
    pub fn read<T: Deserialize<'a>>(&self) -> Result<T, String> {
        let mut config = DeserializerConfig::new(self.schema);
        // A list of entries without bytes may claim any length: none of ours has more entries than bytes.
        config.max_seq_size = self.bytes.len();
        let mut state = DeserializerState::with_config(SliceRead::new(self.bytes), config);
        let value = T::deserialize(state.deserializer()).map_err(|error| one_line(&error.to_string()))?;
        match state.into_reader().fill_buf() {
            Ok([]) => Ok(value),
            Ok(rest) => Err(format!("{} bytes after the record", rest.len())),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Appends `record` to `to` as an Avro datum of its own schema.
///
/// # Errors
/// What cannot be encoded, in one line.
pub fn encode<R: Record>(record: &R, to: &mut Vec<u8>) -> Result<(), String> {
    record.write(to)
}

/// The same by the schema, field by field: what a type that does not write itself is written by, and what the others are compared with.
///
/// # Errors
/// What the schema has no form for, in one line.
pub fn by_schema<R: Record>(record: &R, to: &mut Vec<u8>) -> Result<(), String> {
    let mut config = SerializerConfig::new(R::schema());
    serde_avro_fast::to_datum(record, &mut *to, &mut config).map_err(|error| one_line(&error.to_string()))?;
    Ok(())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
