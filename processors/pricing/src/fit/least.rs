//! Least squares and least absolute deviations of a few coefficients.

/// Coefficients that a line may have, most: enough for a fare table, and for a baseline with a constant of each group.
pub(super) const MOST: usize = 64;

/// Rounds of reweighting: the error falls by less than a ten thousandth in the last ten of them.
const ROUNDS: usize = 60;
/// Residuals below this share of the target count alike: at zero a weight would be infinite.
const FLOOR: f64 = 1e-3;
/// Added to the diagonal against features that say the same, a share of its mean.
const RIDGE: f64 = 1e-9;

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
    let mean = (0..count).map(|at| normal[at][at]).sum::<f64>() / count.max(1) as f64;
    (0..count).for_each(|at| normal[at][at] += RIDGE * mean);
    solve(normal)
}

/// Gauss's elimination with the largest pivot of each column.
fn solve(mut rows: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let count = rows.len();
    for at in 0..count {
        let best = (at..count).max_by(|a, b| rows[*a][at].abs().total_cmp(&rows[*b][at].abs()))?;
        rows.swap(at, best);
        let (above, below) = rows.split_at_mut(at + 1);
        let pivot = &above[at];
        if !(pivot[at].is_finite() && pivot[at].abs() > f64::MIN_POSITIVE) {
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
