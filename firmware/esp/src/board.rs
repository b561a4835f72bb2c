//! What is known of the board: made by the build out of its file in `boards/`.

/// A board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Board {
    /// What people call it.
    pub name: &'static str,
    /// Its LED, where a pin drives one.
    pub led: Option<LedPin>,
    /// The pin of its button, pressed where it is low.
    pub button: Option<u8>,
}

/// The pin of an LED.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedPin {
    /// Its number.
    pub pin: u8,
    /// Whether the LED is told its colour (WS2812) instead of being lit by a level.
    pub addressable: bool,
    /// Whether a low level lights it.
    pub active_low: bool,
}

/// The board this firmware was built for.
pub const BOARD: Board = include!(concat!(env!("OUT_DIR"), "/board.rs"));
