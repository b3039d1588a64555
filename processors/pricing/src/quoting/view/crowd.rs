//! Those of whom something was seen lately, by name, with what was seen last; who was not seen for long is forgotten.
//!
//! Pings are by far the most that is seen, so a name is looked up once for each, and moved nowhere: it stands in every second in which it was
//! seen, and only the last one counts. A table's order, which is random, decides nothing: names are asked for, and counted.
#![allow(clippy::disallowed_types)]

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A second, milliseconds.
const SECOND: i64 = 1_000;
/// Places that count no more are thrown away once they are more than those that do, and so many.
const SOME: usize = 1_024;

/// What is known of one.
#[derive(Debug)]
struct Known<T> {
    name: Arc<str>,
    at: i64,
    what: T,
}

/// By name, with the event time at which each was seen last, milliseconds.
#[derive(Debug)]
pub(crate) struct Recent<T> {
    all: HashMap<Arc<str>, Known<T>>,
    /// The same by the second of that time, and what was so once.
    by_second: BTreeMap<i64, Vec<(i64, Arc<str>)>>,
    /// How many stand there.
    places: usize,
    newest: i64,
    /// Who was seen last this long before the newest is forgotten, milliseconds, a second later at most.
    span: i64,
}

impl<T: Copy> Recent<T> {
    pub(crate) fn new(span: i64) -> Recent<T> {
        Recent { all: HashMap::new(), by_second: BTreeMap::new(), places: 0, newest: i64::MIN, span }
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn get(&self, name: &str) -> Option<(i64, T)> {
        self.all.get(name).map(|known| (known.at, known.what))
    }

    /// Event time of the newest.
    pub(crate) fn newest(&self) -> Option<i64> {
        (!self.all.is_empty()).then_some(self.newest)
    }

    /// All that were seen at `since` or later, in no order.
    pub(crate) fn since(&self, since: i64) -> impl Iterator<Item = (i64, T)> {
        let places = self.by_second.range(since.div_euclid(SECOND)..).flat_map(|(_, places)| places);
        let places = places.filter(move |(at, _)| *at >= since);
        places.filter_map(|(at, name)| self.get(name).filter(|(last, _)| last == at))
    }

    /// Notes what was seen of `name` at the event time `at`; what was seen before that counts no more, what was seen later does. What was
    /// known of it until now, when it changed.
    pub(crate) fn replace(&mut self, name: &str, at: i64, what: T) -> Option<Option<T>> {
        let (name, was) = match self.all.get_mut(name) {
            Some(known) if at < known.at => return None,
            Some(known) => {
                let was = std::mem::replace(&mut known.what, what);
                if std::mem::replace(&mut known.at, at) == at {
                    return Some(Some(was));
                }
                (known.name.clone(), Some(was))
            }
            None => {
                let name: Arc<str> = Arc::from(name);
                self.all.insert(name.clone(), Known { name: name.clone(), at, what });
                (name, None)
            }
        };
        self.newest = self.newest.max(at);
        self.by_second.entry(at.div_euclid(SECOND)).or_default().push((at, name));
        self.places += 1;
        if self.places > 2 * self.all.len() + SOME {
            self.tidy();
        }
        Some(was)
    }

    /// Throws the places away that count no more.
    fn tidy(&mut self) {
        let all = &self.all;
        self.by_second.retain(|_, places| {
            places.retain(|(at, name)| all.get(name).is_some_and(|known| known.at == *at));
            // Each was as long as its second was busy.
            places.shrink_to_fit();
            !places.is_empty()
        });
        self.places = self.by_second.values().map(Vec::len).sum();
    }

    /// Takes out one who was not seen for long, where the newest event is of `now`, or newer; none: all were.
    pub(crate) fn sweep(&mut self, now: i64) -> Option<(Arc<str>, T)> {
        let newest = self.newest()?.max(now);
        while let Some(mut oldest) = self.by_second.first_entry() {
            if newest.saturating_sub((oldest.key() + 1).saturating_mul(SECOND)) < self.span {
                return None;
            }
            match oldest.get_mut().pop() {
                None => drop(oldest.remove()),
                Some((at, name)) => {
                    self.places -= 1;
                    if self.all.get(&name).is_some_and(|known| known.at == at) {
                        return self.all.remove(&name).map(|known| (known.name, known.what));
                    }
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same by a plain list: name, last time, what.
    #[derive(Default)]
    struct Plain(Vec<(u8, i64, u8)>);

    impl Plain {
        fn replace(&mut self, name: u8, at: i64, what: u8) -> Option<Option<u8>> {
            match self.0.iter_mut().find(|(known, _, _)| *known == name) {
                Some((_, last, _)) if at < *last => None,
                Some((_, last, was)) => {
                    *last = at;
                    Some(Some(std::mem::replace(was, what)))
                }
                None => {
                    self.0.push((name, at, what));
                    Some(None)
                }
            }
        }
    }

    proptest! {
        #[test]
        fn it_knows_what_a_plain_list_knows(
            seen in prop::collection::vec((0_u8..5, -3_000_i64..9_000, 0_u8..3), 1..200),
            since in -4_000_i64..10_000,
        ) {
            let (mut recent, mut plain) = (Recent::new(4_000), Plain::default());
            for (name, at, what) in seen {
                prop_assert_eq!(recent.replace(&name.to_string(), at, what), plain.replace(name, at, what));
            }
            let newest = plain.0.iter().map(|(_, at, _)| *at).max();
            prop_assert_eq!(recent.newest(), newest);
            let mut found: Vec<(i64, u8)> = recent.since(since).collect();
            let mut wanted: Vec<(i64, u8)> = plain.0.iter().filter(|one| one.1 >= since).map(|one| (one.1, one.2)).collect();
            found.sort_unstable();
            wanted.sort_unstable();
            prop_assert_eq!(found, wanted);
            recent.tidy();
            prop_assert_eq!((recent.places, recent.len()), (plain.0.len(), plain.0.len()));
            // Who is forgotten was not seen for the span, and who was not for a second more is.
            let gone: Vec<u8> = std::iter::from_fn(|| recent.sweep(7_000)).map(|(name, _)| name.parse().unwrap()).collect();
            for (name, at, _) in plain.0 {
                let unseen = newest.unwrap().max(7_000) - at;
                prop_assert!(if gone.contains(&name) { unseen > 4_000 } else { unseen <= 5_000 }, "{name} {unseen}");
                prop_assert_eq!(recent.get(&name.to_string()).is_none(), gone.contains(&name));
            }
        }
    }

    #[test]
    fn who_is_seen_again_and_again_takes_no_more_room() {
        let mut recent = Recent::new(600_000);
        for at in 0..200_000 {
            recent.replace(["a", "b", "c"][at as usize % 3], at, ());
        }
        assert_eq!(recent.len(), 3);
        assert!(recent.places <= 2 * 3 + SOME && recent.by_second.len() <= SOME, "{}", recent.places);
        assert_eq!(recent.since(199_000).count(), 3);
    }
}
