//! What goes wrong, how often, and the bugs that can be planted in the log itself.

/// Chances, each in ten thousand of the calls or steps that it concerns.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// A call is not answered.
    pub away: u32,
    /// A commit is lost before it was applied.
    pub refused: u32,
    /// A commit is applied and its answer lost.
    pub unheard: u32,
    /// A transaction is left open: for good, or its end is still under way.
    pub open: u32,
    /// A worker dies while it commits.
    pub doom: u32,
    /// A worker dies between two steps.
    pub kill: u32,
    /// A worker stands still for a while, as a process that is stopped or a machine that swaps.
    pub pause: u32,
    /// The group spreads the partitions anew.
    pub rebalance: u32,
    /// A poll says nothing though there is something.
    pub lag: u32,
    /// The registry does not answer.
    pub registry: u32,
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Faults = Faults {
        away: 0,
        refused: 0,
        unheard: 0,
        open: 0,
        doom: 0,
        kill: 0,
        pause: 0,
        rebalance: 0,
        lag: 0,
        registry: 0,
    };

    /// Everything goes wrong, as often as leaves time to do some work between.
    pub const STORM: Faults = Faults {
        away: 20,
        refused: 600,
        unheard: 300,
        open: 300,
        doom: 200,
        kill: 25,
        pause: 100,
        rebalance: 80,
        lag: 600,
        registry: 10,
    };

    /// Commits fail often, and nothing else goes wrong.
    pub const REFUSALS: Faults = Faults { refused: 5_000, ..Faults::NONE };
}

/// A bug of the log; a simulation that does not find it proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// A commit with a stale generation is accepted.
    NoFencing,
    /// Offsets move after the commit, not with it.
    OffsetsOutside,
    /// A successor does not wait for what its predecessor has under way.
    StaleView,
}
