//! Seeded draws: a salted hash of ids, so that the same ride behaves alike in every run, whatever happens around it.

/// A draw: 64 well mixed bits.
#[derive(Clone, Copy, Debug)]
pub struct Draw(u64);

impl Draw {
    /// The draw of `id` for the purpose `salt`.
    pub fn of(seed: u64, id: &str, salt: &str) -> Draw {
        // FNV-1a (Fowler, Noll, Vo) over the parts, mixed by SplitMix64's finaliser (Steele, Lea, Flood 2014).
        let parts = [&seed.to_le_bytes()[..], id.as_bytes(), &[0xff], salt.as_bytes()];
        let hash = parts.concat().iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Draw(mix(hash))
    }

    /// The next draw of the same purpose.
    pub fn next(self) -> Draw {
        Draw(mix(self.0.wrapping_add(0x9e37_79b9_7f4a_7c15)))
    }

    /// Below `end`, which is taken as at least 1.
    pub fn below(self, end: u64) -> u64 {
        self.0 % end.max(1)
    }

    /// Between the two, both included.
    pub fn within(self, low: i64, high: i64) -> i64 {
        low + self.below(high.abs_diff(low) + 1) as i64
    }

    /// Whether something that happens in `bps` of 10,000 cases happens now.
    pub fn happens(self, bps: u32) -> bool {
        self.below(10_000) < u64::from(bps)
    }

    /// From 0 up to 1, 1 left out.
    pub fn unit(self) -> f64 {
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A value drawn from a distribution given by some of its quantiles, straight lines between them.
    pub fn quantile(self, points: &[(f64, f64)]) -> f64 {
        let unit = self.unit();
        let mut low = (0.0, points.first().map_or(0.0, |point| point.1 / 2.0));
        for high in points {
            if unit < high.0 {
                return low.1 + (high.1 - low.1) * (unit - low.0) / (high.0 - low.0);
            }
            low = *high;
        }
        low.1
    }
}

fn mix(hash: u64) -> u64 {
    let mut z = hash;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
