//! Time, as embassy's driver for the chip has it.

use embassy_time::{Duration, Timer};
use landfall_core::time::Instant;
use landfall_device::http;
use landfall_device::runtime::Clock;

/// The clock of every chip that embassy runs on: it starts when the chip does.
#[derive(Clone, Copy, Debug, Default)]
pub struct EmbassyClock;

impl Clock for EmbassyClock {
    fn now(&self) -> Instant {
        Instant::from_ms(embassy_time::Instant::now().as_millis())
    }

    async fn sleep_until(&self, at: Instant) {
        Timer::at(embassy_time::Instant::from_millis(at.as_ms())).await;
    }
}

impl http::Timer for EmbassyClock {
    async fn sleep_ms(&self, ms: u32) {
        Timer::after(Duration::from_millis(u64::from(ms))).await;
    }
}
