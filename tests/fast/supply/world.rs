//! The world: riders and drivers on a plane, the nearest pair, a clock of ten seconds.
//!
//! Travel takes `0.0843 d + 5.438 sqrt d` seconds for `d` metres, the law fitted to San Francisco's cabs of 2008. Who asks gets the driver who is
//! there first, if that is within his patience, and else waits for one; the oldest first. A driver whose trip ends drives on to
//! a place of the city's choice, and may be sent anywhere from where he is on the way.

/// A place, metres east and north.
pub(super) type Spot = (f64, f64);

/// Patience, milliseconds.
pub(super) const PATIENCE_MS: i64 = 600_000;
const TICK_MS: i64 = 10_000;

/// Time from one place to another, milliseconds.
pub(super) fn travel_ms(from: Spot, to: Spot) -> i64 {
    let (east, north) = (to.0 - from.0, to.1 - from.1);
    let metres = (east * east + north * north).sqrt();
    (1_000.0 * (0.0843 * metres + 5.438 * metres.sqrt())) as i64
}

/// A rider.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rider {
    pub(super) at_ms: i64,
    pub(super) from: Spot,
    pub(super) to: Spot,
    pub(super) trip_ms: i64,
    pub(super) margin: i64,
    /// Where the driver goes afterwards.
    pub(super) then: Spot,
}

/// A driver: where he is, or where he will be free and when, and where he goes then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Driver {
    pub(super) spot: Spot,
    pub(super) free_at_ms: i64,
    pub(super) then: Option<Spot>,
}

/// What it came to until the end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outcome {
    pub(super) served: f64,
    pub(super) wait_ms: f64,
    pub(super) margin: f64,
}

/// A way that a free driver is on.
#[derive(Clone, Copy)]
struct Leg {
    from: Spot,
    to: Spot,
    since_ms: i64,
    takes_ms: i64,
}

struct World {
    drivers: Vec<Driver>,
    legs: Vec<Option<Leg>>,
    now_ms: i64,
    outcome: Outcome,
}

/// Runs a world from 0 to `end_ms`; `riders` in the order of their times. `sent` says which drivers are sent where at 0.
pub(super) fn run(riders: &[Rider], drivers: &[Driver], sent: &[(usize, Spot)], end_ms: i64) -> Outcome {
    let mut world =
        World { drivers: drivers.to_vec(), legs: vec![None; drivers.len()], now_ms: 0, outcome: Outcome::default() };
    sent.iter().for_each(|(driver, to)| world.head(*driver, *to));
    let mut next = 0;
    let mut waiting: Vec<Rider> = Vec::new();
    while world.now_ms < end_ms {
        for driver in 0..world.drivers.len() {
            let Driver { free_at_ms, then, .. } = world.drivers[driver];
            if let Some(to) = then.filter(|_| free_at_ms <= world.now_ms) {
                world.drivers[driver].then = None;
                world.head(driver, to);
            }
        }
        while next < riders.len() && riders[next].at_ms <= world.now_ms {
            waiting.push(riders[next]);
            next += 1;
        }
        waiting.retain(|rider| world.now_ms - rider.at_ms < PATIENCE_MS && !world.serve(rider));
        world.now_ms += TICK_MS;
    }
    let asked = next as f64;
    let lost = (asked - world.outcome.served) * PATIENCE_MS as f64;
    world.outcome.wait_ms = (world.outcome.wait_ms + lost) / asked.max(1.0);
    world.outcome
}

impl World {
    /// A free driver sets out.
    fn head(&mut self, driver: usize, to: Spot) {
        let from = self.spot(driver);
        let takes_ms = travel_ms(from, to).max(1);
        self.legs[driver] = Some(Leg { from, to, since_ms: self.now_ms, takes_ms });
        self.drivers[driver].spot = to;
    }

    /// Where a free driver is.
    fn spot(&self, driver: usize) -> Spot {
        let Some(Leg { from, to, since_ms, takes_ms }) = self.legs[driver] else { return self.drivers[driver].spot };
        let part = ((self.now_ms - since_ms) as f64 / takes_ms as f64).min(1.0);
        (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part)
    }

    /// Whether a rider gets a driver now.
    fn serve(&mut self, rider: &Rider) -> bool {
        let free = |driver: &usize| self.drivers[*driver].free_at_ms <= self.now_ms;
        let square = |driver: usize| {
            let spot = self.spot(driver);
            let (east, north) = (spot.0 - rider.from.0, spot.1 - rider.from.1);
            (east * east + north * north, driver)
        };
        let nearest = (0..self.drivers.len()).filter(free).map(square).min_by(|one, other| one.0.total_cmp(&other.0));
        let Some((_, driver)) = nearest else { return false };
        let way = travel_ms(self.spot(driver), rider.from);
        if self.now_ms + way > rider.at_ms + PATIENCE_MS {
            return false;
        }
        self.legs[driver] = None;
        let free_at_ms = self.now_ms + way + rider.trip_ms;
        self.drivers[driver] = Driver { spot: rider.to, free_at_ms, then: Some(rider.then) };
        self.outcome.served += 1.0;
        self.outcome.wait_ms += (self.now_ms + way - rider.at_ms) as f64;
        self.outcome.margin += rider.margin as f64;
        true
    }
}
