//! The line being typed: bytes in, a whole line out, never more than [`LINE_MAX`] bytes kept.

use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// Longest line in bytes, its end not counted. A longer one is dropped whole.
pub const LINE_MAX: usize = 255;

const BACKSPACE: u8 = 0x08;
const DELETE: u8 = 0x7f;

/// ```text
///              CR, LF                    every command run
/// Filling ───────────────► Complete{run} ────────────────► Filling
///    │ byte 256            CR, LF           reported
///    └────────► Overlong ──────────► TooLong ────────────► Filling
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Filling,
    Overlong,
    Complete { run: u8 },
    TooLong,
}

/// What a byte did, for the echo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// It made this character whole.
    Typed(char),
    /// It took a character back.
    Erased,
    /// It ended the line.
    Ended,
    /// Nothing that is seen.
    Unseen,
}

/// What waits to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ready<'a> {
    /// No line is complete.
    Nothing,
    /// These commands.
    Commands(&'a [u8]),
    /// A line that was too long.
    TooLong,
}

/// Holds one line. Wiped when the line is done, since passwords are typed into it.
pub(super) struct Line {
    bytes: [u8; LINE_MAX],
    len: u8,
    phase: Phase,
    /// The LF of a CR LF ends nothing.
    after_cr: bool,
}

impl Line {
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; LINE_MAX],
            len: 0,
            phase: Phase::Filling,
            after_cr: false,
        }
    }

    /// Whether a byte would be taken: not while a line waits to be run.
    pub(super) fn wants_input(&self) -> bool {
        matches!(self.phase, Phase::Filling | Phase::Overlong)
    }

    /// Takes a byte; only while [`Line::wants_input`].
    pub(super) fn handle_byte(&mut self, byte: u8) -> Edit {
        let after_cr = core::mem::replace(&mut self.after_cr, byte == b'\r');
        match (self.phase, byte) {
            (Phase::Filling | Phase::Overlong, b'\n') if after_cr => Edit::Unseen,
            (Phase::Filling, b'\r' | b'\n') => {
                self.phase = Phase::Complete { run: 0 };
                Edit::Ended
            }
            (Phase::Overlong, b'\r' | b'\n') => {
                self.phase = Phase::TooLong;
                Edit::Ended
            }
            (Phase::Filling, BACKSPACE | DELETE) => self.erase(),
            (Phase::Filling, byte) => self.push(byte),
            (Phase::Overlong | Phase::Complete { .. } | Phase::TooLong, _) => Edit::Unseen,
        }
    }

    /// What waits to be run.
    pub(super) fn ready(&self) -> Ready<'_> {
        match self.phase {
            Phase::Filling | Phase::Overlong => Ready::Nothing,
            Phase::Complete { run } => Ready::Commands(&self.typed()[usize::from(run)..]),
            Phase::TooLong => Ready::TooLong,
        }
    }

    /// The first `used` bytes of what waits are run, or the line that was too long is reported;
    /// with nothing left the next line begins. Gives whether it does.
    pub(super) fn consume(&mut self, used: usize) -> bool {
        if let Phase::Complete { run } = &mut self.phase {
            let end = usize::from(*run).saturating_add(used);
            if end < usize::from(self.len) {
                *run = end as u8;
                return false;
            }
        }
        self.bytes.zeroize();
        self.len = 0;
        self.phase = Phase::Filling;
        true
    }

    fn typed(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    fn push(&mut self, byte: u8) -> Edit {
        let Some(place) = self.bytes.get_mut(usize::from(self.len)) else {
            self.phase = Phase::Overlong;
            return Edit::Unseen;
        };
        *place = byte;
        self.len += 1;
        match self.last_char() {
            Some(c) if !c.is_control() => Edit::Typed(c),
            Some(_) | None => Edit::Unseen,
        }
    }

    fn erase(&mut self) -> Edit {
        if self.len == 0 {
            return Edit::Unseen;
        }
        // A byte that ends no character goes alone.
        self.len -= self.last_char().map_or(1, char::len_utf8) as u8;
        Edit::Erased
    }

    /// The character that the last bytes are, where they are one.
    fn last_char(&self) -> Option<char> {
        let typed = self.typed();
        // A byte that continues a character is 10xx_xxxx.
        let first = typed.iter().rposition(|byte| byte & 0xc0 != 0x80)?;
        let mut chars = str::from_utf8(typed.get(first..)?).ok()?.chars();
        chars.next()
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {} bytes", self.phase, self.len)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl ZeroizeOnDrop for Line {}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;
    use std::fmt::Write as _;
    use std::string::String;

    /// Types the bytes; the lines that came of it, one each.
    fn check(input: &[u8], expected: Expect) {
        let (mut line, mut seen) = (Line::new(), String::new());
        for byte in input {
            line.handle_byte(*byte);
            match line.ready() {
                Ready::Nothing => continue,
                Ready::Commands(text) => writeln!(seen, "{}", text.escape_ascii()).unwrap(),
                Ready::TooLong => writeln!(seen, "too long").unwrap(),
            }
            assert!(line.consume(LINE_MAX));
        }
        expected.assert_eq(&seen);
    }

    #[test]
    fn cr_or_lf_ends_a_line_and_an_erased_character_is_gone_whole() {
        check(
            b"one\rtwo\nthree\r\nfour\n\nfive",
            expect![[r#"
                one
                two
                three
                four

            "#]],
        );
        check(
            "caf\u{e9}\u{8}e\u{1f980}\u{7f}!\u{8}\u{8}\r".as_bytes(),
            expect![[r#"
                caf
            "#]],
        );
        check(
            b"\x08\x7fa\xff\x08\x80\x80\x08\r",
            expect![[r#"
                a\x80
            "#]],
        );
    }

    #[test]
    fn a_line_of_256_bytes_is_dropped_up_to_its_end() {
        let mut longest = [b'x'; LINE_MAX + 1].to_vec();
        longest[LINE_MAX] = b'\r';
        let mut line = Line::new();
        for byte in &longest {
            line.handle_byte(*byte);
        }
        assert_eq!(line.ready(), Ready::Commands(&longest[..LINE_MAX]));

        let mut longer = [b'x'; LINE_MAX + 1].to_vec();
        longer.extend_from_slice(b"\x08\x08NET:RESET\rnext\r");
        check(
            &longer,
            expect![[r#"
                too long
                next
            "#]],
        );
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_line(input in proptest::collection::vec(any::<u8>(), 0..600)) {
            let mut line = Line::new();
            for byte in input {
                if !line.wants_input() {
                    line.consume(1);
                }
                line.handle_byte(byte);
                prop_assert!(line.typed().len() <= LINE_MAX);
            }
        }
    }
}
