//! The firmware: everything a device has, on a board.
#![no_std]
#![no_main]

use core::panic::PanicInfo;

use embassy_executor::Spawner;
use esp_hal::clock::CpuClock;
use esp_hal::gpio::Pin;
use esp_hal::timer::timg::TimerGroup;
use landfall_esp::{Landfall, Parts, crash, init_heap, step};

esp_bootloader_esp_idf::esp_app_desc!();

/// How often a step is taken that nothing but `NET:JITTER` sees, in microseconds.
const STEP_US: u32 = 1_000;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    crash::restart_after(info)
}

#[esp_rtos::main]
async fn main(spawner: Spawner) {
    let chip = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
    init_heap();
    esp_rtos::start(TimerGroup::new(chip.TIMG0).timer0, chip.FROM_CPU_INTR0);
    let parts = Parts {
        wifi: chip.WIFI,
        flash: chip.FLASH,
        rtc: chip.RTC_TIMER,
    };
    let device = match Landfall::start(spawner, parts).await {
        Ok(device) => device,
        Err(error) => crash::give_up(&error).await,
    };
    #[cfg(feature = "esp32c3")]
    let (rx, tx) = (chip.GPIO20.degrade(), chip.GPIO21.degrade());
    #[cfg(feature = "esp32c6")]
    let (rx, tx) = (chip.GPIO17.degrade(), chip.GPIO16.degrade());
    #[cfg(feature = "esp32")]
    let (rx, tx) = (chip.GPIO3.degrade(), chip.GPIO1.degrade());
    #[cfg(feature = "esp32s3")]
    let (rx, tx) = (chip.GPIO44.degrade(), chip.GPIO43.degrade());
    device.console_on_uart(chip.UART0, rx, tx).expect("once");
    #[cfg(not(feature = "esp32"))]
    device.console_on_usb(chip.USB_DEVICE).expect("once");
    device.led(chip.RMT).expect("once");
    device.button().expect("once");
    device.portal().expect("once");
    #[cfg(feature = "config-server")]
    device.config_server().expect("once");
    #[cfg(feature = "web-repl")]
    device.web_repl().expect("once");
    #[cfg(feature = "mqtt")]
    device.mqtt().expect("once");
    #[cfg(feature = "fleet")]
    device.fleet().expect("once");
    let timer = TimerGroup::new(chip.TIMG1).timer0;
    step::start(timer, chip.FROM_CPU_INTR2, None, STEP_US).expect("once");
}
