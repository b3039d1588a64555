//! Riders and drivers of three small cities: few places and few drivers, so that ties and conflicts occur.

mod answers;
mod poison;
mod policies;

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use devkit::sim::{Rng, World};
use kernel::{
    Millis, Record, Rules,
    contract::{
        Cause, DriverChanged, DriverLocated, DriverStatus, MarketTicked, Place, Point, RideRequested, Service, Vehicle,
    },
    partition,
};
use matching::Policy;

use answers::Act;
pub(crate) use answers::Stand;
pub(crate) use policies::text;

/// Cities; the first two share a partition.
pub(crate) const MARKETS: [&str; 3] = ["bern", "cork", "nice"];
/// Drivers, a third registered in each city.
const DRIVERS: usize = 6;
/// Corners at which riders wait and drivers stand.
const CORNERS: i32 = 3;

/// How busy the day is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mood {
    /// A request, in ten thousand of the steps.
    pub(crate) requests: u32,
    /// A broken record.
    pub(crate) poison: u32,
    /// A driver who wants to drive in another city.
    pub(crate) moves: u32,
    /// A version of the policy is published.
    pub(crate) laws: u32,
    /// Drivers and riders do what is best: all accept and arrive.
    pub(crate) kind: bool,
    /// Decisions are answered at all.
    pub(crate) answers: bool,
    /// Drivers ping and time passes in the cities.
    pub(crate) ticks: bool,
}

/// The cities.
pub(crate) struct City {
    world: Rc<RefCell<World>>,
    rng: Rng,
    pub(crate) mood: Mood,
    rides: usize,
    events: usize,
    asked: Vec<RideRequested>,
    due: BTreeMap<(Millis, usize), Act>,
    read: BTreeMap<i32, i64>,
    stands: BTreeMap<(String, String), Stand>,
    ticked: BTreeMap<&'static str, Millis>,
    homes: BTreeMap<usize, &'static str>,
    /// The first tick of each city.
    first: BTreeMap<&'static str, Place>,
    /// Policies that may decide, the first from the start.
    pub(crate) policies: Vec<Policy>,
    /// What must be parked, with the cause.
    pub(crate) poison: BTreeMap<(String, i32, i64), Cause>,
}

impl City {
    pub(crate) fn new(world: Rc<RefCell<World>>, seed: u64, mood: Mood) -> Result<City, String> {
        let homes = (0..DRIVERS).map(|driver| (driver, MARKETS[driver % MARKETS.len()])).collect();
        let mut city = City {
            world,
            rng: Rng::new(seed ^ 0x00c1_7135),
            mood,
            rides: 0,
            events: 0,
            asked: Vec::new(),
            due: BTreeMap::new(),
            read: BTreeMap::new(),
            stands: BTreeMap::new(),
            ticked: BTreeMap::new(),
            homes,
            first: BTreeMap::new(),
            policies: vec![Policy::parse(&text(1))?],
            poison: BTreeMap::new(),
        };
        city.tick()?;
        (0..DRIVERS).try_for_each(|driver| city.profile(driver))?;
        Ok(city)
    }

    /// Lets the cities live for a moment.
    pub(crate) fn step(&mut self) -> Result<(), String> {
        self.listen()?;
        let now = self.now();
        while let Some(((then, number), act)) = self.due.pop_first() {
            if then > now {
                self.due.insert((then, number), act);
                break;
            }
            self.act(act)?;
        }
        if self.rng.chance(self.mood.requests) {
            self.ask()?;
        }
        if self.rng.chance(self.mood.poison) {
            self.spoil()?;
        }
        if self.rng.chance(self.mood.laws) {
            self.legislate()?;
        }
        if self.rng.chance(self.mood.moves) {
            let driver = self.rng.below(DRIVERS);
            let market = *self.rng.pick(&MARKETS);
            self.homes.insert(driver, market);
            self.profile(driver)?;
        }
        if self.mood.ticks {
            if self.rng.chance(1_500) {
                self.ping()?;
            }
            self.tick()?;
        }
        Ok(())
    }

    pub(crate) fn now(&self) -> Millis {
        self.world.borrow().now()
    }

    fn produce<R: Record>(&self, market: &str, record: &R) -> Result<Place, String> {
        self.world.borrow_mut().produce(market, record)
    }

    /// A time stamp as an app sets it: a little late, rarely very late or a little early.
    fn stamp(&mut self) -> i64 {
        let now = self.now().0;
        match self.rng.below(20) {
            0 => now + self.rng.upto(2_000),
            1 => now - self.rng.upto(90_000),
            _ => now - self.rng.upto(300),
        }
    }

    /// Tells every city the time, once a second.
    pub(crate) fn tick(&mut self) -> Result<(), String> {
        let at = self.now();
        for market in MARKETS {
            if self.ticked.get(market).is_none_or(|last| at.since(*last).0 >= 1_000) {
                self.ticked.insert(market, at);
                let place = self.produce(market, &MarketTicked { market: market.to_owned(), at: at.0 })?;
                self.first.entry(market).or_insert(place);
            }
        }
        Ok(())
    }

    /// Whether the time of a city is known: offsets past its first tick are committed.
    fn known(&self, market: &str) -> bool {
        let position = |place: &Place| self.world.borrow().position(MarketTicked::TOPIC.name, place.partition);
        self.first.get(market).is_some_and(|place| position(place).is_some_and(|position| position > place.offset))
    }

    fn corner(&mut self) -> Point {
        let step = self.rng.upto(i64::from(CORNERS) - 1) as i32;
        Point { lat_e6: 45_000_000 + 4_000 * step, lng_e6: 5_000_000 }
    }

    fn ping(&mut self) -> Result<(), String> {
        let driver = self.rng.below(DRIVERS);
        // He may still ping in the city that he left, or already in the one that he goes to.
        let market = if self.rng.chance(8_000) { self.homes[&driver] } else { *self.rng.pick(&MARKETS) };
        let statuses = [DriverStatus::Free, DriverStatus::Free, DriverStatus::Free, DriverStatus::Busy];
        let ping = DriverLocated {
            driver: format!("d{driver}"),
            at: self.stamp(),
            market: market.to_owned(),
            place: self.corner(),
            heading_deg: None,
            speed_kmh: None,
            status: *self.rng.pick(&statuses),
        };
        self.produce(market, &ping).map(drop)
    }

    fn profile(&mut self, driver: usize) -> Result<(), String> {
        let profile = DriverChanged {
            driver: format!("d{driver}"),
            at: self.stamp(),
            registered_market: MARKETS[driver % MARKETS.len()].to_owned(),
            market: self.homes[&driver].to_owned(),
            active: true,
            tier: None,
            vehicle: Vehicle::Sedan,
            rating_bps: 9_000,
            reliability_bps: 9_000,
        };
        let partition = partition::of(profile.driver.as_bytes(), self.world.borrow().partitions());
        let value = World::encode(&profile)?;
        let topic = DriverChanged::TOPIC.name;
        self.world.borrow_mut().append(topic, partition, profile.driver.as_bytes(), Some(value));
        Ok(())
    }

    /// A rider asks, or asks again.
    fn ask(&mut self) -> Result<(), String> {
        let request = match self.asked.last() {
            Some(_) if self.rng.chance(1_500) => self.rng.pick(&self.asked).clone(),
            _ => self.request(),
        };
        self.produce(&request.market, &request)?;
        self.asked.push(request);
        Ok(())
    }

    fn request(&mut self) -> RideRequested {
        self.rides += 1;
        let market = *self.rng.pick(&MARKETS);
        RideRequested {
            ride: format!("r{}", self.rides),
            at: self.stamp(),
            market: market.to_owned(),
            rider: format!("p{}", self.rides % 5),
            pickup: self.corner(),
            dropoff: self.corner(),
            service: Service::Standard,
            tier: None,
            quote: None,
        }
    }
}
