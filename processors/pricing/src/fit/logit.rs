//! Logistic regression by moments: what an explanation leaves unexplained goes along with none of its instruments.
//!
//! `sum z (y - P(x b)) = 0` with as many instruments `z` as regressors `x`; where they are the same this is maximum likelihood. Standard
//! errors are the sandwich's (Huber 1967, White 1982), so they hold where the model is a little wrong.

/// Newton's steps; from nothing it takes five to ten.
const STEPS: usize = 60;
/// Halvings of a step that leads away.
const HALVINGS: usize = 30;
/// What is left of a column beside those before it, as a share of the largest: less, and the columns do not tell their coefficients.
const OWN: f64 = 1e-9;
/// Moments so small a share of the cases count as none.
const NEAR: f64 = 1e-9;
/// No log odds go beyond: there a share differs from all or nothing by a 10^-13.
const EXTREME: f64 = 30.0;

/// One observation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case<const K: usize> {
    /// What explains.
    pub(super) regressors: [f64; K],
    /// What it is told by.
    pub(super) instruments: [f64; K],
    /// Log odds that are known already.
    pub(super) offset: f64,
    /// What came of it.
    pub(super) yes: bool,
}

/// Coefficients and how well they are known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Solved<const K: usize> {
    pub(super) coefficients: [f64; K],
    /// Their covariance matrix.
    pub(super) covariance: Matrix<K>,
}

pub(super) type Matrix<const K: usize> = [[f64; K]; K];

impl<const K: usize> Solved<K> {
    /// Standard error of a coefficient.
    pub(super) fn error(&self, at: usize) -> f64 {
        self.covariance[at][at].max(0.0).sqrt()
    }
}

/// Share of yes at these log odds.
pub(super) fn share_at(log_odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-log_odds.clamp(-EXTREME, EXTREME)))
}

/// The coefficients that leave no moment. `None`: the cases do not tell them, for two columns say the same, one says nothing, or yes
/// and no lie apart.
pub(super) fn solve<const K: usize>(cases: &[Case<K>]) -> Option<Solved<K>> {
    let near = NEAR * cases.len() as f64;
    let mut coefficients = [0.0; K];
    let mut at = Sums::of(cases, &coefficients);
    for _ in 0..STEPS {
        if at.size() <= near {
            return at.finish(coefficients);
        }
        let step = times(&inverse(at.slopes)?, &at.moments);
        let (mut share, mut halvings) = (1.0, 0);
        loop {
            let next: [f64; K] = std::array::from_fn(|one| coefficients[one] + share * step[one]);
            let sums = Sums::of(cases, &next);
            if sums.size() < at.size() {
                (coefficients, at) = (next, sums);
                break;
            }
            (share, halvings) = (share / 2.0, halvings + 1);
            if halvings > HALVINGS {
                // No step leads nearer: it is as near as sums of floats come, or there is no solution.
                return (at.size() <= 1e3 * near).then(|| at.finish(coefficients)).flatten();
            }
        }
    }
    None
}

/// Sums over all cases.
struct Sums<const K: usize> {
    moments: [f64; K],
    /// How the moments fall as the coefficients rise.
    slopes: Matrix<K>,
    /// Squares of what each case adds to the moments.
    squares: Matrix<K>,
}

impl<const K: usize> Sums<K> {
    fn of(cases: &[Case<K>], coefficients: &[f64; K]) -> Sums<K> {
        let mut sums = Sums { moments: [0.0; K], slopes: [[0.0; K]; K], squares: [[0.0; K]; K] };
        for case in cases {
            let explained: f64 = case.regressors.iter().zip(coefficients).map(|(x, b)| x * b).sum();
            let share = share_at(case.offset + explained);
            let (left, steep) = (f64::from(u8::from(case.yes)) - share, share * (1.0 - share));
            for one in 0..K {
                let instrument = case.instruments[one];
                sums.moments[one] += instrument * left;
                for other in 0..K {
                    sums.slopes[one][other] += instrument * steep * case.regressors[other];
                    sums.squares[one][other] += instrument * left * left * case.instruments[other];
                }
            }
        }
        sums
    }

    fn size(&self) -> f64 {
        self.moments.iter().fold(0.0, |size, moment| f64::max(size, moment.abs()))
    }

    fn finish(&self, coefficients: [f64; K]) -> Option<Solved<K>> {
        let bread = inverse(self.slopes)?;
        let half: Matrix<K> = std::array::from_fn(|row| {
            std::array::from_fn(|column| (0..K).map(|at| bread[row][at] * self.squares[at][column]).sum())
        });
        let covariance: Matrix<K> = std::array::from_fn(|row| {
            std::array::from_fn(|column| (0..K).map(|at| half[row][at] * bread[column][at]).sum())
        });
        let sound = coefficients.iter().chain(covariance.iter().flatten()).all(|value| value.is_finite());
        sound.then_some(Solved { coefficients, covariance })
    }
}

fn times<const K: usize>(matrix: &Matrix<K>, vector: &[f64; K]) -> [f64; K] {
    std::array::from_fn(|row| matrix[row].iter().zip(vector).map(|(a, b)| a * b).sum())
}

/// The inverse, by Gauss and Jordan with the largest pivot of each column; `None`: there is none worth the name.
pub(super) fn inverse<const K: usize>(mut from: Matrix<K>) -> Option<Matrix<K>> {
    let largest = from.iter().map(|row| row.iter().fold(0.0, |most, value: &f64| f64::max(most, value.abs())));
    let whole: Vec<f64> = largest.collect();
    let mut to: Matrix<K> = std::array::from_fn(|row| std::array::from_fn(|at| if at == row { 1.0 } else { 0.0 }));
    let mut order: Vec<usize> = (0..K).collect();
    for at in 0..K {
        let best = (at..K).max_by(|one, other| {
            let share = |row: usize| from[row][at].abs() / whole[order[row]].max(f64::MIN_POSITIVE);
            share(*one).total_cmp(&share(*other))
        })?;
        [&mut from, &mut to].into_iter().for_each(|matrix| matrix.swap(at, best));
        order.swap(at, best);
        let pivot = from[at][at];
        if !(pivot.is_finite() && pivot.abs() > OWN * whole[order[at]]) {
            return None;
        }
        for matrix in [&mut from, &mut to] {
            matrix[at].iter_mut().for_each(|value| *value /= pivot);
        }
        for row in (0..K).filter(|row| *row != at) {
            let share = from[row][at];
            for matrix in [&mut from, &mut to] {
                let upper = matrix[at];
                matrix[row].iter_mut().zip(upper).for_each(|(value, upper)| *value -= share * upper);
            }
        }
    }
    Some(to)
}
