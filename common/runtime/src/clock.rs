//! A market's clock: the watermark that decisions know as `now`.
//!
//! It moves on by the event time of records and, where time is alive, by elapsed time while every input is read to its
//! end. How far ahead a record may lie is measured against the broker's own time stamp, which no producer chooses, so
//! that neither a wrong clock at the edge nor the order in which topics are read can move it. Where time is replayed, a tick
//! says how event time and broker time belong together; before a market's first tick there is nothing to measure against.

use kernel::{Millis, contract::ClockKept};

/// Who moves the time of a market.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Time {
    /// Real time: `now` moves on by itself.
    Live,
    /// Records alone, `market.ticked` among them, at about this many seconds of event time a second: replay, benches.
    Log {
        /// Event seconds a second.
        speed: u32,
    },
}

/// How far ahead of the watermark a record may lie (law: 5 s).
const AHEAD: Millis = Millis(5_000);

/// The clock of one market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The watermark.
    pub now: Millis,
    /// Number of the newest turn.
    pub turn: i64,
    anchor: Option<Anchor>,
}

/// The first tick: its event time, and when the broker stored it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Anchor {
    at: Millis,
    appended: Millis,
}

impl Clock {
    /// Starts at the market's first record.
    pub fn start(time: Time, at: Millis, appended: Millis) -> Clock {
        // A live market starts at the broker's time: a first record with a time long past must not stop the others.
        let now = if time == Time::Live { appended } else { at };
        Clock { now, turn: 0, anchor: None }
    }

    /// Goes on where the clock was kept last; see [`Clock::told`] for what came since.
    pub fn restore(kept: &ClockKept) -> Clock {
        let anchor = Anchor { at: Millis(kept.anchor_at), appended: Millis(kept.anchor_appended) };
        let ticked = kept.anchor_appended != 0;
        Clock { now: Millis(kept.now), turn: kept.turn, anchor: ticked.then_some(anchor) }
    }

    /// What must be kept to go on from here.
    pub fn keep(&self) -> ClockKept {
        let (anchor_at, anchor_appended) = self.anchor.map_or((0, 0), |anchor| (anchor.at.0, anchor.appended.0));
        ClockKept { now: self.now.0, turn: self.turn, anchor_at, anchor_appended }
    }

    /// The clock as it stands with turn `number` taken.
    pub(crate) fn at_turn(self, number: i64) -> Clock {
        Clock { turn: number, ..self }
    }

    /// The latest event time that a record stored at `appended` may carry.
    pub fn ceiling(&self, time: Time, appended: Millis) -> Millis {
        match time {
            Time::Live => appended.plus(AHEAD),
            Time::Log { speed } => {
                let Some(anchor) = self.anchor else { return Millis(i64::MAX) };
                let speed = i64::from(speed.max(1));
                let elapsed = appended.since(anchor.appended).0.max(0);
                let moved = anchor.at.plus(Millis(elapsed.saturating_mul(speed)));
                moved.max(self.now).plus(Millis(AHEAD.0.saturating_mul(speed)))
            }
        }
    }

    /// Whether it is known how event time and broker time belong together.
    pub(crate) fn ticked(&self) -> bool {
        self.anchor.is_some()
    }

    /// Moves the watermark on to `at`; never back.
    pub fn reach(&mut self, at: Millis) {
        self.now = self.now.max(at);
    }

    /// An own answer says when it was decided, and in which turn.
    pub(crate) fn told(&mut self, at: Millis, turn: i64) {
        self.reach(at);
        self.turn = self.turn.max(turn);
    }

    /// A tick moves the watermark too; where time is replayed the first one says what time it is, unless a turn has said so.
    pub fn tick(&mut self, time: Time, at: Millis, appended: Millis) {
        if self.anchor.is_none() {
            self.anchor = Some(Anchor { at, appended });
            if self.turn == 0 && time != Time::Live {
                self.now = at;
            }
        }
        self.reach(at);
    }
}
