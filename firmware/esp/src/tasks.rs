//! The tasks of the device: each holds its memory from the start, so that the linker counts it.

use embassy_net::Stack;
use embassy_sync::signal::Signal;
use embassy_time::Timer;
use esp_hal::rtc_cntl::Rwdt;
use esp_radio::wifi::Interface;
use landfall_core::config::{TX_POWER_DBM_DEFAULT, Warning};
use landfall_device::runtime::{BuildError, Builder, Device, FlashStorage, Restart};

use crate::flash::Flash;
use crate::lock::TaskLock;
use crate::radio::{EspRadio, set_country, set_power};
use crate::{Shared, Wifi, crash, jitter, logger, watchdog};
use landfall_embassy::address;

/// Time for the last answers to go out before a restart, in milliseconds.
const RESTART_GRACE_MS: u64 = 300;
/// The world: what every country allows.
const COUNTRY: [u8; 2] = *b"01";

/// How the start of the device went.
pub(crate) static BUILT: Signal<TaskLock, Result<(), BuildError>> = Signal::new();

/// Makes the device and runs its machine, and restarts the chip when that says so.
#[embassy_executor::task]
pub(crate) async fn run(
    builder: Builder<&'static mut FlashStorage<Flash>>,
    shared: &'static Shared,
    radio: EspRadio,
) {
    let mut warn = |warning: &Warning<'_>| log::warn!("{warning}");
    match builder.build(shared, radio, &mut warn).await {
        Ok(mut runner) => {
            BUILT.signal(Ok(()));
            let Restart = runner.run().await;
            Timer::after_millis(RESTART_GRACE_MS).await;
            crash::restart()
        }
        Err(error) => BUILT.signal(Err(error)),
    }
}

/// Moves the packets of one side.
#[embassy_executor::task(pool_size = 2)]
pub(crate) async fn net(mut runner: embassy_net::Runner<'static, Interface>) -> ! {
    runner.run().await
}

/// Prints the log.
#[embassy_executor::task]
pub(crate) async fn print_log(wifi: Wifi) -> ! {
    logger::print(wifi).await
}

/// Gives radio and log what the configuration says of them, now and when that changes.
#[embassy_executor::task]
pub(crate) async fn tune(wifi: Wifi) -> ! {
    let wanted = |device: &mut Device| {
        let services = &device.services;
        (services.country, services.tx_power_dbm, services.log_level)
    };
    let mut tuned = None;
    loop {
        let shared = wifi.shared();
        let (country, power, level) = shared
            .wait_for(|device| Some(wanted(device)).filter(|wanted| tuned != Some(*wanted)))
            .await;
        logger::set_level(level);
        if set_country(country.unwrap_or(COUNTRY)).is_err() {
            log::warn!("radio.country: the radio does not know it");
        }
        if set_power(power.unwrap_or(TX_POWER_DBM_DEFAULT)).is_err() {
            log::warn!("radio.tx_power_dbm: the radio refused it");
        }
        tuned = Some((country, power, level));
    }
}

/// Gives the access point's stack its address while the access point is up.
#[embassy_executor::task]
pub(crate) async fn follow_ap(wifi: Wifi, stack: Stack<'static>) -> ! {
    address::follow_ap(wifi, stack).await
}

/// See [`watchdog::feed`].
#[embassy_executor::task]
pub(crate) async fn watch(watchdog: Rwdt) -> ! {
    watchdog::feed(watchdog).await
}

/// Counts steps anew with each state, so that they tell of the one they are asked in.
#[embassy_executor::task]
pub(crate) async fn part_jitter(wifi: Wifi) -> ! {
    let mut counted = None;
    loop {
        let state = |device: &mut Device| device.manager().status().state;
        let entered = wifi
            .shared()
            .wait_for(|device| Some(state(device)).filter(|state| counted != Some(*state)))
            .await;
        jitter::clear();
        counted = Some(entered);
    }
}
