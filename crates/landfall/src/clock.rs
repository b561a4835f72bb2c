//! The clock of a program on a host.

use std::sync::OnceLock;
use std::time::Duration;

use async_io::Timer;
use landfall_core::time::Instant;
use landfall_device::runtime::Clock;

/// Milliseconds since this clock was first read; good for a `static`.
#[derive(Debug, Default)]
pub struct HostClock {
    began: OnceLock<std::time::Instant>,
}

impl HostClock {
    /// A clock that has not begun.
    pub const fn new() -> Self {
        Self {
            began: OnceLock::new(),
        }
    }

    fn began(&self) -> std::time::Instant {
        *self.began.get_or_init(std::time::Instant::now)
    }
}

impl Clock for HostClock {
    fn now(&self) -> Instant {
        let ms = self.began().elapsed().as_millis();
        Instant::from_ms(u64::try_from(ms).unwrap_or(u64::MAX))
    }

    async fn sleep_until(&self, at: Instant) {
        match self.began().checked_add(Duration::from_millis(at.as_ms())) {
            Some(moment) => drop(Timer::at(moment).await),
            None => std::future::pending().await,
        }
    }
}
