//! Slows down those who guess the password: after three wrong ones in a minute nobody is let in for
//! another minute. There is one client at a time, so one count serves for all addresses.

use core::cell::Cell;

use landfall_core::time::Instant;

/// Wrong passwords in [`LOGIN_WINDOW_MS`] that shut the door.
pub const LOGIN_FAILURES_MAX: usize = 3;
/// How long a wrong password counts, by the device's clock.
pub const LOGIN_WINDOW_MS: u64 = 60_000;
/// How long the door stays shut, by the device's clock.
pub const SHUT_MS: u64 = 60_000;

/// The wrong passwords of late. It outlives connections, and runs of the server.
#[derive(Debug, Default)]
pub struct Guard {
    /// The latest first.
    failures: Cell<[Option<Instant>; LOGIN_FAILURES_MAX]>,
    shut_since: Cell<Option<Instant>>,
}

impl Guard {
    /// One that has seen nothing.
    pub const fn new() -> Self {
        Self {
            failures: Cell::new([None; LOGIN_FAILURES_MAX]),
            shut_since: Cell::new(None),
        }
    }

    /// For how many more seconds (at least 1) nobody is let in; none: the door is open.
    pub fn shut_for_s(&self, now: Instant) -> Option<u32> {
        let since = self.shut_since.get()?;
        let left_ms = SHUT_MS
            .checked_sub(now.ms_since(since))
            .filter(|ms| *ms > 0)?;
        // At most 60, so it fits.
        Some(left_ms.div_ceil(1000) as u32)
    }

    /// Remembers a wrong password.
    pub fn failed(&self, now: Instant) {
        let mut failures = self.failures.get();
        failures.rotate_right(1);
        failures[0] = Some(now);
        let oldest = failures[LOGIN_FAILURES_MAX - 1];
        if oldest.is_some_and(|at| now.ms_since(at) <= LOGIN_WINDOW_MS) {
            self.shut_since.set(Some(now));
            failures = [None; LOGIN_FAILURES_MAX];
        }
        self.failures.set(failures);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::from_ms(ms)
    }

    #[test]
    fn three_wrong_passwords_in_a_minute_shut_the_door_for_one() {
        let guard = Guard::new();
        for ms in [0, 30_000] {
            guard.failed(at(ms));
            assert_eq!(guard.shut_for_s(at(ms)), None);
        }
        guard.failed(at(60_000));
        assert_eq!(guard.shut_for_s(at(60_000)), Some(60));
        assert_eq!(guard.shut_for_s(at(119_999)), Some(1));
        assert_eq!(guard.shut_for_s(at(120_000)), None);
        // The count begins anew.
        guard.failed(at(120_000));
        guard.failed(at(120_001));
        assert_eq!(guard.shut_for_s(at(120_001)), None);
    }

    #[test]
    fn wrong_passwords_that_are_further_apart_do_not() {
        let guard = Guard::new();
        for ms in [0, 40_000, 80_000, 120_001] {
            guard.failed(at(ms));
            assert_eq!(guard.shut_for_s(at(ms)), None, "{ms}");
        }
    }
}
