//! A world that behaves like a city: riders ask, drivers ping, answer, drive, and sometimes do none of it.
//!
//! Pure: seeded, no clock, no network. [`World::step`] takes the decisions that were read and gives what is published until an
//! event time, in event-time order; the same seed and the same decisions give the same records. What happens of its own accord
//! comes from a [`Source`]: built-in cities ([`crate::city`]) or recordings ([`crate::rides`]).

mod draw;
mod event;
mod fleet;
pub mod ground;
mod queue;
mod rates;
mod react;
mod ride;
mod riders;

use std::collections::BTreeMap;

use kernel::Millis;
use kernel::contract::{DriverLocated, MarketTicked, MatchDecided, RiderChanged};

pub use draw::Draw;
pub use event::{Body, Happening, Newcomer, Published, Sighting, Source, Trip};
use fleet::{Fleet, Seen, ping_gap};
use queue::{Action, Queue};
pub use rates::{Rates, Tally};
use ride::Ride;

/// What a world is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Names of the markets; a [`Source`] names them by index.
    pub markets: Vec<String>,
    /// When it starts.
    pub start: Millis,
    /// Local time less UTC, minutes.
    pub utc_offset_minutes: i32,
    /// Event time between two ticks of a market.
    pub tick: Millis,
    /// Of every draw.
    pub seed: u64,
    /// How often people misbehave.
    pub rates: Rates,
}

/// The world.
pub struct World<S> {
    settings: Settings,
    source: S,
    now: Millis,
    queue: Queue,
    fleet: Fleet,
    rides: BTreeMap<String, Ride>,
    /// Members of the loyalty programme.
    riders: BTreeMap<String, RiderChanged>,
    published: Vec<Published>,
    tally: Tally,
    draining: bool,
}

impl<S: Source> World<S> {
    /// A world at its start: nothing has happened yet, and what is known of riders waits to be published.
    pub fn new(settings: Settings, source: S) -> World<S> {
        let mut queue = Queue::default();
        queue.push(settings.start, Action::Tick);
        let riders = riders::members(settings.seed, settings.start, settings.rates);
        let known = |rider: &RiderChanged| Published { at: settings.start, body: Body::Rider(rider.clone()) };
        let published = riders.values().map(known).collect();
        World {
            now: settings.start,
            source,
            queue,
            settings,
            fleet: Fleet::default(),
            rides: BTreeMap::new(),
            riders,
            published,
            tally: Tally::default(),
            draining: false,
        }
    }

    /// Learns `decisions`, then lets everything happen until `to`, that time included; what is published, in event-time order.
    pub fn step(&mut self, to: Millis, decisions: &[MatchDecided]) -> Vec<Published> {
        decisions.iter().for_each(|decided| self.learn(decided));
        loop {
            let (outer, inner) = (self.source.peek(), self.queue.peek());
            let from_source = outer.is_some_and(|outer| inner.is_none_or(|inner| outer <= inner));
            let next = if from_source { outer } else { inner };
            let Some(at) = next.filter(|at| *at <= to) else { break };
            self.now = self.now.max(at);
            if from_source {
                if let Some((_, happening)) = self.source.next() {
                    self.happen(happening);
                }
            } else if let Some((_, action)) = self.queue.pop() {
                self.act(action);
            }
        }
        self.now = self.now.max(to);
        std::mem::take(&mut self.published)
    }

    /// Takes no new requests from now on.
    pub fn drain(&mut self) {
        self.draining = true;
    }

    /// Whether the source has ended, or is no longer asked.
    pub fn spent(&mut self) -> bool {
        self.draining || self.source.peek().is_none()
    }

    /// Whether every ride has ended and nobody has anything left to say.
    pub fn idle(&self) -> bool {
        self.rides.is_empty() && !self.queue.promises()
    }

    /// Rides that have not ended.
    pub fn open(&self) -> usize {
        self.rides.len()
    }

    /// Where its happenings come from.
    pub fn source(&self) -> &S {
        &self.source
    }

    /// Event time.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// What it did so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Asked(trip) => {
                if !self.draining {
                    self.ask(trip);
                }
            }
            Happening::Joined(newcomer) => {
                let (id, market) = (newcomer.driver.clone(), &self.settings.markets[newcomer.market]);
                let profile = self.fleet.join(self.settings.seed, self.now, newcomer, market);
                self.publish(Body::Changed(profile));
                self.schedule_pings(&id, Millis(0));
            }
            Happening::Sighted(sighting) => self.sight(&sighting),
            Happening::Moved { driver, market, place } => self.act(Action::Move { driver, market, place }),
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Tick => {
                for index in 0..self.settings.markets.len() {
                    let market = self.settings.markets[index].clone();
                    self.publish(Body::Ticked(MarketTicked { market, at: self.now.0 }));
                }
                self.queue.push(self.now.plus(Millis(self.settings.tick.0.max(1))), Action::Tick);
            }
            Action::Say(body) => self.publish(*body),
            Action::Answer { ride, revision, driver, answer } => self.answer(&ride, revision, &driver, answer),
            Action::Ride { ride, version, what } => self.go_on(&ride, version, what),
            Action::Ping { driver, schedule } => self.ping_due(&driver, schedule),
            Action::Move { driver, market, place } => self.relocate(driver, market, place),
        }
    }

    fn sight(&mut self, sighting: &Sighting) {
        let Some(driver) = self.fleet.0.get_mut(&sighting.driver) else { return };
        match driver.sighted(sighting.place, sighting.busy) {
            Seen::Dropped => self.tally.pings_dropped += 1,
            seen => {
                self.tally.jumps += u64::from(seen == Seen::Jumped);
                let ping = driver.ping(self.now, &self.settings.markets[driver.market]);
                self.ping(ping);
            }
        }
    }

    /// A driver who rides for somebody goes later; one who is free tells his new market and is there at once.
    fn relocate(&mut self, id: String, market: usize, place: kernel::contract::Point) {
        const LATER: Millis = Millis(120_000);
        let Some(driver) = self.fleet.0.get_mut(&id).filter(|driver| driver.market != market) else { return };
        if !driver.open() {
            let again = Action::Move { driver: id, market, place };
            return self.queue.push(self.now.plus(LATER), again);
        }
        driver.appear(market, place);
        driver.profile.market.clone_from(&self.settings.markets[market]);
        driver.profile.at = self.now.0;
        let profile = driver.profile.clone();
        self.tally.moves += 1;
        self.publish(Body::Changed(profile));
        self.schedule_pings(&id, Millis(0));
    }

    fn ping_due(&mut self, id: &str, schedule: u32) {
        let draw = Draw::of(self.settings.seed, id, &format!("ping {}", self.now.0));
        let Some(driver) = self.fleet.0.get_mut(id).filter(|driver| driver.schedule == schedule) else { return };
        driver.drift(draw);
        let ping = driver.ping(self.now, &self.settings.markets[driver.market]);
        self.ping(ping);
        self.schedule_pings(id, ping_gap(draw.next().next()));
    }

    /// Schedules a driver's next ping, if the world makes them.
    fn schedule_pings(&mut self, id: &str, gap: Millis) {
        let Some(driver) = self.fleet.0.get(id).filter(|driver| driver.pings()) else { return };
        let action = Action::Ping { driver: id.to_owned(), schedule: driver.schedule };
        self.queue.push(self.now.plus(gap), action);
    }

    fn ping(&mut self, ping: DriverLocated) {
        self.tally.pings += 1;
        self.publish(Body::Located(ping));
    }

    fn publish(&mut self, body: Body) {
        self.published.push(Published { at: self.now, body });
    }
}
