//! The smallest processor: it counts requests. A rider named `panic` makes it panic, one named `mute` cannot be encoded.

use std::collections::BTreeMap;

use kernel::{
    Emit, Malformed, Millis, Need, Processor, Reach, Read, Record, Tail, Topic, Turn, codec,
    codec::Datum,
    contract::{
        Cause, DriverChanged, MarketTicked, MatchDecided, Outcome, Place, Progress, Reason, RideKept, RideProgressed,
        RideRequested, RideStatus, StateKept,
    },
};
use serde::de::DeserializeOwned;

/// Something is ripe this long after the last turn that counted.
pub(super) const RIPENS: Millis = Millis(10_000);

#[derive(Clone, Copy, Debug)]
pub(super) struct Tally;

/// By market: the count, when it last changed, and what was seen of drivers.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) counts: BTreeMap<String, (i32, Millis)>,
    pub(super) drivers: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Output {
    Counted(Box<MatchDecided>),
    Kept(Box<StateKept>),
}

impl Emit for Output {
    fn topic(&self) -> &'static Topic {
        match self {
            Output::Counted(_) => MatchDecided::TOPIC,
            Output::Kept(_) => StateKept::TOPIC,
        }
    }

    fn key(&self) -> &[u8] {
        match self {
            Output::Counted(decided) => decided.key(),
            Output::Kept(kept) => kept.key(),
        }
    }

    fn market(&self) -> &str {
        match self {
            Output::Counted(decided) => &decided.market,
            Output::Kept(kept) => &kept.market,
        }
    }

    fn datum(&self, to: &mut Vec<u8>) -> Result<bool, String> {
        match self {
            Output::Counted(decided) if decided.rider.as_deref() == Some("mute") => Err("nothing to say".to_owned()),
            Output::Counted(decided) => codec::encode(&**decided, to).map(|()| true),
            Output::Kept(kept) => codec::encode(&**kept, to).map(|()| true),
        }
    }

    fn cause(&self) -> Option<&Place> {
        match self {
            Output::Counted(decided) => decided.cause.as_ref(),
            Output::Kept(_) => None,
        }
    }
}

fn decoded<T: DeserializeOwned>(datum: Datum<'_>) -> Result<T, Malformed> {
    datum.read().map_err(|detail| Malformed { cause: Cause::Undecodable, detail })
}

impl Processor for Tally {
    const NAME: &'static str = "tally";
    const WORK: &'static Topic = RideRequested::TOPIC;
    const TAILS: &'static [Tail] = &[
        Tail { topic: RideProgressed::TOPIC, reach: Reach::Market, need: Need::Must, horizon: None },
        Tail { topic: MarketTicked::TOPIC, reach: Reach::Market, need: Need::Best, horizon: None },
        Tail { topic: DriverChanged::TOPIC, reach: Reach::Global, need: Need::Best, horizon: None },
    ];
    const OUTPUTS: &'static [&'static Topic] = &[MatchDecided::TOPIC, StateKept::TOPIC];
    type Ask = RideRequested;
    type Fact = RideProgressed;
    type Seen = DriverChanged;
    type View = View;
    type Policy = ();
    type Output = Output;

    fn read(topic: &str, datum: Datum<'_>) -> Result<(String, Millis, Read<Tally>), Malformed> {
        if topic == RideRequested::TOPIC.name {
            let request: RideRequested = decoded(datum)?;
            return Ok((request.market.clone(), Millis(request.at), Read::Ask(request)));
        }
        if topic == RideProgressed::TOPIC.name {
            let fact: RideProgressed = decoded(datum)?;
            return Ok((fact.market.clone(), Millis(fact.at), Read::Fact(fact)));
        }
        if topic == MarketTicked::TOPIC.name {
            let tick: MarketTicked = decoded(datum)?;
            return Ok((tick.market, Millis(tick.at), Read::Tick));
        }
        let driver: DriverChanged = decoded(datum)?;
        Ok((driver.driver.clone(), Millis(driver.at), Read::Seen(driver)))
    }

    fn decide(turn: &Turn<Tally>, view: &View, (): &()) -> Vec<Output> {
        let (mut count, last) = view.counts.get(&turn.market).copied().unwrap_or_default();
        let before = count;
        let mut outputs = Vec::new();
        count += turn.facts.iter().filter(|fact| fact.body.progress == Progress::Cancelled).count() as i32;
        for ask in &turn.asks {
            assert_ne!(ask.body.rider, "panic", "a rider to panic about");
            count += 1;
            let decided = MatchDecided { cause: Some(ask.place.into()), ..counted(turn, &ask.body, count) };
            outputs.push(Output::Counted(Box::new(decided)));
        }
        if count != before || (before > 0 && turn.now.since(last) >= RIPENS) {
            outputs.push(Output::Kept(Box::new(kept(turn, count))));
        }
        outputs
    }

    fn evolve(view: &mut View, output: &Output) {
        if let Output::Kept(kept) = output {
            Tally::restore(view, &kept.market, &kept.entity, Some(kept));
        }
    }

    fn restore(view: &mut View, market: &str, _: &str, kept: Option<&StateKept>) {
        if let Some(ride) = kept.and_then(|kept| kept.ride.as_ref()) {
            view.counts.insert(market.to_owned(), (ride.revision, Millis(ride.since)));
        }
    }

    fn observe(view: &mut View, _: &str, _: DriverChanged, room: usize) -> bool {
        let room = view.drivers < room;
        view.drivers += usize::from(room);
        room
    }

    fn ripe(view: &View, market: &str, now: Millis, (): &()) -> bool {
        view.counts.get(market).is_some_and(|(count, last)| *count > 0 && now.since(*last) >= RIPENS)
    }

    fn forget(view: &mut View, market: &str) {
        view.counts.remove(market);
    }
}

fn kept(turn: &Turn<Tally>, count: i32) -> StateKept {
    let ride = RideKept {
        ride: "count".to_owned(),
        requested_at: 0,
        request: None,
        status: RideStatus::Waiting,
        revision: count,
        since: turn.now.0,
        driver: None,
        answer_by: None,
        accepted: None,
        started: false,
        refused: Vec::new(),
        first: None,
    };
    let (processor, market) = (Tally::NAME.to_owned(), turn.market.clone());
    let entity = format!("{processor}/{market}/count");
    StateKept {
        processor,
        market,
        entity,
        ride: Some(ride),
        driver: None,
        clock: None,
        surge: None,
        signals: None,
        highs: None,
        fare: None,
        tide: None,
    }
}

fn counted(turn: &Turn<Tally>, request: &RideRequested, count: i32) -> MatchDecided {
    MatchDecided {
        decision: format!("{}/{}", turn.market, count),
        market: turn.market.clone(),
        at: turn.now.0,
        ride: request.ride.clone(),
        rider: Some(request.rider.clone()),
        revision: Some(count),
        outcome: Outcome::Waiting,
        reason: Reason::Nobody,
        driver: None,
        answer_by: None,
        eta_ms: None,
        score: None,
        runner_up: None,
        margin_ms: None,
        considered: 0,
        barred: Vec::new(),
        of: None,
        cause: None,
        quote: None,
        turn: turn.number,
        row: None,
        policy_version: 0,
        policy_hash: String::new(),
        stale: turn.stale,
    }
}
