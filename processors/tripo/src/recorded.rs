//! The quotes of a log, with what became of them.

use std::collections::BTreeMap;

use clap::Args;
use devkit::calendar;
use kernel::Millis;
use kernel::contract::{PriceQuoted, RideRequested};
use pricing::fit::{Journal, Settled, Useless};
use pricing::forecast::sound;
use runtime::kafka::History;
use runtime::settings::Settings;

use crate::config::Flags;

/// Quotes that are held at most, about 400 bytes each.
const QUOTES_MAX: usize = 3_000_000;

/// Which quotes.
#[derive(Args)]
pub(crate) struct Span {
    #[command(flatten)]
    pub(crate) flags: Flags,
    /// One market only [default: all together]
    #[arg(long)]
    pub(crate) market: Option<String>,
    /// Quotes made from then on: RFC 3339 or UNIX seconds [default: all that are kept]
    #[arg(long, value_parser = calendar::parse)]
    from: Option<Millis>,
    /// Quotes made before then; rides that were asked for later with them count
    #[arg(long, value_parser = calendar::parse)]
    to: Option<Millis>,
}

impl Span {
    /// Reads `price.quoted`, then `ride.requested`, each to its end as of then. `keep` keeps what is needed of a quote.
    ///
    /// # Errors
    /// One sentence: what could not be read, or that there are too many quotes.
    pub(crate) fn read<T>(
        &self,
        settings: &Settings,
        mut keep: impl FnMut(&PriceQuoted) -> Result<T, Useless>,
    ) -> Result<Settled<T>, String> {
        let (from, to) = (self.from.map_or(i64::MIN, |at| at.0), self.to.map_or(i64::MAX, |at| at.0));
        let mut journal = Journal::of(from..to);
        let (mut unreadable, mut absurd) = (0, 0);
        let mut history = History::open(settings.access("", ""), &settings.registry())?;
        history.each::<PriceQuoted>(|told| {
            match told.record {
                Ok(quoted) if !self.concerns(&quoted.market) => {}
                Ok(quoted) if !sound(quoted.at) => absurd += 1,
                Ok(quoted) => {
                    journal.quoted(told.partition, &quoted, &mut keep);
                }
                Err(_) => unreadable += 1,
            }
            match journal.len() > QUOTES_MAX {
                true => Err(format!(
                    "more than {QUOTES_MAX} quotes: take a shorter span by --from and --to, or one --market"
                )),
                false => Ok(()),
            }
        })?;
        history.each::<RideRequested>(|told| {
            // What cannot be read was parked, and is nobody's ride; by an absurd time every lock would be over.
            if let Ok(ride) = told.record
                && sound(ride.at)
            {
                journal.requested((told.partition, told.trimmed), &ride);
            }
            Ok(())
        })?;
        let mut settled = journal.settle();
        for (cause, count) in [("that cannot be read", unreadable), ("whose time is absurd", absurd)] {
            if count > 0 {
                settled.left_out.insert(cause, count);
            }
        }
        Ok(settled)
    }

    fn concerns(&self, market: &str) -> bool {
        self.market.as_ref().is_none_or(|wanted| wanted == market)
    }

    /// The market that was named, or all.
    pub(crate) fn whose(&self) -> &str {
        self.market.as_deref().unwrap_or("all markets")
    }
}

/// What was left out, in one line; empty: nothing.
pub(crate) fn left(left_out: &BTreeMap<&'static str, u64>) -> String {
    let all: Vec<String> = left_out.iter().map(|(cause, count)| format!("{count} {cause}")).collect();
    all.join(", ")
}

/// A refusal with what was left out, for that is the cause more often than not.
pub(crate) fn refused(why: &impl std::fmt::Display, left_out: &BTreeMap<&'static str, u64>) -> String {
    match left(left_out) {
        none if none.is_empty() => why.to_string(),
        left => format!("{why}; quotes left out: {left}"),
    }
}
