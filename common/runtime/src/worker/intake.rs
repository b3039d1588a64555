//! Polling: what the log says becomes what a seat holds.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use kernel::{
    Event, Malformed, Millis, Processor, Read, Record, WINDOW,
    contract::{Cause, PolicyChanged, RecordParked, StateKept},
};

use super::{Discipline, REGISTRY, Worker, restore::remembered};
use crate::{
    clock::{Clock, Time},
    intake::{Decoded, Named, decode, malformed, placed, read, resolve},
    log::{Fault, Log, Polled, Raw},
    park::{Origin, parked},
    schemas::Schemas,
    seat::{At, Pending, Phase, Seat},
    tails,
    watch::{Bound, Count},
};

/// An own answer is later than the broker's time by what a record may lie ahead, and by what the broker's clock was set back since.
const STRAY: Millis = Millis(120_000);

impl<P: Processor, L: Log, S: Schemas, D: Discipline> Worker<P, L, S, D> {
    /// Polls until the log has nothing more to say or the bound is reached, waiting so long for the first record. How many it
    /// polled; `None`: partitions came or went, and the next step takes its proof of membership anew.
    pub(super) fn gather(&mut self, mut wait: Duration) -> Result<Option<usize>, Fault> {
        self.unstick();
        self.hold()?;
        let mut seen = 0;
        let mut left = self.pace.limits.polled;
        while left > 0 {
            match self.log.poll(wait)? {
                None => break,
                Some(Polled::Assigned(partitions)) => {
                    self.assigned(partitions);
                    return Ok(None);
                }
                Some(Polled::Revoked(partitions)) => {
                    partitions.into_iter().for_each(|partition| self.drop_seat(partition));
                    return Ok(None);
                }
                Some(Polled::Record(raw)) => {
                    let partition = raw.partition;
                    let outcome = self.admit(raw);
                    seen += usize::from(matches!(outcome, Outcome::Seen));
                    let held = matches!(outcome, Outcome::Held | Outcome::Parked);
                    if matches!(outcome, Outcome::Stuck) || held && self.overflows(partition) {
                        self.hold()?;
                    }
                }
            }
            wait = Duration::ZERO;
            left -= 1;
        }
        if left == 0 {
            self.watch.reached_bound(Bound::Polled);
        }
        self.watch.add(Count::Seen, seen);
        // Where there is more to poll, records say how far a topic was read; what may wait for a marker asks all the same.
        if left > 0 || self.seats.values().any(|seat| seat.barrier.is_some() || !seat.live()) {
            self.advance()?;
        }
        Ok(Some(self.pace.limits.polled - left))
    }

    fn assigned(&mut self, partitions: Vec<i32>) {
        self.watch.add(Count::Rebalances, 1);
        self.failed = false;
        for partition in partitions {
            self.drop_seat(partition);
            self.seats.insert(partition, Seat::new(partition, self.elapsed));
            self.watch.owned(1);
        }
    }

    /// Admits what waited for the registry, in order; asks again after a pause that doubles.
    fn unstick(&mut self) {
        if self.elapsed < self.registry.0 || self.stuck.is_empty() {
            return;
        }
        for (at, mut waiting) in std::mem::take(&mut self.stuck) {
            while let Some(raw) = waiting.pop_front() {
                self.admit(raw);
                // It was put back: the others of its topic wait behind it.
                if let Some(back) = self.stuck.get_mut(&at) {
                    back.append(&mut waiting);
                }
            }
        }
        if self.stuck.is_empty() {
            self.registry.1 = REGISTRY.0;
            self.unanswered = None;
        }
    }

    /// Moves the read positions past what holds no records: transaction markers, aborted records.
    fn advance(&mut self) -> Result<(), Fault> {
        for (topic, partition, position) in self.log.positions()? {
            let at: At = (topic, partition);
            if self.stuck.contains_key(&at) {
                continue;
            }
            match self.seats.get_mut(&partition).filter(|seat| seat.read.contains_key(&at)) {
                Some(seat) => seat.read_to(at, (position, position)),
                None => {
                    self.global.entry(at).and_modify(|next| *next = (*next).max(position));
                }
            }
        }
        Ok(())
    }

    /// Whether a record is of use: not of a partition that went to another, of one whose start is not known yet, or of what is
    /// kept, or written by ourselves, where that was read to its end.
    fn wanted(&self, raw: &Raw) -> bool {
        match self.seats.get(&raw.partition).map(|seat| &seat.phase) {
            _ if tails::global::<P>(raw.topic) => true,
            None | Some(Phase::Settling) => false,
            Some(Phase::Remembering(_)) => remembered::<P>(raw.topic),
            Some(Phase::Restoring(_)) => raw.topic != P::WORK.name,
            Some(Phase::Live) => !remembered::<P>(raw.topic),
        }
    }

    fn admit(&mut self, raw: Raw) -> Outcome {
        if !self.wanted(&raw) {
            return Outcome::Nothing;
        }
        let at: At = (raw.topic, raw.partition);
        if let Some(waiting) = self.stuck.get_mut(&at) {
            waiting.push_back(raw);
            return Outcome::Nothing;
        }
        let named = match self.resolve(&raw) {
            Ok(named) => named,
            Err(fault) => {
                self.away(fault);
                self.stuck.entry(at).or_default().push_back(raw);
                return Outcome::Stuck;
            }
        };
        if raw.topic == StateKept::TOPIC.name {
            self.admit_kept(&raw, named);
            Outcome::Nothing
        } else if tails::global::<P>(raw.topic) {
            self.admit_global(&raw, named)
        } else {
            self.admit_fact(raw, named)
        }
    }

    /// The schema that a record names. While the registry is away it is asked once in a while, not for each record.
    fn resolve(&mut self, raw: &Raw) -> Result<Named, Fault> {
        if let Some(fault) = self.unanswered.as_ref().filter(|_| self.elapsed < self.registry.0)
            && let Some(Ok((id, _))) = raw.value.as_deref().map(kernel::wire::split)
            && !self.schemas.remembers(id)
        {
            return Err(fault.clone());
        }
        let named = resolve(raw, &mut self.schemas)?;
        let ours = raw.topic == StateKept::TOPIC.name
            && raw.key.as_deref().is_some_and(|key| key.starts_with(format!("{}/", P::NAME).as_bytes()));
        match named {
            // It was written by one of us, so the registry lost it: without what is kept nothing may be decided.
            Some(Err(why)) if ours => {
                Err(Fault::Registry(format!("{}: {why}: restore the registry's schemas", raw.topic)))
            }
            named => Ok(named),
        }
    }

    /// The registry is away: it is asked again after a pause.
    fn away(&mut self, fault: Fault) {
        self.unanswered = Some(fault);
        if self.elapsed >= self.registry.0 {
            self.registry.0 = self.elapsed + self.registry.1;
            self.registry.1 = (self.registry.1 * 2).min(REGISTRY.1);
        }
    }

    fn admit_global(&mut self, raw: &Raw, named: Named) -> Outcome {
        self.global.insert((raw.topic, raw.partition), raw.offset + 1);
        let policy = raw.topic == PolicyChanged::TOPIC.name;
        let taken = if policy { self.admit_policy(raw, named) } else { self.admit_seen(raw, named) };
        match taken {
            Ok(()) => Outcome::Seen,
            Err(poison) => {
                if self.park_global(raw, poison.cause, &poison.detail) && policy {
                    let Millis(at) = raw.appended;
                    tracing::warn!(side = "policy", "what was published at {at} ms is refused: {}", poison.detail);
                }
                Outcome::Parked
            }
        }
    }

    /// A record that every instance reads.
    fn admit_seen(&mut self, raw: &Raw, named: Named) -> Result<(), Malformed> {
        let topic = tails::find::<P>(raw.topic).map_or(P::WORK, |tail| tail.topic);
        let partitions = self.counts.of(topic);
        let decoded = self.decode(raw, named)?;
        placed(raw, &decoded.market, partitions)?;
        let Read::Seen(seen) = decoded.read else {
            return Err(malformed(Cause::OutOfRange, "a global tail is only seen"));
        };
        self.observe("", seen)
    }

    /// A policy: checked before it is taken.
    fn admit_policy(&mut self, raw: &Raw, named: Named) -> Result<(), Malformed> {
        let partitions = self.counts.of(PolicyChanged::TOPIC);
        let changed: PolicyChanged = read(raw, named, self.pace.limits.value_bytes)?;
        placed(raw, &changed.policy, partitions)?;
        let (policies, time) = (&mut self.policies, self.pace.time);
        let taken = guarded("the policy's reader", || policies.publish(P::NAME, time, (raw, &changed)))??;
        if taken {
            let PolicyChanged { version, author, reason, effective_from, .. } = changed;
            let wait = Millis(effective_from).since(raw.appended).0 / 1_000;
            tracing::info!(
                side = "policy",
                "version {version} by {author} holds {wait} s after it was published: {reason}"
            );
        }
        Ok(())
    }

    /// Folds what is only seen into the view.
    fn observe(&mut self, market: &str, seen: P::Seen) -> Result<(), Malformed> {
        let (view, room) = (&mut self.view, self.pace.limits.view);
        if !guarded("the view", || P::observe(view, market, seen, room))? {
            self.watch.reached_bound(Bound::View);
        }
        Ok(())
    }

    fn decode(&mut self, raw: &Raw, named: Named) -> Result<Decoded<P>, Malformed> {
        // The largest that a broker stores, where it was ours to write.
        let most = if tails::own::<P>(raw.topic) { usize::MAX } else { self.pace.limits.value_bytes };
        let decoded = decode::<P>(raw, named, most);
        if decoded.as_ref().is_err_and(|poison| poison.cause == Cause::Oversized) {
            self.watch.reached_bound(Bound::ValueBytes);
        }
        decoded
    }

    fn admit_fact(&mut self, raw: Raw, named: Named) -> Outcome {
        let at: At = (raw.topic, raw.partition);
        let partitions = self.counts.of(P::WORK);
        let decoded = self.decode(&raw, named).and_then(|decoded| {
            placed(&raw, &decoded.market, partitions)?;
            Ok(decoded)
        });
        let Some(seat) = self.seats.get_mut(&raw.partition) else { return Outcome::Nothing };
        if seat.read.get(&at).is_some_and(|next| raw.offset < *next) {
            return Outcome::Nothing; // Read before.
        }
        seat.read_to(at, (raw.offset, raw.offset + 1));
        seat.newest = seat.newest.max(raw.appended);
        // What a predecessor dealt with is only read again for what is seen.
        let dealt_with = seat.committed.get(&at).is_some_and(|committed| raw.offset < *committed);
        match decoded {
            Ok(decoded) if dealt_with && !matches!(decoded.read, Read::Seen(_)) => Outcome::Nothing,
            Ok(decoded) => self.accept(raw, decoded, dealt_with),
            Err(_) if dealt_with => Outcome::Nothing,
            Err(poison) => {
                let record = parked(P::NAME, &raw, None, poison.cause, &poison.detail);
                match tails::own::<P>(raw.topic) {
                    true => seat.poison_or_place(record, self.pace.limits.parked_in_hand),
                    false => seat.poison(record),
                }
                Outcome::Parked
            }
        }
    }

    /// A sound record: checks it against the market's clock and puts it where it belongs.
    fn accept(&mut self, raw: Raw, decoded: Decoded<P>, dealt_with: bool) -> Outcome {
        let poison = self.judge(&raw, &decoded);
        let Decoded { market, at, read } = decoded;
        let time = self.pace.time;
        let Some(seat) = self.seats.get_mut(&raw.partition) else { return Outcome::Nothing };
        if let Some((cause, detail)) = poison {
            if dealt_with {
                return Outcome::Nothing;
            }
            let record = parked(P::NAME, &raw, Some(market), cause, &detail);
            match tails::own::<P>(raw.topic) {
                true => seat.poison_or_place(record, self.pace.limits.parked_in_hand),
                false => seat.poison(record),
            }
            return Outcome::Parked;
        }
        let Some(clock) = seat.clocks.get_mut(&market) else { return Outcome::Nothing };
        let ceiling = clock.ceiling(time, raw.appended);
        let place = raw.spot();
        match read {
            Read::Ask(body) => {
                clock.reach(at);
                let event = Event { place, at, body };
                seat.ask(Pending::new(event, Origin { raw, market }));
                Outcome::Held
            }
            Read::Fact(body) => {
                clock.reach(at.min(ceiling));
                let event = Event { place, at, body };
                seat.fact(Pending::new(event, Origin { raw, market }));
                Outcome::Held
            }
            Read::Tick => {
                clock.tick(time, at, raw.appended);
                Outcome::Nothing
            }
            Read::Seen(seen) => {
                if let Some(turn) = P::turn_of(&seen).filter(|_| tails::own::<P>(raw.topic)) {
                    clock.told(at, turn);
                }
                self.see((raw, market), seen, dealt_with)
            }
        }
    }

    /// Folds what is only seen into the view; parks what panics there.
    fn see(&mut self, (raw, market): (Raw, String), seen: P::Seen, dealt_with: bool) -> Outcome {
        match self.observe(&market, seen) {
            Ok(()) => Outcome::Seen,
            Err(_) if dealt_with => Outcome::Nothing,
            Err(Malformed { cause, detail }) => {
                let record = parked(P::NAME, &raw, Some(market), cause, &detail);
                self.seats.entry(raw.partition).and_modify(|seat| seat.poison(record));
                Outcome::Parked
            }
        }
    }

    /// Why a sound record must be parked all the same; makes its market's clock if it is the first of it.
    fn judge(&mut self, raw: &Raw, decoded: &Decoded<P>) -> Option<(Cause, String)> {
        let Decoded { market, at, read } = decoded;
        let (time, most) = (self.pace.time, self.pace.limits.markets);
        let seat = self.seats.get_mut(&raw.partition)?;
        if !seat.clocks.contains_key(market) {
            if seat.clocks.len() >= most {
                self.watch.reached_bound(Bound::Markets);
                let detail = format!("`{market}` is one market more than the {most} of a partition: limits.markets");
                return Some((Cause::OutOfRange, detail));
            }
            seat.markets.insert(market.clone());
            seat.clocks.insert(market.clone(), Clock::start(time, *at, raw.appended));
        }
        let clock = seat.clocks.get(market)?;
        // An answer that somebody else wrote among ours, of a time that is far from the broker's, would take the market there.
        if tails::own::<P>(raw.topic) && time == Time::Live && at.since(raw.appended) > STRAY {
            let detail =
                format!("event time is {} ms later than the broker's: not one of ours", at.since(raw.appended).0);
            return Some((Cause::FromTheFuture, detail));
        }
        // What we wrote ourselves (a hand-over of a driver) is not judged by its time: it was decided, and must arrive.
        if P::OUTPUTS.iter().any(|topic| topic.name == raw.topic) {
            return None;
        }
        let ceiling = clock.ceiling(time, raw.appended);
        if *at > ceiling {
            let ahead = at.since(ceiling).0;
            let detail = format!("event time is {ahead} ms later than allowed: 5 s ahead of the market");
            return Some((Cause::FromTheFuture, detail));
        }
        let late = clock.now.since(*at);
        if late > WINDOW && matches!(read, Read::Ask(_) | Read::Fact(_)) {
            let detail = format!("event time is {} h behind the market's, at most 24 h", late.0 / 3_600_000);
            return Some((Cause::TooOld, detail));
        }
        None
    }

    /// Parks poison that every instance reads, where we answer for it; remembers it for when we will. True: it is parked here.
    fn park_global(&mut self, raw: &Raw, cause: Cause, detail: &str) -> bool {
        let record = parked(P::NAME, raw, None, cause, detail);
        let owner = raw.partition % self.counts.of(P::WORK);
        let at: At = (raw.topic, raw.partition);
        let mut ours = false;
        if let Some(seat) = self.seats.get_mut(&owner) {
            if seat.committed.get(&at).is_some_and(|committed| raw.offset < *committed) {
                return false; // A predecessor parked it.
            }
            if seat.live() {
                seat.poison(record.clone());
                ours = true;
            }
        }
        self.global_parked.remember(record, &self.pace.limits, &self.watch);
        ours
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
}

/// Runs what a record leads to; a panic is the record's fault.
fn guarded<T>(who: &str, what: impl FnOnce() -> T) -> Result<T, Malformed> {
    catch_unwind(AssertUnwindSafe(what)).map_err(|_| malformed(Cause::Panicked, &format!("{who} panicked on it")))
}

/// What became of a record.
enum Outcome {
    /// It is of no use any more.
    Nothing,
    /// It is in hand.
    Held,
    /// It only changed what is seen.
    Seen,
    /// It is poison.
    Parked,
    /// It waits for the registry.
    Stuck,
}
