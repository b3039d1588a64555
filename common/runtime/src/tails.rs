//! What a worker reads beside its work topic: the processor's tails, and the policies of all processors.

use kernel::{Need, Processor, Reach, Record, Tail, contract::PolicyChanged};

/// Policies are read to their end before anything is decided, and again before each work record is.
static POLICIES: Tail = Tail { topic: PolicyChanged::TOPIC, reach: Reach::Global, need: Need::Must, horizon: None };

/// All tails of a processor.
pub fn of<P: Processor>() -> impl Iterator<Item = &'static Tail> {
    P::TAILS.iter().chain(std::iter::once(&POLICIES))
}

/// Which tail a topic is.
pub(crate) fn find<P: Processor>(topic: &str) -> Option<&'static Tail> {
    of::<P>().find(|tail| tail.topic.name == topic)
}

/// Whether a topic is a tail that every instance reads whole.
pub(crate) fn global<P: Processor>(topic: &str) -> bool {
    find::<P>(topic).is_some_and(|tail| tail.reach == Reach::Global)
}

/// Whether a topic is a tail that must be read before a work record is decided.
pub(crate) fn must<P: Processor>(topic: &str) -> bool {
    find::<P>(topic).is_some_and(|tail| tail.need == Need::Must)
}

/// Whether a tail is what we write ourselves: read on a take-over only.
pub(crate) fn own<P: Processor>(topic: &str) -> bool {
    P::ECHOES.iter().any(|echo| echo.name == topic)
}
