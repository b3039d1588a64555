//! Said against done.

use std::fmt;
use std::ops::Range;

use pricing::allocate::{Action, Span};

use super::scenario::Scenario;
use super::world::run;

/// A mean that is further from zero than so many of its standard errors has a sign.
const CLEAR: f64 = 2.5;
/// Effects with a sign without which nothing is said of signs.
const SIGNED: u64 = 5;
const NAMES: [&str; 3] = ["served", "wait", "margin"];

/// How often what was said came true; of each of served, wait and margin.
#[derive(Default)]
pub(super) struct Verdict {
    scenarios: u64,
    seeds: u64,
    /// Scenarios with a sign, and those of them in which it was said.
    signed: [(u64, u64); 3],
    /// Scenarios whose realised mean lies in the interval; all count, those without a sign too.
    covered: [u64; 3],
    /// Sums over scenarios of said times done, and of the squares of both: how near they lie to one line through zero.
    sums: [(f64, f64, f64); 3],
}

impl fmt::Display for Verdict {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} scenarios, {} paired runs", self.scenarios, self.seeds)?;
        for (at, name) in NAMES.iter().enumerate() {
            let ((signed, right), (product, said, done)) = (self.signed[at], self.sums[at]);
            let part = |of: u64, all: u64| of as f64 * 100.0 / all.max(1) as f64;
            write!(
                to,
                "; {name}: sign right in {:.0} % of {signed} that have one, interval covers in {:.0} %, correlation {:.2}, slope {:.2}",
                part(right, signed),
                part(self.covered[at], self.scenarios),
                product / (said * done).sqrt().max(1e-9),
                product / said.max(1e-9),
            )?;
        }
        Ok(())
    }
}

impl Verdict {
    /// The interval met in four of five, of served, wait and margin each; and the sign right, of these.
    #[track_caller]
    pub(super) fn holds(&self, signs: &[&str]) {
        self.signs(signs);
        for (at, name) in NAMES.iter().enumerate() {
            assert!(self.covered[at] * 5 >= self.scenarios * 4, "{name}: {self}");
        }
    }

    /// The sign right in four of five, of these.
    #[track_caller]
    pub(super) fn signs(&self, signs: &[&str]) {
        for (at, name) in NAMES.iter().enumerate() {
            let (signed, right) = self.signed[at];
            assert!(signed >= SIGNED, "{name}: too few effects have a sign: {self}");
            assert!(right * 5 >= signed * 4 || !signs.contains(name), "{name}: {self}");
        }
    }
}

/// Judges each scenario by paired runs, that differ by the action alone; on two threads.
pub(super) fn judge(numbers: Range<u64>, seeds: u64, scenario: impl Fn(u64) -> Scenario + Sync) -> Verdict {
    let half = |odd: u64| {
        let mut verdict = Verdict::default();
        numbers.clone().filter(|number| number % 2 == odd).for_each(|number| verdict.add(&scenario(number), seeds));
        verdict
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| half(1));
        let mut verdict = half(0);
        verdict.join(&other.join().unwrap());
        verdict
    })
}

impl Verdict {
    fn add(&mut self, scenario: &Scenario, seeds: u64) {
        let said = scenario.said;
        let said = [scaled(said.served, 1e-3), scaled(said.wait_ms, 1.0), scaled(said.margin, 1.0)];
        let done = realised(scenario, &[scenario.action], seeds);
        self.scenarios += 1;
        self.seeds += seeds;
        for at in 0..NAMES.len() {
            let ((mean, error), (low, mid, high)) = (done[at], said[at]);
            if mean.abs() > CLEAR * error {
                self.signed[at].0 += 1;
                self.signed[at].1 += u64::from(mean * mid > 0.0);
            }
            self.covered[at] += u64::from((low..=high).contains(&mean));
            let sums = &mut self.sums[at];
            *sums = (sums.0 + mean * mid, sums.1 + mid * mid, sums.2 + mean * mean);
            if std::env::var("SUPPLY_SHOW").is_ok() {
                eprintln!(
                    "{} {:?} {}: said {low:.2} {mid:.2} {high:.2}, done {mean:.2} +- {error:.2}",
                    scenario.name, scenario.action, NAMES[at]
                );
            }
        }
    }

    fn join(&mut self, other: &Verdict) {
        self.scenarios += other.scenarios;
        self.seeds += other.seeds;
        for at in 0..NAMES.len() {
            self.signed[at].0 += other.signed[at].0;
            self.signed[at].1 += other.signed[at].1;
            self.covered[at] += other.covered[at];
            let (sums, more) = (&mut self.sums[at], other.sums[at]);
            *sums = (sums.0 + more.0, sums.1 + more.1, sums.2 + more.2);
        }
    }
}

fn scaled(span: Span, by: f64) -> (f64, f64, f64) {
    (span.low as f64 * by, span.mid as f64 * by, span.high as f64 * by)
}

/// The mean difference over so many seeds, with its standard error. As many for each scenario, whatever they say: to stop where a sign is seen
/// would be to choose the lucky ones.
pub(super) fn realised(scenario: &Scenario, actions: &[Action], seeds: u64) -> [(f64, f64); 3] {
    let mut sums = [(0.0, 0.0); 3];
    for seed in 0..seeds {
        let instance = (scenario.seed)(seed, actions);
        let run = |sent| run(&instance.riders, &instance.drivers, sent, scenario.end_ms);
        let (with, without) = (run(&instance.sent), run(&[]));
        let margin = with.margin - without.margin - instance.paid;
        let differences = [with.served - without.served, with.wait_ms - without.wait_ms, margin];
        for (sum, difference) in sums.iter_mut().zip(differences) {
            *sum = (sum.0 + difference, sum.1 + difference * difference);
        }
    }
    let count = seeds as f64;
    sums.map(|(sum, squares)| {
        let mean = sum / count;
        (mean, ((squares / count - mean * mean).max(0.0) / (count - 1.0)).sqrt())
    })
}
