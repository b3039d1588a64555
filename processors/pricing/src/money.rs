//! Amounts are integers of the minor unit of a market's currency (cent, yen, fils): its exponent is of no concern here. Every product is
//! rounded once, to the nearest minor unit, halves away from zero; sums are exact.

/// One, in basis points.
pub const WHOLE: i64 = 10_000;

/// No amount is larger: a hundred million in a currency of two decimals. So nothing here can overflow.
pub const AMOUNT: i64 = 10_000_000_000;

/// `bps` basis points of `amount`.
pub fn share(amount: i64, bps: i64) -> i64 {
    // Nearly always it fits, and wide numbers are slow to divide.
    if let Some(product) =
        amount.checked_mul(bps).filter(|product| product.unsigned_abs() < i64::MAX as u64 - WHOLE as u64)
    {
        let half = if product < 0 { -WHOLE / 2 } else { WHOLE / 2 };
        return (product + half) / WHOLE;
    }
    rounded(i128::from(amount) * i128::from(bps), i128::from(WHOLE))
}

/// What `quantity` costs at `rate` thousandths of the minor unit for each `unit` of it.
///
/// Rates are thousandths so that a price of 1.365 cents a second, or of a third of a yen, keeps its precision.
pub fn of_rate(rate: i64, quantity: i64, unit: i64) -> i64 {
    rounded(i128::from(rate) * i128::from(quantity), i128::from(unit.max(1)) * 1_000)
}

/// `above / below`, halves away from zero; `below` is positive.
fn rounded(above: i128, below: i128) -> i64 {
    let half = below / 2;
    let whole = if above < 0 { (above - half) / below } else { (above + half) / below };
    whole.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}
