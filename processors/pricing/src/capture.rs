//! What a ride comes to when it has ended, and what was lost of it.

pub(crate) mod due;
pub(crate) mod leaks;
mod lock;
pub(crate) mod sound;
pub(crate) mod tide;
