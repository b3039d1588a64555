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
    seat::{At, deleted},
    tails,
    watch::Count,
};

/// How often living time moves on.
const PULSE: Duration = Duration::from_millis(250);
/// So many looks running a topic must end before what was read of it.
const SHORT: u32 = 8;
/// The most that it moves at once: a longer silence was no successful fetch.
const PULSE_MOST: Duration = Duration::from_secs(1);

impl<P: Processor, L: Log, S: Schemas, D: Discipline> Worker<P, L, S, D> {
    /// Asks the markets whose watermark moved whether something is ripe.
    pub(super) fn ripen(&mut self) -> Result<(), Fault> {
        let told = self.pass_time(true);
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
    /// as it went at the last pulse. `quiet`: nothing that we wrote is on its way.
    pub(super) fn pass_time(&mut self, quiet: bool) -> Result<(), Fault> {
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
            if seat.heard().all(read) {
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
        if quiet {
            self.hear();
        }
        self.mourn()?;
        self.distrust()
    }

    /// What we write ourselves is part of the view as far as it is there: a successor need not read it from where we began.
    fn hear(&mut self) {
        for seat in self.seats.values_mut().filter(|seat| seat.live()) {
            for own in P::ECHOES {
                let at: At = (own.name, seat.partition);
                if let (Some(next), Some(end)) = (seat.read.get_mut(&at), self.ends.get(&at)) {
                    *next = (*next).max(*end);
                }
            }
        }
    }

    /// Says what retention deleted before it was read. The client goes on with what is left and tells nobody; a gap in the offsets
    /// that ends where the topic now begins, or before, is none of markers.
    fn mourn(&mut self) -> Result<(), Fault> {
        let decided =
            |at: &At| at.0 == P::WORK.name || tails::find::<P>(at.0).is_some_and(|tail| tail.horizon.is_none());
        let mut gaps: Vec<(At, (i64, i64))> = Vec::new();
        for seat in self.seats.values_mut() {
            let all = std::mem::take(&mut seat.gaps).into_iter();
            gaps.extend(all.filter(|(at, _)| decided(at)));
        }
        if gaps.is_empty() {
            return Ok(());
        }
        let asked: Vec<At> = gaps.iter().map(|(at, _)| *at).collect();
        for ((at, (from, to)), first) in gaps.into_iter().zip(self.log.firsts(&asked)?) {
            if from < first && first <= to {
                self.watch.add(Count::Lost, usize::try_from(first - from).unwrap_or(0));
                deleted(P::NAME, at, (from, first));
            }
        }
        Ok(())
    }

    /// A topic that ends before what was read of it, at some looks running, was created anew: its partition is given up, and the
    /// take-over says what to do.
    fn distrust(&mut self) -> Result<(), Fault> {
        let mut anew = None;
        for seat in self.seats.values_mut().filter(|seat| seat.live()) {
            let short = seat.read.iter().filter(|(at, next)| self.ends.get(*at).is_some_and(|end| end < *next));
            let looks = |(at, _): (&At, &i64)| (*at, 1 + seat.shrunk.get(at).copied().unwrap_or(0));
            seat.shrunk = short.map(looks).collect();
            anew = anew.or_else(|| seat.shrunk.iter().find(|(_, looks)| **looks >= SHORT).map(|(at, _)| *at));
        }
        let Some((topic, partition)) = anew else { return Ok(()) };
        self.give_up();
        Err(Fault::Away(format!("{topic}/{partition} ends before what was read of it: was the topic created anew?")))
    }
}
