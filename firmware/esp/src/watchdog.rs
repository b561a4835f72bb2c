//! The watchdog: a device whose tasks stand still is restarted.
//!
//! The RTC's watchdog, since it runs from a clock of its own, and its reset leaves the RTC's memory alone, where the crash is
//! counted.

use embassy_time::Timer;
use esp_hal::rtc_cntl::{Rwdt, RwdtStage, RwdtStageAction};
use esp_hal::time::Duration;

/// How long the tasks may stand still, in milliseconds: erasing a whole partition and a full join of the driver stay far
/// below it.
const PATIENCE_MS: u64 = 10_000;
/// How often it is fed, in milliseconds.
const FEED_MS: u64 = 2_000;

/// Arms the watchdog and feeds it for as long as tasks run.
pub async fn feed(mut watchdog: Rwdt) -> ! {
    watchdog.enable();
    watchdog.set_stage_action(RwdtStage::Stage0, RwdtStageAction::ResetCore);
    watchdog.set_timeout(RwdtStage::Stage0, Duration::from_millis(PATIENCE_MS));
    loop {
        watchdog.feed();
        Timer::after_millis(FEED_MS).await;
    }
}
