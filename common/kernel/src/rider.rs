//! What a turn knows of the riders who ask in it: looked up in the store before the turn is decided, and part of it from then on.

use std::{collections::BTreeMap, sync::Arc};

use crate::{Spot, contract::RiderChanged};

/// What the store said of one rider.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Facts {
    /// It was not asked: there is none, or the ask is about nobody.
    #[default]
    Unasked,
    /// It did not answer in time: nothing is known.
    Unanswered,
    /// It knows no such rider.
    Absent,
    /// It knows him.
    Found(Arc<Known>),
}

/// Facts about a rider, and where they come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The record of `rider.changed`.
    pub place: Spot,
    /// What it says.
    pub rider: RiderChanged,
}

/// The riders of a turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Riders(BTreeMap<String, Facts>);

impl Riders {
    /// Adds what is known of a rider. Who asks twice in a turn is the same both times: the first answer holds. Not to have been asked is
    /// no answer.
    pub fn add(&mut self, rider: &str, facts: Facts) {
        if facts != Facts::Unasked && !self.0.contains_key(rider) {
            self.0.insert(rider.to_owned(), facts);
        }
    }

    /// What is known of a rider.
    pub fn of(&self, rider: &str) -> &Facts {
        self.0.get(rider).unwrap_or(&Facts::Unasked)
    }
}
