//! From what is in hand to one transaction: turns are taken, decided, and encoded.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use kernel::{
    Emit, Event, Processor, Record, Turn, WINDOW, codec,
    contract::{Cause, Cut, RecordParked, StateKept},
    partition,
    rider::Riders,
    wire,
};

use crate::{
    clock::{Clock, Time},
    counts::Counts,
    limits::Limits,
    log::{Outgoing, Transaction},
    policies::Policies,
    schemas::Schemas,
    seat::{At, Pending, Seat, weight},
    tails, trace,
    watch::{Bound, Watch},
};

/// What one seat gives to a transaction; given up on abort, taken out of the seat on commit.
pub(crate) struct Taken<P: Processor> {
    pub(crate) partition: i32,
    pub(crate) asks: usize,
    pub(crate) facts: usize,
    pub(crate) parked: usize,
    pub(crate) clocks: Vec<(String, Clock)>,
    /// Markets whose clock is kept with it.
    pub(crate) kept: Vec<(String, Clock)>,
    /// Work records, facts and records written of each turn.
    pub(crate) turns: Vec<(usize, usize, usize)>,
    /// Why records were parked.
    pub(crate) causes: Vec<Cause>,
    /// Steps of the degrade ladder that were taken.
    pub(crate) degraded: Vec<&'static str>,
    /// Whether it was decided though a tail was not read to its end.
    pub(crate) stale: bool,
    /// The overlay: decisions that are no part of the view before they are committed.
    pub(crate) outputs: Vec<P::Output>,
}

/// What a seat is decided with.
pub(crate) struct Bench<'a, P: Processor, S> {
    pub(crate) view: &'a P::View,
    pub(crate) policies: &'a Policies<P::Policy>,
    pub(crate) schemas: &'a S,
    pub(crate) counts: &'a Counts,
    pub(crate) limits: Limits,
    /// Who moves the time of a market.
    pub(crate) time: Time,
    /// Positions of the global tails.
    pub(crate) global: &'a BTreeMap<At, i64>,
    pub(crate) watch: &'a Watch,
}

/// What a value is given at first, bytes: most fit.
const ROOM: usize = 448;
/// What a batch holds beside one value, bytes.
const HEADROOM: usize = 4_096;

/// What was decided, and the same as records.
struct Decided<P: Processor> {
    /// As far as the view needs it.
    outputs: Vec<P::Output>,
    records: Vec<Outgoing>,
    degraded: Vec<&'static str>,
}

struct Portion<P: Processor> {
    asks: Vec<Arc<Event<P::Ask>>>,
    facts: Vec<Arc<Event<P::Fact>>>,
    riders: Riders,
}

/// The trace contexts of the records that are taken; empty where none carries one.
type Traces<'a> = BTreeMap<(&'a str, i32, i64), &'a str>;

impl<P: Processor, S: Schemas> Bench<'_, P, S> {
    /// Decides for one seat; `None`: there is nothing to take. Facts that change nothing are taken without a record.
    ///
    /// # Errors
    /// A market cannot be decided though no record is to blame: the seat keeps what it holds.
    pub(crate) fn take(&self, seat: &mut Seat<P>, to: &mut Transaction) -> Result<Option<Taken<P>>, String> {
        let (asks, facts) = self.portion(seat);
        let lined_up = seat.line_up(&seat.positions(asks, facts));
        if lined_up > self.piece(seat, lined_up) && seat.line_up(&seat.positions(0, 0)) > 0 {
            self.watch.reached_bound(Bound::ParkedTaken);
            return Ok(Some(self.clear(seat, to)));
        }
        let lined_up = seat.line_up(&seat.positions(asks, facts));
        let mut taken = self.taken(seat, (asks, facts, lined_up));
        let mut parked = seat.parked[..taken.parked].to_vec();
        let before = to.records.len();
        let portions = portions(seat, asks, facts);
        let traces = traces(seat, asks, facts);
        let cut = self.cut(seat, (asks, facts));
        for (market, portion) in portions {
            let mut turn = self.turn(seat, &market, portion, &cut);
            outdated(&mut turn, seat, &mut parked);
            let decided = self.decide(&mut turn, seat, (&mut parked, &traces));
            let Decided { outputs, records, degraded } = decided.inspect_err(|_| to.records.truncate(before))?;
            if outputs.is_empty() && turn.asks.is_empty() {
                continue;
            }
            taken.turns.push((turn.asks.len(), turn.facts.len(), outputs.len()));
            let clock = seat.clocks[&market].at_turn(turn.number);
            to.records.extend(records);
            taken.degraded.extend(degraded);
            let told = outputs.iter().any(|output| tails::own::<P>(output.topic().name));
            if P::KEEPS_CLOCK && !(told && seat.knows_clock(&market)) {
                to.records.push(self.clock(&market, &clock));
                taken.kept.push((market.clone(), clock));
            }
            taken.clocks.push((market, clock));
            taken.outputs.extend(outputs);
        }
        taken.causes = parked.iter().map(|record| record.cause).collect();
        to.records.extend(parked.iter().map(|record| self.park(record)));
        if to.records.len() > before {
            self.keep(seat, &mut taken, to);
            self.settle(seat, (asks, facts, taken.parked), to);
        }
        Ok((asks + facts + taken.parked + taken.outputs.len() > 0).then_some(taken))
    }

    /// How many work records and facts are taken.
    fn portion(&self, seat: &Seat<P>) -> (usize, usize) {
        let Limits { asks_taken, facts_taken, .. } = self.limits;
        if seat.ready.len() > asks_taken {
            self.watch.reached_bound(Bound::AsksTaken);
        }
        if seat.facts.len() > facts_taken {
            self.watch.reached_bound(Bound::FactsTaken);
        }
        // What must be known before a work record is decided is taken before it: the work records wait while more of it is in hand, unless
        // they have waited for it as long as they may. A fact of the work topic itself is never passed by: what is committed would
        // lie before it, and a successor decide again what was decided behind it.
        let must = |fact: &Pending<P::Fact>| {
            let topic = fact.event.place.topic;
            topic == P::WORK.name || (!seat.stale && tails::must::<P>(topic))
        };
        let behind = seat.facts.iter().skip(facts_taken).any(must);
        let asks = if behind { 0 } else { seat.ready.len().min(asks_taken) };
        (asks, seat.facts.len().min(facts_taken))
    }

    fn taken(&self, seat: &Seat<P>, (asks, facts, parked): (usize, usize, usize)) -> Taken<P> {
        Taken {
            partition: seat.partition,
            asks,
            facts,
            parked,
            clocks: Vec::new(),
            kept: Vec::new(),
            turns: Vec::new(),
            causes: Vec::new(),
            degraded: Vec::new(),
            stale: seat.stale && asks > 0,
            outputs: Vec::new(),
        }
    }

    /// How much of the first `lined_up` poison a transaction parks; more is cleared first, in pieces.
    fn piece(&self, seat: &Seat<P>, lined_up: usize) -> usize {
        let (mut left, most) = (self.limits.bytes_in_hand / 4, lined_up.min(self.limits.parked_taken));
        let light = |record: &&RecordParked| {
            left = left.saturating_sub(weight(record));
            left > 0
        };
        seat.parked[..most].iter().take_while(light).count().max(most.min(1))
    }

    /// Parks what lies before all that is to be decided, as much as fits.
    fn clear(&self, seat: &mut Seat<P>, to: &mut Transaction) -> Taken<P> {
        let lined_up = seat.line_up(&seat.positions(0, 0));
        let parked = self.piece(seat, lined_up);
        to.records.extend(seat.parked[..parked].iter().map(|record| self.park(record)));
        let causes = seat.parked[..parked].iter().map(|record| record.cause).collect();
        let mut taken = Taken { causes, ..self.taken(seat, (0, 0, parked)) };
        self.keep(seat, &mut taken, to);
        self.settle(seat, (0, 0, parked), to);
        taken
    }

    /// Keeps the clocks that must be, also of markets without a turn: those that had their first tick since the last transaction, for the
    /// offsets that go with it lie past that tick, so a successor would not read it again, and would know no bound for what is from the
    /// future; and those that own answers will soon tell nobody any more.
    fn keep(&self, seat: &Seat<P>, taken: &mut Taken<P>, to: &mut Transaction) {
        if !P::KEEPS_CLOCK {
            return;
        }
        for (market, clock) in &seat.clocks {
            let ticked = self.time != Time::Live && clock.ticked() && !seat.anchored(market);
            if (ticked || seat.outdated(market)) && !taken.kept.iter().any(|(kept, _)| kept == market) {
                let turned = taken.clocks.iter().find(|(turned, _)| turned == market);
                let clock = turned.map_or(clock, |(_, clock)| clock);
                to.records.push(self.clock(market, clock));
                taken.kept.push((market.clone(), *clock));
            }
        }
    }

    /// Adds the offsets that are committed once so many work records, facts and poison are taken: never past poison that is
    /// not parked, never behind what a predecessor committed.
    fn settle(&self, seat: &Seat<P>, (asks, facts, parked): (usize, usize, usize), to: &mut Transaction) {
        let left = &seat.parked[parked..];
        for mut cut in seat.positions(asks, facts).into_iter().chain(self.responsible(seat.partition)) {
            let here =
                |record: &&RecordParked| record.place.topic == cut.topic && record.place.partition == cut.partition;
            let first = left.iter().filter(here).map(|record| record.place.offset).min();
            let committed =
                seat.committed.iter().find(|((topic, part), _)| *topic == cut.topic && *part == cut.partition);
            cut.offset = first.map_or(cut.offset, |first| first.min(cut.offset));
            cut.offset = committed.map_or(cut.offset, |(_, committed)| cut.offset.max(*committed));
            to.offsets.push(cut);
        }
        to.offsets.push(crate::seat::cut(&(StateKept::TOPIC.name, seat.partition), seat.kept_until));
        to.newest.push((seat.partition, seat.newest));
    }

    /// Positions of the global tails that the owner of `partition` answers for.
    fn responsible(&self, partition: i32) -> Vec<Cut> {
        let work = self.counts.of(P::WORK);
        let ours = self.global.iter().filter(|((_, other), _)| other % work == partition);
        ours.map(|(at, offset)| crate::seat::cut(at, *offset)).collect()
    }

    /// The next offset of every topic once so many work records and facts are taken. What we wrote ourselves is all of the turns before.
    fn cut(&self, seat: &Seat<P>, (asks, facts): (usize, usize)) -> Vec<Cut> {
        let mut cut = seat.positions(asks, facts);
        cut.retain(|cut| !tails::own::<P>(&cut.topic));
        cut.extend(self.global.iter().map(|(at, offset)| crate::seat::cut(at, *offset)));
        cut
    }

    fn turn(&self, seat: &Seat<P>, market: &str, portion: Portion<P>, cut: &[Cut]) -> Turn<P> {
        let clock = &seat.clocks[market];
        Turn {
            market: market.to_owned(),
            number: clock.turn.saturating_add(1),
            now: clock.now,
            asks: portion.asks,
            facts: portion.facts,
            cut: cut.to_vec(),
            stale: seat.stale,
            riders: portion.riders,
        }
    }

    /// Decides and encodes; a record on which that fails is parked and the turn decided without it.
    fn decide(
        &self,
        turn: &mut Turn<P>,
        seat: &Seat<P>,
        (parked, traces): (&mut Vec<RecordParked>, &Traces<'_>),
    ) -> Result<Decided<P>, String> {
        loop {
            let failure = match self.attempt(turn, traces) {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            let whole = turn.asks.len() + turn.facts.len();
            let Some(culprit) = self.culprit(turn, whole) else {
                let (market, why) = (&turn.market, &failure.1);
                return Err(format!("market {market} stands still, no record is to blame: {why}: report this bug"));
            };
            let place = if culprit < turn.facts.len() {
                turn.facts.remove(culprit).place
            } else {
                turn.asks.remove(culprit - turn.facts.len()).place
            };
            parked.extend(seat.origin(&place).map(|origin| origin.park(P::NAME, failure.0, &failure.1)));
        }
    }

    /// Halves the turn until one record is alone: the last of the shortest prefix (facts, then asks) that fails. `None`: the turn
    /// fails without any.
    fn culprit(&self, turn: &Turn<P>, whole: usize) -> Option<usize> {
        let fails = |length: usize| {
            let mut prefix = turn.clone();
            prefix.facts.truncate(length);
            prefix.asks.truncate(length.saturating_sub(turn.facts.len()));
            self.attempt(&prefix, &Traces::new()).is_err()
        };
        if whole == 0 || fails(0) {
            return None;
        }
        let (mut sound, mut failing) = (0, whole);
        while failing - sound > 1 {
            let middle = sound + (failing - sound) / 2;
            if fails(middle) { failing = middle } else { sound = middle }
        }
        Some(failing - 1)
    }

    fn attempt(&self, turn: &Turn<P>, traces: &Traces<'_>) -> Result<Decided<P>, (Cause, String)> {
        let policy = self.policies.at(turn.now);
        let decided = catch_unwind(AssertUnwindSafe(|| P::decide(turn, self.view, policy)));
        let mut outputs = decided.map_err(|panic| (Cause::Panicked, said(panic.as_ref())))?;
        let (mut records, mut degraded) = (Vec::with_capacity(outputs.len()), Vec::new());
        for output in &mut outputs {
            records.push(self.encode(output, traces).map_err(|why| (Cause::Unencodable, why))?);
            degraded.extend(output.degraded());
            output.shed();
        }
        Ok(Decided { outputs, records, degraded })
    }

    fn encode(&self, output: &P::Output, traces: &Traces<'_>) -> Result<Outgoing, String> {
        let topic = output.topic();
        let mut value = self.header(topic.name)?;
        let some = output.datum(&mut value)?;
        let most = (topic.max_message_bytes as usize).min(self.limits.output_bytes).saturating_sub(HEADROOM);
        if value.len() > most {
            self.watch.reached_bound(Bound::OutputBytes);
            return Err(format!("{} bytes for {}, at most {most}", value.len(), topic.name));
        }
        let placed = match topic.placed_by {
            kernel::PlacedBy::Market => output.market().as_bytes(),
            kernel::PlacedBy::Key | kernel::PlacedBy::Origin => output.key(),
        };
        let partition = partition::of(placed, self.counts.of(topic));
        let parent = output.cause().filter(|_| !traces.is_empty());
        let parent = parent.and_then(|place| traces.get(&(place.topic.as_str(), place.partition, place.offset)));
        let trace = parent.map(|parent| trace::child(parent, &value));
        Ok(Outgoing { topic, partition, key: output.key().to_vec(), value: some.then_some(value), trace })
    }

    fn header(&self, topic: &str) -> Result<Vec<u8>, String> {
        let id = self.schemas.id_of(topic).ok_or_else(|| format!("the schema of {topic} is not registered"))?;
        let mut value = Vec::with_capacity(ROOM);
        wire::start(id, &mut value);
        Ok(value)
    }

    fn clock(&self, market: &str, clock: &Clock) -> Outgoing {
        let record = StateKept {
            processor: P::NAME.to_owned(),
            market: market.to_owned(),
            entity: format!("{}/{market}/clock", P::NAME),
            ride: None,
            driver: None,
            clock: Some(clock.keep()),
            surge: None,
            signals: None,
            highs: None,
            fare: None,
            tide: None,
        };
        let partition = partition::of(market.as_bytes(), self.counts.of(StateKept::TOPIC));
        self.plain(&record, partition)
    }

    fn park(&self, record: &RecordParked) -> Outgoing {
        let partition = record.place.partition % self.counts.of(RecordParked::TOPIC);
        let header = record.headers.iter().find(|header| header.name == trace::HEADER);
        let parent = header.and_then(|header| header.value.as_deref()).and_then(trace::parse);
        let mut outgoing = self.plain(record, partition);
        outgoing.trace = parent.map(|parent| trace::child(parent, outgoing.value.as_deref().unwrap_or_default()));
        outgoing
    }

    /// A record of the runtime itself: its type always fits its schema, and the schema is registered before the start.
    fn plain<R: Record>(&self, record: &R, partition: i32) -> Outgoing {
        let mut value = self.header(R::TOPIC.name).unwrap_or_default();
        let encoded = codec::encode(record, &mut value);
        debug_assert!(encoded.is_ok(), "{encoded:?}");
        Outgoing { topic: R::TOPIC, partition, key: record.key().to_vec(), value: Some(value), trace: None }
    }
}

/// Work records that fell out of the admission window since they were read are parked: what is remembered of their rides may be
/// forgotten.
fn outdated<P: Processor>(turn: &mut Turn<P>, seat: &Seat<P>, parked: &mut Vec<RecordParked>) {
    let now = turn.now;
    turn.asks.retain(|ask| {
        let inside = now.since(ask.at) <= WINDOW;
        if !inside {
            let origin = seat.origin(&ask.place);
            parked.extend(origin.map(|origin| origin.park(P::NAME, Cause::TooOld, "the market's time passed it by")));
        }
        inside
    });
}

/// What the seat holds, market by market, and the markets in which something may be ripe.
fn portions<P: Processor>(seat: &mut Seat<P>, asks: usize, facts: usize) -> BTreeMap<String, Portion<P>> {
    let mut portions: BTreeMap<String, Portion<P>> = BTreeMap::new();
    let empty = || Portion { asks: Vec::new(), facts: Vec::new(), riders: Riders::default() };
    for market in std::mem::take(&mut seat.ripe) {
        portions.entry(market).or_insert_with(empty);
    }
    for Pending { event, origin, rider } in seat.ready.iter().take(asks) {
        if !portions.contains_key(&origin.market) {
            portions.insert(origin.market.clone(), empty());
        }
        let Some(portion) = portions.get_mut(&origin.market) else { continue };
        portion.asks.push(event.clone());
        if let Some(who) = P::rider(&event.body) {
            portion.riders.add(who, rider.0.clone());
        }
    }
    for Pending { event, origin, .. } in seat.facts.iter().take(facts) {
        match portions.get_mut(&origin.market) {
            Some(portion) => portion.facts.push(event.clone()),
            None => portions.entry(origin.market.clone()).or_insert_with(empty).facts.push(event.clone()),
        }
    }
    portions
}

fn traces<P: Processor>(seat: &Seat<P>, asks: usize, facts: usize) -> Traces<'_> {
    let asks = seat.ready.iter().take(asks).map(|ask| &ask.origin.raw);
    let all = asks.chain(seat.facts.iter().take(facts).map(|fact| &fact.origin.raw));
    let traced = all.filter(|raw| !raw.headers.is_empty());
    traced.filter_map(|raw| Some(((raw.topic, raw.partition, raw.offset), trace::of(raw)?))).collect()
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("the decision panicked: {}", text.unwrap_or_default())
}
