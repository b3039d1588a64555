//! Least squares and least absolute deviations of a few coefficients.

/// Rounds of reweighting: the error falls by less than a ten thousandth in the last ten of them.
const ROUNDS: usize = 60;
/// Residuals below this share of the target count alike: at zero a weight would be infinite.
const FLOOR: f64 = 1e-3;
/// What is left of a feature beside those before it, as a share of it: less, and it says nothing of its own.
const OWN: f64 = 1e-9;

/// One observation: features, what is to be explained, and how much an error counts.
pub(super) struct Row {
    pub(super) features: Vec<f64>,
    pub(super) target: f64,
    pub(super) weight: f64,
}

impl Row {
    fn error(&self, coefficients: &[f64]) -> f64 {
        self.target - self.features.iter().zip(coefficients).map(|(x, b)| x * b).sum::<f64>()
    }
}

/// Coefficients with the least sum of weighted squares. `None`: the features do not tell them.
pub(super) fn squares(rows: &[Row]) -> Option<Vec<f64>> {
    weighted(rows, |row| row.weight)
}

/// Coefficients with the least sum of weighted absolute errors, by reweighted squares (Schlossmacher 1973), none below zero: one that
/// would be is left out.
pub(super) fn absolutes(rows: &[Row]) -> Option<Vec<f64>> {
    let count = rows.first()?.features.len();
    let mut out = vec![false; count];
    loop {
        let kept: Vec<Row> = rows
            .iter()
            .map(|row| {
                let features = row.features.iter().zip(&out).filter(|(_, out)| !**out).map(|(x, _)| *x);
                Row { features: features.collect(), ..*row }
            })
            .collect();
        let mut found = squares(&kept)?;
        for _ in 0..ROUNDS {
            found = weighted(&kept, |row| row.weight / row.error(&found).abs().max(FLOOR * row.target.abs()))?;
        }
        let mut all = found.into_iter();
        let all: Vec<f64> = out.iter().map(|out| if *out { 0.0 } else { all.next().unwrap_or(0.0) }).collect();
        match all.iter().enumerate().filter(|(_, value)| **value < 0.0).min_by(|a, b| a.1.total_cmp(b.1)) {
            Some((at, _)) => out[at] = true,
            None => return Some(all),
        }
        if out.iter().all(|out| *out) {
            return None;
        }
    }
}

fn weighted(rows: &[Row], weight: impl Fn(&Row) -> f64) -> Option<Vec<f64>> {
    let count = rows.first()?.features.len();
    let mut normal = vec![vec![0.0; count + 1]; count];
    for row in rows {
        let weight = weight(row);
        for (at, x) in row.features.iter().enumerate().filter(|(_, x)| **x != 0.0) {
            for (to, other) in row.features.iter().enumerate() {
                normal[at][to] += weight * x * other;
            }
            normal[at][count] += weight * x * row.target;
        }
    }
    // A feature that nobody has explains nothing.
    (0..count).filter(|at| rows.iter().all(|row| row.features[*at] == 0.0)).for_each(|at| normal[at][at] = 1.0);
    solve(normal)
}

/// Gauss's elimination; the sums of squares of a diagonal need no exchange of rows.
fn solve(mut rows: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let count = rows.len();
    let whole: Vec<f64> = (0..count).map(|at| rows[at][at]).collect();
    for at in 0..count {
        let (above, below) = rows.split_at_mut(at + 1);
        let pivot = &above[at];
        if !(pivot[at].is_finite() && pivot[at] > OWN * whole[at]) {
            return None;
        }
        for row in below {
            let share = row[at] / pivot[at];
            row.iter_mut().zip(pivot).skip(at).for_each(|(value, pivot)| *value -= share * pivot);
        }
    }
    let mut found = vec![0.0; count];
    for at in (0..count).rev() {
        let known: f64 = (at + 1..count).map(|to| rows[at][to] * found[to]).sum();
        found[at] = (rows[at][count] - known) / rows[at][at];
    }
    found.iter().all(|value| value.is_finite()).then_some(found)
}
