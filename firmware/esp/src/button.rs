//! The BOOT button: held for five seconds it resets the device, in every state.

use embassy_futures::select::{Either, select};
use esp_hal::gpio::{AnyPin, Input, InputConfig, Pull};
use landfall_core::button::Button;
use landfall_device::runtime::{Clock, Device};
use landfall_embassy::EmbassyClock;

use crate::Wifi;

/// How long a level has to last to count, in milliseconds: contacts bounce.
const SETTLE_MS: u32 = 20;

/// Watches the button on that pin, pressed where the pin is low, for ever.
pub async fn watch(pin: AnyPin<'static>, wifi: Wifi) {
    let mut input = Input::new(pin, InputConfig::default().with_pull(Pull::Up));
    let mut button = Button::new();
    let clock = EmbassyClock;
    loop {
        let now = clock.now();
        if button.handle(input.is_low(), now).is_some() {
            wifi.shared().with(Device::long_press);
        }
        let due = async {
            match button.poll_timeout() {
                Some(at) => clock.sleep_until(at).await,
                None => core::future::pending().await,
            }
        };
        if let Either::First(()) = select(input.wait_for_any_edge(), due).await {
            clock.sleep_until(clock.now().plus_ms(SETTLE_MS)).await;
        }
    }
}
