//! Who asks and who drives: riders and pings at a fixed rate, whatever is answered, and drivers who take what they are offered.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use kernel::contract::{
    DriverChanged, DriverLocated, DriverStatus, MatchDecided, Outcome, Party, Point, Progress, RideProgressed,
    RideRequested, Service, TOPICS, Vehicle,
};
use kernel::{PlacedBy, Record, codec, partition, wire};
use rdkafka::producer::{BaseProducer, Producer};

use crate::PARTITIONS;
use crate::client::{CALL, producer, put};

/// Requests a second, and pings.
pub(crate) const REQUESTS: u64 = 1_000;
pub(crate) const PINGS: u64 = 10_000;
/// Drivers of each market: a ride holds one for [`ACCEPTS`] and [`DRIVES`].
const DRIVERS: u64 = 2_000;
/// From the offer to the driver's yes, and from there to the ride's end: short, so that few drivers do.
const ACCEPTS: Duration = Duration::from_millis(200);
const DRIVES: Duration = Duration::from_millis(500);

/// A linear congruential generator (Knuth's MMIX constants): the same traffic every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// A place in a city of 7 km by 6 km.
    fn place(&mut self) -> Point {
        let (lat, lng) = (self.below(54_000) as i32, self.below(80_000) as i32);
        Point { lat_e6: 37_740_000 + lat, lng_e6: -122_480_000 + lng }
    }
}

/// The world's side of the topics.
pub(crate) struct City {
    markets: Vec<String>,
    ids: Vec<(&'static str, u32)>,
    dice: Dice,
    /// What a rider waits for is sent at once; pings may lie a few milliseconds.
    asks: BaseProducer,
    pings: BaseProducer,
    asked: u64,
    pinged: u64,
    /// Facts to be told, by when, in the order in which they fall due: two queues, for the two delays.
    accepts: VecDeque<(Instant, RideProgressed)>,
    ends: VecDeque<(Instant, RideProgressed)>,
}

impl City {
    /// A city of one market a partition; `ids` are the topics' schema ids.
    pub(crate) fn new(brokers: &str, ids: Vec<(&'static str, u32)>, seed: u64) -> City {
        let named = |partition| {
            let mut names = (100..).map(|number| format!("market-{number}"));
            names.find(|name| partition::of(name.as_bytes(), PARTITIONS) == partition).expect("a name")
        };
        City {
            markets: (0..PARTITIONS).map(named).collect(),
            ids,
            dice: Dice(seed),
            asks: producer(brokers, "0").create().expect("a producer"),
            pings: producer(brokers, "5").create().expect("a producer"),
            asked: 0,
            pinged: 0,
            accepts: VecDeque::new(),
            ends: VecDeque::new(),
        }
    }

    /// Every driver has a profile and stands somewhere.
    pub(crate) fn populate(&mut self, at: i64) {
        for number in 0..DRIVERS * self.markets.len() as u64 {
            let (market, driver) = self.driver(number);
            let profile = DriverChanged {
                driver: driver.clone(),
                at,
                registered_market: market.clone(),
                market,
                active: true,
                tier: None,
                vehicle: Vehicle::Sedan,
                rating_bps: 8_000 + self.dice.below(2_000) as i32,
                reliability_bps: 8_000 + self.dice.below(2_000) as i32,
            };
            self.say(&self.pings, &profile);
            self.ping(number, at);
        }
        self.pings.flush(CALL).expect("the broker takes the records");
    }

    /// Begins anew: rates count from now on.
    pub(crate) fn begin(&mut self) {
        (self.asked, self.pinged) = (0, 0);
        self.accepts.clear();
    }

    /// Requests since the beginning.
    pub(crate) fn asked(&self) -> u64 {
        self.asked
    }

    /// Says all that is due `elapsed` after the beginning; `at` is event time at the beginning, milliseconds.
    pub(crate) fn step(&mut self, elapsed: Duration, (at, run): (i64, &str)) {
        let micros = elapsed.as_micros() as u64;
        let now = at + elapsed.as_millis() as i64;
        while self.asked * 1_000_000 / REQUESTS <= micros {
            // Named by the time at which it ought to be sent: what a stall holds up counts as late.
            let ride = format!("{run}-{}", self.asked * 1_000_000 / REQUESTS);
            self.ask(ride, now);
            self.asked += 1;
        }
        while self.pinged * 1_000_000 / PINGS <= micros {
            let number = self.pinged % (DRIVERS * self.markets.len() as u64);
            self.ping(number, now);
            self.pinged += 1;
        }
        let moment = Instant::now();
        while let Some((_, mut fact)) = self.accepts.pop_front_if(|(due, _)| *due <= moment) {
            fact.at = now;
            self.say(&self.asks, &fact);
            let ended = RideProgressed { event: format!("{}-end", fact.ride), progress: Progress::Completed, ..fact };
            self.ends.push_back((moment + DRIVES, ended));
        }
        while let Some((_, mut fact)) = self.ends.pop_front_if(|(due, _)| *due <= moment) {
            fact.at = now;
            self.say(&self.asks, &fact);
        }
        self.asks.poll(Duration::ZERO);
        self.pings.poll(Duration::ZERO);
    }

    /// A driver who is asked says yes, and drives.
    pub(crate) fn hear(&mut self, decided: &MatchDecided) {
        if decided.outcome != Outcome::Offered {
            return;
        }
        let fact = RideProgressed {
            event: format!("{}-yes", decided.ride),
            at: decided.at,
            market: decided.market.clone(),
            ride: decided.ride.clone(),
            revision: decided.revision,
            driver: decided.driver.clone(),
            progress: Progress::Accepted,
            by: Some(Party::Driver),
            why: None,
            charged_minor: None,
            paid_minor: None,
            currency: None,
            distance_m: None,
            duration_s: None,
            tolls_minor: None,
            wait_s: None,
            payment: None,
            bill: None,
        };
        self.accepts.push_back((Instant::now() + ACCEPTS, fact));
    }

    fn driver(&self, number: u64) -> (String, String) {
        let market = &self.markets[(number % self.markets.len() as u64) as usize];
        (market.clone(), format!("{market}-driver-{number:05}"))
    }

    fn ask(&mut self, ride: String, at: i64) {
        let market = self.markets[(self.asked % self.markets.len() as u64) as usize].clone();
        let request = RideRequested {
            rider: format!("rider-{}", self.dice.below(100_000)),
            ride,
            at,
            market,
            pickup: self.dice.place(),
            dropoff: self.dice.place(),
            service: Service::Standard,
            tier: None,
            quote: None,
        };
        self.say(&self.asks, &request);
    }

    fn ping(&mut self, number: u64, at: i64) {
        let (market, driver) = self.driver(number);
        let (heading_deg, speed_kmh, status) = (Some(90), Some(31), DriverStatus::Free);
        let place = self.dice.place();
        self.say(&self.pings, &DriverLocated { driver, at, market, place, heading_deg, speed_kmh, status });
    }

    fn say<R: Record>(&self, producer: &BaseProducer, record: &R) {
        let id = self.ids.iter().find(|(topic, _)| *topic == R::TOPIC.name).map_or(0, |(_, id)| *id);
        let mut value = Vec::with_capacity(256);
        wire::start(id, &mut value);
        codec::encode(record, &mut value).expect("it is sound");
        let topic = TOPICS.iter().find(|topic| topic.name == R::TOPIC.name).expect("it is in the contract");
        let count = if topic.placed_by == PlacedBy::Market { PARTITIONS } else { topic.partitions };
        put(producer, topic.name, partition::of(record.key(), count), (record.key(), &value));
    }
}
