//! Who could serve a ride: the drivers around its pickup, ring of cells by ring, and why the others could not.

use kernel::contract::{Barred, Barrier, DriverStatus, RideKept, RideRequested, Score};
use kernel::{Millis, geo};

use crate::eta::Pace;
use crate::policy::Policy;
use crate::score::{fairness_ms, score, tier_steps, vehicle_steps};
use crate::view::{Fleet, Mean, Slot};
use crate::{HORIZON, assign};

/// What is the same for every search of a turn.
pub(crate) struct Search<'a> {
    pub(crate) fleet: &'a Fleet,
    pub(crate) policy: &'a Policy,
    pub(crate) now: Millis,
    pace: Pace,
    mean: Option<Mean>,
    /// Rings beyond which nobody is near enough.
    rings: u32,
    /// Drivers that this turn freed, whatever the view says, by slot.
    freed: Vec<u32>,
}

/// What was found around a pickup.
#[derive(Debug)]
pub(crate) struct Found {
    /// H3 cell of the pickup.
    pub(crate) cell: u64,
    /// Drivers looked at.
    pub(crate) considered: i32,
    pub(crate) barred: Vec<Barred>,
    /// Cheapest first, then by name.
    pub(crate) candidates: Vec<Candidate>,
}

/// A driver who could serve the ride.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) slot: u32,
    pub(crate) cost: i64,
    pub(crate) distance_m: i32,
    pub(crate) score: Score,
}

/// Counts of drivers that were barred, by barrier.
#[derive(Default)]
struct Tally([i32; BARRIERS.len()]);

/// In the order of the symbols.
const BARRIERS: [Barrier; 11] = [
    Barrier::Reserved,
    Barrier::Busy,
    Barrier::StalePing,
    Barrier::OtherMarket,
    Barrier::Suspended,
    Barrier::Tier,
    Barrier::Vehicle,
    Barrier::TooFar,
    Barrier::RefusedBefore,
    Barrier::NoProfile,
    Barrier::BeyondLimit,
];

impl Tally {
    fn add(&mut self, barrier: Barrier, drivers: i32) {
        // `Reserved` is symbol 1; a driver is never barred for no reason.
        self.0[(barrier as usize).clamp(1, BARRIERS.len()) - 1] += drivers;
    }

    fn barred(&self) -> Vec<Barred> {
        let counts = BARRIERS.iter().zip(self.0).filter(|(_, drivers)| *drivers > 0);
        counts.map(|(barrier, drivers)| Barred { barrier: *barrier, drivers }).collect()
    }
}

impl<'a> Search<'a> {
    /// Prepares the searches of a turn in `market`, in which the drivers of the slots `freed` have no ride any more.
    pub(crate) fn new(fleet: &'a Fleet, policy: &'a Policy, (market, now): (&str, Millis), freed: Vec<u32>) -> Self {
        let pace = Pace::at(&policy.eta, market, now);
        let reach = pace.reach_m(policy.search.eta_max_ms());
        let rings = (1..=policy.search.rings_max).take_while(|ring| geo::nearest_of_ring(*ring) <= reach).count();
        Search { fleet, policy, now, pace, mean: fleet.mean(now), rings: rings as u32, freed }
    }

    /// The candidates for a ride; `request` is its own.
    pub(crate) fn around(&self, ride: &RideKept, request: &RideRequested) -> Found {
        let cell = geo::cell(request.pickup);
        let plane = geo::Plane::at(request.pickup);
        let limit = self.policy.search.candidates_max;
        let (mut tally, mut candidates) = (Tally::default(), Vec::with_capacity(2 * limit));
        let (mut considered, mut last, mut cells) = (0, self.rings, Vec::new());
        for ring in 0..=self.rings {
            if ring > last {
                break;
            }
            cells.clear();
            geo::ring(cell, ring, &mut cells);
            for slot in cells.iter().flat_map(|cell| self.fleet.in_cell(*cell)) {
                match self.weigh(*slot, &plane, (ride, request)) {
                    Weighed::Gone => continue,
                    Weighed::Barred(barrier) => tally.add(barrier, 1),
                    Weighed::Fit(candidate) => candidates.push(candidate),
                }
                considered += 1;
            }
            // Complete: one ring more, for a driver across it may be nearer than one across this one.
            if candidates.len() >= limit {
                last = last.min(ring + 1);
            }
        }
        candidates.sort_unstable_by(|one: &Candidate, two: &Candidate| {
            let name = |candidate: &Candidate| &self.fleet.slot(candidate.slot).name;
            one.cost.cmp(&two.cost).then_with(|| name(one).cmp(name(two)))
        });
        tally.add(Barrier::BeyondLimit, candidates.len().saturating_sub(limit) as i32);
        candidates.truncate(limit);
        Found { cell, considered, barred: tally.barred(), candidates }
    }

    /// What a driver is to a ride: the first barrier, or what he costs.
    fn weigh(&self, number: u32, plane: &geo::Plane, (ride, request): (&RideKept, &RideRequested)) -> Weighed {
        let slot = self.fleet.slot(number);
        let Some(ping) = slot.ping else { return Weighed::Gone };
        let age = self.now.since(Millis(ping.at)).0;
        // A ping this old may be known or swept already: it must not matter.
        if age > HORIZON.0 {
            return Weighed::Gone;
        }
        let Some(standing) = slot.standing else { return Weighed::Barred(Barrier::NoProfile) };
        if !slot.here() || standing.bound_elsewhere {
            return Weighed::Barred(Barrier::OtherMarket);
        }
        if !standing.active {
            return Weighed::Barred(Barrier::Suspended);
        }
        if is_held(slot) && !self.freed.contains(&number) {
            return Weighed::Barred(Barrier::Reserved);
        }
        if age > self.policy.search.ping_max_age_ms() {
            return Weighed::Barred(Barrier::StalePing);
        }
        if ping.status != DriverStatus::Free {
            return Weighed::Barred(Barrier::Busy);
        }
        if tier_steps(request.tier, standing.tier).is_none() {
            return Weighed::Barred(Barrier::Tier);
        }
        if vehicle_steps(request.service, standing.vehicle).is_none() {
            return Weighed::Barred(Barrier::Vehicle);
        }
        let distance_m = plane.distance_m(ping.place);
        let eta_ms = self.pace.travel_ms(distance_m);
        if eta_ms > self.policy.search.eta_max_ms() {
            return Weighed::Barred(Barrier::TooFar);
        }
        if ride.refused.iter().any(|refused| refused.as_str() == &*slot.name) {
            return Weighed::Barred(Barrier::RefusedBefore);
        }
        let mut score = score(eta_ms, standing, (request.service, request.tier), &self.policy.cost);
        score.fairness_ms = fairness_ms(slot.kept.as_deref(), self.mean, self.now, &self.policy.cost);
        // A candidate is at most an hour away.
        let distance_m = distance_m.round_ties_even() as i32;
        Weighed::Fit(Candidate { slot: number, cost: assign::cost(&score), distance_m, score })
    }
}

/// What a driver is to a ride.
enum Weighed {
    /// Nobody: what is known of him no longer counts.
    Gone,
    /// No candidate.
    Barred(Barrier),
    /// A candidate.
    Fit(Candidate),
}

fn is_held(slot: &Slot) -> bool {
    slot.kept.as_ref().is_some_and(|kept| kept.ride.is_some())
}
