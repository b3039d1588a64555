//! How far a figure may be off: it is taken again from samples of the same quotes, drawn with replacement (Efron 1979), each quote as often
//! as a Poisson number of mean one says (Hanley and MacGibbon 2006). The draws are those of a seed.

/// Samples.
const SAMPLES: u64 = 400;
/// Of them below an interval, and above it: nine of ten lie inside.
const OUTSIDE: usize = SAMPLES as usize / 20;

/// A figure, and where nine of ten samples have it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// As it was found.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Figures of the means of `rows`, with their intervals.
pub(super) fn resampled<const K: usize, const F: usize>(
    rows: &[[f64; K]],
    seed: u64,
    figures: impl Fn(&[f64; K]) -> [f64; F],
) -> [Estimate; F] {
    let value = figures(&mean(rows.iter().map(|row| (1.0, row))));
    let mut all: [Vec<f64>; F] = std::array::from_fn(|_| Vec::with_capacity(SAMPLES as usize));
    for sample in 0..SAMPLES {
        let mut dice = Dice(seed.wrapping_mul(SAMPLES).wrapping_add(sample));
        let found = figures(&mean(rows.iter().map(|row| (dice.poisson(), row))));
        all.iter_mut().zip(found).for_each(|(all, one)| all.push(one));
    }
    std::array::from_fn(|at| {
        let found = &mut all[at];
        found.sort_by(f64::total_cmp);
        Estimate { value: value[at], low: found[OUTSIDE], high: found[SAMPLES as usize - 1 - OUTSIDE] }
    })
}

fn mean<'a, const K: usize>(rows: impl Iterator<Item = (f64, &'a [f64; K])>) -> [f64; K] {
    let (mut sums, mut count) = ([0.0; K], 0.0);
    for (times, row) in rows.filter(|(times, _)| *times > 0.0) {
        count += times;
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += times * value);
    }
    sums.map(|sum| sum / f64::max(count, 1.0))
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Dice(u64);

impl Dice {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A Poisson number of mean one, by its distribution: 1/e for none and for one, and so on.
    fn poisson(&mut self) -> f64 {
        let unit = (self.draw() >> 11) as f64 / (1_u64 << 53) as f64;
        let (mut count, mut chance, mut below) = (0.0, E_INVERSE, E_INVERSE);
        while unit >= below && count < 12.0 {
            count += 1.0;
            chance /= count;
            below += chance;
        }
        count
    }
}

/// 1/e.
const E_INVERSE: f64 = 0.367_879_441_171_442_33;
