//! Keys of records, shared: those of most topics are markets, of which a partition has few.

use std::{collections::BTreeSet, sync::Arc};

/// Keys that are remembered at most; then all are forgotten. Topics that are keyed by driver would fill any memory.
const MOST: usize = 256;
/// Bytes; a longer one is not remembered.
const LONGEST: usize = 128;

/// Keys that were seen lately.
#[derive(Default)]
pub(super) struct Keys {
    last: Option<Arc<[u8]>>,
    all: BTreeSet<Arc<[u8]>>,
}

impl Keys {
    /// The key, without a copy where it was seen lately.
    pub(super) fn share(&mut self, key: &[u8]) -> Arc<[u8]> {
        if key.len() > LONGEST {
            return Arc::from(key);
        }
        if let Some(last) = self.last.as_ref().filter(|last| ***last == *key) {
            return last.clone();
        }
        let known = self.all.get(key).cloned();
        let shared = known.unwrap_or_else(|| {
            if self.all.len() >= MOST {
                self.all.clear();
            }
            let new: Arc<[u8]> = Arc::from(key);
            self.all.insert(new.clone());
            new
        });
        self.last = Some(shared.clone());
        shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_shared_and_forgotten_beyond_the_bound() {
        let mut keys = Keys::default();
        let (a, b) = (keys.share(b"a"), keys.share(b"b"));
        assert!(Arc::ptr_eq(&a, &keys.share(b"a")) && Arc::ptr_eq(&b, &keys.share(b"b")));
        for number in 0..10_000_u32 {
            assert_eq!(*keys.share(&number.to_be_bytes()), number.to_be_bytes());
            assert!(keys.all.len() <= MOST);
        }
    }
}
