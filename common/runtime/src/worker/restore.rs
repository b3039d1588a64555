//! Taking partitions over, and giving them up.

use std::time::Duration;

use kernel::{Processor, Reach, Record, contract::StateKept};

use super::{Discipline, Worker};
use crate::{
    clock::Time,
    log::{Fault, Log, Start, Stretch},
    schemas::Schemas,
    seat::{At, Phase, Seat},
    tails,
    watch::{Count, Span},
};

/// Longer than a transaction may stay open, and the broker's next look for such.
const LONG: Duration = Duration::from_secs(30);

impl<P: Processor, L: Log, S: Schemas, D: Discipline> Worker<P, L, S, D> {
    /// Moves partitions that were assigned towards deciding. Others go on meanwhile.
    pub(super) fn restore(&mut self) -> Result<(), Fault> {
        self.let_go()?;
        let mut told = Ok(());
        // To look whether a predecessor's transaction is settled takes time that the live ones lack: one a step.
        let settling = self.seats.values().filter(|seat| matches!(seat.phase, Phase::Settling));
        let mut settling: Vec<i32> = settling.map(|seat| seat.partition).collect();
        self.looked = self.looked.wrapping_add(1);
        if let Some(first) = self.looked.checked_rem(settling.len()) {
            settling.rotate_left(first);
        }
        let patient = !self.live().is_empty();
        for partition in settling {
            self.complain(partition);
            // After a fault the others would wait for the same answer; the next step begins with another.
            told = self.settle(partition);
            if told.is_err() || patient {
                break;
            }
        }
        let partitions: Vec<i32> = self.seats.keys().copied().collect();
        for partition in partitions {
            told = told.and(self.progress(partition));
        }
        told
    }

    /// A predecessor's transaction ends by its time-out at the latest. Who waits for longer says so; the others go on.
    fn complain(&mut self, partition: i32) {
        let since = self.seats.get(&partition).map_or(self.elapsed, |seat| seat.since);
        if self.elapsed.saturating_sub(since) >= LONG {
            self.trouble = Some(Fault::Away(format!(
                "{}/{partition} cannot be taken over: its committed offsets are not answered, or a transaction stays open: look after \
                 the brokers' group and transaction coordinators",
                P::WORK.name
            )));
        }
    }

    fn settle(&mut self, partition: i32) -> Result<(), Fault> {
        match self.log.settle(partition)? {
            Some(start) => self.begin(partition, start),
            None => Ok(()),
        }
    }

    fn progress(&mut self, partition: i32) -> Result<(), Fault> {
        let Some(seat) = self.seats.get(&partition) else { return Ok(()) };
        match &seat.phase {
            Phase::Live | Phase::Settling => Ok(()),
            Phase::Remembering(stretches) => {
                let mut first = stretches.iter().filter(|stretch| remembered::<P>(stretch.topic));
                if first.all(|stretch| seat.passed(stretch, &self.global)) { self.go_on(partition) } else { Ok(()) }
            }
            Phase::Restoring(stretches) if seat.caught_up(stretches, &self.global) => self.go_live(partition),
            Phase::Restoring(_) => Ok(()),
        }
    }

    fn begin(&mut self, partition: i32, start: Start) -> Result<(), Fault> {
        let global = tails::global::<P>;
        let known = |stretch: &&Stretch| self.global.contains_key(&(stretch.topic, stretch.partition));
        let first = |stretch: &&Stretch| remembered::<P>(stretch.topic) || global(stretch.topic);
        let follow: Vec<_> = start.stretches.iter().filter(first).filter(|stretch| !known(stretch)).cloned().collect();
        self.log.follow(&follow)?;
        let Some(seat) = self.seats.get_mut(&partition) else { return Ok(()) };
        self.watch.add(Count::Lost, usize::try_from(start.lost).unwrap_or(0));
        seat.read.insert((P::WORK.name, partition), start.work);
        for stretch in &start.stretches {
            let at = (stretch.topic, stretch.partition);
            seat.committed.insert(at, stretch.committed);
            if global(stretch.topic) {
                self.global.entry(at).or_insert(stretch.from);
            } else {
                seat.read.insert(at, stretch.from);
            }
        }
        seat.phase = Phase::Remembering(start.stretches);
        Ok(())
    }

    /// What is kept, and was answered, is known: on to the market's other tails.
    fn go_on(&mut self, partition: i32) -> Result<(), Fault> {
        let Some(Seat { phase: Phase::Remembering(stretches), .. }) = self.seats.get(&partition) else { return Ok(()) };
        let market = |stretch: &&Stretch| {
            let tail = tails::find::<P>(stretch.topic).filter(|_| !remembered::<P>(stretch.topic));
            tail.is_some_and(|tail| tail.reach == Reach::Market)
        };
        self.log.follow(&stretches.iter().filter(market).cloned().collect::<Vec<_>>())?;
        let stretches = stretches.clone();
        let Some(seat) = self.seats.get_mut(&partition) else { return Ok(()) };
        seat.phase = Phase::Restoring(stretches);
        Ok(())
    }

    fn go_live(&mut self, partition: i32) -> Result<(), Fault> {
        let kept: At = (StateKept::TOPIC.name, partition);
        let Some(work) = self.seats[&partition].read.get(&(P::WORK.name, partition)).copied() else { return Ok(()) };
        // All is read that was written before us. From here on nobody else writes what we write, and what we wrote is part of the view.
        let own = P::ECHOES.iter().map(|topic| (topic.name, partition));
        self.log.unfollow(&own.chain([kept]).collect::<Vec<_>>())?;
        self.log.resume(partition, work)?;
        let inherited = self.inherited(partition);
        let live = self.pace.time == Time::Live;
        let Some(seat) = self.seats.get_mut(&partition) else { return Ok(()) };
        seat.kept_until = seat.read.remove(&kept).unwrap_or_default();
        inherited.into_iter().for_each(|record| seat.poison(record));
        if live {
            // What was stored since the last turn says what time it is now.
            seat.clocks.values_mut().for_each(|clock| clock.reach(seat.newest));
        }
        seat.phase = Phase::Live;
        self.watch.live(1);
        let took = self.elapsed.saturating_sub(seat.since);
        self.watch.took(Span::Restore, took);
        tracing::info!(
            side = "processor",
            "{}/{partition} decides, {} ms after it was assigned",
            P::WORK.name,
            took.as_millis()
        );
        Ok(())
    }

    /// A partition went to another worker: all that is known of it is dropped.
    pub(super) fn drop_seat(&mut self, partition: i32) {
        if let Some(seat) = self.seats.remove(&partition) {
            self.watch.owned(-1);
            self.vacate(&seat);
        }
    }

    /// The outcome of a transaction is unknown: every partition is rebuilt from the log.
    pub(super) fn give_up(&mut self) {
        for (partition, seat) in std::mem::take(&mut self.seats) {
            self.seats.insert(partition, Seat::new(partition, self.elapsed));
            self.vacate(&seat);
        }
    }

    fn vacate(&mut self, seat: &Seat<P>) {
        if seat.live() {
            self.watch.live(-1);
        }
        // What waited for the registry is read again by whoever takes the partition over.
        self.stuck.retain(|(topic, partition), _| *partition != seat.partition || tails::global::<P>(topic));
        if self.stuck.is_empty() {
            self.unanswered = None;
        }
        seat.read.keys().for_each(|(topic, partition)| self.watch.no_lag(topic, *partition));
        for market in &seat.markets {
            P::forget(&mut self.view, market);
            self.watch.gone(market);
        }
        self.loose.insert((StateKept::TOPIC.name, seat.partition));
        let market = tails::of::<P>().filter(|tail| tail.reach == Reach::Market);
        self.loose.extend(market.map(|tail| (tail.topic.name, seat.partition)));
    }

    /// Stops reading the tails of partitions that were dropped; before that none of them is taken over again.
    fn let_go(&mut self) -> Result<(), Fault> {
        if self.loose.is_empty() {
            return Ok(());
        }
        let loose: Vec<At> = self.loose.iter().copied().collect();
        self.log.unfollow(&loose)?;
        self.loose.clear();
        Ok(())
    }
}

/// Whether a topic is read before the market's tails: what they say is measured against the market's clock, which stands there.
pub(super) fn remembered<P: Processor>(topic: &str) -> bool {
    topic == StateKept::TOPIC.name || tails::own::<P>(topic)
}
