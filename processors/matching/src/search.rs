//! Who could serve a ride: the drivers around its pickup, ring of cells by ring, and why the others could not.

use std::cmp::Ordering;

use kernel::contract::{Barred, Barrier, DriverStatus, RideKept, RideRequested, Score};
use kernel::{Millis, geo};

use crate::eta::Pace;
use crate::policy::Policy;
use crate::score::{fairness_ms, score, tier_steps, vehicle_steps};
use crate::view::{Fleet, Mean, Seat};
use crate::{COUNTS, assign};

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

/// Drivers are looked at in batches of so many, nearest first: after each it is known better how far to look.
const BATCH: usize = 32;

/// What a search has found so far.
#[derive(Default)]
struct Ranking {
    limit: usize,
    candidates: Vec<Candidate>,
    considered: i32,
    tally: Tally,
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

    /// The cheapest candidates for a ride; `request` is its own.
    ///
    /// Exact: a driver who is not looked at is so far away that the way alone costs more than the last candidate, even if fairness speaks
    /// for him in full.
    pub(crate) fn around(&self, ride: &RideKept, request: &RideRequested) -> Found {
        let cell = geo::cell(request.pickup);
        let plane = geo::Plane::at(request.pickup);
        let mut ranking = Ranking { limit: self.policy.search.candidates_max, ..Ranking::default() };
        let (mut cells, mut near) = (Vec::new(), Vec::new());
        for ring in 0..=self.rings {
            if geo::nearest_of_ring(ring) > self.worth_looking_m(&ranking) {
                break;
            }
            cells.clear();
            geo::ring(cell, ring, &mut cells);
            let seats = cells.iter().flat_map(|cell| self.fleet.in_cell(*cell));
            // A ping too old to count may be known or swept already: it must not matter.
            let seats = seats.filter(|seat| self.age(seat.at) <= COUNTS.0);
            near.extend(seats.map(|seat| (plane.distance_m(seat.place), seat)));
            self.look(&mut near, (ride, request), &mut ranking);
        }
        let Ranking { considered, tally, mut candidates, .. } = ranking;
        candidates.sort_unstable_by(|one, two| self.order(one, two));
        Found { cell, considered, barred: tally.barred(), candidates }
    }

    /// Looks at drivers, nearest first, as long as one may be cheaper than the last candidate; empties `near`.
    fn look(&self, near: &mut Vec<(f64, &Seat)>, ride: (&RideKept, &RideRequested), ranking: &mut Ranking) {
        while !near.is_empty() {
            if near.len() > BATCH {
                near.select_nth_unstable_by(BATCH, |one, two| {
                    one.0.total_cmp(&two.0).then_with(|| self.name(one.1.slot).cmp(self.name(two.1.slot)))
                });
            }
            for (distance_m, seat) in near.drain(..near.len().min(BATCH)) {
                match self.weigh(seat, distance_m, ride) {
                    Weighed::Barred(barrier) => ranking.tally.add(barrier, 1),
                    Weighed::Fit(candidate) => ranking.candidates.push(candidate),
                }
                ranking.considered += 1;
            }
            self.rank(ranking);
            let worth = self.worth_looking_m(ranking);
            near.retain(|(distance_m, _)| *distance_m <= worth);
        }
    }

    /// Keeps the cheapest candidates.
    fn rank(&self, ranking: &mut Ranking) {
        let Ranking { limit, candidates, .. } = ranking;
        if candidates.len() > *limit {
            candidates.select_nth_unstable_by(*limit, |one, two| self.order(one, two));
            let beyond = candidates.len() - *limit;
            candidates.truncate(*limit);
            ranking.tally.add(Barrier::BeyondLimit, beyond as i32);
        }
    }

    /// Beyond this distance nobody is a candidate any more.
    fn worth_looking_m(&self, ranking: &Ranking) -> f64 {
        if ranking.candidates.len() < ranking.limit {
            return f64::INFINITY;
        }
        let last = ranking.candidates.iter().map(|candidate| candidate.cost).max().unwrap_or(i64::MAX);
        // One millisecond more, for the rounding of a travel time; no candidate is further away than the policy allows.
        let most = last.saturating_add(1 + i64::from(self.policy.cost.fairness_ms));
        self.pace.reach_m(most.clamp(0, i64::from(self.policy.search.eta_max_ms())) as i32)
    }

    /// Cheapest first, then by name.
    fn order(&self, one: &Candidate, two: &Candidate) -> Ordering {
        one.cost.cmp(&two.cost).then_with(|| self.name(one.slot).cmp(self.name(two.slot)))
    }

    fn name(&self, slot: u32) -> &str {
        &self.fleet.slot(slot).name
    }

    fn age(&self, at: i64) -> i64 {
        self.now.since(Millis(at)).0
    }

    /// What a driver is to a ride: the first barrier, or what he costs.
    fn weigh(&self, seat: &Seat, distance_m: f64, (ride, request): (&RideKept, &RideRequested)) -> Weighed {
        let Some(standing) = seat.standing else { return Weighed::Barred(Barrier::NoProfile) };
        if !seat.here || standing.bound_elsewhere {
            return Weighed::Barred(Barrier::OtherMarket);
        }
        if !standing.active {
            return Weighed::Barred(Barrier::Suspended);
        }
        if seat.held && !self.freed.contains(&seat.slot) {
            return Weighed::Barred(Barrier::Reserved);
        }
        if self.age(seat.at) > self.policy.search.ping_max_age_ms() {
            return Weighed::Barred(Barrier::StalePing);
        }
        if seat.status != DriverStatus::Free {
            return Weighed::Barred(Barrier::Busy);
        }
        if tier_steps(request.tier, standing.tier).is_none() {
            return Weighed::Barred(Barrier::Tier);
        }
        if vehicle_steps(request.service, standing.vehicle).is_none() {
            return Weighed::Barred(Barrier::Vehicle);
        }
        let eta_ms = self.pace.travel_ms(distance_m);
        if eta_ms > self.policy.search.eta_max_ms() {
            return Weighed::Barred(Barrier::TooFar);
        }
        if ride.refused.iter().any(|refused| refused == self.name(seat.slot)) {
            return Weighed::Barred(Barrier::RefusedBefore);
        }
        let mut score = score(eta_ms, standing, (request.service, request.tier), &self.policy.cost);
        score.fairness_ms = fairness_ms(seat.earned, self.mean, self.now, &self.policy.cost);
        // A candidate is at most an hour away.
        let distance_m = distance_m.round_ties_even() as i32;
        Weighed::Fit(Candidate { slot: seat.slot, cost: assign::cost(&score), distance_m, score })
    }
}

/// What a driver is to a ride.
enum Weighed {
    /// No candidate.
    Barred(Barrier),
    /// A candidate.
    Fit(Candidate),
}
