//! Cities that are drawn: hot spots, drivers who stand where they are not needed, a forecast that is off.

use pricing::allocate::{Action, Market, Site, Terms};

use super::super::city::{Dice, cells, middle};
use super::super::world::{PATIENCE_MS, Rider, travel_ms};
use super::{DRIFTS, Instance, RESPONSE, Scenario, action, fleet, margin, sent, travel};

/// Standard error of the forecast's log level: half of its variance in common, half of each cell's own.
const ERROR: f64 = 0.2;

/// What is true of a made city.
struct Truth {
    cells: Vec<u64>,
    weights: Vec<f64>,
    /// Requests an hour by cell, which the forecast only guesses.
    rates: Vec<f64>,
}

/// The scenario of a number.
pub(crate) fn made(number: u64) -> Scenario {
    let mut dice = Dice::new(number);
    let cells = cells(5 + (number % 3) as u32);
    let weights: Vec<f64> = cells.iter().map(|_| (1.2 * dice.normal()).exp()).collect();
    let whole: f64 = weights.iter().sum();
    let per_hour = dice.between(150.0, 450.0);
    let quarters = 1 + (dice.unit() * 4.0) as usize;
    let common = dice.normal();
    let mut off = || (ERROR * (0.5_f64).sqrt() * (common + dice.normal()) - ERROR * ERROR / 2.0).exp();
    let rates: Vec<f64> = weights.iter().map(|weight| per_hour * weight / whole * off()).collect();
    let truth = Truth { cells, weights, rates };
    let (trip_ms, margins) = truth.means(&mut Dice::new(number + 1_000_000));
    // Drivers that the rides of an hour keep busy, the way to the rider included.
    let needed = per_hour * (trip_ms as f64 + 240_000.0) / 3_600_000.0;
    let busy = (needed * dice.between(0.8, 1.1)) as i64;
    let free = (needed * dice.between(0.08, 0.4)) as i64 + 3;
    let stands: Vec<f64> = truth.weights.iter().map(|weight| weight.powf(0.3) * (1.6 * dice.normal()).exp()).collect();
    let mut counts = vec![0; truth.cells.len()];
    (0..free).for_each(|_| counts[dice.of(&stands)] += 1);
    let asked = |at: usize| vec![(per_hour * truth.weights[at] / whole / 4.0 * 1e3) as i64; quarters];
    let site = |at: usize| Site {
        cell: truth.cells[at],
        free: counts[at],
        asked: asked(at),
        ends_ppm: (truth.weights[at] / whole * 1e6) as i64,
        margin: margins[at],
    };
    let sites: Vec<Site> = (0..truth.cells.len()).map(site).collect();
    let true_whole = RESPONSE.whole as f64 * (0.2 * dice.normal()).exp();
    let terms = Terms { busy, trip_ms, patience_ms: PATIENCE_MS, error_bps: (ERROR * 1e4) as i64, response: RESPONSE };
    let market = Market::new(sites, travel(&truth.cells), terms).unwrap();
    let (action, said) = action(&market, &mut dice);
    let end_ms = quarters as i64 * 900_000;
    let free: Vec<(u64, i64)> = truth.cells.iter().copied().zip(counts).collect();
    let seed = move |seed: u64, actions: &[Action]| {
        let mut dice = Dice::new(number * 1_000_003 + seed + 1);
        let riders = truth.riders(end_ms, &mut dice);
        let end = |dice: &mut Dice| truth.end(dice);
        let (drivers, stands) = fleet((&free, busy), trip_ms, end, &mut dice);
        let (sent, paid) = sent(actions, &stands, true_whole, &mut dice);
        Instance { riders, drivers, sent, paid }
    };
    Scenario { name: format!("made {number}"), market, action, said, end_ms, seed: Box::new(seed) }
}

impl Truth {
    fn riders(&self, end_ms: i64, dice: &mut Dice) -> Vec<Rider> {
        let whole: f64 = self.rates.iter().sum();
        let (mut riders, mut at) = (Vec::new(), 0.0);
        loop {
            at += dice.gap() * 3_600_000.0 / whole;
            if at >= end_ms as f64 {
                return riders;
            }
            let from = dice.of(&self.rates);
            riders.push(self.rider(at as i64, from, dice));
        }
    }

    fn rider(&self, at_ms: i64, from: usize, dice: &mut Dice) -> Rider {
        let from = dice.inside(middle(self.cells[from]));
        let (to, then) = self.end(dice);
        let trip_ms = (travel_ms(from, to) as f64 * dice.between(0.8, 1.4)) as i64 + 60_000;
        Rider { at_ms, from, to, trip_ms, margin: margin(from, to, trip_ms), then }
    }

    /// Where a trip ends, and where its driver goes.
    fn end(&self, dice: &mut Dice) -> ((f64, f64), (f64, f64)) {
        let to = dice.of(&self.weights);
        let to = dice.inside(middle(self.cells[to]));
        let then = dice.of(&self.weights);
        let then = dice.inside(middle(self.cells[then]));
        (to, if dice.unit() < DRIFTS { then } else { to })
    }

    /// What last week's log would have told: the mean trip, and what a ride leaves by cell.
    fn means(&self, dice: &mut Dice) -> (i64, Vec<i64>) {
        let mut trips = 0;
        let mut margins = Vec::new();
        for from in 0..self.cells.len() {
            let riders: Vec<Rider> = (0..60).map(|_| self.rider(0, from, dice)).collect();
            trips += (riders.iter().map(|rider| rider.trip_ms).sum::<i64>() as f64 / 60.0 * self.weights[from]) as i64;
            margins.push(riders.iter().map(|rider| rider.margin).sum::<i64>() / 60);
        }
        ((trips as f64 / self.weights.iter().sum::<f64>()) as i64, margins)
    }
}
