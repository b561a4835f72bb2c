//! The board's LED: lit by a level, or an addressable one (WS2812) that is told its colour.

use embassy_futures::select::select;
use esp_hal::gpio::{Level, Output};
use esp_hal::peripherals::RMT;
use esp_hal::rmt::{Channel, PulseCode, Rmt, Tx, TxChannelConfig, TxChannelCreator};
use esp_hal::time::Rate;
use esp_hal::{Async, gpio::AnyPin};
use landfall_device::runtime::Clock;
use landfall_embassy::EmbassyClock;

use crate::Wifi;

/// Ticks of the RMT a second: 12.5 ns each.
const RMT_MHZ: u32 = 80;
/// Ticks of the parts of a bit, high and low (WS2812B: 0.4 µs and 0.85 µs, each ±0.15 µs).
const SHORT: u16 = 32;
const LONG: u16 = 68;
/// Bits of a colour: green, red, blue.
const BITS: usize = 24;
/// The colour it lights in, green, red, blue: a dim blue, which no eye minds at the desk.
const LIT: [u8; 3] = [0, 0, 24];

/// An LED.
pub enum Led {
    /// There is none.
    None,
    /// One on a pin.
    Level {
        /// The pin.
        pin: Output<'static>,
        /// The level that lights it.
        lit: Level,
    },
    /// An addressable one.
    Addressable(Channel<'static, Async, Tx>),
}

impl Led {
    /// One on a pin, dark.
    pub fn on_pin(pin: AnyPin<'static>, active_low: bool) -> Self {
        let lit = if active_low { Level::Low } else { Level::High };
        let pin = Output::new(pin, !lit, Default::default());
        Self::Level { pin, lit }
    }

    /// An addressable one; where the peripheral cannot be had there is none.
    pub fn addressable(pin: AnyPin<'static>, rmt: RMT<'static>) -> Self {
        let Ok(rmt) = Rmt::new(rmt, Rate::from_mhz(RMT_MHZ)) else {
            return Self::None;
        };
        let config = TxChannelConfig::default()
            .with_clk_divider(1)
            .with_idle_output(true)
            .with_idle_output_level(Level::Low);
        let channel = rmt.into_async().channel0.configure_tx(&config);
        channel.map_or(Self::None, |channel| {
            Self::Addressable(channel.with_pin(pin))
        })
    }

    async fn set(&mut self, on: bool) {
        match self {
            Self::None => {}
            Self::Level { pin, lit } => pin.set_level(if on { *lit } else { !*lit }),
            Self::Addressable(channel) => {
                let colour = if on { LIT } else { [0; 3] };
                // Lost, the next change tells it again.
                let _ = channel.transmit(&codes(colour)).await;
            }
        }
    }

    /// Shows how the device stands, for ever.
    pub async fn follow(mut self, wifi: Wifi) {
        let shared = wifi.shared();
        let Some(mut patterns) = shared.led() else {
            return;
        };
        loop {
            let blinker = shared.blinker();
            let now = EmbassyClock.now();
            self.set(blinker.is_on(now)).await;
            let edge = async {
                match blinker.next_edge(now) {
                    Some(at) => EmbassyClock.sleep_until(at).await,
                    None => core::future::pending().await,
                }
            };
            select(patterns.changed(), edge).await;
        }
    }
}

/// The colour as the LED reads it: a long high pulse is a one.
fn codes(colour: [u8; 3]) -> [PulseCode; BITS + 1] {
    let mut codes = [PulseCode::end_marker(); BITS + 1];
    let bits = colour
        .into_iter()
        .flat_map(|byte| (0..u8::BITS).rev().map(move |bit| byte >> bit & 1 == 1));
    for (code, bit) in codes.iter_mut().zip(bits) {
        let (high, low) = if bit { (LONG, SHORT) } else { (SHORT, LONG) };
        *code = PulseCode::new(Level::High, high, Level::Low, low);
    }
    codes
}
