//! The allocator of every process that uses the runtime: records are made and dropped by the million, in other threads than those
//! that made them.
#![allow(unsafe_code)] // An option of the allocator can be set through its C interface only.

use libmimalloc_sys::{mi_option_get, mi_option_set, mi_option_t};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` of mimalloc 3, which the binding does not name.
const PURGE_DELAY: mi_option_t = 15;
/// Milliseconds. What a transaction frees the next one takes again: given back every second, which is the default, the system clears
/// each page anew.
const KEPT: i64 = 60_000;
/// Its default: where another stands, the option has another number, or somebody set it.
const DEFAULT: i64 = 1_000;

/// Keeps freed memory for the next transaction.
pub(crate) fn keep_freed() {
    // SAFETY: the calls read and set a number, and may be made at any time from any thread.
    unsafe {
        if mi_option_get(PURGE_DELAY) == DEFAULT {
            mi_option_set(PURGE_DELAY, KEPT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_has_the_number_that_we_think() {
        // SAFETY: as above.
        assert_eq!(unsafe { mi_option_get(PURGE_DELAY) }, DEFAULT);
        keep_freed();
        // SAFETY: as above.
        assert_eq!(unsafe { mi_option_get(PURGE_DELAY) }, KEPT);
    }
}
