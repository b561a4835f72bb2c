//! The clock of a simulated device: that of its air, counted from its own boot.

use std::sync::atomic::{AtomicU64, Ordering};

use async_io::Timer;
use landfall_core::time::Instant;
use landfall_device::runtime::Clock;
use landfall_sim::clock::ScaledClock;

/// Milliseconds of the air since the device booted.
#[derive(Debug)]
pub struct DeviceClock {
    air: ScaledClock,
    booted_ms: AtomicU64,
}

impl DeviceClock {
    /// A device on that air that boots now.
    pub fn new(air: ScaledClock) -> Self {
        let booted_ms = AtomicU64::new(air.now_ms());
        Self { air, booted_ms }
    }

    /// The device boots again.
    pub fn reboot(&self) {
        self.booted_ms.store(self.air.now_ms(), Ordering::Relaxed);
    }
}

impl Clock for DeviceClock {
    fn now(&self) -> Instant {
        let booted_ms = self.booted_ms.load(Ordering::Relaxed);
        Instant::from_ms(self.air.now_ms().saturating_sub(booted_ms))
    }

    async fn sleep_until(&self, at: Instant) {
        let booted_ms = self.booted_ms.load(Ordering::Relaxed);
        let moment = booted_ms.saturating_add(at.as_ms());
        Timer::at(self.air.real_moment(moment)).await;
    }
}
