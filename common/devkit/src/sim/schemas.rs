//! The registry of the simulation: the contract's topics, numbered from one.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use kernel::contract::TOPICS;
use runtime::{Schemas, Unresolved};
use serde_avro_fast::Schema;

use super::World;

thread_local! {
    /// Parsed once: a schema is slower to parse than a seed to run.
    static PARSED: Vec<Option<Arc<Schema>>> = TOPICS.iter().map(|topic| topic.schema.parse().ok().map(Arc::new)).collect();
}

/// The registry as one worker sees it.
pub struct SimSchemas(pub Rc<RefCell<World>>);

impl SimSchemas {
    /// The id of a topic's schema.
    pub fn id(topic: &str) -> Option<u32> {
        TOPICS.iter().position(|known| known.name == topic).map(|index| index as u32 + 1)
    }

    pub(super) fn known(id: u32) -> Option<Arc<Schema>> {
        PARSED.with(|parsed| parsed.get((id as usize).wrapping_sub(1)).cloned().flatten())
    }
}

impl Schemas for SimSchemas {
    fn by_id(&mut self, id: u32) -> Result<Arc<Schema>, Unresolved> {
        if self.0.borrow_mut().registry_away(id) {
            return Err(Unresolved::Away("the registry does not answer".to_owned()));
        }
        SimSchemas::known(id).ok_or_else(|| Unresolved::Unknown(format!("no schema {id}")))
    }

    fn remembers(&self, id: u32) -> bool {
        !self.0.borrow().unlearned(id)
    }

    fn id_of(&self, topic: &str) -> Option<u32> {
        SimSchemas::id(topic)
    }
}
