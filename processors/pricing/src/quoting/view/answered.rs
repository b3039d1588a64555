//! Quotes that were answered lately, by id.
//!
//! Only whether an id is known is ever asked, so the order in which a hash table holds them, which is random, decides nothing; a tree of
//! names costs a quote several times as much.
#![allow(clippy::disallowed_types)]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Ids with the event time at which each was answered last, milliseconds.
#[derive(Debug)]
pub(crate) struct Answered {
    all: HashMap<Arc<str>, i64>,
    /// The same by that time. Who was answered again stands under both times.
    by_time: BTreeMap<i64, Vec<Arc<str>>>,
    /// What was answered this long before the newest is forgotten, milliseconds.
    span: i64,
}

impl Answered {
    pub(crate) fn new(span: i64) -> Answered {
        Answered { all: HashMap::new(), by_time: BTreeMap::new(), span }
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// When a quote was answered last, as far as it is remembered.
    pub(crate) fn at(&self, quote: &str) -> Option<i64> {
        self.all.get(quote).copied()
    }

    /// Notes that `quote` was answered at the event time `at`, and forgets what was long before the newest.
    pub(crate) fn note(&mut self, quote: &str, at: i64) {
        self.sweep(at);
        let name = match self.all.get_mut(quote) {
            Some(known) if at <= *known => return,
            Some(known) => {
                *known = at;
                self.all.get_key_value(quote).map_or_else(|| Arc::from(quote), |(name, _)| name.clone())
            }
            None => {
                let name: Arc<str> = Arc::from(quote);
                self.all.insert(name.clone(), at);
                name
            }
        };
        self.by_time.entry(at).or_default().push(name);
    }

    fn sweep(&mut self, now: i64) {
        let newest = self.by_time.last_key_value().map_or(now, |(at, _)| now.max(*at));
        while let Some(oldest) = self.by_time.first_entry().filter(|old| newest.saturating_sub(*old.key()) > self.span)
        {
            let at = *oldest.key();
            for name in oldest.remove() {
                // Who was answered again since is remembered.
                if self.all.get(&name) == Some(&at) {
                    self.all.remove(&name);
                }
            }
        }
    }
}

/// Names of one turn, each once.
#[derive(Debug, Default)]
pub(crate) struct Names<'a>(HashSet<&'a str>);

impl<'a> Names<'a> {
    /// Adds a name; false: it was there.
    pub(crate) fn add(&mut self, name: &'a str) -> bool {
        self.0.insert(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_answer_counts_and_what_is_old_is_forgotten() {
        let mut answered = Answered::new(10);
        answered.note("a", 100);
        answered.note("a", 90);
        answered.note("b", 100);
        assert_eq!((answered.at("a"), answered.at("b"), answered.at("c")), (Some(100), Some(100), None));
        answered.note("a", 105);
        answered.note("c", 110);
        assert_eq!((answered.at("a"), answered.at("b"), answered.len()), (Some(105), Some(100), 3));
        // Its first answer is too old; its second is not.
        answered.note("c", 111);
        assert_eq!(
            (answered.at("a"), answered.at("b"), answered.at("c"), answered.len()),
            (Some(105), None, Some(111), 2)
        );
        // What comes late moves nothing, and is remembered no longer than others of its time.
        answered.note("d", 101);
        answered.note("e", 130);
        assert_eq!((answered.len(), answered.at("e"), answered.by_time.len()), (1, Some(130), 1));
    }
}
