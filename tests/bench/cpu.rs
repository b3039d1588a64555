//! Processor time, as the system counts it.

/// Clock ticks a second in `/proc`, on every Linux.
const TICKS: f64 = 100.0;

/// Processor time that a process has used, seconds.
pub(crate) fn cpu(id: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // The name in brackets may hold spaces; user and system time are fields 14 and 15.
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / TICKS
}
