//! What the store says of the riders who ask.

use std::{collections::BTreeSet, time::Duration};

use kernel::{Processor, rider::Facts};

use super::{Discipline, Worker};
use crate::{
    log::{Fault, Log},
    schemas::Schemas,
    seat::{Pending, Seat},
};

/// What was looked up is looked up again for a record that waits for so long: its rider may have taken a consent back meanwhile.
const AGE: Duration = Duration::from_secs(30);

impl<P: Processor, L: Log, S: Schemas, D: Discipline> Worker<P, L, S, D> {
    /// Looks up the riders of all that the next transaction takes, by one read. What was looked up stays with its record, so that a turn
    /// that is tried again is decided from the same; for half a minute, for nothing of it was told to anybody yet.
    pub(super) fn look_up(&mut self) {
        let Some(reader) = &mut self.riders else { return };
        let (most, elapsed) = (self.pace.limits.halved(self.halved).asks_taken, self.elapsed);
        let deciding = |seat: &&mut Seat<P>| seat.live() && elapsed >= seat.halted;
        let wanting = |ask: &Pending<P::Ask>| {
            let (facts, looked) = &ask.rider;
            *facts == Facts::Unasked || elapsed.saturating_sub(*looked) >= AGE
        };
        let mut wanted = BTreeSet::new();
        for seat in self.seats.values_mut().filter(deciding) {
            let new = seat.ready.iter().take(most).filter(|ask| wanting(ask));
            wanted.extend(new.filter_map(|ask| P::rider(&ask.event.body)).map(str::to_owned));
        }
        if wanted.is_empty() {
            return;
        }
        let found = reader.look(wanted, elapsed, &self.watch);
        for seat in self.seats.values_mut().filter(deciding) {
            for ask in seat.ready.iter_mut().take(most).filter(|ask| wanting(ask)) {
                if let Some(facts) = P::rider(&ask.event.body).and_then(|rider| found.get(rider)) {
                    ask.rider = (facts.clone(), elapsed);
                }
            }
        }
    }

    /// The store did not answer a moment ago.
    pub(super) fn storeless(&self) -> Option<Fault> {
        self.riders.as_ref().and_then(|reader| reader.trouble(self.elapsed)).map(|why| Fault::Store(why.to_owned()))
    }
}
