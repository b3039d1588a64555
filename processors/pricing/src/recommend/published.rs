//! The policies of `quoting` that were published, as its instances take them from `policy.changed`.

use std::collections::BTreeMap;

use kernel::contract::PolicyChanged;
use kernel::{Processor, Rules};

use crate::forecast::sound;
use crate::{Policy, Quoting};

/// A version that was published.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its text.
    pub text: String,
    /// Who published it.
    pub author: String,
    pub(super) policy: Policy,
}

/// What held when. Feed it the records of `policy.changed` in their order.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// What holds before the first of them does, if that is known.
    base: Option<Policy>,
    /// By the event time from which each holds, milliseconds, and its version.
    versions: BTreeMap<(i64, i32), Version>,
    /// Records that an instance refuses.
    pub refused: u64,
}

impl Published {
    /// Nothing published yet: the policy with this text holds.
    ///
    /// # Errors
    /// Why the text is no policy.
    pub fn after(base: &str) -> Result<Published, String> {
        Ok(Published { base: Some(Policy::parse(base)?), ..Published::default() })
    }

    /// Takes a record of `policy.changed`: those of other processors are of no concern, what an instance refuses is counted.
    pub fn take(&mut self, changed: &PolicyChanged) {
        let PolicyChanged { policy: name, processor, version, effective_from, text, hash, author, .. } = changed;
        if processor != Quoting::NAME {
            return;
        }
        let known = self.versions.get(&(*effective_from, *version));
        if known.is_some_and(|known| known.policy.hash() == hash) {
            return; // It was said twice.
        }
        let fits = |policy: &Policy| {
            *name == format!("{processor}@{version}") && policy.version() == *version && policy.hash() == hash
        };
        let parsed =
            Policy::parse(text).ok().filter(fits).filter(|_| *version > self.newest() && sound(*effective_from));
        match parsed {
            Some(policy) => {
                let version_of = Version { text: text.clone(), author: author.clone(), policy };
                self.versions.insert((*effective_from, *version), version_of);
            }
            None => self.refused += 1,
        }
    }

    /// The greatest version that was published; 0: none was.
    pub fn newest(&self) -> i32 {
        self.versions.keys().map(|(_, version)| *version).max().unwrap_or(0)
    }

    /// The published policy that holds at an event time, milliseconds, and its version; `None`: what was there before holds still.
    pub fn at(&self, at: i64) -> Option<(i32, &Version)> {
        let held = self.versions.range(..=(at, i32::MAX)).next_back();
        held.map(|((_, version), policy)| (*version, policy))
    }

    /// All that held one after the other, with their versions; 0 is what held before the first, if that is known.
    pub(super) fn in_turn(&self) -> impl Iterator<Item = (i32, &Policy)> {
        let published = self.versions.iter().map(|((_, version), held)| (*version, &held.policy));
        self.base.iter().map(|policy| (0, policy)).chain(published)
    }
}
