//! The console's end at the broker: lines that wait to be typed in, and the one that was printed.
//!
//! It outlives a connection, and so does the console behind it: what credentials that came by a
//! command led to is printed when the device is back, maybe in another network.

use heapless::Vec;
use landfall_core::command::Door;
use zeroize::Zeroize;

use crate::runtime::Device;

/// Most bytes of commands that wait to be typed in. A message that finds no room is dropped whole.
pub const TYPED_MAX: usize = 1024;
/// Most bytes of one reply. A longer line, the configuration of a device that knows many networks,
/// comes in pieces.
pub const REPLY_MAX: usize = 2048;

/// See the module.
pub(super) struct Lines {
    typed: [u8; TYPED_MAX],
    typed_len: usize,
    printed: Vec<u8, REPLY_MAX>,
    is_whole: bool,
}

impl Lines {
    pub(super) const fn new() -> Self {
        Self {
            typed: [0; TYPED_MAX],
            typed_len: 0,
            printed: Vec::new(),
            is_whole: false,
        }
    }

    /// Forgets all of it.
    pub(super) fn clear(&mut self) {
        self.typed.zeroize();
        self.typed_len = 0;
        self.printed.as_mut_slice().zeroize();
        self.printed.clear();
        self.is_whole = false;
    }

    /// Takes a message: one line or more, the last one with or without its end.
    pub(super) fn take(&mut self, message: &[u8]) {
        let ended = message.ends_with(b"\n") || message.ends_with(b"\r");
        let end: &[u8] = if ended { b"" } else { b"\n" };
        let behind = self.typed_len + message.len();
        let len = behind + end.len();
        if len <= TYPED_MAX {
            self.typed[self.typed_len..behind].copy_from_slice(message);
            self.typed[behind..len].copy_from_slice(end);
            self.typed_len = len;
        }
    }

    /// Types in as much as the console takes now; false where it took nothing.
    pub(super) fn type_in(&mut self, device: &mut Device) -> bool {
        let took = device.type_in(Door::Mqtt, &self.typed[..self.typed_len]);
        self.typed.copy_within(took..self.typed_len, 0);
        self.typed[self.typed_len - took..self.typed_len].zeroize();
        self.typed_len -= took;
        took > 0
    }

    /// Fetches what the console printed; true where a line, or a piece as long as a reply may be,
    /// waits to be told.
    pub(super) fn fetch(&mut self, device: &mut Device) -> bool {
        let mut byte = [0];
        while !self.is_whole && device.printed(Door::Mqtt, &mut byte) > 0 {
            // There is room: a full one is whole.
            let _ = self.printed.extend_from_slice(&byte);
            if byte == *b"\n" {
                self.printed.pop();
                if self.printed.last() == Some(&b'\r') {
                    self.printed.pop();
                }
                self.is_whole = true;
            } else {
                self.is_whole = self.printed.is_full();
            }
        }
        self.is_whole
    }

    /// The line that waits to be told.
    pub(super) fn line(&self) -> &[u8] {
        &self.printed
    }

    /// It was told.
    pub(super) fn told(&mut self) {
        self.printed.clear();
        self.is_whole = false;
    }
}
