//! The figures of captured fares are checked when they are read.

use kernel::Rules;

use crate::Policy;

#[track_caller]
fn wrong(of: &str, with: &str) -> String {
    assert!(crate::BUILT_IN.contains(of), "{of}");
    Policy::parse(&crate::BUILT_IN.replace(of, with)).err().unwrap_or_default()
}

#[test]
fn whatever_is_wrong_is_named() {
    let told = wrong("route_bps = 2_000", "route_bps = 10_001");
    assert_eq!(told, "capture.route_bps is 10001: it must lie in 0 to 10000");
    let told = wrong("wait_most = 2_000", "wait_most = -1");
    assert_eq!(told, "capture.wait_most is -1: it must lie in 0 to 1000000");
    let told = wrong("mon = [7, 8, 16, 17, 18]", "mon = [24]");
    assert_eq!(told, "peak.mon is 24: it must lie in 0 to 23");
    // Whoever leaves at a higher level than he enters would flicker.
    let told = wrong("surge_leave_bps = 1_000", "surge_leave_bps = 2_001");
    assert_eq!(told, "peak.surge_leave_bps is 2001: it must lie in 1 to 2000");
    assert!(wrong("no_show = 500", "").contains("no_show"));
}
