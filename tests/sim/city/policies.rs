//! Versions of the policy, published while the day goes on.

use kernel::{
    Record, Rules,
    contract::{Cause, PolicyChanged},
};
use matching::Policy;

use super::City;

/// The policy of a day in which minutes pass: short patience, which differs from version to version.
pub(crate) fn text(version: i32) -> String {
    matching::BUILT_IN
        .replace("\nversion = 1\n", &format!("\nversion = {version}\n"))
        .replace("\nanswer_s = 20", &format!("\nanswer_s = {}", 4 + version % 4))
        .replace("\nwait_max_s = 600", "\nwait_max_s = 30")
        .replace("\nping_max_age_s = 180", "\nping_max_age_s = 60")
}

impl City {
    /// Publishes the next version, or one that nobody may take.
    pub(super) fn legislate(&mut self) -> Result<(), String> {
        let version = self.policies.len() as i32 + 1;
        let text = text(version);
        let policy = Policy::parse(&text)?;
        let mut changed = PolicyChanged {
            policy: format!("matching@{version}"),
            processor: "matching".to_owned(),
            version,
            // The time at which it is stored counts, and no time passes until then.
            effective_from: self.now().0 + 30_000 + self.rng.upto(20) * 1_000,
            author: "ann".to_owned(),
            reason: "rush hour".to_owned(),
            hash: policy.hash().to_owned(),
            text,
        };
        match self.rng.below(6) {
            0 => changed.hash = "0".repeat(16),
            1 => changed.text = changed.text.replace("rings_max = 12", "rings_max = 31"),
            2 if version > 2 => {
                (changed.version, changed.policy) = (version - 1, format!("matching@{}", version - 1));
            }
            2 | 3 => changed.text.push_str("\nunknown = 1\n"),
            4 => {
                (changed.processor, changed.policy) = ("pricing".to_owned(), format!("pricing@{version}"));
                changed.text = "not ours to judge".to_owned();
                return self.produce(&changed.policy.clone(), &changed).map(drop);
            }
            _ => {
                self.policies.push(policy);
                return self.produce(&changed.policy.clone(), &changed).map(drop);
            }
        }
        let place = self.produce(&changed.policy.clone(), &changed)?;
        debug_assert_eq!(place.topic, PolicyChanged::TOPIC.name);
        self.poison.insert((place.topic, place.partition, place.offset), Cause::OutOfRange);
        Ok(())
    }
}
