//! What an audit found.

/// Sentences that are kept; every further fault is only counted.
const SENTENCES: usize = 100;

/// Which law a fault breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// A record that asks has no fate, or a sound one was parked.
    Missing,
    /// A record that asks has two fates, or a record was parked twice.
    Duplicated,
    /// A driver is in two rides at once.
    DoubleBooked,
    /// A chain breaks its grammar, an acceptance counted that must not, or an answer or an end did not count.
    Chain,
    /// A driver was offered by a market that does not own him.
    Ownership,
    /// An assignment is not what its certificate says, or is not the best.
    Certificate,
    /// What is charged is not what is given out, or lies beyond a cap; or a datum about a person counted that must not.
    Money,
    /// A decision does not follow from the turn that it names, or a turn names other records than it was decided from.
    Turn,
}

/// What the topics say, in numbers and in sentences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Records of `ride.requested`.
    pub requests: u64,
    /// Rides with at least one decision.
    pub decided: u64,
    /// Rides whose chain is open and that have no driver.
    pub waiting: u64,
    /// Rides that were assigned at least once.
    pub assigned: u64,
    /// Rides whose chain is closed.
    pub closed: u64,
    /// Rides that were driven to their end.
    pub completed: u64,
    /// Rides closed because nobody was found in time.
    pub expired: u64,
    /// Drivers' answers that named something else than the standing offer, or came too late.
    pub refused_late: u64,
    /// Requests and acceptances that were sent again and changed nothing.
    pub duplicates_refused: u64,
    /// Requests and acceptances without a fate; sound records that were parked.
    pub missing: u64,
    /// Requests and acceptances with more than one fate; records parked more than once.
    pub duplicated: u64,
    /// Offers of a driver who was in another ride, or who belonged to another market.
    pub double_booked: u64,
    /// Records that were parked.
    pub parked: u64,
    /// Of these, the records of `ride.requested`.
    pub parked_requests: u64,
    /// Decisions and records that could not be judged, for what they hang on was trimmed.
    pub unjudged: u64,
    /// Drivers handed from one market to another.
    pub released: u64,
    /// Turns recorded.
    pub turns: u64,
    /// Turns with an assignment whose certificate was checked.
    pub certificates_checked: u64,
    /// Of these, the ones that hold.
    pub certificates_valid: u64,
    /// Records of `quote.requested`.
    pub quotes: u64,
    /// Quotes with a price.
    pub quotes_priced: u64,
    /// Quotes without a price.
    pub quotes_refused: u64,
    /// Quotes that were sent again.
    pub quotes_repeated: u64,
    /// Prices with surge.
    pub quotes_surged: u64,
    /// Prices that a cap held.
    pub quotes_capped: u64,
    /// Prices for riders whom the store knew.
    pub quotes_of_known: u64,
    /// Prices that loyalty lowered.
    pub quotes_lowered: u64,
    /// What it took off in all, minor units.
    pub lowered_minor: i64,
    /// Prices without loyalty because the store did not answer.
    pub quotes_of_unanswered: u64,
    /// Facts that end a ride, where fares are captured.
    pub rides_ended: u64,
    /// Rides with a fare.
    pub fares_captured: u64,
    /// Of these, those whose quote was honoured.
    pub fares_by_quote: u64,
    /// Ends of rides without a fare.
    pub fares_refused: u64,
    /// Ends of rides that had their fare.
    pub fares_repeated: u64,
    /// Fares of which something was lost.
    pub fares_leaking: u64,
    /// Fares whose bill differs for no reason that is known.
    pub fares_unexplained: u64,
    /// What was lost by leakages, minor units.
    pub lost_minor: i64,
    /// Faults of all laws.
    pub faults: u64,
    /// The first hundred faults, one sentence each: what, which ride or driver, where it lies.
    pub sentences: Vec<String>,
    /// What the audit could not see, one sentence a topic; none when every topic is whole.
    pub notes: Vec<String>,
}

impl Verdict {
    /// Whether every law held.
    pub fn clean(&self) -> bool {
        self.faults == 0
    }

    /// Counts a fault and keeps its sentence.
    pub(super) fn blame(&mut self, law: Law, sentence: String) {
        self.faults += 1;
        match law {
            Law::Missing => self.missing += 1,
            Law::Duplicated => self.duplicated += 1,
            Law::DoubleBooked | Law::Ownership => self.double_booked += 1,
            Law::Chain | Law::Certificate | Law::Money | Law::Turn => {}
        }
        if self.sentences.len() < SENTENCES {
            self.sentences.push(sentence);
        }
    }
}
