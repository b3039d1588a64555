//! A market played forward in its mean, a minute at a time.
//!
//! Who asks takes the nearest free driver. The chance that the nearest is at the site `j`, in the order of travel times, is the product
//! of the chances that nobody is free at those before, times that somebody is at `j` (Larson, Approximating the performance of urban
//! emergency service systems, Operations Research 23, 1975). How many are free is taken as binomial for those who were there at the start,
//! each as likely still there as the others, and as Poisson for those who came later, sites independent of each other. Who finds nobody
//! waits, and is met by a driver who becomes free, the nearest first by the same rule with riders and drivers exchanged; he leaves when his
//! patience ends, as in a queue with abandonment (Palm 1957), here of fixed length. A driver is busy for the way, and for the mean trip, and then free
//! somewhere as the sites' shares say; those who drive now end at the rate of one a mean trip. Who is sent can be taken from each site that he passes.

use super::Market;

/// A step, milliseconds.
const STEP_MS: i64 = 60_000;
/// Below this a mass is nothing.
const NOTHING: f64 = 1e-6;
/// Riders of a step who are so few wait for the next: to look farther for them would take long and tell nothing.
const FEW: f64 = 1e-4;

/// Drivers who are sent; on the way they are free wherever they are.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent {
    legs: Vec<Leg>,
    /// What they are paid, minor units.
    pub(super) paid: f64,
}

/// Drivers on the way from one site to another.
#[derive(Clone, Debug)]
struct Leg {
    count: f64,
    /// Where they are at the beginning of each step, until they arrive.
    path: Vec<usize>,
}

impl Sent {
    /// So many more from one site to another, each for so much.
    pub(super) fn send(&mut self, market: &Market, (from, to): (usize, usize), count: f64, pay: f64) {
        let whole = market.travel_ms(from, to);
        let at = |gone: i64| {
            // The site that lies nearest to the way, so far along it: only times are known, no places.
            let off = |site: &usize| {
                let (before, after) = (market.travel_ms(from, *site), market.travel_ms(*site, to));
                ((before - gone).abs() + (after - (whole - gone)).abs(), *site)
            };
            (0..market.sites.len())
                .filter(|site| *site != from && *site != to)
                .chain([from, to])
                .min_by_key(off)
                .unwrap_or(to)
        };
        let steps = whole.div_euclid(STEP_MS);
        let mut path: Vec<usize> = (0..=steps).map(|step| if step == 0 { from } else { at(step * STEP_MS) }).collect();
        path.push(to);
        self.legs.push(Leg { count, path });
        self.paid += count * pay;
    }

    /// How many are sent.
    pub(super) fn count(&self) -> f64 {
        self.legs.iter().map(|leg| leg.count).sum()
    }
}

/// What a play came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Total {
    /// Riders who got a driver.
    pub(super) served: f64,
    /// Mean time from asking to the pickup of all who asked; who got no driver counts with the whole patience. Milliseconds.
    pub(super) wait_ms: f64,
    /// What rides leave, minor units.
    pub(super) margin: f64,
}

/// The order in which sites are near to each: those within a rider's patience.
pub(super) struct Near {
    /// Of a rider at a site: where drivers come from.
    to: Vec<Vec<usize>>,
    /// Of a driver at a site: where riders are.
    from: Vec<Vec<usize>>,
}

impl Near {
    pub(super) fn of(market: &Market) -> Near {
        let all = 0..market.sites.len();
        let sorted = |time: &dyn Fn(usize) -> i64| {
            let mut near: Vec<usize> = all.clone().filter(|other| time(*other) <= market.patience_ms).collect();
            near.sort_by_key(|other| (time(*other), *other));
            near
        };
        Near {
            to: all.clone().map(|site| sorted(&|other| market.travel_ms(other, site))).collect(),
            from: all.clone().map(|site| sorted(&|other| market.travel_ms(site, other))).collect(),
        }
    }
}

/// Free drivers of a site.
#[derive(Clone, Copy, Default)]
struct Stand {
    /// Known to be there once, and how many of them still are.
    known: f64,
    left: f64,
    /// Came later.
    later: f64,
}

impl Stand {
    fn all(&self) -> f64 {
        self.left + self.later
    }

    /// The chance that nobody is free.
    fn nobody(&self) -> f64 {
        if self.known <= NOTHING || self.left <= 0.0 {
            return libm::exp(-self.later);
        }
        let still = (self.left / self.known).min(1.0);
        libm::exp(self.known * libm::log(1.0 - still) - self.later)
    }

    fn take(&mut self, count: f64) {
        let part = (count / self.all().max(NOTHING)).min(1.0);
        self.left -= self.left * part;
        self.later -= self.later * part;
    }

    fn join(&mut self, count: f64) {
        self.known += count;
        self.left += count;
    }

    fn part(&mut self, count: f64) {
        self.known = (self.known - count).max(0.0);
        self.left = (self.left - count).max(0.0);
    }
}

/// Plays a market whose sites are asked for `levels` times what is expected.
pub(super) fn play(market: &Market, near: &Near, levels: &[f64], sent: &Sent) -> Total {
    let mut play = Play::new(market, sent);
    let steps = market.sites[0].asked.len() * 15;
    let ends = market.sites.iter().map(|site| site.ends_ppm).sum::<i64>().max(1) as f64;
    let shares: Vec<f64> = market.sites.iter().map(|site| site.ends_ppm as f64 / ends).collect();
    let mut asked = 0.0;
    for step in 0..steps {
        play.age();
        for (site, part) in shares.iter().enumerate() {
            let left = play.meet(near, site, play.ends[step] * part, step);
            play.stands[site].later += left;
        }
        play.advance(near, sent, step);
        for (site, level) in levels.iter().enumerate() {
            let riders = market.sites[site].asked[step / 15] as f64 / 15_000.0 * level;
            asked += riders;
            let left = play.ask(near, site, riders, step);
            play.waiting[site][0] += left;
        }
    }
    let Play { served, waited_ms, margin, .. } = play;
    let lost = (asked - served).max(0.0) * market.patience_ms as f64;
    Total { served, wait_ms: (waited_ms + lost) / asked.max(NOTHING), margin }
}

struct Play<'a> {
    market: &'a Market,
    stands: Vec<Stand>,
    /// Drivers who become free in a step, somewhere.
    ends: Vec<f64>,
    /// Riders by site and whole minutes of waiting.
    waiting: Vec<Vec<f64>>,
    /// Of those who are sent: how many are still free, and how many were free at their site when they came there.
    legs: Vec<(f64, f64)>,
    served: f64,
    waited_ms: f64,
    margin: f64,
}

impl<'a> Play<'a> {
    fn new(market: &'a Market, sent: &Sent) -> Play<'a> {
        let stand = |free: i64| Stand { known: free as f64, left: free as f64, later: 0.0 };
        let stands: Vec<Stand> = market.sites.iter().map(|site| stand(site.free)).collect();
        let legs = sent.legs.iter().map(|leg| (leg.count, stands[leg.path[0]].left)).collect();
        let steps = market.sites[0].asked.len() * 15;
        let mut ends = vec![0.0; steps];
        let keeps = libm::exp(-(STEP_MS as f64) / market.trip_ms as f64);
        let mut busy = market.busy as f64;
        for step in &mut ends {
            let ended = busy * (1.0 - keeps);
            busy -= ended;
            *step += ended;
        }
        let ages = (market.patience_ms / STEP_MS) as usize;
        let waiting = vec![vec![0.0; ages.max(1)]; stands.len()];
        Play { market, stands, ends, waiting, legs, served: 0.0, waited_ms: 0.0, margin: 0.0 }
    }

    /// Those who are sent go on to where they are at the beginning of a step; who is still free of them meets who waits there.
    fn advance(&mut self, near: &Near, sent: &Sent, step: usize) {
        let mut moved = Vec::new();
        for (at, leg) in sent.legs.iter().enumerate() {
            let (Some(from), Some(to)) =
                (step.checked_sub(1).and_then(|before| leg.path.get(before)), leg.path.get(step))
            else {
                continue;
            };
            if from == to {
                continue;
            }
            // Each is as likely still free as all who were there.
            let (count, were) = self.legs[at];
            let still = count * (self.stands[*from].left / were.max(NOTHING)).min(1.0);
            self.stands[*from].part(still);
            let left = self.meet(near, *to, still, step);
            self.stands[*to].join(left);
            moved.push((at, *to, left));
        }
        for (at, to, left) in moved {
            self.legs[at] = (left, self.stands[to].left);
        }
    }

    /// A minute passes for those who wait; whose patience is over leaves.
    fn age(&mut self) {
        for ages in &mut self.waiting {
            ages.rotate_right(1);
            ages[0] = 0.0;
        }
    }

    /// Drivers who become free at a site meet those who wait; who finds nobody is left.
    fn meet(&mut self, near: &Near, site: usize, count: f64, step: usize) -> f64 {
        let mut left = count;
        for place in &near.from[site] {
            if left < NOTHING {
                break;
            }
            let way = self.market.travel_ms(site, *place);
            let in_time = ((self.market.patience_ms - way) / STEP_MS).max(0) as usize;
            let ages = in_time.min(self.waiting[*place].len());
            let all: f64 = self.waiting[*place][..ages].iter().sum();
            if all < NOTHING {
                continue;
            }
            let met = (left * (1.0 - libm::exp(-all))).min(all);
            left -= met;
            for age in 0..ages {
                let part = self.waiting[*place][age] * met / all;
                self.waiting[*place][age] -= part;
                self.serve(*place, part, (age as i64 * STEP_MS + STEP_MS / 2 + way, way), step);
            }
        }
        left
    }

    /// Riders who ask at a site take the nearest; who finds nobody is left.
    fn ask(&mut self, near: &Near, site: usize, riders: f64, step: usize) -> f64 {
        let mut left = riders;
        for place in &near.to[site] {
            if left < FEW {
                break;
            }
            let stand = self.stands[*place];
            let found = (left * (1.0 - stand.nobody())).min(stand.all());
            if found <= 0.0 {
                continue;
            }
            left -= found;
            self.stands[*place].take(found);
            let way = self.market.travel_ms(*place, site);
            self.serve(site, found, (way, way), step);
        }
        left
    }

    /// Rides begin: waited so long, of it on the way so long.
    fn serve(&mut self, site: usize, count: f64, (wait_ms, way_ms): (i64, i64), step: usize) {
        self.served += count;
        self.waited_ms += count * wait_ms as f64;
        self.margin += count * self.market.sites[site].margin as f64;
        let end = step + ((way_ms + self.market.trip_ms) / STEP_MS).max(1) as usize;
        if let Some(ends) = self.ends.get_mut(end) {
            *ends += count;
        }
    }
}
