//! A turn: what was asked for is taken in, peak and surge move on, and each end of a ride is captured.

use std::collections::{BTreeMap, BTreeSet};

use kernel::contract::{
    CaptureInputs, CaptureOutcome, FareCaptured, FareKept, FareStatus, Promise, RideProgressed, Service, Tier,
    TurnTaken,
};
use kernel::{Event, Processor, Rules, Turn};

use super::answer::{capture, told};
use super::output::{fare_entity, way_entity};
use super::view::{Market, Way, waited_s};
use super::{Asked, Came, Capturing, Fact, Output, Step, View};
use crate::capture::sound::LONGEST_S;
use crate::capture::tide::Tide;
use crate::policy::Sections;
use crate::{Policy, share};

/// Fares that a turn forgets, at least; and twice as many as it keeps anew, so that a long replay does not hold all of it.
const FORGOTTEN: usize = 256;

/// Decides a turn. The outputs come in this order: fares, the turn's record, what is kept, what is forgotten.
pub(super) fn decide(turn: &Turn<Capturing>, view: &View, policy: &Policy) -> Vec<Output> {
    let nothing = Market::default();
    let market = view.market(&turn.market).unwrap_or(&nothing);
    let sections = policy.of(&turn.market);
    let mut till =
        Till { turn, policy, sections, market, tide: market.tide, fares: BTreeMap::new(), ways: BTreeMap::new() };
    till.take();
    let mut outputs: Vec<Output> =
        turn.asks.iter().zip(0..).map(|(ask, row)| Output::Captured(Box::new(till.capture(ask, row)))).collect();
    if !outputs.is_empty() {
        outputs.push(Output::Taken(Box::new(till.taken())));
    }
    outputs.extend(till.kept());
    outputs
}

/// All that a turn's fares are captured with.
struct Till<'a> {
    turn: &'a Turn<Capturing>,
    policy: &'a Policy,
    sections: &'a Sections,
    market: &'a Market,
    tide: Tide,
    /// Fares as this turn leaves them.
    fares: BTreeMap<String, FareKept>,
    /// When rides came how far, as far as this turn heard of it.
    ways: BTreeMap<(String, Step), Way>,
}

impl Till<'_> {
    /// Takes in what time did to peak and surge, the promises of quotes that were seen by now, and the turn's facts.
    fn take(&mut self) {
        self.fares.extend(self.market.promised(self.turn.now).map(|fare| (fare.ride.clone(), fare)));
        let (now, peak) = (self.turn.now.0, &self.sections.peak);
        self.tide.step(now, self.market.level(now, peak), peak);
        for fact in &self.turn.facts {
            match &fact.body {
                Fact::Requested(asked) => self.requested(asked),
                Fact::Sampled(sample) => self.tide.hear(sample),
                Fact::Came(came) => self.came(came),
            }
        }
    }

    /// A ride is asked for. One that is known, or was cancelled before, stays as it is.
    fn requested(&mut self, asked: &Asked) {
        if self.fare(&asked.ride).is_some() {
            return;
        }
        let promise = asked.quote.as_ref().and_then(|quote| self.market.quotes.promise(quote, asked.at, self.turn.now));
        let fare = FareKept {
            ride: asked.ride.clone(),
            status: FareStatus::Open,
            at: asked.at,
            requested_at: Some(asked.at),
            service: asked.service,
            tier: asked.tier,
            road_m: share(asked.straight_m, self.sections.road.detour_bps),
            // As it was then: what stood still reads requests long after they were made.
            peak: self.sections.peak.scheduled(asked.at) || self.tide.peak_at(asked.at),
            quote: asked.quote.clone(),
            promise: promise.cloned(),
        };
        self.fares.insert(asked.ride.clone(), fare);
    }

    /// A ride came so far; one that was captured goes nowhere.
    fn came(&mut self, came: &Came) {
        let captured = self.fare(&came.ride).is_some_and(|fare| fare.status == FareStatus::Captured);
        let way = Way { at: came.at, driver: came.driver.clone() };
        if !captured && way.counts(self.way(&came.ride, came.step)) {
            self.ways.insert((came.ride.clone(), came.step), way);
        }
    }

    /// When a ride came so far, and with whom.
    fn way(&self, ride: &str, step: Step) -> Option<&Way> {
        self.ways.get(&(ride.to_owned(), step)).or_else(|| self.market.ways.at(ride, step))
    }

    /// A ride's fare as it stands now.
    fn fare(&self, ride: &str) -> Option<&FareKept> {
        self.fares.get(ride).or_else(|| self.market.fare(ride))
    }

    fn capture(&mut self, ask: &Event<RideProgressed>, row: i32) -> FareCaptured {
        let fact = &ask.body;
        let mut captured = FareCaptured {
            ride: fact.ride.clone(),
            event: fact.event.clone(),
            at: self.turn.now.0,
            market: self.turn.market.clone(),
            outcome: CaptureOutcome::Duplicate,
            refusal: None,
            inputs: None,
            fare: None,
            cause: Some(ask.place.into()),
            turn: self.turn.number,
            row,
            policy_version: self.policy.version(),
            policy_hash: self.policy.hash().to_owned(),
            stale: self.turn.stale,
        };
        let known = self.fare(&fact.ride);
        if known.is_some_and(|fare| fare.status == FareStatus::Captured) {
            return captured;
        }
        let requested_at = known.and_then(|fare| fare.requested_at);
        let inputs = self.inputs(fact, known);
        let answer = capture(&inputs, &captured.market, self.policy);
        (captured.outcome, captured.refusal, captured.fare) = told(answer);
        if captured.outcome == CaptureOutcome::Captured {
            let ended = ended(&fact.ride, (captured.at, requested_at), &inputs);
            self.fares.insert(fact.ride.clone(), ended);
        }
        captured.inputs = Some(inputs);
        captured
    }

    fn inputs(&self, fact: &RideProgressed, known: Option<&FareKept>) -> CaptureInputs {
        let RideProgressed { progress, by, at: ended_at, distance_m, duration_s, tolls_minor, wait_s, .. } = *fact;
        let RideProgressed { payment, charged_minor, paid_minor, .. } = *fact;
        let (service, tier) = asked_for(fact, known);
        let way = |step| self.way(&fact.ride, step);
        let derived = || waited_s((way(Step::Arrived), way(Step::Started)), fact.driver.as_deref(), LONGEST_S);
        CaptureInputs {
            progress,
            by,
            ended_at,
            requested_at: known.and_then(|fare| fare.requested_at),
            service,
            tier,
            assigned: fact.driver.is_some(),
            distance_m,
            duration_s,
            road_m: known.map(|fare| fare.road_m),
            tolls_minor,
            wait_s: wait_s.or_else(derived),
            payment,
            currency: fact.currency.clone(),
            charged_minor,
            paid_minor,
            bill: fact.bill.clone(),
            quote: known.and_then(|fare| fare.quote.clone()),
            promise: known.and_then(|fare| self.promise(fare)).cloned(),
            // Whoever asked outside the peak is not made to pay for where his ride ends.
            peak: known.map_or(self.tide.peak(), |fare| fare.peak),
            surge: self.tide.surge(),
            emergency: self.tide.emergency(),
        }
    }

    /// What a ride was promised: as it is kept, or by a quote that was seen since.
    fn promise<'b>(&'b self, fare: &'b FareKept) -> Option<&'b Promise> {
        let seen = || self.market.quotes.promise(fare.quote.as_ref()?, fare.requested_at?, self.turn.now);
        fare.promise.as_ref().or_else(seen)
    }

    /// The turn's record: what it was decided from stands in each fare.
    fn taken(&self) -> TurnTaken {
        TurnTaken {
            processor: Capturing::NAME.to_owned(),
            market: self.turn.market.clone(),
            turn: self.turn.number,
            chunk: 0,
            chunks: 1,
            now: self.turn.now.0,
            policy_version: self.policy.version(),
            policy_hash: self.policy.hash().to_owned(),
            stale: self.turn.stale,
            exact: true,
            gap_ms: 0,
            cut: self.turn.cut.clone(),
            asked: Vec::new(),
            progressed: Vec::new(),
            rides: Vec::new(),
            rows: Vec::new(),
            columns: Vec::new(),
            edges: Vec::new(),
            cells: Vec::new(),
        }
    }

    /// What is to be remembered, and, beside that, what no longer counts.
    fn kept(self) -> Vec<Output> {
        let (market, known) = (&self.turn.market, self.market);
        let mut kept: Vec<Output> = Vec::new();
        if self.tide != known.tide {
            kept.push(Output::tide(market, self.tide.keep()));
        }
        let over: BTreeSet<&str> = self.over().collect();
        let came = self.ways.iter().filter(|((ride, _), _)| !over.contains(ride.as_str()));
        kept.extend(came.map(|((ride, step), way)| {
            let requested_at = self.fare(ride).and_then(|fare| fare.requested_at);
            let Way { at, driver } = way.clone();
            Output::way(market, Came { ride: ride.clone(), at, driver, step: *step }, requested_at)
        }));
        kept.extend(self.fares.values().map(|fare| Output::fare(market, fare.clone())));
        if kept.is_empty() {
            return kept;
        }
        let most = FORGOTTEN.max(2 * (self.fares.len() + self.ways.len()));
        let fares = known.outlived(self.turn.now).filter(|ride| !self.fares.contains_key(*ride));
        let steps = known
            .ways
            .outlived(self.turn.now)
            .filter(|(ride, step)| !over.contains(ride) && !self.ways.contains_key(&((*ride).to_owned(), *step)));
        let ended = over.iter().flat_map(|ride| [Step::Arrived, Step::Started].map(|step| (*ride, step)));
        let ended = ended.filter(|(ride, step)| known.ways.at(ride, *step).is_some());
        let steps = ended.chain(steps.take(most)).map(|(ride, step)| way_entity(market, ride, step));
        let gone = fares.take(most).map(|ride| fare_entity(market, ride)).chain(steps);
        kept.extend(gone.map(|entity| Output::Forgotten { market: market.clone(), entity }));
        kept
    }

    /// Rides that were captured in this turn: how far they came is of no more concern.
    fn over(&self) -> impl Iterator<Item = &str> {
        let captured = self.fares.values().filter(|fare| fare.status == FareStatus::Captured);
        captured.map(|fare| fare.ride.as_str())
    }
}

/// What was asked for; of a ride that was never seen what was billed.
fn asked_for(fact: &RideProgressed, known: Option<&FareKept>) -> (Service, Option<Tier>) {
    let billed = || fact.bill.as_ref().map(|bill| (bill.service, bill.tier));
    known.map(|fare| (fare.service, fare.tier)).or_else(billed).unwrap_or((Service::Standard, None))
}

/// A ride that was captured, as it is remembered.
fn ended(ride: &str, (at, requested_at): (i64, Option<i64>), inputs: &CaptureInputs) -> FareKept {
    FareKept {
        ride: ride.to_owned(),
        status: FareStatus::Captured,
        at,
        requested_at,
        service: inputs.service,
        tier: inputs.tier,
        road_m: 0,
        peak: inputs.peak,
        quote: None,
        promise: None,
    }
}
