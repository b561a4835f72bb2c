//! Time on a host: the device's since its boot, and waits.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant as Moment};

use async_io::Timer;
use landfall_core::time::Instant;

use crate::http;
use crate::runtime::Clock;

/// Milliseconds since this clock was first read, or since the last [`reboot`](Self::reboot); good for a
/// `static`.
#[derive(Debug, Default)]
pub struct HostClock {
    began: OnceLock<Moment>,
    booted_ms: AtomicU64,
}

impl HostClock {
    /// A clock that has not begun.
    pub const fn new() -> Self {
        Self {
            began: OnceLock::new(),
            booted_ms: AtomicU64::new(0),
        }
    }

    /// The device boots again: its time begins anew.
    pub fn reboot(&self) {
        self.booted_ms.store(self.elapsed_ms(), Ordering::Relaxed);
    }

    fn began(&self) -> Moment {
        *self.began.get_or_init(Moment::now)
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.began().elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Clock for HostClock {
    fn now(&self) -> Instant {
        let booted_ms = self.booted_ms.load(Ordering::Relaxed);
        Instant::from_ms(self.elapsed_ms().saturating_sub(booted_ms))
    }

    async fn sleep_until(&self, at: Instant) {
        let booted_ms = self.booted_ms.load(Ordering::Relaxed);
        let since_began = Duration::from_millis(booted_ms.saturating_add(at.as_ms()));
        match self.began().checked_add(since_began) {
            Some(moment) => drop(Timer::at(moment).await),
            None => std::future::pending().await,
        }
    }
}

impl http::Timer for HostClock {
    async fn sleep_ms(&self, ms: u32) {
        Timer::after(Duration::from_millis(u64::from(ms))).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_begins_anew_with_a_boot() {
        let clock = HostClock::new();
        let second = Instant::from_ms(20);
        async_io::block_on(clock.sleep_until(second));
        assert!(clock.now() >= second);
        clock.reboot();
        let booted = clock.now();
        async_io::block_on(clock.sleep_until(booted.plus_ms(1)));
        assert!(clock.now() > booted);
    }
}
