//! Slows down those who guess passwords: after five failures in a minute from one address it is
//! not asked again for the rest of that minute, not even with the right one.
//!
//! All doors of a device that take a password share one of these.

use core::cell::Cell;
use core::net::IpAddr;

use landfall_core::time::Instant;

/// Failures in [`LOGIN_WINDOW_MS`] that close the door.
pub const LOGIN_FAILURES_MAX: usize = 5;
/// How long a failure counts, by the device's clock.
pub const LOGIN_WINDOW_MS: u64 = 60_000;
/// Addresses that are remembered; the one that failed longest ago makes room.
pub const LOGIN_ADDRESSES_MAX: usize = 8;

/// The failures of late.
#[derive(Debug)]
pub struct Limiter {
    entries: Cell<[Option<Entry>; LOGIN_ADDRESSES_MAX]>,
}

/// One address, and when it failed, the latest first.
#[derive(Clone, Copy, Debug)]
struct Entry {
    address: IpAddr,
    failures: [Option<Instant>; LOGIN_FAILURES_MAX],
}

impl Limiter {
    /// One that has seen nothing.
    pub const fn new() -> Self {
        Self {
            entries: Cell::new([None; LOGIN_ADDRESSES_MAX]),
        }
    }

    /// For how many more seconds (at least 1) that address is not asked; none: it may try.
    pub fn shut_for_s(&self, address: IpAddr, now: Instant) -> Option<u32> {
        let entries = self.entries.get();
        let entry = entries.iter().flatten().find(|e| e.address == address)?;
        let oldest = entry.failures[LOGIN_FAILURES_MAX - 1]?;
        let left_ms = LOGIN_WINDOW_MS.checked_sub(now.ms_since(oldest))?;
        // At most 60, so it fits.
        Some(left_ms.div_ceil(1000).max(1) as u32)
    }

    /// Remembers a failure.
    pub fn failed(&self, address: IpAddr, now: Instant) {
        let mut entries = self.entries.get();
        let slot = slot_for(&entries, address);
        let mut entry = entries[slot]
            .filter(|entry| entry.address == address)
            .unwrap_or(Entry {
                address,
                failures: [None; LOGIN_FAILURES_MAX],
            });
        entry.failures.rotate_right(1);
        entry.failures[0] = Some(now);
        entries[slot] = Some(entry);
        self.entries.set(entries);
    }
}

impl Default for Limiter {
    fn default() -> Self {
        Self::new()
    }
}

/// Its own, a free one, or that of the address that failed longest ago.
fn slot_for(entries: &[Option<Entry>], address: IpAddr) -> usize {
    let own = |entry: &Option<Entry>| entry.is_some_and(|e| e.address == address);
    entries.iter().position(own).unwrap_or_else(|| {
        let last = |i: &usize| entries[*i].and_then(|entry| entry.failures[0]);
        (0..entries.len()).min_by_key(last).unwrap_or(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv4Addr;

    fn address(n: u8) -> IpAddr {
        Ipv4Addr::new(10, 0, 0, n).into()
    }

    #[test]
    fn five_failures_in_a_minute_shut_the_door_until_the_first_is_a_minute_old() {
        let limiter = Limiter::new();
        for s in 0..5 {
            let now = Instant::from_ms(s * 1000);
            assert_eq!(limiter.shut_for_s(address(1), now), None);
            limiter.failed(address(1), now);
        }
        let shut = |ms| limiter.shut_for_s(address(1), Instant::from_ms(ms));
        assert_eq!(shut(4_000), Some(56));
        assert_eq!(shut(60_000), Some(1));
        assert_eq!(shut(60_001), None);
        assert_eq!(
            limiter.shut_for_s(address(2), Instant::from_ms(4_000)),
            None
        );
    }

    #[test]
    fn more_addresses_than_fit_push_out_the_one_that_failed_longest_ago() {
        let limiter = Limiter::new();
        for n in 0..LOGIN_ADDRESSES_MAX as u8 {
            for _ in 0..5 {
                limiter.failed(address(n), Instant::from_ms(u64::from(n)));
            }
        }
        limiter.failed(address(100), Instant::from_ms(50));
        let shut = |n| limiter.shut_for_s(address(n), Instant::from_ms(60));
        assert_eq!(shut(0), None);
        assert!(shut(1).is_some());
        assert_eq!(shut(100), None);
    }
}
