//! What a hand and an eye meet on the board: LED and button, on the pins of the board's file, the LED on another one where
//! the configuration says so.

use embassy_executor::SpawnError;
use esp_hal::gpio::AnyPin;
use esp_hal::peripherals::RMT;

use crate::board::{BOARD, LedPin};
use crate::led::Led;
use crate::{Landfall, Wifi, button};

/// The pins that an LED or a button may be on: those that flash, UART and USB leave.
#[cfg(feature = "esp32")]
const PINS: &[u8] = &[
    0, 2, 4, 5, 12, 13, 14, 15, 18, 19, 21, 22, 23, 25, 26, 27, 32, 33,
];
#[cfg(feature = "esp32c3")]
const PINS: &[u8] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
#[cfg(feature = "esp32c6")]
const PINS: &[u8] = &[
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 15, 18, 19, 20, 21, 22, 23,
];
#[cfg(feature = "esp32s3")]
const PINS: &[u8] = &[
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 21, 38, 39, 40, 41, 42, 45,
    46, 47, 48,
];

impl Landfall {
    /// Lights the board's LED as the device stands; nothing where there is none. The firmware leaves the pins of LED and
    /// button to this and to [`button`](Self::button).
    ///
    /// # Errors
    /// It is lit already.
    pub fn led(&self, rmt: RMT<'static>) -> Result<(), SpawnError> {
        let wanted = self.wifi.shared().with(|device| {
            let services = &device.services;
            wanted(services.led_pin, services.led_active_low)
        });
        let Some(led) = wanted.flatten() else {
            return Ok(());
        };
        let Some(pin) = pin(led.pin) else {
            log::warn!("led.pin: {} is no pin for an LED", led.pin);
            return Ok(());
        };
        let led = if led.addressable {
            Led::addressable(pin, rmt)
        } else {
            Led::on_pin(pin, led.active_low)
        };
        self.spawner.spawn(show(led, self.wifi)?);
        Ok(())
    }

    /// Watches the board's button, held for five seconds it resets the device; nothing where there is none.
    ///
    /// # Errors
    /// It is watched already.
    pub fn button(&self) -> Result<(), SpawnError> {
        if let Some(pin) = BOARD.button.and_then(pin) {
            self.spawner.spawn(watch(pin, self.wifi)?);
        }
        Ok(())
    }
}

/// The board's LED, as far as the configuration does not say otherwise. Another pin has another LED: lit by a level.
fn wanted(pin: Option<u8>, active_low: Option<bool>) -> Option<LedPin> {
    let board = BOARD.led.filter(|led| pin.is_none_or(|pin| pin == led.pin));
    let led = board.or(pin.map(|pin| LedPin {
        pin,
        addressable: false,
        active_low: true,
    }))?;
    Some(LedPin {
        active_low: active_low.unwrap_or(led.active_low),
        ..led
    })
}

fn pin(number: u8) -> Option<AnyPin<'static>> {
    // SAFETY: of these pins nothing else in this crate takes one, and a firmware that has its own use for one leaves it out
    // of the board's file.
    PINS.contains(&number)
        .then(|| unsafe { AnyPin::steal(number) })
}

#[embassy_executor::task]
async fn show(led: Led, wifi: Wifi) {
    led.follow(wifi).await;
}

#[embassy_executor::task]
async fn watch(pin: AnyPin<'static>, wifi: Wifi) {
    button::watch(pin, wifi).await;
}
