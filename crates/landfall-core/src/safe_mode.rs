//! Whether the device starts in safe mode: it does after three crashes within five minutes.
//!
//! The log of crashes is kept where a reset leaves it alone (RTC memory on chips, a file on
//! Linux), in [`LOG_LEN`] bytes. Its times come from a clock that runs on over a reset (the RTC
//! timer, `CLOCK_BOOTTIME`). A power-on forgets the log, as neither memory nor clock can be trusted
//! after it; other starts that are no crash leave it as it is.

/// How many crashes bring safe mode.
pub const CRASHES: usize = 3;
/// Within which time, in milliseconds.
pub const WINDOW_MS: u64 = 5 * 60 * 1000;
/// Bytes of the stored log.
pub const LOG_LEN: usize = 2 + CRASHES * 8;

/// Marks a log of this layout.
const MAGIC: u8 = 0xc5;

/// Why the device started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResetReason {
    /// The power came.
    PowerOn,
    /// The program ended by a panic.
    Panic,
    /// A watchdog bit.
    Watchdog,
    /// Somebody asked for it.
    Asked,
    /// Anything else: a brown-out, the reset pin, a wake from sleep.
    Other,
}

impl ResetReason {
    const fn is_crash(self) -> bool {
        match self {
            Self::Panic | Self::Watchdog => true,
            Self::PowerOn | Self::Asked | Self::Other => false,
        }
    }
}

/// The last crashes, oldest first, by a clock that runs on over a reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CrashLog {
    len: u8,
    at_ms: [u64; CRASHES],
}

impl CrashLog {
    /// From what was stored; an empty log where that is not whole.
    pub fn from_bytes(bytes: &[u8; LOG_LEN]) -> Self {
        let [tag, len, times @ ..] = bytes;
        if *tag != checksum(&bytes[1..]) || usize::from(*len) > CRASHES {
            return Self::default();
        }
        let mut log = Self {
            len: *len,
            ..Self::default()
        };
        for (time, stored) in log.at_ms.iter_mut().zip(times.as_chunks().0) {
            *time = u64::from_le_bytes(*stored);
        }
        log
    }

    /// What to store.
    pub fn to_bytes(self) -> [u8; LOG_LEN] {
        let mut bytes = [0; LOG_LEN];
        bytes[1] = self.len;
        for (stored, time) in bytes[2..].as_chunks_mut().0.iter_mut().zip(self.at_ms) {
            *stored = time.to_le_bytes();
        }
        bytes[0] = checksum(&bytes[1..]);
        bytes
    }

    /// Notes this start and says whether it is to be in safe mode. Store the log before anything
    /// that could crash.
    pub fn note_start(&mut self, reason: ResetReason, clock_ms: u64) -> bool {
        if reason == ResetReason::PowerOn {
            *self = Self::default();
        }
        if !reason.is_crash() {
            return false;
        }
        self.follow_clock(clock_ms);
        self.push(clock_ms);
        usize::from(self.len) == CRASHES && clock_ms.saturating_sub(self.at_ms[0]) <= WINDOW_MS
    }

    /// Some watchdogs reset the clock too. Then the crashes before are taken as just now: a
    /// device that crashes all the time must not escape by losing its clock.
    fn follow_clock(&mut self, clock_ms: u64) {
        let newest = self.times().last().copied().unwrap_or(0);
        if newest > clock_ms {
            for time in &mut self.at_ms {
                *time = clock_ms.saturating_sub(newest.saturating_sub(*time));
            }
        }
    }

    fn push(&mut self, clock_ms: u64) {
        if usize::from(self.len) == CRASHES {
            self.at_ms.rotate_left(1);
        } else {
            self.len += 1;
        }
        self.at_ms[usize::from(self.len) - 1] = clock_ms;
    }

    fn times(&self) -> &[u64] {
        &self.at_ms[..usize::from(self.len)]
    }
}

/// Tells a written log from memory that never held one; flash and RTC memory bring their own
/// integrity.
fn checksum(bytes: &[u8]) -> u8 {
    bytes
        .iter()
        .fold(MAGIC, |sum, byte| sum.rotate_left(1) ^ byte)
}

#[cfg(test)]
mod tests {
    use super::ResetReason::{Asked, Other, Panic, PowerOn, Watchdog};
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    const S: u64 = 1000;

    /// Starts the device at these times, stored and loaded between; which were in safe mode?
    fn check(starts: &[(ResetReason, u64)], expected: &[bool]) {
        let mut stored = [0xff; LOG_LEN];
        let mut safe = Vec::new();
        for &(reason, clock_ms) in starts {
            let mut log = CrashLog::from_bytes(&stored);
            safe.push(log.note_start(reason, clock_ms));
            stored = log.to_bytes();
        }
        assert_eq!(safe, expected, "{starts:?}");
    }

    #[test]
    fn three_crashes_within_five_minutes_bring_safe_mode() {
        let no = false;
        check(
            &[(Panic, S), (Watchdog, 9 * S), (Panic, 301 * S)],
            &[no, no, true],
        );
        check(
            &[(Panic, S), (Watchdog, 9 * S), (Panic, 301 * S + 1)],
            &[no, no, no],
        );
        check(
            &[
                (Panic, S),
                (Panic, 200 * S),
                (Panic, 400 * S),
                (Panic, 450 * S),
            ],
            &[no, no, no, true],
        );
    }

    #[test]
    fn only_crashes_count_and_only_a_power_on_forgets() {
        let no = false;
        check(&[(Asked, 1), (Asked, 2), (Other, 3)], &[no, no, no]);
        check(
            &[(Panic, 1), (Asked, 2), (Panic, 3), (Panic, 4)],
            &[no, no, no, true],
        );
        check(
            &[(Panic, 1), (Panic, 2), (PowerOn, 0), (Panic, 3)],
            &[no, no, no, no],
        );
        // Asked for from safe mode, the next start is an ordinary one.
        check(
            &[(Panic, 1), (Panic, 2), (Panic, 3), (Asked, 4)],
            &[no, no, true, no],
        );
    }

    #[test]
    fn a_watchdog_that_resets_the_clock_does_not_hide_the_series() {
        check(
            &[(Panic, 90 * S), (Watchdog, S), (Watchdog, S)],
            &[false, false, true],
        );
    }

    proptest! {
        #[test]
        fn what_is_stored_is_loaded(starts: Vec<u32>) {
            let mut log = CrashLog::default();
            for at in starts {
                log.note_start(Panic, at.into());
            }
            prop_assert_eq!(CrashLog::from_bytes(&log.to_bytes()), log);
        }

        #[test]
        fn no_stored_bytes_break_a_start(bytes: [u8; LOG_LEN], clock: u64) {
            CrashLog::from_bytes(&bytes).note_start(Watchdog, clock);
            let mut tagged = bytes;
            tagged[1] %= 5;
            tagged[0] = checksum(&tagged[1..]);
            CrashLog::from_bytes(&tagged).note_start(Watchdog, clock);
        }
    }
}
