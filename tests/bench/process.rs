//! The parts of a bench run as processes of their own, as in production: each is this very program in another role.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use runtime::Service;

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

/// Lets a service run until the standard input ends.
pub(crate) fn run_until_told(service: Service) {
    let told = told_to_end();
    while !told.load(Relaxed) && !service.ended() {
        std::thread::sleep(Duration::from_millis(20));
    }
    service.stop().expect("it drains");
}

/// The median; the values are sorted.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
