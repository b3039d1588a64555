//! The Confluent wire format: a zero byte, the schema id in four bytes, big end first, then the Avro datum.

/// Bytes before the datum.
pub const HEADER: usize = 5;

/// Why a value is not in the wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unframed {
    /// Shorter than the header.
    Short,
    /// The first byte is not zero but this.
    Magic(u8),
}

/// Splits a value into schema id and datum.
///
/// # Errors
/// Says why it is not in the wire format.
pub fn split(value: &[u8]) -> Result<(u32, &[u8]), Unframed> {
    match value {
        [0, a, b, c, d, datum @ ..] => Ok((u32::from_be_bytes([*a, *b, *c, *d]), datum)),
        [0, ..] | [] => Err(Unframed::Short),
        [magic, ..] => Err(Unframed::Magic(*magic)),
    }
}

/// Starts a value: the header for `schema_id`.
pub fn start(schema_id: u32, to: &mut Vec<u8>) {
    to.push(0);
    to.extend_from_slice(&schema_id.to_be_bytes());
}
