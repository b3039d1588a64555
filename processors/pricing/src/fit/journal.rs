//! Quotes, and whether a ride was asked for with each before its lock expired: `price.quoted` read to its end, then `ride.requested`.

use std::collections::BTreeMap;
use std::ops::Range;

use kernel::contract::{PriceQuoted, RideRequested};

use super::Useless;

/// Rides at the beginning of a partition by which is told since when rides are kept: half of them may have wrong times.
const FIRST: usize = 101;

/// What became of the quotes of a log.
#[derive(Debug)]
pub struct Journal<T> {
    span: Range<i64>,
    quotes: BTreeMap<(Box<str>, Box<str>), Entry<T>>,
    /// When each market was quoted last: so far time has come there.
    ends: BTreeMap<Box<str>, i64>,
    /// Event times of the first rides of a partition of which retention took some.
    firsts: BTreeMap<i32, Vec<i64>>,
    left_out: BTreeMap<&'static str, u64>,
}

#[derive(Debug)]
struct Entry<T> {
    partition: i32,
    at: i64,
    expires_at: i64,
    accepted: bool,
    what: T,
}

/// What a journal came to.
#[derive(Debug)]
pub struct Settled<T> {
    /// What was kept of each quote, and whether it was accepted.
    pub quotes: Vec<(T, bool)>,
    /// Quotes that tell nothing, by cause.
    pub left_out: BTreeMap<&'static str, u64>,
}

impl<T> Journal<T> {
    /// A journal of the quotes that were made in this span of event time, milliseconds since 1970.
    pub fn of(span: Range<i64>) -> Journal<T> {
        let (quotes, ends, firsts, left_out) = Default::default();
        Journal { span, quotes, ends, firsts, left_out }
    }

    /// A quote, of which `keep` keeps what is needed.
    pub fn quoted(
        &mut self,
        partition: i32,
        quoted: &PriceQuoted,
        keep: impl FnOnce(&PriceQuoted) -> Result<T, Useless>,
    ) {
        let market: Box<str> = quoted.market.as_str().into();
        let end = self.ends.entry(market.clone()).or_insert(quoted.at);
        *end = (*end).max(quoted.at);
        if !self.span.contains(&quoted.at) {
            return;
        }
        let kept = keep(quoted).and_then(|what| Ok((what, quoted.price.as_ref().ok_or(Useless::Unpriced)?)));
        match kept {
            Ok((what, price)) => {
                let (at, expires_at, accepted) = (quoted.at, price.expires_at, false);
                let entry = Entry { partition, at, expires_at, accepted, what };
                self.quotes.insert((market, quoted.quote.as_str().into()), entry);
            }
            Err(useless) => self.leave(useless.cause()),
        }
    }

    /// A ride that was asked for; `trimmed`: retention took some of its partition.
    pub fn requested(&mut self, (partition, trimmed): (i32, bool), ride: &RideRequested) {
        if trimmed {
            let firsts = self.firsts.entry(partition).or_default();
            if firsts.len() < FIRST {
                firsts.push(ride.at);
            }
        }
        let Some(quote) = &ride.quote else { return };
        let key = (ride.market.as_str().into(), quote.as_str().into());
        if let Some(entry) = self.quotes.get_mut(&key) {
            entry.accepted |= ride.at <= entry.expires_at;
        }
    }

    /// Quotes that are held.
    pub fn len(&self) -> usize {
        self.quotes.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.quotes.is_empty()
    }

    /// What became of all of them. A quote whose lock holds still is left out, accepted or not: of those the refused are not known yet.
    pub fn settle(mut self) -> Settled<T> {
        let since: BTreeMap<i32, i64> =
            self.firsts.iter().map(|(partition, firsts)| (*partition, middle(firsts))).collect();
        let mut quotes = Vec::with_capacity(self.quotes.len());
        for ((market, _), entry) in std::mem::take(&mut self.quotes) {
            let end = self.ends.get(&market).copied().unwrap_or(entry.at);
            if since.get(&entry.partition).is_some_and(|since| entry.at < *since) {
                self.leave("from before the rides that are kept");
            } else if entry.expires_at >= end {
                self.leave("whose lock held still at the end of the log");
            } else {
                quotes.push((entry.what, entry.accepted));
            }
        }
        Settled { quotes, left_out: self.left_out }
    }

    fn leave(&mut self, cause: &'static str) {
        *self.left_out.entry(cause).or_insert(0) += 1;
    }
}

/// The median.
fn middle(times: &[i64]) -> i64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or(i64::MIN)
}
