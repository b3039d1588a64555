//! What is counted and measured. The order is that of the names in [`crate::metrics`]; a test compares them.

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Transactions committed.
    Commits,
    /// Transactions aborted, or of unknown outcome.
    Aborts,
    /// Turns decided and committed.
    Turns,
    /// Work records that reached their fate.
    Asked,
    /// Records of tails that were decided on.
    Facts,
    /// Records that are only seen (pings, profiles), applied to the view.
    Seen,
    /// Records written by committed transactions.
    Written,
    /// Rebalances.
    Rebalances,
    /// Turns decided though a tail was not read far enough in time.
    Stale,
    /// Records that retention deleted before they were read.
    Lost,
    /// Riders whose facts were read from the store.
    RidersRead,
    /// Riders whose facts were remembered.
    RidersRemembered,
    /// Riders of whom the store said nothing in time.
    RidersUnanswered,
}

/// Bounds, each with a behaviour of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Records polled in a step.
    Polled,
    /// Work records in hand of a partition.
    AsksInHand,
    /// Facts in hand of a partition.
    FactsInHand,
    /// Poison in hand of a partition.
    ParkedInHand,
    /// Bytes in hand of a partition.
    BytesInHand,
    /// Work records taken into a transaction.
    AsksTaken,
    /// Facts taken into a transaction.
    FactsTaken,
    /// Poison taken into a transaction.
    ParkedTaken,
    /// Size of a value that is read.
    ValueBytes,
    /// Size of a record that is written.
    OutputBytes,
    /// Markets of a partition.
    Markets,
    /// Entities of a market.
    View,
    /// Remembered poison of global tails.
    PoisonGlobal,
    /// Wait for a tail that must be read.
    Patience,
    /// A transaction was halved after an abort.
    Halved,
    /// Riders that are remembered.
    RidersRemembered,
    /// Wait for the store.
    StoreDeadline,
}

/// What takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Deciding what is ready.
    Decide,
    /// Writing and committing a transaction.
    Commit,
    /// From the moment a partition is given until it decides again.
    Restore,
    /// From a work record's append to the commit of its fate.
    EndToEnd,
    /// One step of a worker.
    Step,
    /// One read of the store.
    Store,
}

/// What has a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Work records of a turn.
    TurnAsks,
    /// Facts of a turn.
    TurnFacts,
    /// Records that a turn writes.
    TurnOutputs,
    /// Records of a transaction.
    TransactionRecords,
    /// Bytes of a transaction.
    TransactionBytes,
}
