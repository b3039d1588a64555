//! Units are types, and integers: a replay must give the same bytes on every machine.

/// Milliseconds: of event time since the Unix epoch, or a span between two such times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub i64);

impl Millis {
    /// The span from `earlier` to `self`; below zero when `self` lies before it. Never overflows.
    pub fn since(self, earlier: Millis) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }

    /// This time moved on by `span`. Never overflows.
    pub fn plus(self, span: Millis) -> Millis {
        Millis(self.0.saturating_add(span.0))
    }
}

/// Admission window of law 1, event time: a request is known by its id for so long, and parked when it is older. What a
/// processor remembers and what the runtime admits must agree, so it stands here, once.
pub const WINDOW: Millis = Millis(86_400_000);

/// Metres, in a straight line unless said otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Metres(pub i32);

/// A share in basis points: `10_000` is one whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bps(pub i32);

impl Bps {
    /// One whole.
    pub const ONE: Bps = Bps(10_000);

    /// What is missing to one whole, as a share of `whole`: `(1 - self) * whole`, rounded towards zero.
    pub fn shortfall(self, whole: i32) -> i32 {
        let missing = i64::from(Bps::ONE.0) - i64::from(self.0);
        (missing * i64::from(whole) / i64::from(Bps::ONE.0)) as i32
    }
}
