//! Those of whom something was seen lately, by name, with what was seen last; who was not seen for long is forgotten.
//!
//! Pings are by far the most that is seen, so a name is looked up once for each, and moved nowhere: it stands in every second in which it was
//! seen, and only the last one counts. A table's order, which is random, decides nothing: names are only asked for.
#![allow(clippy::disallowed_types)]

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A second, milliseconds.
const SECOND: i64 = 1_000;
/// Places that count no more are thrown away while they are more than those that do, and so many.
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
    /// The second that is tidied next.
    tidied: i64,
    /// Who was seen last this long before the newest is forgotten, milliseconds, a second later at most.
    span: i64,
}

impl<T: Copy> Recent<T> {
    pub(crate) fn new(span: i64) -> Recent<T> {
        Recent { all: HashMap::new(), by_second: BTreeMap::new(), places: 0, newest: i64::MIN, tidied: i64::MIN, span }
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

    /// Notes what was seen of `name` at the event time `at`; what was seen before that counts no more, what was seen later does. `None`: so
    /// it is; else when it was seen until now, if ever, and what.
    pub(crate) fn replace(&mut self, name: &str, at: i64, what: T) -> Option<Option<(i64, T)>> {
        let (name, was) = match self.all.get_mut(name) {
            Some(known) if at < known.at => return None,
            Some(known) => {
                let was = (std::mem::replace(&mut known.at, at), std::mem::replace(&mut known.what, what));
                if was.0 == at {
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
        // One second at a time: nobody waits for more.
        if self.places > 2 * self.all.len() + SOME {
            self.tidy();
        }
        Some(was)
    }

    /// Throws the places of one more second away that count no more.
    fn tidy(&mut self) {
        let Some((second, places)) = self.by_second.range_mut(self.tidied..).next() else {
            self.tidied = i64::MIN;
            return;
        };
        let (second, before, all) = (*second, places.len(), &self.all);
        places.retain(|(at, name)| all.get(name).is_some_and(|known| known.at == *at));
        // It was as long as its second was busy.
        places.shrink_to_fit();
        self.places -= before - places.len();
        if places.is_empty() {
            self.by_second.remove(&second);
        }
        self.tidied = second.saturating_add(1);
    }

    /// Takes out one who was not seen for long, where the newest event is of `now`, or newer: when he was, and what; none: all were.
    pub(crate) fn sweep(&mut self, now: i64) -> Option<(i64, T)> {
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
                        return self.all.remove(&name).map(|known| (known.at, known.what));
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
        fn replace(&mut self, name: u8, at: i64, what: u8) -> Option<Option<(i64, u8)>> {
            match self.0.iter_mut().find(|(known, _, _)| *known == name) {
                Some((_, last, _)) if at < *last => None,
                Some((_, last, was)) => Some(Some((std::mem::replace(last, at), std::mem::replace(was, what)))),
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
        ) {
            let (mut recent, mut plain) = (Recent::new(4_000), Plain::default());
            for (name, at, what) in seen {
                prop_assert_eq!(recent.replace(&name.to_string(), at, what), plain.replace(name, at, what));
            }
            let newest = plain.0.iter().map(|(_, at, _)| *at).max();
            prop_assert_eq!(recent.newest(), newest);
            (0..recent.by_second.len()).for_each(|_| recent.tidy());
            prop_assert_eq!((recent.places, recent.len()), (plain.0.len(), plain.0.len()));
            // Who is forgotten was not seen for the span, and who was not for a second more is.
            let mut gone: Vec<(i64, u8)> = std::iter::from_fn(|| recent.sweep(7_000)).collect();
            let mut wanted = Vec::new();
            for (name, at, what) in plain.0 {
                let unseen = newest.unwrap().max(7_000) - at;
                match recent.get(&name.to_string()) {
                    None => wanted.push((at, what)),
                    Some(known) => prop_assert_eq!(known, (at, what)),
                }
                let forgotten = recent.get(&name.to_string()).is_none();
                prop_assert!(if forgotten { unseen > 4_000 } else { unseen <= 5_000 }, "{} {}", name, unseen);
            }
            gone.sort_unstable();
            wanted.sort_unstable();
            prop_assert_eq!(gone, wanted);
        }
    }

    #[test]
    fn who_is_seen_again_and_again_takes_no_more_room() {
        let mut recent = Recent::new(600_000);
        for at in 0..200_000 {
            recent.replace(["a", "b", "c"][at as usize % 3], at, ());
        }
        assert_eq!(recent.len(), 3);
        assert!(recent.places <= 2 * 3 + SOME + 1_000 && recent.by_second.len() <= SOME, "{}", recent.places);
        assert_eq!(recent.get("c"), Some((199_997, ())));
    }
}
