//! Demand at all prices of a grid under all slopes that it may have, in one pass.
//!
//! The same as [`Demand::accepts`] for each, a dozen times as fast: the slopes lie side by side, so that a processor takes several at once,
//! and exponential and logarithm are sums and products written out here, which come to the same bits on every machine. A test says how
//! far they are off: less than a tenth of a millionth.
#![allow(clippy::needless_range_loop)] // Lanes of several arrays at once: of iterators the compiler makes slower code.

use super::demand::{Demand, POINTS};
use super::optimum::GRID;

/// Slopes side by side: a power of two, the last of no weight.
pub(super) const LANES: usize = 8;
/// One number for each slope.
pub(super) type Lanes = [f64; LANES];

/// Beyond it acceptance is none, or all, to the last bit.
const ODDS: f64 = 700.0;
/// Adding it rounds to a whole number, which then stands in the lowest bits: 1.5 x 2^52.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// The natural logarithm of 2 in two parts, the first exact in products with small integers (Cody and Waite 1980).
const LN_2: (f64, f64) = (0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10);
/// From here on the series of the logarithm is too slow.
const FAR: f64 = 0.55;

/// What the slopes say of one price.
#[derive(Clone, Copy)]
pub(super) struct Taken {
    /// Share of riders who accept.
    pub(super) accepts: Lanes,
    /// What the choice is worth to riders: `ln(1 + exp(odds))`.
    pub(super) riders: Lanes,
}

/// Demand at each of the prices.
#[inline(always)]
pub(super) fn curve(demand: &Demand, wait_min: f64, logs: &[f64]) -> [Taken; GRID] {
    let mut slopes = [0.0; LANES];
    slopes[..POINTS].copy_from_slice(&demand.slopes());
    let halves = slopes.map(|slope| slope / 2.0);
    let odds = demand.odds - demand.wait * wait_min;
    let mut curve = [Taken { accepts: [0.0; LANES], riders: [0.0; LANES] }; GRID];
    for (taken, log) in curve.iter_mut().zip(logs) {
        for lane in 0..LANES {
            taken.accepts[lane] = 1.0 / (1.0 + exp(slopes[lane] * log - odds));
        }
    }
    let Some(dearest) = logs.len().checked_sub(1) else { return curve };
    let mut above = curve[dearest];
    above.riders = above.accepts.map(|accepts| -libm::log((1.0 - accepts).max(1e-12)));
    curve[dearest] = above;
    // What the choice is worth to riders grows, as the price falls, by acceptance: its integral, by trapezoids between prices that
    // are a hundredth apart or so, spares a logarithm for each.
    for place in (0..dearest).rev() {
        let step = logs[place + 1] - logs[place];
        let mut taken = curve[place];
        for lane in 0..LANES {
            let area = (taken.accepts[lane] + above.accepts[lane]) * halves[lane] * step;
            taken.riders[lane] = above.riders[lane] + area;
        }
        curve[place] = taken;
        above = taken;
    }
    curve
}

/// `2^k` times a polynomial of what is left, which lies within half of `ln 2`.
#[inline(always)]
fn exp(of: f64) -> f64 {
    let low = if of > -ODDS { of } else { -ODDS };
    let of = if low < ODDS { low } else { ODDS };
    let rounded = of * std::f64::consts::LOG2_E + ROUND;
    let whole = rounded - ROUND;
    let left = of - whole * LN_2.0 - whole * LN_2.1;
    // The whole number is put where a float has its exponent.
    let two = f64::from_bits((rounded.to_bits() << 52).wrapping_add(1.0_f64.to_bits()));
    two * series(left)
}

/// The first terms of the exponential's series; the next one is below 6e-9 where `|x|` is at most half of `ln 2`.
#[inline(always)]
fn series(x: f64) -> f64 {
    const TERMS: [f64; 7] = [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    let mut sum = 1.0 / 5_040.0;
    for term in TERMS {
        sum = sum * x + term;
    }
    sum
}

/// `ln(price / start)` of each price: twice the area tangent of `(price - start) / (price + start)`, by its series.
#[inline(always)]
pub(super) fn logs(start: i64, prices: &[i64]) -> [f64; GRID] {
    let start = start.max(1) as f64;
    let mut logs = [0.0; GRID];
    let mut far = false;
    for (log, price) in logs.iter_mut().zip(prices) {
        let price = (*price).max(1) as f64;
        let part = (price - start) / (price + start);
        far |= part.abs() > FAR * 0.5;
        let square = part * part;
        const TERMS: [f64; 7] = [1.0 / 13.0, 1.0 / 11.0, 1.0 / 9.0, 1.0 / 7.0, 1.0 / 5.0, 1.0 / 3.0, 1.0];
        let mut sum = 1.0 / 15.0;
        for term in TERMS {
            sum = sum * square + term;
        }
        *log = 2.0 * part * sum;
    }
    // Bounds that lie far from the start: rare, and exact.
    if far {
        let price = |price: &i64| libm::log((*price).max(1) as f64 / start);
        logs.iter_mut().zip(prices).for_each(|(log, of)| *log = price(of));
    }
    logs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_and_logarithm_are_those_of_the_library() {
        for step in -7_000..=7_000 {
            let x = f64::from(step) * 0.1;
            let ours = exp(x);
            assert!((ours / libm::exp(x) - 1.0).abs() < 1e-8, "exp({x}) = {ours}");
        }
        for start in [1, 2, 99, 2_000, 123_456_789] {
            let prices: Vec<i64> = (0..=40).map(|step| start * (50 + step * 5) / 100).chain([start * 900]).collect();
            for prices in prices.chunks(GRID) {
                for (ours, price) in logs(start, prices).iter().zip(prices) {
                    let exact = libm::log((*price).max(1) as f64 / start as f64);
                    assert!((ours - exact).abs() < 1e-8, "ln({price} / {start}) = {ours}, {exact}");
                }
            }
        }
    }

    #[test]
    fn acceptance_is_that_of_the_model_at_every_slope() {
        let demand = Demand { odds: 0.9, slope: 3.0, error: 1.0, wait: 0.05 };
        let prices: Vec<i64> = (0..GRID as i64).map(|place| 1_600 + 20 * place).collect();
        let logs = logs(2_000, &prices);
        for wait in [0.0, 4.0, 90.0, 1e6] {
            for (taken, log) in curve(&demand, wait, &logs).iter().zip(logs) {
                for (ours, slope) in taken.accepts.iter().zip(demand.slopes()) {
                    assert!((ours - demand.accepts(slope, log, wait)).abs() < 1e-8, "{ours} at {log} after {wait}");
                }
            }
        }
    }
}
