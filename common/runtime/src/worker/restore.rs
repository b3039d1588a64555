//! Taking partitions over, and giving them up.

use kernel::{Processor, Reach, Record, contract::StateKept};

use super::{Discipline, Worker};
use crate::{
    log::{Fault, Log, Start},
    schemas::Schemas,
    seat::{At, Phase, Seat},
};

impl<P: Processor, L: Log, S: Schemas, D: Discipline> Worker<P, L, S, D> {
    /// Moves partitions that were assigned towards deciding. Others go on meanwhile.
    pub(super) fn restore(&mut self) -> Result<(), Fault> {
        let partitions: Vec<i32> = self.seats.keys().copied().collect();
        for partition in partitions {
            let Some(seat) = self.seats.get(&partition) else { continue };
            match &seat.phase {
                Phase::Live => {}
                Phase::Settling => {
                    if let Some(start) = self.log.settle(partition)? {
                        self.begin(partition, start)?;
                    }
                }
                Phase::Restoring(stretches) => {
                    if seat.caught_up(stretches, &self.global) {
                        self.go_live(partition)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, partition: i32, start: Start) -> Result<(), Fault> {
        let global = |topic: &str| Self::tail(topic).is_some_and(|tail| tail.reach == Reach::Global);
        let known = |at: &At| self.global.contains_key(at);
        let follow: Vec<_> =
            start.stretches.iter().filter(|stretch| !known(&(stretch.topic, stretch.partition))).cloned().collect();
        self.log.follow(&follow)?;
        let Some(seat) = self.seats.get_mut(&partition) else { return Ok(()) };
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
        seat.phase = Phase::Restoring(start.stretches);
        Ok(())
    }

    fn go_live(&mut self, partition: i32) -> Result<(), Fault> {
        let kept: At = (StateKept::TOPIC.name, partition);
        let Some(work) = self.seats[&partition].read.get(&(P::WORK.name, partition)).copied() else { return Ok(()) };
        self.log.unfollow(&[kept])?;
        self.log.resume(partition, work)?;
        let inherited = self.inherited(partition);
        let Some(seat) = self.seats.get_mut(&partition) else { return Ok(()) };
        seat.kept_until = seat.read.remove(&kept).unwrap_or_default();
        seat.parked.extend(inherited);
        seat.phase = Phase::Live;
        self.watch.live.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    }

    /// A partition went to another worker: all that is known of it is dropped.
    pub(super) fn drop_seat(&mut self, partition: i32) -> Result<(), Fault> {
        let Some(seat) = self.seats.remove(&partition) else { return Ok(()) };
        self.vacate(&seat)
    }

    /// The outcome of a transaction is unknown: every partition is rebuilt from the log.
    pub(super) fn give_up(&mut self) -> Result<(), Fault> {
        for (partition, seat) in std::mem::take(&mut self.seats) {
            self.seats.insert(partition, Seat::new(partition));
            self.vacate(&seat)?;
        }
        Ok(())
    }

    fn vacate(&mut self, seat: &Seat<P>) -> Result<(), Fault> {
        if seat.live() {
            self.watch.live.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
        }
        for market in seat.clocks.keys() {
            P::forget(&mut self.view, market);
            self.watch.gone(market);
        }
        let mut tails: Vec<At> = vec![(StateKept::TOPIC.name, seat.partition)];
        let market = P::TAILS.iter().filter(|tail| tail.reach == Reach::Market);
        tails.extend(market.map(|tail| (tail.topic.name, seat.partition)));
        self.log.unfollow(&tails)
    }
}
