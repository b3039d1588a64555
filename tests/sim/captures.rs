//! Fares through a storm: whatever is killed, refused or stands still, each end of a ride has one fate, each ride one fare, each quote
//! that was made and named in time is honoured, and each fare can be captured again from what it carries.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    sync::Arc,
};

use devkit::sim::{Cluster, Plant, Rng, World};
use kernel::{
    Millis, Record, Rules,
    contract::{
        CaptureOutcome, FareBasis, FareCaptured, FareItems, FareSplit, MarketSampled, MarketTicked, Party, Point,
        Price, PriceQuoted, Progress, QuoteInputs, QuoteOutcome, QuotePrice, RecordParked, RideProgressed,
        RideRequested, Service,
    },
};
use pricing::{Capturing, Policy, capturing::View, recapture};
use runtime::{Discipline, Sound};

use crate::quotes::{equal, place, read, storm, told};
use crate::{OverlayKept, seeds, story, trace};

const MARKETS: [&str; 3] = ["bern", "oslo", "rome"];

/// What happens outside.
struct Street {
    world: Rc<RefCell<World>>,
    rng: Rng,
    number: u32,
    /// Rides that were asked for, each with its market.
    rides: Vec<(&'static str, String)>,
    /// Rides that were asked for with a quote that held: their end must be captured by it.
    promised: BTreeSet<String>,
}

impl Street {
    /// One thing happens, or none.
    fn step(&mut self) -> Result<(), String> {
        let market = *self.rng.pick(&MARKETS);
        let at = self.world.borrow().now().0;
        self.number += 1;
        match self.rng.below(20) {
            0..=5 => self.asks(market, at)?,
            6..=12 => self.ends(market, at)?,
            13 => {
                let emergency = Some(self.rng.chance(5_000));
                let (cell, competitor_bps, traffic_bps, weather, event) = (None, None, None, None, None);
                let market_name = market.to_owned();
                let sample = MarketSampled {
                    market: market_name,
                    at,
                    cell,
                    competitor_bps,
                    traffic_bps,
                    weather,
                    event,
                    emergency,
                };
                self.world.borrow_mut().produce(market, &sample)?;
            }
            14 | 15 => {
                self.world.borrow_mut().produce(market, &MarketTicked { market: market.to_owned(), at })?;
            }
            16 if self.rng.chance(1_000) => {
                let mut world = self.world.borrow_mut();
                let partition = self.rng.below(world.partitions() as usize) as i32;
                world.append(RideProgressed::TOPIC.name, partition, b"nonsense", Some(vec![1, 2, 3]));
            }
            _ => {}
        }
        Ok(())
    }

    /// A ride is asked for, mostly with a quote, which is told before the ride's end at the latest; some are asked for twice.
    fn asks(&mut self, market: &'static str, at: i64) -> Result<(), String> {
        let (ride, quote) = (format!("{market}-{}", self.number), format!("q{}", self.number));
        let quote = self.rng.chance(8_000).then_some(quote);
        let here = Point { lat_e6: 46_948_000, lng_e6: 7_447_000 };
        let request = RideRequested {
            ride: ride.clone(),
            at,
            market: market.to_owned(),
            rider: "ann".to_owned(),
            pickup: here,
            dropoff: Point { lat_e6: 46_968_000, ..here },
            service: Service::Standard,
            tier: None,
            quote: quote.clone(),
        };
        self.rides.push((market, ride.clone()));
        let mut world = self.world.borrow_mut();
        // In any order: the two are different topics.
        let first = self.rng.chance(5_000);
        if first {
            world.produce(market, &request)?;
        }
        if let Some(quote) = quote.filter(|_| self.rng.chance(9_000)) {
            world.produce(market, &quoted(&quote, market, at))?;
            self.promised.insert(ride);
        }
        if !first || self.rng.chance(1_000) {
            world.produce(market, &request)?;
        }
        Ok(())
    }

    /// A ride that was asked for lately ends, some twice, some for the second time, some that nobody asked for; most for good.
    fn ends(&mut self, market: &'static str, at: i64) -> Result<(), String> {
        let back = 1 + self.rng.below(40);
        let known = self.rides.len().checked_sub(back).and_then(|place| self.rides.get(place)).cloned();
        let (market, ride) = known.unwrap_or((market, format!("unseen-{}", self.number)));
        let progress = match self.rng.below(10) {
            0 => Progress::Cancelled,
            1 => Progress::NoShow,
            2 => Progress::Started,
            3 => Progress::Arrived,
            _ => Progress::Completed,
        };
        let by = if self.rng.chance(3_000) { Party::Driver } else { Party::Rider };
        let fact = RideProgressed {
            event: format!("e{}", self.number),
            at,
            market: market.to_owned(),
            ride,
            revision: None,
            driver: Some("dan".to_owned()),
            progress,
            by: (progress != Progress::Completed).then_some(by),
            why: None,
            charged_minor: None,
            paid_minor: None,
            currency: None,
            distance_m: Some(3_400),
            duration_s: Some(720),
            tolls_minor: self.rng.chance(1_000).then(|| -1 + 200 * self.rng.below(2) as i64),
            wait_s: self.rng.chance(5_000).then(|| 100 * self.rng.below(4) as i32),
            payment: None,
            bill: None,
        };
        let mut world = self.world.borrow_mut();
        world.produce(market, &fact)?;
        if self.rng.chance(1_000) {
            world.produce(market, &fact)?;
        }
        Ok(())
    }
}

/// A quote of 8.89 and 1.50 for booking.
fn quoted(quote: &str, market: &str, at: i64) -> PriceQuoted {
    let chosen =
        Price { fare_minor: 889, accepts_ppm: 1, profit_ppm: 1, revenue_ppm: 1, riders_ppm: 1, operations_ppm: 1 };
    let (surge, competitor, optimum, loyalty, capped, tax, tolls) = (0, 0, 0, 0, 0, 0, 0);
    let (base, distance, time, tier, least, booking) = (299, 278, 312, 0, 0, 150);
    let price = QuotePrice {
        total_minor: 1_039,
        currency: "USD".to_owned(),
        expires_at: at + 300_000,
        items: FareItems {
            base,
            distance,
            time,
            tier,
            least,
            surge,
            competitor,
            optimum,
            loyalty,
            capped,
            booking,
            tax,
            tolls,
        },
        split: FareSplit { driver: 711, fees: 328, tax: 0, tolls: 0, promotion: 0 },
        chosen,
        runner_up: None,
        margin_ppm: None,
        alternatives: vec![chosen],
        low_minor: 889,
        high_minor: 889,
        confidence_bps: 10_000,
        bound: false,
        caps: vec![],
        explored_bps: 0,
        propensity_bps: 9_000,
        personal: false,
    };
    PriceQuoted {
        quote: quote.to_owned(),
        at,
        market: market.to_owned(),
        outcome: QuoteOutcome::Quoted,
        refusal: None,
        price: Some(price),
        inputs: Some(inputs()),
        cause: None,
        turn: 1,
        row: 0,
        policy_version: 1,
        policy_hash: String::new(),
        stale: false,
    }
}

/// What it was made from.
fn inputs() -> QuoteInputs {
    QuoteInputs {
        distance_m: 3_400,
        duration_s: 720,
        tolls_minor: 0,
        estimated: false,
        service: Service::Standard,
        tier: None,
        cell: 1,
        demand: 0,
        supply: 1,
        wait_ms: 1,
        surge_bps: 0,
        competitor_bps: None,
        emergency_bps: None,
        rider_facts: kernel::contract::RiderFacts::Absent,
        rider_place: None,
        loyalty: None,
        loyalty_bps: None,
        odds_e6: 1,
        slope_e6: 1,
        error_e6: 1,
        wait_e6: 1,
    }
}

fn same(carried: &View, rebuilt: &View, market: &str) -> Result<(), String> {
    equal(carried.kept(market), rebuilt.kept(market))
}

/// Plays a seed; how many fares were captured.
fn play<D: Discipline>(seed: u64, plant: Option<Plant>, trace: usize) -> Result<usize, String> {
    told(seed, (plant, trace), |rng, world| day::<D>(seed, rng, world))
}

fn day<D: Discipline>(seed: u64, rng: &mut Rng, world: &Rc<RefCell<World>>) -> Result<usize, String> {
    let policy = Arc::new(Policy::parse(pricing::BUILT_IN)?);
    let mut street = Street {
        world: world.clone(),
        rng: Rng::new(seed ^ 0x5eed),
        number: 0,
        rides: Vec::new(),
        promised: BTreeSet::new(),
    };
    let (pace, size) = (story::pace(rng), 2 + rng.below(2));
    let mut cluster: Cluster<Capturing, D> = Cluster::new(world.clone(), policy.clone(), (pace, size), same);
    storm(&mut cluster, rng, (50, Millis(20_000)), || street.step())?;
    judge(&world.borrow(), &policy, &street.promised)
}

/// What a `read_committed` reader finds.
fn judge(world: &World, policy: &Policy, promised: &BTreeSet<String>) -> Result<usize, String> {
    let mut fates: BTreeMap<(String, i32, i64), usize> = BTreeMap::new();
    let (mut captured, mut rows) = (BTreeSet::new(), BTreeSet::new());
    for raw in world.committed(FareCaptured::TOPIC.name) {
        let one: FareCaptured = read(&raw)?;
        let cause = one.cause.as_ref().ok_or("a fare without a cause")?;
        *fates.entry(place(cause)).or_default() += 1;
        if one.outcome == CaptureOutcome::Captured && !captured.insert(one.ride.clone()) {
            return Err(format!("{} has two fares", one.ride));
        }
        if !rows.insert((one.market.clone(), one.turn, one.row)) {
            return Err(format!("row {} of turn {}/{} was written twice", one.row, one.market, one.turn));
        }
        if recapture(&one, policy)? != one {
            return Err(format!("{} is not captured again as it was: {one:?}", one.ride));
        }
        kept_promise(&one, promised)?;
    }
    for raw in world.committed(RecordParked::TOPIC.name) {
        *fates.entry(place(&read::<RecordParked>(&raw)?.place)).or_default() += 1;
    }
    for raw in world.committed(RideProgressed::TOPIC.name) {
        let at = (raw.topic.to_owned(), raw.partition, raw.offset);
        let under_way = |fact: &RideProgressed| matches!(fact.progress, Progress::Arrived | Progress::Started);
        let asks = !matches!(read::<RideProgressed>(&raw), Ok(fact) if under_way(&fact));
        match (fates.get(&at).copied().unwrap_or(0), asks) {
            (1, true) | (0, false) => {}
            (count, asks) => return Err(format!("{at:?} has {count} fates, and it asks: {asks}")),
        }
    }
    Ok(captured.len())
}

/// Whoever was promised a price and is driven where he asked pays it, whatever was killed in between. A tail that could not be read in
/// time is told.
fn kept_promise(one: &FareCaptured, promised: &BTreeSet<String>) -> Result<(), String> {
    let Some(fare) = one.fare.as_ref().filter(|fare| fare.basis != FareBasis::Cancellation) else { return Ok(()) };
    match (promised.contains(&one.ride), fare.basis) {
        (true, FareBasis::Table) if !one.stale => Err(format!("{} was promised a price: {one:?}", one.ride)),
        (false, FareBasis::Quote) => Err(format!("{} was promised nothing: {one:?}", one.ride)),
        _ => Ok(()),
    }
}

#[test]
fn every_end_has_one_fate_and_every_fare_can_be_captured_again() {
    let mut sum = 0;
    for seed in seeds().step_by(4) {
        match play::<Sound>(seed, None, 0) {
            Ok(captured) => sum += captured,
            Err(_) => panic!("{}", play::<Sound>(seed, None, trace()).err().unwrap_or_default()),
        }
    }
    println!("{sum} fares");
    assert!(sum > 0);
}

/// Plays seeds until the planted bug is found.
fn finds<D: Discipline>(name: &str, plant: Option<Plant>) {
    let found = (0..400).find(|seed| play::<D>(*seed, plant, 0).is_err());
    println!("{name}: found by seed {found:?}");
    assert!(found.is_some(), "{name} went unnoticed");
}

#[test]
fn planted_bugs_of_the_log_are_found_by_fares_too() {
    finds::<Sound>("no fencing", Some(Plant::NoFencing));
    finds::<Sound>("offsets outside the transaction", Some(Plant::OffsetsOutside));
    finds::<Sound>("stale view", Some(Plant::StaleView));
    finds::<OverlayKept>("overlay kept after an abort", None);
}
