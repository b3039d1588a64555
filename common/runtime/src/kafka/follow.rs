//! Whether a position that the client reports is one of what is followed now.

use std::time::{Duration, Instant};

/// The client forgets the position of an earlier assignment within so long.
const FORGETS: Duration = Duration::from_secs(2);

/// A partition that is followed.
pub(super) struct Followed {
    /// What the client reported when it was followed anew: the position of an earlier assignment.
    stale: Option<i64>,
    since: Instant,
}

impl Followed {
    /// Followed from now on, while the client still reports `stale`.
    pub(super) fn anew(stale: Option<i64>) -> Followed {
        Followed { stale, since: Instant::now() }
    }

    /// A record of it came: what is reported from now on is told of this assignment.
    pub(super) fn heard(&mut self) {
        self.stale = None;
    }

    /// The reported position, unless it may be the stale one.
    pub(super) fn trusted(&mut self, reported: Option<i64>) -> Option<i64> {
        if reported != self.stale || self.since.elapsed() >= FORGETS {
            self.stale = None;
        }
        reported.filter(|_| self.stale.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_trusted_at_once_where_none_was_stale() {
        assert_eq!(Followed::anew(None).trusted(Some(7)), Some(7));
    }

    #[test]
    fn the_stale_position_is_ignored_until_the_client_forgot_it() {
        let mut followed = Followed::anew(Some(7));
        assert_eq!([Some(7), Some(7), None, Some(7)].map(|at| followed.trusted(at)), [None, None, None, Some(7)]);
    }

    #[test]
    fn another_position_than_the_stale_one_is_trusted_at_once() {
        let mut followed = Followed::anew(Some(7));
        assert_eq!([Some(7), Some(3), Some(7)].map(|at| followed.trusted(at)), [None, Some(3), Some(7)]);
    }

    #[test]
    fn a_record_or_enough_time_ends_the_doubt() {
        let mut followed = Followed::anew(Some(7));
        followed.heard();
        assert_eq!(followed.trusted(Some(7)), Some(7));
        let mut followed = Followed { stale: Some(7), since: Instant::now() - FORGETS };
        assert_eq!(followed.trusted(Some(7)), Some(7));
    }
}
