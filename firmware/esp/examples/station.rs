//! Station only: somebody else's program, which joins a network and goes on with its own.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_time::Timer;
use esp_hal::timer::timg::TimerGroup;
use landfall_core::config::Mode;
use landfall_core::net::{Security, Ssid};
use landfall_esp::{Landfall, Parts, crash, init_heap};

esp_bootloader_esp_idf::esp_app_desc!();

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    crash::restart_after(info)
}

#[esp_rtos::main]
async fn main(spawner: Spawner) {
    let chip = esp_hal::init(esp_hal::Config::default());
    init_heap();
    esp_rtos::start(TimerGroup::new(chip.TIMG0).timer0, chip.FROM_CPU_INTR0);
    let parts = Parts {
        wifi: chip.WIFI,
        flash: chip.FLASH,
        rtc: chip.RTC_TIMER,
    };
    let device = Landfall::start(spawner, parts)
        .await
        .expect("a radio and a store");
    device.wifi.set_mode(Mode::Sta).await.expect("it runs");
    let ssid = Ssid::new(b"HomeNetwork").expect("1 to 32 bytes");
    let security = Security::from_password(b"Password2").expect("8 to 63 characters");
    // Joined once, the network is known: from then on the device joins it by itself at every start.
    while device
        .wifi
        .sta_connect(&ssid, security.clone())
        .await
        .is_err()
    {
        Timer::after_secs(10).await;
    }
    spawner.spawn(work().expect("once"));
}

/// The program's own.
#[embassy_executor::task]
async fn work() {
    loop {
        Timer::after_secs(1).await;
    }
}
