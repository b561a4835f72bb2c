//! The reset button: one long press per hold, told while the finger is still on it.

use crate::time::Instant;

/// How long the button is held for a reset, in milliseconds.
pub const LONG_PRESS_MS: u32 = 5_000;

/// The button was held long enough: forget the networks
/// ([`Command::ResetByButton`](crate::command::Command::ResetByButton)), in every state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongPress;

/// ```text
///            press                  held 5 s: LongPress
/// Released ────────► Held{since} ─────────────────────► Told
///    ▲                   │ release                        │ release
///    └───────────────────┴────────────────────────────────┘
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Released,
    Held { since: Instant },
    Told,
}

/// A button that the adapter reports whenever its level changes or is sampled.
#[derive(Clone, Copy, Debug)]
pub struct Button {
    state: State,
}

impl Button {
    /// A button that nobody touches.
    pub const fn new() -> Self {
        Self {
            state: State::Released,
        }
    }

    /// Takes the level: `pressed` is the finger, not the voltage. Telling the same level again
    /// changes nothing. A release after the time counts as well as [`Button::handle_timeout`].
    pub fn handle(&mut self, pressed: bool, now: Instant) -> Option<LongPress> {
        let told = self.handle_timeout(now);
        self.state = match (self.state, pressed) {
            (State::Released, true) => State::Held { since: now },
            (State::Held { since }, true) => State::Held { since },
            (State::Told, true) => State::Told,
            (State::Released | State::Held { .. } | State::Told, false) => State::Released,
        };
        told
    }

    /// Looks whether the hold is long enough by now.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<LongPress> {
        let due = self.poll_timeout()?;
        if now < due {
            return None;
        }
        self.state = State::Told;
        Some(LongPress)
    }

    /// When to call [`Button::handle_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Held { since } => Some(since.plus_ms(LONG_PRESS_MS)),
            State::Released | State::Told => None,
        }
    }
}

impl Default for Button {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// Plays `(ms, pressed)` and gives the times of the long presses; timeouts are kept.
    fn check(script: &[(u64, bool)], expected: &[u64]) {
        let mut button = Button::new();
        let mut told = Vec::new();
        for &(at, pressed) in script {
            let now = Instant::from_ms(at);
            if let Some(due) = button.poll_timeout().filter(|due| *due <= now)
                && button.handle_timeout(due).is_some()
            {
                told.push(due.as_ms());
            }
            if button.handle(pressed, now).is_some() {
                told.push(at);
            }
        }
        assert_eq!(told, expected);
    }

    #[test]
    fn a_hold_tells_once_at_5_s_before_the_release() {
        check(&[(100, true), (20_000, false)], &[5_100]);
        check(&[(100, true), (9_000, true), (30_000, false)], &[5_100]);
        check(
            &[(0, true), (4_999, false), (5_100, true), (9_000, false)],
            &[],
        );
        let two_holds = [(0, true), (6_000, false), (7_000, true), (13_000, false)];
        check(&two_holds, &[5_000, 12_000]);
    }

    #[test]
    fn a_late_adapter_loses_no_press() {
        let mut button = Button::new();
        assert_eq!(button.handle(true, Instant::BOOT), None);
        assert_eq!(
            button.handle(false, Instant::from_ms(5_000)),
            Some(LongPress)
        );
        assert_eq!(button.poll_timeout(), None);
    }
}
