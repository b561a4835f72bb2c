//! With the portal: whoever holds the phone says which network it is.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use esp_hal::timer::timg::TimerGroup;
use landfall_core::event::Event;
use landfall_esp::{Landfall, Parts, Wifi, crash, init_heap};

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
    device.portal().expect("once");
    device.console_on_usb(chip.USB_DEVICE).expect("once");
    spawner.spawn(work(device.wifi).expect("once"));
}

/// The program's own: it goes to work with the address, and rests without one.
#[embassy_executor::task]
async fn work(wifi: Wifi) {
    let mut events = wifi.subscribe(8).expect("not none");
    loop {
        if let Event::StaGotIp { ip } = events.next().await.event {
            log::info!("at work as {ip}");
        }
    }
}
