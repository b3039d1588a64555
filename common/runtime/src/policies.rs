//! Which policy holds when: the one that was given at the start, and those that were published since.

use std::{collections::BTreeMap, sync::Arc};

use kernel::{
    Millis, Rules,
    contract::{Cause, PolicyChanged},
};

use crate::{clock::Time, intake::malformed, log::Raw};

/// A published policy holds at the earliest this long after it was published, so that every instance has read it by then.
pub const AHEAD: Millis = Millis(30_000);

/// And at the latest this long: beyond it the unit is wrong.
const MOST: Millis = Millis(400 * 86_400_000);

/// The policies of one processor.
pub(crate) struct Policies<R> {
    base: Arc<R>,
    /// By the time from which they hold, and by version.
    published: BTreeMap<(Millis, i32), Arc<R>>,
}

impl<R: Rules> Policies<R> {
    /// `base` holds before the first published one does.
    pub(crate) fn new(base: Arc<R>) -> Self {
        Policies { base, published: BTreeMap::new() }
    }

    /// The newest policy in force at `now`; of two from the same time the greater version.
    pub(crate) fn at(&self, now: Millis) -> &Arc<R> {
        self.since(now).1
    }

    /// The same, with the time from which it holds; zero: from the start.
    pub(crate) fn since(&self, now: Millis) -> (Millis, &Arc<R>) {
        let held = self.published.range(..=(now, i32::MAX)).next_back();
        held.map_or((Millis(0), &self.base), |((from, _), policy)| (*from, policy))
    }

    /// Takes a published policy after it was checked; false: it is another processor's, or was said twice.
    ///
    /// # Errors
    /// Why it is parked.
    pub(crate) fn publish(
        &mut self,
        processor: &str,
        time: Time,
        (raw, changed): (&Raw, &PolicyChanged),
    ) -> Result<bool, kernel::Malformed> {
        if changed.processor != processor {
            return Ok(false);
        }
        let bad = |detail: String| malformed(Cause::OutOfRange, &detail);
        let PolicyChanged { policy, version, effective_from, text, hash, .. } = changed;
        let name = format!("{processor}@{version}");
        if *policy != name {
            return Err(bad(format!("policy is `{policy}`, wanted `{name}`")));
        }
        let from = Millis(*effective_from);
        let known = self.published.iter().find(|((_, known), _)| known == version);
        match known {
            // Whoever publishes at least once may say it twice.
            Some(((since, _), same)) if *since == from && same.hash() == hash => return Ok(false),
            Some(_) => return Err(bad(format!("version {version} was published before, and differs: take the next"))),
            None => {}
        }
        let newest = self.published.keys().map(|(_, version)| *version).max().unwrap_or(i32::MIN);
        if *version < newest {
            return Err(bad(format!("version {version} is not greater than {newest}, which was published before")));
        }
        let earliest = raw.appended.plus(AHEAD).0;
        // In a replay the broker's time says nothing about event time.
        if time == Time::Live && *effective_from < earliest {
            let late = earliest.saturating_sub(*effective_from);
            return Err(bad(format!("effective_from is {late} ms too early: at least 30 s after it is published")));
        }
        let latest = raw.appended.plus(MOST).0;
        if time == Time::Live && *effective_from > latest {
            return Err(
                bad("effective_from is more than 400 days after it is published: take milliseconds".to_owned()),
            );
        }
        let rules = R::parse(text).map_err(|why| bad(format!("policy {name}: {why}")))?;
        if rules.version() != *version {
            return Err(bad(format!("the text says version {}, the record {version}", rules.version())));
        }
        if rules.hash() != hash {
            return Err(bad(format!("hash is `{hash}`, the text's is `{}`", rules.hash())));
        }
        self.published.insert((from, *version), Arc::new(rules));
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Number(i32);

    impl Rules for Number {
        const BUILT_IN: &'static str = "1";

        fn parse(text: &str) -> Result<Number, String> {
            text.parse().map(Number).map_err(|_| format!("number: `{text}` is none"))
        }

        fn version(&self) -> i32 {
            self.0
        }

        fn hash(&self) -> &str {
            "h"
        }
    }

    const PUBLISHED: Millis = Millis(1_000_000);

    fn publish(to: &mut Policies<Number>, version: i32, from: i64, text: &str) -> Result<bool, String> {
        let headers = Vec::new();
        let raw = Raw {
            topic: "policy.changed",
            partition: 0,
            offset: 0,
            appended: PUBLISHED,
            key: None,
            value: None,
            headers,
        };
        let changed = PolicyChanged {
            policy: format!("p@{version}"),
            processor: "p".to_owned(),
            version,
            effective_from: from,
            author: "ann".to_owned(),
            reason: "why not".to_owned(),
            text: text.to_owned(),
            hash: "h".to_owned(),
        };
        to.publish("p", Time::Live, (&raw, &changed)).map_err(|why| why.detail)
    }

    #[test]
    fn the_newest_policy_in_force_holds() {
        let mut policies = Policies::new(Arc::new(Number(1)));
        let (soon, later) = (PUBLISHED.0 + 30_000, PUBLISHED.0 + 90_000);
        assert_eq!(publish(&mut policies, 2, later, "2"), Ok(true));
        assert_eq!(publish(&mut policies, 3, soon, "3"), Ok(true));
        assert_eq!(publish(&mut policies, 4, later, "4"), Ok(true));
        assert!(publish(&mut policies, 1, later, "1").is_err(), "it was overtaken");
        let at = |now| policies.at(Millis(now)).0;
        assert_eq!([soon - 1, soon, later - 1, later, i64::MAX].map(at), [1, 3, 3, 4, 4]);
    }

    #[test]
    fn a_policy_is_checked_before_it_is_taken() {
        let mut policies = Policies::new(Arc::new(Number(1)));
        let soon = PUBLISHED.0 + 30_000;
        let refused = [
            (
                publish(&mut policies, 2, soon - 1, "2"),
                "effective_from is 1 ms too early: at least 30 s after it is published",
            ),
            (
                publish(&mut policies, 2, soon + 401 * 86_400_000, "2"),
                "effective_from is more than 400 days after it is published: take milliseconds",
            ),
            (
                publish(&mut policies, 2, i64::MIN, "2"),
                "effective_from is 9223372036854775807 ms too early: at least 30 s after it is published",
            ),
            (publish(&mut policies, 2, soon, "two"), "policy p@2: number: `two` is none"),
            (publish(&mut policies, 2, soon, "3"), "the text says version 3, the record 2"),
        ];
        for (outcome, sentence) in refused {
            assert_eq!(outcome, Err(sentence.to_owned()));
        }
        assert_eq!(publish(&mut policies, 2, soon, "2"), Ok(true));
        assert_eq!(publish(&mut policies, 2, soon, "2"), Ok(false), "said twice");
        let differs = "version 2 was published before, and differs: take the next".to_owned();
        assert_eq!(publish(&mut policies, 2, soon + 1, "2"), Err(differs));
    }
}
