//! A turn: facts are taken in, surge moves on, and each request is answered by itself.

use kernel::contract::{CellCounted, PriceQuoted, QuoteInputs, QuoteOutcome, QuoteRequested, Refusal, TurnTaken};
use kernel::{Event, Processor, Rules, Turn, geo};

use super::answer::{answer, of_metered, told};
use super::personal::Personal;
use super::step::{Step, small};
use super::view::{Crowd, Market, Names};
use super::{Output, Quoting, View};
use crate::policy::Sections;
use crate::{Policy, share};

/// Cells in one record of a turn: 25 bytes each at most, so it is below 256 KB.
const CELLS: usize = 10_000;

/// Decides a turn. The outputs come in this order: quotes, the turn's record, what is kept.
pub(super) fn decide(turn: &Turn<Quoting>, view: &View, policy: &Policy) -> Vec<Output> {
    let nothing = Market::default();
    let market = view.market(&turn.market).unwrap_or(&nothing);
    let sections = policy.of(&turn.market);
    let mut desk = Desk {
        turn,
        policy,
        sections,
        market,
        step: Step::take(turn, market, sections),
        crowd: Crowd::default(),
        answered: Names::default(),
    };
    if !turn.asks.is_empty() {
        desk.crowd = market.crowd(turn.now.0, &sections.surge);
    }
    let mut outputs: Vec<Output> =
        turn.asks.iter().zip(0..).map(|(ask, row)| Output::Quoted(Box::new(desk.quote(ask, row)))).collect();
    if !outputs.is_empty() || desk.step.moved() {
        outputs.extend(desk.taken().into_iter().map(|chunk| Output::Taken(Box::new(chunk))));
    }
    outputs.extend(desk.step.kept(&turn.market));
    outputs
}

/// All that a turn's quotes are made with.
struct Desk<'a> {
    turn: &'a Turn<Quoting>,
    policy: &'a Policy,
    sections: &'a Sections,
    market: &'a Market,
    step: Step<'a>,
    crowd: Crowd,
    /// Quotes of this turn.
    answered: Names<'a>,
}

impl<'a> Desk<'a> {
    fn quote(&mut self, ask: &'a Event<QuoteRequested>, row: i32) -> PriceQuoted {
        let (asked, now) = (&ask.body, self.turn.now.0);
        let mut quoted = PriceQuoted {
            quote: asked.quote.clone(),
            at: now,
            market: self.turn.market.clone(),
            outcome: QuoteOutcome::Duplicate,
            refusal: None,
            price: None,
            inputs: None,
            cause: Some(ask.place.into()),
            turn: self.turn.number,
            row,
            policy_version: self.policy.version(),
            policy_hash: self.policy.hash().to_owned(),
            stale: self.turn.stale,
        };
        let remembered = now.saturating_sub(self.policy.lock.late_ms());
        if self.market.answered(&asked.quote, remembered) || !self.answered.add(&asked.quote) {
            return quoted;
        }
        // What is older is remembered no more: it may have had a price.
        if asked.at < remembered {
            (quoted.outcome, quoted.refusal) = (QuoteOutcome::Refused, Some(Refusal::Late));
            return quoted;
        }
        let inputs = self.inputs(asked);
        let answer = answer((&quoted.market, &quoted.quote, now), &inputs, self.policy);
        (quoted.outcome, quoted.refusal, quoted.price) = told(answer);
        quoted.inputs = Some(inputs);
        if let Some(price) = &quoted.price {
            let bps = of_metered(price);
            if self.step.highs.matters(now, bps) {
                self.step.highs.to_mut().note(now, bps);
            }
        }
        quoted
    }

    fn inputs(&mut self, asked: &QuoteRequested) -> QuoteInputs {
        let (now, sections) = (self.turn.now.0, self.sections);
        let cell = geo::cell(asked.pickup);
        let around = self.market.around(cell, &mut self.crowd, &sections.wait);
        let signals = &self.step.signals;
        let straight_m = geo::great_circle_m(asked.pickup, asked.dropoff).round_ties_even() as i64;
        let distance_m = asked.distance_m.map_or_else(|| share(straight_m, sections.road.detour_bps), i64::from);
        let driven_s = || distance_m.max(0) * 60 / sections.road.metres_a_minute.max(1);
        let personal = Personal::of(self.turn.riders.of(&asked.rider), &sections.loyalty);
        let surge_bps = small(self.step.surge.of(cell));
        let [odds_e6, slope_e6, error_e6, wait_e6] = sections.demand.millionths(cell, now, surge_bps);
        QuoteInputs {
            distance_m,
            duration_s: asked.duration_s.map_or_else(driven_s, i64::from),
            tolls_minor: asked.tolls_minor.unwrap_or(0),
            estimated: asked.distance_m.is_none() || asked.duration_s.is_none(),
            service: asked.service,
            tier: asked.tier,
            cell: cell as i64,
            demand: around.demand,
            supply: around.supply,
            wait_ms: around.wait_ms,
            surge_bps,
            competitor_bps: signals.competitor(cell, now.saturating_sub(sections.competitor.max_age_ms())),
            emergency_bps: signals.emergency.map(|(_, bps)| small(bps)),
            rider_facts: personal.facts,
            rider_place: personal.place,
            loyalty: personal.loyalty,
            loyalty_bps: personal.bps,
            odds_e6,
            slope_e6,
            error_e6,
            wait_e6,
        }
    }

    /// The turn's record, in pieces where many cells moved.
    fn taken(&mut self) -> Vec<TurnTaken> {
        let cells = std::mem::take(&mut self.step.cells);
        let pieces: Vec<&[CellCounted]> = match cells.is_empty() {
            true => vec![&[]],
            false => cells.chunks(CELLS).collect(),
        };
        let chunks = pieces.len() as i32;
        let head = self.head();
        let piece =
            |(chunk, cells): (i32, &&[CellCounted])| TurnTaken { chunk, chunks, cells: cells.to_vec(), ..head.clone() };
        (0..).zip(&pieces).map(piece).collect()
    }

    fn head(&self) -> TurnTaken {
        TurnTaken {
            processor: Quoting::NAME.to_owned(),
            market: self.turn.market.clone(),
            turn: self.turn.number,
            chunk: 0,
            chunks: 1,
            now: self.turn.now.0,
            policy_version: self.policy.version(),
            policy_hash: self.policy.hash().to_owned(),
            stale: self.turn.stale,
            exact: !self.step.many,
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
}
