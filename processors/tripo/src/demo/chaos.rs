//! What befalls the processes, and when: seeded, so that a run can be had again.

use std::time::{Duration, Instant};

use devkit::world::Draw;

/// What befalls a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// Killed; another takes its place at once, or after this long.
    Kill(Duration),
    /// Stopped for this long without knowing it, then it goes on.
    Pause(Duration),
    /// Asked to end; another takes its place when it has.
    Drain,
    /// One more is started.
    Add,
    /// One is asked to end, and none takes its place.
    Remove,
}

/// How often what happens.
#[derive(Clone, Copy, Debug)]
enum Rhythm {
    /// Kills alone, evenly.
    Kills(Duration),
    /// Everything, at drawn moments this far apart on average.
    All(Duration),
}

/// The next event, and when it is due.
pub(super) struct Chaos {
    rhythm: Rhythm,
    seed: u64,
    drawn: u64,
    /// Of every kind one, shuffled: each comes before one comes again.
    deck: Vec<Event>,
    next: Instant,
}

impl Chaos {
    /// Kills alone, one every so often.
    pub(super) fn kills(every: Duration) -> Chaos {
        Chaos::new(Rhythm::Kills(every), 0, every)
    }

    /// Everything, on average as far apart as `span`.
    pub(super) fn all(span: Duration, seed: u64) -> Chaos {
        Chaos::new(Rhythm::All(span), seed, span)
    }

    fn new(rhythm: Rhythm, seed: u64, first: Duration) -> Chaos {
        Chaos { rhythm, seed, drawn: 0, deck: Vec::new(), next: Instant::now() + first }
    }

    /// The event that is due at `now`, if one is.
    pub(super) fn due(&mut self, now: Instant) -> Option<Event> {
        if now < self.next {
            return None;
        }
        let (gap, event) = match self.rhythm {
            Rhythm::Kills(every) => (every, Event::Kill(Duration::ZERO)),
            // From half the span to one and a half.
            Rhythm::All(span) => (span.mul_f64(0.5 + self.draw("gap").unit()), self.deal()),
        };
        self.next = now + gap;
        Some(event)
    }

    /// One of `count`.
    pub(super) fn choose(&mut self, count: usize) -> usize {
        self.draw("whom").below(count as u64) as usize
    }

    fn deal(&mut self) -> Event {
        if self.deck.is_empty() {
            let seconds = |draw: Draw, low, high| Duration::from_millis(draw.within(low, high) as u64);
            self.deck = vec![
                Event::Kill(Duration::ZERO),
                Event::Kill(seconds(self.draw("later"), 2_000, 10_000)),
                Event::Pause(seconds(self.draw("short"), 2_000, 5_000)),
                // Beyond the session: meanwhile others take over what it believes to own.
                Event::Pause(seconds(self.draw("long"), 7_000, 15_000)),
                Event::Drain,
                Event::Add,
                Event::Remove,
            ];
        }
        let card = self.draw("card").below(self.deck.len() as u64) as usize;
        self.deck.swap_remove(card)
    }

    fn draw(&mut self, salt: &str) -> Draw {
        self.drawn += 1;
        Draw::of(self.seed, &self.drawn.to_string(), salt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_happens_before_anything_happens_again() {
        let mut chaos = Chaos::all(Duration::from_secs(8), 3);
        let mut now = Instant::now();
        for _ in 0..3 {
            let mut seen = Vec::new();
            while seen.len() < 7 {
                now += Duration::from_millis(100);
                seen.extend(chaos.due(now));
            }
            assert!(seen.contains(&Event::Kill(Duration::ZERO)) && seen.contains(&Event::Drain));
            assert!(seen.contains(&Event::Add) && seen.contains(&Event::Remove));
            assert!(seen.iter().any(|event| matches!(event, Event::Pause(span) if *span > Duration::from_secs(6))));
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_events() {
        let story = |seed| {
            let mut chaos = Chaos::all(Duration::from_secs(8), seed);
            (0..20).map(|_| format!("{:?} {}", chaos.deal(), chaos.choose(5))).collect::<Vec<_>>()
        };
        assert_eq!(story(1), story(1));
        assert_ne!(story(1), story(2));
    }
}
