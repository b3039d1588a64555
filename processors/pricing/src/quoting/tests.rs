//! A stage to play turns on, and what is told of them.

mod emergencies;
mod goldens;
mod laws;
mod policies;
mod reading;
mod riders;
mod surges;

use std::sync::{Arc, LazyLock};

use kernel::contract::{
    MarketSampled, Point, PriceQuoted, QuoteOutcome, QuotePrice, QuoteRequested, Refusal, Service, Tier,
};
use kernel::rider::Riders;
use kernel::{Emit, Event, Millis, Processor, Record, Spot, Turn, geo};

use super::{Output, Quoting, Seen, View};
use crate::Policy;

/// Thursday 29 May 2008, 17:00 in San Francisco.
const START: i64 = 1_212_105_600_000;

const MARKET: &str = "sf";

static POLICY: LazyLock<Policy> = LazyLock::new(Policy::default);

/// Where everybody asks, unless it is said.
const PICKUP: Point = Point { lat_e6: 37_780_000, lng_e6: -122_410_000 };
const DROPOFF: Point = Point { lat_e6: 37_760_000, lng_e6: -122_430_000 };

/// A market's view, carried from turn to turn.
struct Stage {
    view: View,
    turn: i64,
    offset: i64,
    outputs: Vec<Output>,
    seen: Vec<Seen>,
    riders: Riders,
}

impl Stage {
    /// A market with so many free drivers at the pickup.
    fn with(drivers: usize) -> Stage {
        let mut stage = Stage {
            view: View::default(),
            turn: 0,
            offset: 0,
            outputs: Vec::new(),
            seen: Vec::new(),
            riders: Riders::default(),
        };
        (0..drivers).for_each(|number| stage.ping(&format!("d{number}"), 0, PICKUP));
        stage
    }

    fn see(&mut self, seen: Seen) {
        self.seen.push(seen.clone());
        assert!(Quoting::observe(&mut self.view, MARKET, seen, usize::MAX));
    }

    /// Another instance takes over at an event time, and reads again what was seen as far back as its tails go.
    fn successor(&self, seconds: i64) -> View {
        let mut view = View::default();
        let now = START + seconds * 1_000;
        let since = |seen: &Seen| match seen {
            Seen::Located { at, .. } => now - at <= super::PINGED.0,
            Seen::Requested { at, .. } => now - at <= super::HORIZON.0,
            Seen::Quoted { at, .. } => now - at <= super::REMEMBERED.0,
        };
        let quoted = |output: &Output| match output {
            Output::Quoted(quoted) => {
                Some(Seen::Quoted { quote: quoted.quote.clone(), at: quoted.at, turn: quoted.turn })
            }
            _ => None,
        };
        for output in &self.outputs {
            if let Output::Kept(kept) = output {
                Quoting::restore(&mut view, MARKET, &kept.entity, Some(kept));
            }
        }
        let again = self.seen.iter().cloned().chain(self.outputs.iter().filter_map(quoted));
        for seen in again.filter(|seen| since(seen)) {
            assert!(Quoting::observe(&mut view, MARKET, seen, usize::MAX));
        }
        view
    }

    /// A free driver pings.
    fn ping(&mut self, driver: &str, seconds: i64, place: Point) {
        let (driver, at) = (driver.to_owned(), START + seconds * 1_000);
        self.see(Seen::Located { driver, at, free: Some(geo::cell(place)) });
    }

    /// Somebody asks for a ride.
    fn wants(&mut self, ride: &str, seconds: i64, place: Point) {
        self.see(Seen::Requested { ride: ride.to_owned(), at: START + seconds * 1_000, cell: geo::cell(place) });
    }

    fn gathered(&mut self, seconds: i64, asks: &[QuoteRequested], facts: &[MarketSampled]) -> Turn<Quoting> {
        self.turn += 1;
        let mut place = |topic| {
            self.offset += 1;
            Spot { topic, partition: 0, offset: self.offset }
        };
        let asks = asks.iter().map(|ask| {
            let place = place(QuoteRequested::TOPIC.name);
            Arc::new(Event { place, at: Millis(ask.at), body: ask.clone() })
        });
        let asks: Vec<_> = asks.collect();
        let facts = facts.iter().map(|fact| {
            let place = place(MarketSampled::TOPIC.name);
            Arc::new(Event { place, at: Millis(fact.at), body: fact.clone() })
        });
        let facts: Vec<_> = facts.collect();
        let (now, riders) = (Millis(START + seconds * 1_000), self.riders.clone());
        Turn { market: MARKET.to_owned(), number: self.turn, now, asks, facts, cut: Vec::new(), stale: false, riders }
    }

    /// Decides a turn and takes its outputs in.
    fn play(&mut self, seconds: i64, asks: &[QuoteRequested], facts: &[MarketSampled]) -> Vec<PriceQuoted> {
        let turn = self.gathered(seconds, asks, facts);
        let outputs = Quoting::decide(&turn, &self.view, &POLICY);
        for output in &outputs {
            // As it is held until it is committed.
            let mut held = output.clone();
            held.shed();
            assert_eq!((held.topic(), held.key(), held.market()), (output.topic(), output.key(), output.market()));
            Quoting::evolve(&mut self.view, &held);
        }
        self.outputs.extend(outputs.iter().cloned());
        quotes(&outputs)
    }

    /// Another instance takes over: what is kept and answered is told again, what was seen is not.
    fn rebuilt(&self) -> View {
        let mut view = View::default();
        for output in &self.outputs {
            match output {
                Output::Kept(kept) => Quoting::restore(&mut view, MARKET, &kept.entity, Some(kept)),
                Output::Quoted(quoted) => {
                    let seen = Seen::Quoted { quote: quoted.quote.clone(), at: quoted.at, turn: quoted.turn };
                    assert!(Quoting::observe(&mut view, MARKET, seen, usize::MAX));
                }
                Output::Answered { .. } | Output::Taken(_) => {}
            }
        }
        view
    }

    fn ripe(&self, seconds: i64) -> bool {
        Quoting::ripe(&self.view, MARKET, Millis(START + seconds * 1_000), &POLICY)
    }
}

fn quotes(outputs: &[Output]) -> Vec<PriceQuoted> {
    let quoted = |output: &Output| match output {
        Output::Quoted(quoted) => Some(quoted.as_ref().clone()),
        _ => None,
    };
    outputs.iter().filter_map(quoted).collect()
}

/// A request for 3.4 km in 12 minutes.
fn ask(quote: &str, seconds: i64) -> QuoteRequested {
    QuoteRequested {
        quote: quote.to_owned(),
        at: START + seconds * 1_000,
        market: MARKET.to_owned(),
        rider: "rider".to_owned(),
        pickup: PICKUP,
        dropoff: DROPOFF,
        service: Service::Standard,
        tier: None,
        distance_m: Some(3_400),
        duration_s: Some(720),
        tolls_minor: None,
    }
}

fn sample(seconds: i64) -> MarketSampled {
    MarketSampled {
        market: MARKET.to_owned(),
        at: START + seconds * 1_000,
        cell: None,
        competitor_bps: None,
        traffic_bps: None,
        weather: None,
        event: None,
        emergency: None,
    }
}

fn priced(quoted: &PriceQuoted) -> &QuotePrice {
    assert_eq!(quoted.outcome, QuoteOutcome::Quoted, "{quoted:?}");
    quoted.price.as_ref().unwrap()
}

#[test]
fn a_quote_tells_its_price_item_by_item_and_how_long_it_holds() {
    let mut stage = Stage::with(3);
    let all = stage.play(1, &[ask("a", 1)], &[]);
    let price = priced(&all[0]);
    // 2.99 to get in, 3.4 km at 81.633 cents and 12 min at 25.97 cents: 8.88; the booking fee is no part of the fare.
    let items = &price.items;
    assert_eq!((items.base, items.distance, items.time, items.booking), (299, 278, 312, 150));
    assert_eq!(price.expires_at, START + 301_000);
    assert_eq!((price.currency.as_str(), price.personal), ("USD", false));
    let inputs = all[0].inputs.as_ref().unwrap();
    assert_eq!((inputs.supply, inputs.demand, inputs.wait_ms, inputs.estimated), (3, 0, 120_000, false));
    assert!(price.alternatives.len() <= 5 && price.alternatives.contains(&price.chosen));
    assert!(price.runner_up.is_some() && price.margin_ppm >= Some(0));
}

#[test]
fn a_quote_is_answered_once_and_who_asks_too_late_is_refused() {
    let mut stage = Stage::with(1);
    let told = |all: &[PriceQuoted]| all.iter().map(|one| (one.outcome, one.refusal)).collect::<Vec<_>>();
    let (quoted, duplicate) = ((QuoteOutcome::Quoted, None), (QuoteOutcome::Duplicate, None));
    let late = (QuoteOutcome::Refused, Some(Refusal::Late));
    assert_eq!(told(&stage.play(1, &[ask("a", 1), ask("a", 1), ask("b", 1)], &[])), [quoted, duplicate, quoted]);
    assert_eq!(told(&stage.play(2, &[ask("a", 1)], &[])), [duplicate]);
    // A successor knows it too.
    stage.view = stage.rebuilt();
    assert_eq!(told(&stage.play(3, &[ask("b", 1), ask("c", 3)], &[])), [duplicate, quoted]);
    assert_eq!(told(&stage.play(700, &[ask("d", 99), ask("e", 100)], &[])), [late, quoted]);
}

#[test]
fn a_trip_that_is_not_told_is_estimated_and_says_so() {
    let mut stage = Stage::with(1);
    let all = stage.play(1, &[QuoteRequested { distance_m: None, duration_s: None, ..ask("a", 1) }], &[]);
    let inputs = all[0].inputs.as_ref().unwrap();
    // 2,835 m in a straight line, 1.3 times that on the road, at 283 m a minute.
    assert_eq!((inputs.distance_m, inputs.duration_s, inputs.estimated), (3_686, 781, true));
}

#[test]
fn what_has_no_price_is_refused_with_its_reason() {
    let mut stage = Stage::with(1);
    let asked = |quote: &str, distance_m, duration_s, tolls_minor| QuoteRequested {
        distance_m: Some(distance_m),
        duration_s: Some(duration_s),
        tolls_minor: Some(tolls_minor),
        ..ask(quote, 1)
    };
    let asks = [
        asked("far", 1_000_001, 60, 0),
        asked("back", -1, 60, 0),
        asked("long", 1_000, 86_401, 0),
        asked("early", 1_000, -1, 0),
        asked("toll", 1_000, 60, -1),
        asked("dear", 1_000, 60, i64::MAX),
        // 4.50 told in millionths.
        asked("micro", 1_000, 60, 4_500_000),
        asked("nowhere", 0, 0, 0),
    ];
    let found: Vec<_> = stage.play(1, &asks, &[]).iter().map(|one| one.refusal.unwrap()).collect();
    use Refusal::{Distance, Duration, Nothing, Tolls};
    assert_eq!(found, [Distance, Distance, Duration, Duration, Tolls, Tolls, Tolls, Nothing]);
}

#[test]
fn service_and_tier_multiply_the_metered_fare() {
    let mut stage = Stage::with(1);
    let xl = QuoteRequested { service: Service::Xl, ..ask("xl", 1) };
    let gold = QuoteRequested { tier: Some(Tier::Gold), ..ask("gold", 1) };
    let both = QuoteRequested { service: Service::Xl, tier: Some(Tier::Gold), ..ask("both", 1) };
    let all = stage.play(1, &[ask("plain", 1), xl, gold, both], &[]);
    let tier: Vec<i64> = all.iter().map(|one| priced(one).items.tier).collect();
    // 8.89 plain: half of it more, twice, three times.
    assert_eq!(tier, [0, 445, 889, 1_778]);
}

#[test]
fn a_competitors_price_is_followed_where_it_was_sampled_and_while_it_is_fresh() {
    let mut stage = Stage::with(1);
    let cheaper = MarketSampled { competitor_bps: Some(9_000), ..sample(1) };
    let here = MarketSampled { competitor_bps: Some(12_000), cell: Some(geo::cell(PICKUP) as i64), ..sample(1) };
    let there = QuoteRequested { pickup: DROPOFF, dropoff: PICKUP, ..ask("there", 2) };
    let all = stage.play(2, &[ask("here", 2), there], &[cheaper, here]);
    let followed: Vec<i64> = all.iter().map(|one| priced(one).items.competitor).collect();
    // A fifth dearer and a tenth cheaper, three tenths of which are followed: 6 and 3 % of 8.89.
    assert_eq!(followed, [53, -27]);
    let old = stage.play(3_602, &[ask("old", 3_602)], &[]);
    assert_eq!((priced(&old[0]).items.competitor, old[0].inputs.as_ref().unwrap().competitor_bps), (0, None));
}
