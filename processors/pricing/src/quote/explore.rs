//! A few prices are a little off, so that what riders do at other prices is learned: which ones, a salted hash of the quote's id says.

use sha2::{Digest, Sha256};

use crate::money::WHOLE;

/// How much is explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explore<'a> {
    /// Another salt, other quotes.
    pub salt: &'a str,
    /// Share of quotes that are off, half of them up and half down, basis points; at most a half of all.
    pub share_bps: i64,
    /// How far they are off, basis points of the chosen fare.
    pub step_bps: i64,
}

/// What became of one quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arm {
    /// How far the price is off, basis points of the chosen fare.
    pub off_bps: i64,
    /// How likely that was, basis points.
    pub propensity_bps: i64,
}

impl Explore<'_> {
    /// Where a quote falls.
    pub fn arm(&self, quote: &str) -> Arm {
        // Half of an odd share would leave probabilities that do not add up to one.
        let share = if self.step_bps == 0 { 0 } else { self.share_bps };
        let side = share.clamp(0, WHOLE / 2) / 2;
        let drawn = self.draw(quote);
        let (off_bps, propensity_bps) = match drawn {
            drawn if drawn < side => (-self.step_bps, side),
            drawn if drawn < 2 * side => (self.step_bps, side),
            _ => (0, WHOLE - 2 * side),
        };
        Arm { off_bps, propensity_bps }
    }

    /// Evenly in 0 to 9,999.
    fn draw(&self, quote: &str) -> i64 {
        let mut hash = Sha256::new();
        // The length first, so that no salt and id run together as another pair does.
        hash.update((self.salt.len() as u64).to_be_bytes());
        hash.update(self.salt);
        hash.update(quote);
        let first: [u8; 8] = std::array::from_fn({
            let digest = hash.finalize();
            move |at| digest[at]
        });
        (u64::from_be_bytes(first) % WHOLE as u64) as i64
    }
}
