//! How much memory processes hold, as the kernel counts it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// From here on a process has all that it ever builds once.
const WARM: Duration = Duration::from_secs(60);
/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// The resident memory of one process.
pub(super) struct Memory {
    name: String,
    pid: u32,
    born: Instant,
    looked: Instant,
    /// After a minute, KiB.
    warm: Option<u64>,
    /// When last looked at, KiB.
    last: u64,
}

impl Memory {
    pub(super) fn of(name: &str, pid: u32) -> Memory {
        let now = Instant::now();
        Memory { name: name.to_owned(), pid, born: now, looked: now, warm: None, last: 0 }
    }

    /// Looks, if it is time.
    pub(super) fn look(&mut self) {
        if self.looked.elapsed() < PAUSE {
            return;
        }
        self.looked = Instant::now();
        // A process that has just ended keeps what was seen last.
        let Some(resident) = resident_kib(self.pid) else { return };
        self.last = resident;
        if self.born.elapsed() >= WARM {
            self.warm.get_or_insert(resident);
        }
    }

    /// For the report; `warm_mb` is null for a process that lived less than a minute.
    pub(super) fn report(&self) -> Value {
        let mb = |kib: u64| (kib as f64 / 102.4).round() / 10.0;
        json!({
            "process": self.name,
            "lived_s": self.looked.duration_since(self.born).as_secs(),
            "warm_mb": self.warm.map(mb),
            "end_mb": mb(self.last),
        })
    }
}

/// Resident memory, KiB; `None`: there is no such process, or no `/proc`.
fn resident_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_holds_memory_and_one_that_is_not_there_none() {
        assert!(resident_kib(std::process::id()).is_some_and(|kib| kib > 1_000));
        assert_eq!(resident_kib(u32::MAX), None);
    }
}
