//! The bytes of a piece, as `postcard` 1 writes them: numbers of 32 bits and lengths in groups of
//! seven bits, the least significant first; 0 or 1 for a flag, and before what may be absent.
//!
//! It is our own because a reader and writer derived from the forms cost a chip twice as much code.
//! Neither end fails on the way: whether all was well is asked once, at the end. What is called
//! for forty fields stays out of line.

use super::{DoesNotFit, VERSION};

/// Writes a piece.
pub struct Writer<'b> {
    buffer: &'b mut [u8],
    len: usize,
    overflowed: bool,
}

impl<'b> Writer<'b> {
    /// Begins a piece with its version.
    pub fn new(buffer: &'b mut [u8]) -> Self {
        let mut writer = Self {
            buffer,
            len: 0,
            overflowed: false,
        };
        writer.byte(VERSION);
        writer
    }

    /// The piece, where all of it fitted.
    pub fn finish(self) -> Result<&'b [u8], DoesNotFit> {
        let piece = self.buffer.get(..self.len).filter(|_| !self.overflowed);
        piece.ok_or(DoesNotFit)
    }

    /// Bytes whose number the reader knows.
    pub fn raw(&mut self, bytes: &[u8]) {
        let free = self.buffer.get_mut(self.len..).unwrap_or_default();
        match free.get_mut(..bytes.len()) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.len += bytes.len();
            }
            None => self.overflowed = true,
        }
    }

    /// One byte.
    #[inline(never)]
    pub fn byte(&mut self, byte: u8) {
        self.raw(&[byte]);
    }

    /// 0 or 1.
    #[inline(never)]
    pub fn flag(&mut self, flag: bool) {
        self.byte(flag.into());
    }

    /// A number, in groups of seven bits.
    #[inline(never)]
    pub fn number(&mut self, number: u32) {
        let mut rest = number;
        while rest >= 0x80 {
            self.byte(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.byte(rest as u8);
    }

    /// Bytes behind their number.
    #[inline(never)]
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u32);
        self.raw(bytes);
    }

    /// A text behind its length.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// As [`Writer::bytes`], of what may be absent.
    #[inline(never)]
    pub fn some_bytes(&mut self, bytes: Option<&[u8]>) {
        self.flag(bytes.is_some());
        if let Some(bytes) = bytes {
            self.bytes(bytes);
        }
    }

    /// As [`Writer::raw`], of what may be absent.
    #[inline(never)]
    pub fn some_raw(&mut self, bytes: Option<&[u8]>) {
        self.flag(bytes.is_some());
        self.raw(bytes.unwrap_or_default());
    }

    /// A byte that may be absent.
    pub fn some_byte(&mut self, byte: Option<u8>) {
        self.some_raw(byte.as_ref().map(core::slice::from_ref));
    }
}

/// Reads a piece. From where it is none, everything is 0 or empty.
#[derive(Clone)]
pub struct Cursor<'a> {
    rest: &'a [u8],
    broken: bool,
}

impl<'a> Cursor<'a> {
    /// Begins behind the version.
    pub fn new(piece: &'a [u8]) -> Self {
        let rest = piece.strip_prefix(&[VERSION]);
        Self {
            rest: rest.unwrap_or_default(),
            broken: rest.is_none(),
        }
    }

    /// Whether it was a piece, read to its end.
    pub fn is_whole(&self) -> bool {
        !self.broken && self.rest.is_empty()
    }

    /// What was read last is none of what may stand there.
    pub fn refuse(&mut self) {
        self.broken = true;
        self.rest = &[];
    }

    /// That many bytes.
    #[inline(never)]
    pub fn raw(&mut self, len: usize) -> &'a [u8] {
        match self.rest.split_at_checked(len) {
            Some((bytes, rest)) => {
                self.rest = rest;
                bytes
            }
            None => {
                self.refuse();
                &[]
            }
        }
    }

    /// Bytes whose number is known.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        self.raw(N).try_into().unwrap_or([0; N])
    }

    /// One byte.
    #[inline(never)]
    pub fn byte(&mut self) -> u8 {
        let [byte] = self.array();
        byte
    }

    /// 0 or 1.
    #[inline(never)]
    pub fn flag(&mut self) -> bool {
        let byte = self.byte();
        if byte > 1 {
            self.refuse();
        }
        byte == 1
    }

    /// A number, in groups of seven bits.
    #[inline(never)]
    pub fn number(&mut self) -> u32 {
        let mut number = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte();
            number |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return number;
            }
        }
        self.refuse();
        0
    }

    /// Bytes behind their number.
    #[inline(never)]
    pub fn bytes(&mut self) -> &'a [u8] {
        let len = self.number();
        self.raw(len as usize)
    }

    /// A text behind its length.
    #[inline(never)]
    pub fn text(&mut self) -> &'a str {
        str::from_utf8(self.bytes()).unwrap_or_else(|_| {
            self.refuse();
            ""
        })
    }

    /// As [`Cursor::text`], of what may be absent.
    #[inline(never)]
    pub fn some_text(&mut self) -> Option<&'a str> {
        self.flag().then(|| self.text())
    }

    /// As [`Cursor::array`], of what may be absent.
    pub fn some_array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.flag().then(|| self.array())
    }

    /// A byte that may be absent.
    pub fn some_byte(&mut self) -> Option<u8> {
        self.flag().then(|| self.byte())
    }
}
