//! Parts the bytes of a port into text and frames.

use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{MAGIC, REQUEST_MAX, sum};

/// The sum of a frame begins with its magic.
const MAGIC_SUM: u8 = sum(MAGIC);
const LF: u8 = b'\n';

/// ```text
///               all of it                                     sum
/// Magic(n) ───────────────► Kind ─► Length ─► Data ─► Sum ──────────► Ended
///   ▲ │ mismatch: text        │        │        │      │ silence       │ LF, or silence
///   │ ▼ silence: text         ▼        ▼        ▼      ▼               ▼
///   └──────────────────────────────────────────────────────────────────┘
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// So many bytes of the magic are held.
    Magic(u8),
    Kind,
    Length {
        kind: u8,
    },
    Data {
        kind: u8,
        len: u8,
        at: u8,
    },
    Sum {
        kind: u8,
        len: u8,
    },
    /// A frame was whole; a line feed right behind it is its own.
    Ended,
}

/// Parts the bytes of a port. Keeps at most `N` bytes of a frame's data, and wipes them: passwords
/// come by here.
pub struct Reader<const N: usize = REQUEST_MAX> {
    stage: Stage,
    sum: u8,
    data: [u8; N],
}

/// What a byte did.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// It may belong to a frame.
    Held,
    /// This is no frame's.
    Text(Text),
    /// It ended this frame.
    Frame(Frame<'a>),
}

/// Text for the console: what looked like a frame, and what showed that it is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Text {
    held: u8,
    last: Option<u8>,
}

/// A frame as it came in.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it says it is, see [`Kind`](super::Kind).
    pub kind: u8,
    /// How many bytes of data it has.
    pub len: u8,
    /// As many of them as are kept.
    pub data: &'a [u8],
    /// Whether the sum is right.
    pub intact: bool,
}

impl Text {
    /// Its bytes, at most as many as the magic has.
    pub fn bytes(self) -> impl Iterator<Item = u8> {
        let held = MAGIC.iter().copied().take(usize::from(self.held));
        held.chain(self.last)
    }
}

impl<const N: usize> Reader<N> {
    /// Nothing is held.
    pub const fn new() -> Self {
        Self {
            stage: Stage::Magic(0),
            sum: 0,
            data: [0; N],
        }
    }

    /// Whether [`SILENCE_MS`](super::SILENCE_MS) without a byte would change anything.
    pub fn awaits_silence(&self) -> bool {
        self.stage != Stage::Magic(0)
    }

    /// Nothing came for so long: a frame begun is dropped, and what may have become one is text.
    pub fn handle_silence(&mut self) -> Text {
        let held = match self.stage {
            Stage::Magic(held) => held,
            Stage::Kind
            | Stage::Length { .. }
            | Stage::Data { .. }
            | Stage::Sum { .. }
            | Stage::Ended => 0,
        };
        self.begin();
        Text { held, last: None }
    }

    /// Takes a byte.
    pub fn handle_byte(&mut self, byte: u8) -> Step<'_> {
        self.sum = self.sum.wrapping_add(byte);
        self.stage = match self.stage {
            Stage::Magic(held) => return self.look_for_magic(held, byte),
            Stage::Ended => {
                self.begin();
                if byte == LF {
                    return Step::Held;
                }
                return self.look_for_magic(0, byte);
            }
            Stage::Kind => Stage::Length { kind: byte },
            Stage::Length { kind } if byte == 0 => Stage::Sum { kind, len: 0 },
            Stage::Length { kind } => Stage::Data {
                kind,
                len: byte,
                at: 0,
            },
            Stage::Data { kind, len, at } => {
                if let Some(place) = self.data.get_mut(usize::from(at)) {
                    *place = byte;
                }
                let at = at + 1;
                if at < len {
                    Stage::Data { kind, len, at }
                } else {
                    Stage::Sum { kind, len }
                }
            }
            Stage::Sum { kind, len } => {
                self.stage = Stage::Ended;
                return Step::Frame(Frame {
                    kind,
                    len,
                    data: &self.data[..usize::from(len).min(N)],
                    // The sum has taken itself in.
                    intact: self.sum == byte.wrapping_mul(2),
                });
            }
        };
        Step::Held
    }

    fn look_for_magic(&mut self, held: u8, byte: u8) -> Step<'_> {
        let matches = MAGIC.get(usize::from(held)) == Some(&byte);
        if matches && usize::from(held) + 1 == MAGIC.len() {
            self.stage = Stage::Kind;
            self.sum = MAGIC_SUM;
            return Step::Held;
        }
        if matches {
            self.stage = Stage::Magic(held + 1);
            return Step::Held;
        }
        // No byte of the magic is like its first: what was held cannot begin anew further on.
        let begins = byte == MAGIC[0];
        self.stage = Stage::Magic(u8::from(begins));
        Step::Text(Text {
            held,
            last: (!begins).then_some(byte),
        })
    }

    fn begin(&mut self) {
        self.stage = Stage::Magic(0);
        self.data.zeroize();
    }
}

impl<const N: usize> Default for Reader<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Debug for Reader<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}

impl<const N: usize> Drop for Reader<N> {
    fn drop(&mut self) {
        self.data.zeroize();
    }
}

impl<const N: usize> ZeroizeOnDrop for Reader<N> {}
