//! The parts of a bench run as processes of their own, as in production: each is this very program in another role.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Clock ticks a second in `/proc`, on every Linux.
const TICKS: f64 = 100.0;

/// This program in another role. It is told to end by the end of its standard input, and ends with this process.
pub(crate) struct Role(Child);

impl Role {
    /// Starts it with these arguments.
    pub(crate) fn start(arguments: &[&str]) -> Role {
        let program = std::env::current_exe().expect("this program has a path");
        let child = Command::new(program).args(arguments).stdin(Stdio::piped()).spawn();
        Role(child.expect("this program can be started again"))
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Tells it to end, and waits until it did.
    pub(crate) fn stop(mut self) {
        drop(self.0.stdin.take());
        let ended = self.0.wait();
        assert!(ended.as_ref().is_ok_and(std::process::ExitStatus::success), "{ended:?}");
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        // One that was told to end is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Set when the standard input ends.
pub(crate) fn told_to_end() -> Arc<AtomicBool> {
    let told = Arc::new(AtomicBool::new(false));
    let tell = told.clone();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        tell.store(true, Relaxed);
    });
    told
}

/// Processor time that a process has used, seconds.
pub(crate) fn cpu(id: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // The name in brackets may hold spaces; user and system time are fields 14 and 15.
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / TICKS
}

/// The median; the values are sorted.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
