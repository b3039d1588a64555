//! A stage to play turns on, and what is told of them.

mod bills;
mod goldens;
mod laws;
mod locks;
mod policies;
mod reading;
mod tides;
mod waits;

use std::sync::{Arc, LazyLock};

use kernel::contract::{
    Bill, CaptureOutcome, CaptureRefusal, CapturedFare, FareBasis, FareCaptured, FareItems, FareSplit, MarketSampled,
    Party, Progress, Promise, RideProgressed, Service,
};
use kernel::{Event, Millis, Processor, Record, Spot, Turn};

use super::{Asked, Came, Capturing, Fact, Output, Seen, Step, View};
use crate::Policy;

/// Thursday 29 May 2008, 10:00 UTC: no peak hour of the built-in policy.
const START: i64 = 1_212_055_200_000;

const MARKET: &str = "sf";

static POLICY: LazyLock<Policy> = LazyLock::new(Policy::default);

/// A market's view, carried from turn to turn.
struct Stage {
    view: View,
    turn: i64,
    offset: i64,
    outputs: Vec<Output>,
    seen: Vec<Seen>,
}

impl Stage {
    fn new() -> Stage {
        Stage { view: View::default(), turn: 0, offset: 0, outputs: Vec::new(), seen: Vec::new() }
    }

    fn see(&mut self, seen: Seen) {
        self.seen.push(seen.clone());
        assert!(Capturing::observe(&mut self.view, MARKET, seen, usize::MAX));
    }

    /// A quote is seen.
    fn quoted(&mut self, quote: &str, promise: Promise) {
        self.see(Seen::Quoted(quote.to_owned(), Box::new(promise)));
    }

    fn gathered(&mut self, seconds: i64, facts: &[Fact], asks: &[RideProgressed]) -> Turn<Capturing> {
        self.turn += 1;
        let mut place = |topic| {
            self.offset += 1;
            Spot { topic, partition: 0, offset: self.offset }
        };
        let facts = facts.iter().map(|fact| {
            let at = match fact {
                Fact::Requested(asked) => asked.at,
                Fact::Sampled(sample) => sample.at,
                Fact::Came(came) => came.at,
            };
            Arc::new(Event { place: place("ride.requested"), at: Millis(at), body: fact.clone() })
        });
        let facts: Vec<_> = facts.collect();
        let asks = asks.iter().map(|ask| {
            let place = place(RideProgressed::TOPIC.name);
            Arc::new(Event { place, at: Millis(ask.at), body: ask.clone() })
        });
        let asks: Vec<_> = asks.collect();
        let now = Millis(START + seconds * 1_000);
        Turn {
            market: MARKET.to_owned(),
            number: self.turn,
            now,
            asks,
            facts,
            cut: Vec::new(),
            stale: false,
            riders: Default::default(),
        }
    }

    /// Decides a turn and takes its outputs in.
    fn play(&mut self, seconds: i64, facts: &[Fact], asks: &[RideProgressed]) -> Vec<FareCaptured> {
        let turn = self.gathered(seconds, facts, asks);
        let outputs = Capturing::decide(&turn, &self.view, &POLICY);
        outputs.iter().for_each(|output| Capturing::evolve(&mut self.view, output));
        self.outputs.extend(outputs.iter().cloned());
        captures(&outputs)
    }

    /// Another instance takes over: what is kept is told again, and quotes as far back as their tail goes.
    fn rebuilt(&self, seconds: i64) -> View {
        let (mut view, now) = (View::default(), START + seconds * 1_000);
        for output in &self.outputs {
            match output {
                Output::Kept(kept) => Capturing::restore(&mut view, MARKET, &kept.entity, Some(kept)),
                Output::Forgotten { entity, .. } => Capturing::restore(&mut view, MARKET, entity, None),
                Output::Captured(_) | Output::Taken(_) => {}
            }
        }
        let since = |seen: &&Seen| match seen {
            Seen::Quoted(_, promise) => now - promise.at <= super::HORIZON.0,
            Seen::Nothing => false,
        };
        for seen in self.seen.iter().filter(since) {
            assert!(Capturing::observe(&mut view, MARKET, seen.clone(), usize::MAX));
        }
        view
    }

    fn ripe(&self, seconds: i64) -> bool {
        Capturing::ripe(&self.view, MARKET, Millis(START + seconds * 1_000), &POLICY)
    }
}

fn captures(outputs: &[Output]) -> Vec<FareCaptured> {
    let captured = |output: &Output| match output {
        Output::Captured(captured) => Some(captured.as_ref().clone()),
        _ => None,
    };
    outputs.iter().filter_map(captured).collect()
}

/// A ride is asked for, 3.4 km in a straight line of 2,615 m.
fn asked(ride: &str, seconds: i64, quote: Option<&str>) -> Asked {
    Asked {
        ride: ride.to_owned(),
        at: START + seconds * 1_000,
        service: Service::Standard,
        tier: None,
        quote: quote.map(str::to_owned),
        straight_m: 2_615,
    }
}

fn wants(ride: &str, seconds: i64, quote: Option<&str>) -> Fact {
    Fact::Requested(asked(ride, seconds, quote))
}

fn came(ride: &str, seconds: i64, step: Step) -> Fact {
    Fact::Came(Came { ride: ride.to_owned(), at: START + seconds * 1_000, driver: "dan".to_owned(), step })
}

fn sample(seconds: i64, emergency: Option<bool>) -> Fact {
    let (cell, competitor_bps, traffic_bps, weather, event) = (None, None, None, None, None);
    let (market, at) = (MARKET.to_owned(), START + seconds * 1_000);
    Fact::Sampled(Box::new(MarketSampled { market, at, cell, competitor_bps, traffic_bps, weather, event, emergency }))
}

/// 8.89 for 3.4 km in 12 minutes, with 2.00 of surge and 3.00 of tolls; 1.50 for booking.
fn promise(seconds: i64) -> Promise {
    Promise {
        at: START + seconds * 1_000,
        expires_at: START + (seconds + 300) * 1_000,
        currency: "USD".to_owned(),
        items: FareItems {
            base: 299,
            distance: 278,
            time: 312,
            tier: 0,
            least: 0,
            surge: 200,
            competitor: -10,
            optimum: 21,
            loyalty: 0,
            capped: 0,
            booking: 150,
            tax: 0,
            tolls: 300,
        },
        split: FareSplit { driver: 880, fees: 370, tax: 0, tolls: 300, promotion: 0 },
        distance_m: 3_400,
        service: Service::Standard,
        tier: None,
        surge_bps: 2_000,
    }
}

/// A ride is over: 3.5 km in 13 minutes.
fn ends(ride: &str, seconds: i64, progress: Progress) -> RideProgressed {
    RideProgressed {
        event: format!("{ride}/{seconds}"),
        at: START + seconds * 1_000,
        market: MARKET.to_owned(),
        ride: ride.to_owned(),
        revision: None,
        driver: Some("dan".to_owned()),
        progress,
        by: (progress != Progress::Completed).then_some(Party::Rider),
        why: None,
        charged_minor: None,
        paid_minor: None,
        currency: None,
        distance_m: Some(3_500),
        duration_s: Some(780),
        tolls_minor: None,
        wait_s: None,
        payment: None,
        bill: None,
    }
}

fn done(ride: &str, seconds: i64) -> RideProgressed {
    ends(ride, seconds, Progress::Completed)
}

#[track_caller]
fn fare(captured: &FareCaptured) -> &CapturedFare {
    assert_eq!(captured.outcome, CaptureOutcome::Captured, "{captured:?}");
    captured.fare.as_ref().unwrap()
}

/// The bill of an edge that charges what is due.
fn honest(fare: &CapturedFare, (service, tier): (Service, Option<kernel::contract::Tier>)) -> Bill {
    let fees = &fare.fees;
    let own = fees.base + fees.distance + fees.time + fees.service + fees.least + fees.peak;
    let own = own + fees.surge + fees.competitor + fees.optimum + fees.capped;
    Bill {
        service,
        tier,
        fare: own,
        loyalty: -fees.loyalty,
        booking: fees.booking,
        wait: fees.wait,
        cancel: fees.cancel,
        online: fees.online,
        tax: fees.tax,
        tolls: fees.tolls,
        promotions: Vec::new(),
        commission: fare.split.fees - fees.booking - fees.online,
        driver: fare.split.driver,
    }
}

#[test]
fn a_ride_with_a_quote_costs_what_was_promised_and_tolls_as_they_were() {
    let mut stage = Stage::new();
    stage.quoted("q", promise(0));
    stage.play(10, &[wants("a", 10, Some("q"))], &[]);
    let all = stage.play(900, &[], &[RideProgressed { tolls_minor: Some(250), ..done("a", 900) }]);
    let fare = fare(&all[0]);
    assert_eq!((fare.basis, fare.unlocked, fare.estimated), (FareBasis::Quote, None, false));
    // 11.00 were promised beside the tolls, and 1.50 of them for booking.
    assert_eq!((fare.total_minor, fare.fees.tolls, fare.fees.peak), (1_500, 250, 0));
    assert_eq!((fare.split.driver, fare.split.fees, fare.net_minor), (880, 370, 370));
    assert_eq!((fare.billed_minor, fare.unexplained_minor, fare.leakages.len()), (None, None, 0));
}

#[test]
fn a_ride_without_a_quote_is_captured_by_the_fare_table_and_says_so() {
    let mut stage = Stage::new();
    let all = stage.play(900, &[wants("a", 10, None)], &[done("a", 900)]);
    let fare = fare(&all[0]);
    assert_eq!((fare.basis, fare.unlocked), (FareBasis::Table, Some(kernel::contract::Unlocked::NoQuote)));
    // 2.99 to get in, 3.5 km at 81.633 cents and 13 min at 25.97 cents.
    assert_eq!((fare.fees.base, fare.fees.distance, fare.fees.time, fare.total_minor), (299, 286, 338, 1_073));
}

#[test]
fn each_end_has_one_fate_and_a_ride_is_captured_once() {
    let mut stage = Stage::new();
    let told = |all: &[FareCaptured]| all.iter().map(|one| (one.outcome, one.refusal)).collect::<Vec<_>>();
    let (captured, duplicate) = ((CaptureOutcome::Captured, None), (CaptureOutcome::Duplicate, None));
    let refused = (CaptureOutcome::Refused, Some(CaptureRefusal::ByDriver));
    let given_back = RideProgressed { by: Some(Party::Driver), ..ends("a", 50, Progress::Cancelled) };
    let all = stage.play(100, &[wants("a", 1, None)], &[given_back, done("a", 90), done("a", 90)]);
    assert_eq!(told(&all), [refused, captured, duplicate]);
    stage.view = stage.rebuilt(100);
    let all = stage.play(101, &[wants("a", 1, None)], &[ends("a", 101, Progress::Cancelled), done("b", 101)]);
    assert_eq!(
        told(&all),
        [duplicate, captured],
        "a successor knows it, and a ride that nobody asked for has its fare"
    );
    // A day later it is forgotten, beside other work.
    stage.play(86_502, &[wants("c", 86_502, None)], &[]);
    assert!(
        stage.outputs.iter().any(|output| matches!(output, Output::Forgotten { entity, .. } if entity.ends_with("/a")))
    );
}

#[test]
fn what_cannot_be_is_refused_with_its_reason() {
    let mut stage = Stage::new();
    let told = |progressed: RideProgressed| RideProgressed { currency: Some("USD".to_owned()), ..progressed };
    let plain = || done("a", 90);
    let asks = [
        RideProgressed { distance_m: Some(-1), ..plain() },
        RideProgressed { duration_s: Some(86_401), ..plain() },
        RideProgressed { tolls_minor: Some(-1), ..plain() },
        RideProgressed { tolls_minor: Some(4_500_000), ..plain() },
        RideProgressed { wait_s: Some(-1), ..plain() },
        RideProgressed { distance_m: Some(0), duration_s: Some(0), ..plain() },
        told(RideProgressed { charged_minor: Some(-1), ..plain() }),
        told(RideProgressed { paid_minor: Some(i64::MAX), ..plain() }),
        RideProgressed { charged_minor: Some(900), ..plain() },
        RideProgressed { currency: Some("EUR".to_owned()), charged_minor: Some(900), ..plain() },
        RideProgressed { ride: "unseen".to_owned(), distance_m: None, duration_s: None, ..plain() },
    ];
    let all = stage.play(100, &[wants("a", 1, None)], &asks);
    let found: Vec<_> = all.iter().map(|one| one.refusal.unwrap()).collect();
    use CaptureRefusal::{Amount, Currency, Distance, Duration, Nothing, Tolls, Wait};
    assert_eq!(found, [Distance, Duration, Tolls, Tolls, Wait, Nothing, Amount, Amount, Currency, Currency, Nothing]);
    // None of them took its fare: it is captured by the next that is sound.
    assert_eq!(stage.play(101, &[], &[plain()])[0].outcome, CaptureOutcome::Captured);
}
