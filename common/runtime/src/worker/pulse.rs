//! Time: what ripens by itself, and how the clocks of living markets move.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use kernel::{Millis, Need, Processor};

use super::{Discipline, Worker};
use crate::{
    clock::Time,
    log::{Fault, Log},
    schemas::Schemas,
    seat::At,
    tails,
};

/// How often living time moves on.
const PULSE: Duration = Duration::from_millis(250);
/// The most that it moves at once: a longer silence was no successful fetch.
const PULSE_MOST: Duration = Duration::from_secs(1);

impl<P: Processor, L: Log, S: Schemas, D: Discipline> Worker<P, L, S, D> {
    /// Asks the markets whose watermark moved whether something is ripe.
    pub(super) fn ripen(&mut self) -> Result<(), Fault> {
        let told = self.pass_time();
        for seat in self.seats.values_mut().filter(|seat| seat.live()) {
            for (market, now) in seat.due() {
                // Where that panics, deciding tells why.
                let ripe = || P::ripe(&self.view, &market, now, self.policies.at(now));
                if catch_unwind(AssertUnwindSafe(ripe)).unwrap_or(true) {
                    seat.ripe.insert(market.clone());
                }
                self.watch.reached(&market, now);
                seat.asked_at.insert(market, now);
            }
        }
        told
    }

    /// Looks where the inputs end. Where time is alive, moves the clocks of partitions in which every input was read as far
    /// as it went at the last pulse.
    pub(super) fn pass_time(&mut self) -> Result<(), Fault> {
        let since = self.elapsed.saturating_sub(self.pulse);
        if since < PULSE {
            return Ok(());
        }
        self.pulse = self.elapsed;
        let span = Millis(since.min(PULSE_MOST).as_millis() as i64);
        let ends = std::mem::take(&mut self.ends);
        let read = |(at, next): (&At, &i64)| ends.get(at).is_some_and(|end| next >= end);
        let must = |at: &At| tails::find::<P>(at.0).is_some_and(|tail| tail.need == Need::Must);
        let known = self.global.iter().filter(|(at, _)| must(at)).all(read);
        // Nor does it move while nothing can be written: who should have answered cannot either.
        let moves = self.pace.time == Time::Live && !self.failed && known;
        for seat in self.seats.values_mut().filter(|seat| seat.live() && moves) {
            if seat.read.iter().all(read) {
                seat.clocks.values_mut().for_each(|clock| clock.now = clock.now.plus(span));
            }
        }
        let live = self.seats.values().filter(|seat| seat.live());
        let mut inputs: Vec<At> = live.flat_map(|seat| seat.read.keys().copied()).collect();
        // Who owns nothing asks all the same: whether the broker answers is to be known.
        if inputs.is_empty() {
            inputs.push((P::WORK.name, 0));
        } else {
            inputs.extend(self.global.keys());
        }
        // No answer, no ends: at the next pulse time stands still.
        self.ends = inputs.iter().copied().zip(self.log.ends(&inputs)?).collect();
        Ok(())
    }
}
