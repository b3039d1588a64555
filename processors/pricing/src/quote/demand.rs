//! Who accepts a price: a logistic model in the logarithm of the price and in the wait, whose price term is known with an error.
//!
//! `P(accepts) = 1 / (1 + exp(-(a - b ln(p / p0) - c wait)))`, `p0` the price that the table and surge come to. The elasticity of
//! conversion at `p` is `-b (1 - P)`. Its uncertainty is told by seven points of equal weight: the quantiles 1/14, 3/14 ... 13/14 of a
//! normal distribution, so that whatever is averaged over them has the model's error in it.

/// Points that stand for what is known of `b`.
pub const POINTS: usize = 7;

/// Quantiles of the standard normal distribution at 1/14, 3/14, ..., 13/14.
const NORMAL: [f64; POINTS] = [-1.465_234, -0.791_639, -0.366_106, 0.0, 0.366_106, 0.791_639, 1.465_234];

/// What is known of demand in a market, a cell and an hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// Log odds of acceptance at `p0` without a wait.
    pub odds: f64,
    /// How much they fall for each unit of the price's logarithm; above zero.
    pub slope: f64,
    /// Standard error of the slope.
    pub error: f64,
    /// How much they fall for each minute of waiting.
    pub wait: f64,
}

impl Demand {
    /// The slopes of equal weight; none below a twentieth, for a price that repels nobody has no best value.
    pub fn slopes(&self) -> [f64; POINTS] {
        NORMAL.map(|quantile| (self.slope + quantile * self.error).max(0.05))
    }

    /// Share of riders who accept, given a slope, the price's logarithm against `p0`, and the wait in minutes.
    pub fn accepts(&self, slope: f64, log_price: f64, wait_min: f64) -> f64 {
        let odds = self.odds - slope * log_price - self.wait * wait_min;
        1.0 / (1.0 + libm::exp(-odds))
    }
}
