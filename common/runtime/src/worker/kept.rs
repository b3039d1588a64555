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
                let record = parked(P::NAME, raw, Some(market.to_owned()), cause, &detail);
                seat.poison_or_place(record, self.pace.limits.parked_in_hand);
            }
            Some(Ok(StateKept { clock: Some(clock), .. })) if rest == "clock" => {
                let mut clock = Clock::restore(&clock);
                seat.kept.insert(market.to_owned(), (clock, raw.appended));
                // Own answers are read beside it, and may have told more.
                if let Some(known) = seat.clocks.get(market) {
                    clock.told(known.now, known.turn);
                }
                seat.clocks.insert(market.to_owned(), clock);
            }
            Some(Ok(kept)) => P::restore(&mut self.view, market, &key, Some(&kept)),
            None => P::restore(&mut self.view, market, &key, None),
        }
    }
}
