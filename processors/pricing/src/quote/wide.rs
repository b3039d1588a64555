//! The choice among prices, compiled a second time for processors with wider registers: four of its numbers at once instead of two.
//!
//! Both come to the same bits: each number goes through the same sums, products and divisions, and none of them is fused.
#![allow(unsafe_code)] // What is compiled for other processors may only be called where it was asked for: the compiler cannot know.

use super::demand::Demand;
use super::optimum::{Choice, Ground, Weights, chosen};

/// Chooses by the widest registers that there are.
pub(super) fn choose(ground: &Ground, demand: &Demand, weights: &Weights) -> Choice {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: this processor has what it is compiled for.
        return unsafe { four(ground, demand, weights) };
    }
    chosen(ground, demand, weights)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn four(ground: &Ground, demand: &Demand, weights: &Weights) -> Choice {
    chosen(ground, demand, weights)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::AMOUNT;

    proptest! {
        /// Law 4: a decision is the same on every machine.
        #[test]
        fn wide_registers_choose_as_narrow_ones(
            (fare, least, room) in (0_i64..5_000, 0_i64..4_000, prop_oneof![0_i64..500, Just(AMOUNT)]),
            (band, take, fixed) in (0_i64..10_001, 0_i64..10_001, -300_i64..300),
            (wait, busy, load) in (0.0..60.0, 0.0..90.0, 0.0..5.0),
            (odds, slope, error) in (-5.0..5.0, 0.05..20.0, 0.0..10.0),
            weights in [0_i64..4, 0..4, 0..4, 0..4],
        ) {
            let bounds = (least, least + room);
            let (band_bps, take_bps, wait_min, busy_min) = (band, take, wait, busy);
            let ground = Ground { fare, bounds, band_bps, take_bps, fixed, wait_min, busy_min, load };
            let demand = Demand { odds, slope, error, wait: 0.05 };
            prop_assert_eq!(choose(&ground, &demand, &weights), chosen(&ground, &demand, &weights));
        }
    }
}
