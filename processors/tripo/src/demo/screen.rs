//! Progress that a person understands: one block, drawn over on a terminal; else a line now and then.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use devkit::calendar;
use devkit::world::Tally;
use kernel::Millis;

use super::figures::{Figures, minutes, ms};

/// What is shown.
pub(super) struct Status<'a> {
    pub(super) now: Millis,
    pub(super) utc_offset_minutes: i32,
    pub(super) elapsed: Duration,
    pub(super) tally: Tally,
    pub(super) figures: &'a Figures,
    /// Records parked; `None`: this process cannot know.
    pub(super) parked: Option<u64>,
    pub(super) speed: u32,
    pub(super) note: String,
}

/// Standard output.
pub(super) struct Screen {
    terminal: bool,
    drawn: usize,
    /// When it was last shown, with event time and pings until then.
    last: Option<(Instant, Millis, u64)>,
}

impl Screen {
    pub(super) fn new() -> Screen {
        Screen { terminal: std::io::stdout().is_terminal(), drawn: 0, last: None }
    }

    /// Whether it is time to show something.
    pub(super) fn due(&self, now: bool) -> bool {
        let pause = if self.terminal { Duration::from_secs(1) } else { Duration::from_secs(5) };
        now || self.last.is_none_or(|(at, ..)| at.elapsed() >= pause)
    }

    pub(super) fn show(&mut self, status: &Status<'_>) {
        let (at, event, pings) = self.last.unwrap_or((Instant::now() - status.elapsed, status.now, 0));
        let seconds = at.elapsed().as_secs_f64().max(0.001);
        let pace = status.now.since(event).0 as f64 / 1_000.0 / seconds;
        let rate = status.tally.pings.saturating_sub(pings) as f64 / seconds;
        self.last = Some((Instant::now(), status.now, status.tally.pings));
        let (figures, tally) = (status.figures, &status.tally);
        let eta = |share| minutes(Duration::from_millis(figures.eta_ms.quantile(share)));
        let latency = |share| ms(figures.latency_us.quantile(share));
        let lines = [
            format!(
                "{}   {pace:.0} x real time ({} x asked)   running {}",
                calendar::show(status.now, status.utc_offset_minutes),
                status.speed,
                minutes(status.elapsed)
            ),
            format!(
                "requests {}   matched {}   waiting {}   driven {}   expired {}{}",
                tally.asked,
                figures.matched,
                figures.waiting(),
                figures.completed,
                figures.expired,
                status.parked.map(|parked| format!("   parked {parked}")).unwrap_or_default()
            ),
            format!(
                "pickup ETA median {} p99 {}   decision latency p50 {} ms p99 {} ms   pings {rate:.0}/s",
                eta(0.5),
                eta(0.99),
                latency(0.5),
                latency(0.99)
            ),
            status.note.clone(),
        ];
        self.draw(&lines);
    }

    /// Prints a line that stays: the block goes on below it.
    pub(super) fn say(&mut self, line: &str) {
        let mut out = std::io::stdout().lock();
        let up = if self.drawn > 0 { format!("\x1b[{}A\x1b[J", self.drawn) } else { String::new() };
        self.drawn = 0;
        // Nobody may be reading; the demonstration goes on.
        drop(out.write_all(format!("{up}{line}\n").as_bytes()).and_then(|()| out.flush()));
    }

    fn draw(&mut self, lines: &[String]) {
        let mut out = std::io::stdout().lock();
        let mut text = String::new();
        if self.terminal {
            if self.drawn > 0 {
                text += &format!("\x1b[{}A", self.drawn);
            }
            for line in lines {
                // Cut before the edge: a wrapped line would break the redrawing.
                let cut: String = line.chars().take(118).collect();
                text += &format!("\x1b[2K{cut}\n");
            }
            self.drawn = lines.len();
        } else {
            let filled: Vec<&str> = lines.iter().map(String::as_str).filter(|line| !line.is_empty()).collect();
            text = filled.join("   ") + "\n";
        }
        // Nobody may be reading; the demonstration goes on.
        drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
    }
}
