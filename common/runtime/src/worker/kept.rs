//! What is kept: folded into the view when a partition is taken over.

use kernel::{Malformed, Processor, contract::StateKept};

use super::{Discipline, Worker};
use crate::{
    clock::Clock,
    intake::{Named, read},
    log::{Log, Raw},
    park::parked,
    schemas::Schemas,
};

impl<P: Processor, L: Log, S: Schemas, D: Discipline> Worker<P, L, S, D> {
    pub(super) fn admit_kept(&mut self, raw: &Raw, named: Named) {
        let Some(seat) = self.seats.get_mut(&raw.partition) else { return };
        seat.read.insert((raw.topic, raw.partition), raw.offset + 1);
        let key = String::from_utf8_lossy(raw.key.as_deref().unwrap_or_default()).into_owned();
        let mut parts = key.splitn(3, '/');
        if parts.next() != Some(P::NAME) {
            return;
        }
        let (Some(market), Some(rest)) = (parts.next(), parts.next()) else { return };
        // The largest that a broker stores: it was ours to write.
        let kept = raw.value.as_ref().map(|_| read::<StateKept>(raw, named, usize::MAX));
        seat.markets.insert(market.to_owned());
        match kept {
            // Parked once: a predecessor that read it said so by its committed position.
            Some(Err(_)) if seat.committed.get(&(raw.topic, raw.partition)).is_some_and(|done| raw.offset < *done) => {}
            Some(Err(Malformed { cause, detail })) => {
                let mut record = parked(P::NAME, raw, Some(market.to_owned()), cause, &detail);
                // What is kept is read to its end whatever lies there: beyond the bound its place must do.
                if seat.parked.len() >= self.pace.limits.parked_in_hand {
                    record.value = None;
                }
                seat.poison(record);
            }
            Some(Ok(StateKept { clock: Some(clock), .. })) if rest == "clock" => {
                let clock = Clock::restore(&clock);
                if clock.ticked() {
                    seat.anchored.insert(market.to_owned());
                }
                seat.clocks.insert(market.to_owned(), clock);
            }
            Some(Ok(kept)) => P::restore(&mut self.view, market, &key, Some(&kept)),
            None => P::restore(&mut self.view, market, &key, None),
        }
    }
}
