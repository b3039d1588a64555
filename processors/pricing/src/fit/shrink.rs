//! What a part is known to differ, between what it says itself and what the whole says.
//!
//! Parts differ truly with a spread `t`, and each is seen with its own error `s`. A part's best guess lies between what was seen and what
//! was expected, nearer to the latter by `B = s^2 / (s^2 + t^2)` (empirical Bayes: Efron and Morris 1975, Morris 1983). The spread is
//! what the parts differ beyond their errors (DerSimonian and Laird 1986).

/// A number and its standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Guess {
    pub(super) value: f64,
    pub(super) error: f64,
}

/// The variance of what parts truly are around what was expected of them; each is told by how far it was seen to be off, and its error.
/// With fewer than three parts nobody can tell: nothing.
pub(super) fn spread(off: &[Guess]) -> f64 {
    if off.len() < 3 {
        return 0.0;
    }
    let weights: Vec<f64> = off.iter().map(|one| 1.0 / (one.error * one.error).max(f64::MIN_POSITIVE)).collect();
    let sum = |of: &dyn Fn(usize) -> f64| (0..off.len()).map(of).sum::<f64>();
    let whole = sum(&|at| weights[at]);
    let mean = sum(&|at| weights[at] * off[at].value) / whole;
    let seen = sum(&|at| weights[at] * (off[at].value - mean) * (off[at].value - mean));
    let freedom = (off.len() - 1) as f64;
    let scale = whole - sum(&|at| weights[at] * weights[at]) / whole;
    ((seen - freedom) / scale).max(0.0)
}

/// What a part is best taken for: seen as `own`, expected as `prior`, where parts differ truly by the variance `spread`.
pub(super) fn shrunk(own: Guess, prior: Guess, spread: f64) -> Guess {
    let noise = own.error * own.error;
    if noise + spread <= 0.0 {
        return own;
    }
    let back = noise / (noise + spread);
    let value = own.value + back * (prior.value - own.value);
    // What is left of its own error, and what is taken over of the prior's.
    let variance = noise * (1.0 - back) + back * back * prior.error * prior.error;
    Guess { value, error: variance.sqrt() }
}
