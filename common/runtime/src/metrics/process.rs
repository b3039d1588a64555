//! What the operating system says of this process. Where there is no `/proc`, nothing is said.

use std::fs;

/// Clock ticks a second in `/proc/self/stat`: Linux has fixed it for user space (`USER_HZ`, man 5 proc).
const TICKS: f64 = 100.0;

/// The process as of now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Process {
    /// Processor time, user and system, seconds.
    pub(crate) cpu_s: f64,
    /// Resident memory, bytes.
    pub(crate) resident: u64,
    /// Threads.
    pub(crate) threads: u64,
    /// Open file descriptors.
    pub(crate) open: u64,
    /// Most that may be open, if there is a limit.
    pub(crate) open_most: Option<u64>,
    /// Start, seconds since 1970.
    pub(crate) started_s: f64,
}

impl Process {
    /// Reads it.
    pub(crate) fn read() -> Option<Process> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        // The name, in brackets, may hold blanks and brackets itself; the third field follows its last bracket.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3).and_then(|field| field.parse::<u64>().ok());
        let ticks = field(14)?.saturating_add(field(15)?);
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next());
        let limits = fs::read_to_string("/proc/self/limits").ok()?;
        let most = limits.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next());
        let booted = fs::read_to_string("/proc/stat").ok()?;
        let booted = booted.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse::<u64>().ok())?;
        Some(Process {
            cpu_s: ticks as f64 / TICKS,
            resident: resident?.parse::<u64>().ok()?.saturating_mul(1_024),
            threads: field(20)?,
            // One is the folder itself.
            open: (fs::read_dir("/proc/self/fd").ok()?.count() as u64).saturating_sub(1),
            open_most: most.and_then(|most| most.parse().ok()),
            started_s: booted as f64 + field(22)? as f64 / TICKS,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_has_memory_and_a_start_in_the_past() {
        let process = Process::read().unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        assert!(process.resident > 1 << 20 && process.open >= 3 && process.threads >= 1, "{process:?}");
        assert!((now - 86_400.0..=now + 1.0).contains(&process.started_s), "{process:?} at {now}");
    }
}
