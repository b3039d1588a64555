//! Those of whom something was seen lately, by name, with what was seen last; who was not seen for long is forgotten.

use std::collections::{BTreeMap, BTreeSet};

/// By name, with the event time at which each was seen last.
#[derive(Debug)]
pub(crate) struct Recent<T> {
    all: BTreeMap<Box<str>, (i64, T)>,
    by_time: BTreeSet<(i64, Box<str>)>,
    /// Who was seen last this long before the newest is forgotten, milliseconds.
    span: i64,
}

impl<T: Copy> Recent<T> {
    pub(crate) fn new(span: i64) -> Recent<T> {
        Recent { all: BTreeMap::new(), by_time: BTreeSet::new(), span }
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn get(&self, name: &str) -> Option<(i64, T)> {
        self.all.get(name).copied()
    }

    /// Event time of the newest.
    pub(crate) fn newest(&self) -> Option<i64> {
        self.by_time.last().map(|(at, _)| *at)
    }

    /// All that were seen at `since` or later, in the order of time.
    pub(crate) fn since(&self, since: i64) -> impl Iterator<Item = (i64, T)> {
        let names = self.by_time.range((since, Box::from(""))..);
        names.filter_map(|(at, name)| self.all.get(name).map(|(_, what)| (*at, *what)))
    }

    /// Notes what was seen of `name` at the event time `at`; what was seen before that counts no more, what was seen later does.
    pub(crate) fn insert(&mut self, name: &str, at: i64, what: T) {
        self.replace(name, at, what);
    }

    /// The same; what was known of it until now, when it changed.
    pub(crate) fn replace(&mut self, name: &str, at: i64, what: T) -> Option<Option<T>> {
        let known = self.all.get(name).copied();
        if known.is_some_and(|(known, _)| at < known) {
            return None;
        }
        match known {
            Some((known, _)) if known == at => {}
            Some((known, _)) => {
                self.by_time.remove(&(known, Box::from(name)));
                self.by_time.insert((at, Box::from(name)));
            }
            None => {
                self.by_time.insert((at, Box::from(name)));
            }
        }
        match self.all.get_mut(name) {
            Some(entry) => *entry = (at, what),
            None => {
                self.all.insert(Box::from(name), (at, what));
            }
        }
        Some(known.map(|(_, what)| what))
    }

    /// Takes out one who was not seen for long, where the newest event is of `now`, or newer; none: all were.
    pub(crate) fn sweep(&mut self, now: i64) -> Option<(Box<str>, T)> {
        let newest = self.newest()?.max(now);
        let (at, _) = self.by_time.first()?;
        if newest.saturating_sub(*at) <= self.span {
            return None;
        }
        let (_, name) = self.by_time.pop_first()?;
        let (_, what) = self.all.remove(&name)?;
        Some((name, what))
    }
}
