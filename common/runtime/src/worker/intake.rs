//! Polling: what the log says becomes what a seat holds.

use std::time::Duration;

use kernel::{
    Event, Processor, Reach, Read, Tail, WINDOW,
    contract::{Cause, Place, RecordParked, StateKept},
};

use super::{Discipline, Worker};
use crate::{
    clock::Clock,
    intake::{Decoded, decode, placed},
    log::{Fault, Log, Polled, Raw},
    park::{Origin, parked},
    schemas::Schemas,
    seat::{At, FACTS, Pending, Phase, Seat},
    watch::Watch,
};

/// Most poison of the global tails that is remembered for whoever answers for it.
const GLOBAL_PARKED: usize = 100_000;
/// Most poison that a step takes in hand: what is decided behind it must be parked in the same transaction, which has a bound.
const POISON: usize = 64;
/// Polls of a step where much is in hand: enough for the group to be heard between the tails.
const CROWDED: usize = 70;
/// Most records that wait for the registry; then no more are polled.
const STUCK: usize = 100_000;

impl<P: Processor, L: Log, S: Schemas, D: Discipline> Worker<P, L, S, D> {
    /// Polls until the log has nothing more to say or the bound is reached. False: partitions came or went, and the next step
    /// takes its proof of membership anew.
    pub(super) fn gather(&mut self) -> Result<bool, Fault> {
        let in_hand = self.seats.values().any(|seat| !seat.ready.is_empty() || !seat.facts.is_empty());
        let mut wait = if in_hand { Duration::ZERO } else { self.pace.wait };
        let mut told = self.unstick();
        let crowded = self.seats.values().any(|seat| seat.facts.len() >= FACTS);
        // Where much is in hand, or the registry is away, little more is polled: rebalances must be heard all the same.
        let polled = if crowded || told.is_err() { self.pace.polled.min(CROWDED) } else { self.pace.polled };
        let before = self.poison();
        for _ in 0..polled {
            if self.stuck.len() >= STUCK || self.poison() >= before + POISON {
                break;
            }
            let work = self.seats.values().all(|seat| seat.asks() < self.pace.in_hand);
            match self.log.poll(wait, work)? {
                None => break,
                Some(Polled::Assigned(partitions)) => {
                    self.watch.rebalances.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    for partition in partitions {
                        self.drop_seat(partition);
                        self.seats.insert(partition, Seat::new(partition));
                    }
                    return Ok(false);
                }
                Some(Polled::Revoked(partitions)) => {
                    for partition in partitions {
                        self.drop_seat(partition);
                    }
                    return Ok(false);
                }
                Some(Polled::Record(raw)) if !self.wanted(&raw) => {}
                Some(Polled::Record(raw)) if !self.stuck.is_empty() => self.stuck.push_back(raw),
                Some(Polled::Record(raw)) => told = told.and(self.admit(raw)),
            }
            wait = Duration::ZERO;
        }
        if self.stuck.is_empty() {
            self.advance()?;
        }
        told.map(|()| true)
    }

    /// Poison in hand.
    fn poison(&self) -> usize {
        self.seats.values().map(|seat| seat.parked.len()).sum()
    }

    /// Admits what waited for the registry, in order.
    fn unstick(&mut self) -> Result<(), Fault> {
        for _ in 0..self.stuck.len() {
            let Some(raw) = self.stuck.pop_front() else { break };
            let waiting = std::mem::take(&mut self.stuck);
            let told = self.admit(raw);
            self.stuck.extend(waiting);
            told?;
        }
        Ok(())
    }

    /// Moves the read positions past what holds no records: transaction markers, aborted records.
    fn advance(&mut self) -> Result<(), Fault> {
        for (topic, partition, position) in self.log.positions()? {
            let at: At = (topic, partition);
            let seat = self.seats.get_mut(&partition).and_then(|seat| seat.read.get_mut(&at));
            if let Some(next) = seat.or_else(|| self.global.get_mut(&at)) {
                *next = (*next).max(position);
            }
        }
        Ok(())
    }

    /// Whether a record is of use: not of a partition that went to another, of one whose start is not known yet, or of what is
    /// kept where that was read to its end.
    fn wanted(&self, raw: &Raw) -> bool {
        let kept = raw.topic == <StateKept as kernel::Record>::TOPIC.name;
        if Self::tail(raw.topic).is_some_and(|tail| tail.reach == Reach::Global) {
            return true;
        }
        match self.seats.get(&raw.partition).map(|seat| &seat.phase) {
            None | Some(Phase::Settling) => false,
            Some(Phase::Remembering(_)) => kept,
            Some(Phase::Restoring(_)) => raw.topic != P::WORK.name,
            Some(Phase::Live) => !kept,
        }
    }

    fn admit(&mut self, raw: Raw) -> Result<(), Fault> {
        let kept = <StateKept as kernel::Record>::TOPIC.name;
        let global = P::TAILS.iter().any(|tail| tail.topic.name == raw.topic && tail.reach == Reach::Global);
        if !self.wanted(&raw) {
            return Ok(());
        }
        let decoded = if raw.topic == kept { self.admit_kept(&raw) } else { self.admit_fact(&raw, global) };
        if let Err(Fault::Away(why)) = decoded {
            self.stuck.push_front(raw);
            return Err(Fault::Away(why));
        }
        decoded
    }

    fn admit_fact(&mut self, raw: &Raw, global: bool) -> Result<(), Fault> {
        let decoded = decode::<P>(raw, &mut self.schemas)?;
        let at: At = (raw.topic, raw.partition);
        if global {
            self.global.insert(at, raw.offset + 1);
            let topic = Self::tail(raw.topic).map_or(P::WORK, |tail| tail.topic);
            let partitions = self.counts.of(topic);
            let checked = decoded.and_then(|decoded| {
                placed(raw, &decoded.market, partitions)?;
                Ok(decoded)
            });
            match checked {
                Ok(Decoded { read: Read::Seen(seen), .. }) => {
                    Watch::add(&self.watch.seen, 1);
                    P::observe(&mut self.view, "", seen);
                }
                Ok(_) => self.park_global(raw, Cause::OutOfRange, "a global tail is only seen"),
                Err(poison) => self.park_global(raw, poison.cause, &poison.detail),
            }
            return Ok(());
        }
        let Some(seat) = self.seats.get_mut(&raw.partition) else { return Ok(()) };
        if seat.read.get(&at).is_some_and(|next| raw.offset < *next) {
            return Ok(()); // Read before.
        }
        seat.read.insert(at, raw.offset + 1);
        seat.newest = seat.newest.max(raw.appended);
        // What a predecessor dealt with is only read again for what is seen.
        let dealt_with = seat.committed.get(&at).is_some_and(|committed| raw.offset < *committed);
        let partitions = self.counts.of(P::WORK);
        let checked = decoded.and_then(|decoded| {
            placed(raw, &decoded.market, partitions)?;
            Ok(decoded)
        });
        match checked {
            Ok(decoded) if dealt_with && !matches!(decoded.read, Read::Seen(_)) => {}
            Ok(decoded) => self.accept(raw, decoded, dealt_with),
            Err(_) if dealt_with => {}
            Err(poison) => seat.parked.push(parked(P::NAME, raw, None, poison.cause, &poison.detail)),
        }
        Ok(())
    }

    /// A sound record: checks it against the market's clock and puts it where it belongs.
    fn accept(&mut self, raw: &Raw, decoded: Decoded<P>, dealt_with: bool) {
        let Decoded { market, at, read } = decoded;
        let time = self.pace.time;
        let Some(seat) = self.seats.get_mut(&raw.partition) else { return };
        seat.markets.insert(market.clone());
        let clock = seat.clocks.entry(market.clone()).or_insert_with(|| Clock::start(time, at, raw.appended));
        let ceiling = clock.ceiling(time, raw.appended);
        // What we wrote ourselves (a hand-over of a driver) is not judged by its time: it was decided, and must arrive.
        let own = P::OUTPUTS.iter().any(|topic| topic.name == raw.topic);
        let poison = if own {
            None
        } else if at > ceiling {
            let ahead = at.since(ceiling).0;
            Some((
                Cause::FromTheFuture,
                format!("event time is {ahead} ms later than allowed: 5 s ahead of the market"),
            ))
        } else if clock.now.since(at) > WINDOW && matches!(read, Read::Ask(_) | Read::Fact(_)) {
            let late = clock.now.since(at).0 / 3_600_000;
            Some((Cause::TooOld, format!("event time is {late} h behind the market's, at most 24 h")))
        } else {
            None
        };
        if let Some((cause, detail)) = poison {
            if !dealt_with {
                seat.parked.push(parked(P::NAME, raw, Some(market), cause, &detail));
            }
            return;
        }
        let place = Place { topic: raw.topic.to_owned(), partition: raw.partition, offset: raw.offset };
        match read {
            Read::Ask(body) => {
                clock.reach(at);
                let origin = Origin { raw: raw.clone(), market };
                seat.arrived.push_back(Pending { event: Event { place, at, body }, origin });
            }
            Read::Fact(body) => {
                clock.reach(at.min(ceiling));
                let origin = Origin { raw: raw.clone(), market };
                seat.facts.push_back(Pending { event: Event { place, at, body }, origin });
            }
            Read::Tick => clock.tick(time, at, raw.appended),
            Read::Seen(seen) => {
                Watch::add(&self.watch.seen, 1);
                P::observe(&mut self.view, &market, seen);
            }
        }
    }

    fn park_global(&mut self, raw: &Raw, cause: Cause, detail: &str) {
        let record = parked(P::NAME, raw, None, cause, detail);
        let owner = raw.partition % self.counts.of(P::WORK);
        if let Some(seat) = self.seats.get_mut(&owner)
            && matches!(seat.phase, Phase::Live)
            && seat.committed.get(&(raw.topic, raw.partition)).is_none_or(|committed| raw.offset >= *committed)
        {
            seat.parked.push(record.clone());
        }
        if self.global_parked.len() == GLOBAL_PARKED {
            self.global_parked.pop_front();
        }
        self.global_parked.push_back(record);
    }

    /// Poison of the global tails that the predecessor of this partition's owner had not parked.
    pub(super) fn inherited(&self, partition: i32) -> Vec<RecordParked> {
        let work = self.counts.of(P::WORK);
        let Some(seat) = self.seats.get(&partition) else { return Vec::new() };
        let ours = self.global_parked.iter().filter(|record| {
            let committed = seat
                .committed
                .iter()
                .find(|((topic, part), _)| *topic == record.place.topic && *part == record.place.partition);
            record.place.partition % work == partition
                && committed.is_none_or(|(_, committed)| record.place.offset >= *committed)
        });
        ours.cloned().collect()
    }

    fn admit_kept(&mut self, raw: &Raw) -> Result<(), Fault> {
        let Some(seat) = self.seats.get_mut(&raw.partition) else { return Ok(()) };
        seat.read.insert((raw.topic, raw.partition), raw.offset + 1);
        let key = String::from_utf8_lossy(raw.key.as_deref().unwrap_or_default()).into_owned();
        let mut parts = key.splitn(3, '/');
        let (Some(processor), Some(market), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return Ok(());
        };
        if processor != P::NAME {
            return Ok(());
        }
        let kept = match raw.value.as_deref() {
            None => None,
            Some(value) => Some(self.read_kept(value)?),
        };
        let Some(seat) = self.seats.get_mut(&raw.partition) else { return Ok(()) };
        seat.markets.insert(market.to_owned());
        match kept {
            // Parked once: a predecessor that read it said so by its committed position.
            Some(Err(_)) if seat.committed.get(&(raw.topic, raw.partition)).is_some_and(|done| raw.offset < *done) => {}
            Some(Err(why)) => seat.parked.push(parked(P::NAME, raw, Some(market.to_owned()), Cause::Undecodable, &why)),
            Some(Ok(StateKept { clock: Some(clock), .. })) if rest == "clock" => {
                seat.clocks.insert(market.to_owned(), Clock::restore(&clock));
            }
            Some(Ok(kept)) => P::restore(&mut self.view, market, &key, Some(&kept)),
            None => P::restore(&mut self.view, market, &key, None),
        }
        Ok(())
    }

    fn read_kept(&mut self, value: &[u8]) -> Result<Result<StateKept, String>, Fault> {
        let (id, bytes) = match kernel::wire::split(value) {
            Ok(split) => split,
            Err(unframed) => return Ok(Err(format!("not in the wire format: {unframed:?}"))),
        };
        match self.schemas.by_id(id) {
            Ok(schema) => Ok(kernel::codec::Datum { bytes, schema: &schema }.read()),
            Err(crate::schemas::Unresolved::Away(why)) => Err(Fault::Away(why)),
            Err(crate::schemas::Unresolved::Unknown(why)) => Ok(Err(why)),
        }
    }

    /// Which tail a topic is.
    pub(super) fn tail(topic: &str) -> Option<&'static Tail> {
        P::TAILS.iter().find(|tail| tail.topic.name == topic)
    }
}
