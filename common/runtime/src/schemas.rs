//! The port to the schema registry, as the worker needs it.

use std::sync::Arc;

use serde_avro_fast::Schema;

/// Why a schema id could not be resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// The registry knows no such id.
    Unknown(String),
    /// The registry does not answer; try again later.
    Away(String),
}

/// Schema ids to schemas and back.
pub trait Schemas {
    /// The schema that a record was written by.
    ///
    /// # Errors
    /// Says whether the id is unknown or the registry does not answer.
    fn by_id(&mut self, id: u32) -> Result<Arc<Schema>, Unresolved>;

    /// Whether [`Schemas::by_id`] answers without asking anybody.
    fn remembers(&self, _: u32) -> bool {
        false
    }

    /// The id under which the schema of one of our topics is registered; `None`: it was never registered.
    fn id_of(&self, topic: &str) -> Option<u32>;
}
