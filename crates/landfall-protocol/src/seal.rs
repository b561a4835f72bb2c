//! Requests and answers where there is no TLS: ChaCha20-Poly1305 (RFC 8439) under the device's key.
//!
//! The nonce is the direction as u32 and the sequence number as u64, both big endian. What the seal
//! covers beside the body is `METHOD PATH`, a line feed and the hardware id, so that a body cannot
//! be moved to another path or device. The 16 bytes of the tag stand behind the body.

use core::fmt;

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit, Nonce, Tag};

use crate::key::DeviceKey;

/// How much longer a sealed body is than its text, in bytes.
pub const SEAL_LEN: usize = 16;
/// Longest method, path and hardware id together, in bytes.
pub const CONTEXT_MAX: usize = 192;

/// Which way a body goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// A request.
    ToServer,
    /// The answer to it, under the same sequence number.
    ToDevice,
}

/// What the seal covers beside the body. An answer has that of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The request's method, in upper case.
    pub method: &'a str,
    /// The request's path, without its query.
    pub path: &'a str,
    /// The device, as the header names it.
    pub hardware_id: &'a str,
    /// The request's number: boot counter << 32 | counter. Never twice under one key.
    pub seq: u64,
}

/// Why there is no sealed body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealError {
    /// There is no room for the seal behind the text.
    NoRoom,
    /// Method, path and hardware id are longer than [`CONTEXT_MAX`].
    ContextTooLong,
}

/// The body does not open: another key, another envelope, or it was changed on its way. Nothing in
/// it may be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenError;

impl Envelope<'_> {
    /// Seals the first `len` bytes of `buffer` in place, and gives what is to be sent: [`SEAL_LEN`]
    /// bytes more.
    ///
    /// # Errors
    /// Where the buffer has no room for the seal, or the envelope is longer than it may be.
    pub fn seal<'b>(
        &self,
        key: &DeviceKey,
        direction: Direction,
        buffer: &'b mut [u8],
        len: usize,
    ) -> Result<&'b mut [u8], SealError> {
        let whole = len.checked_add(SEAL_LEN).ok_or(SealError::NoRoom)?;
        let sealed = buffer.get_mut(..whole).ok_or(SealError::NoRoom)?;
        let context = Context::of(self).ok_or(SealError::ContextTooLong)?;
        let (text, seal) = sealed.split_at_mut(len);
        let tag = cipher(key)
            .encrypt_inout_detached(&self.nonce(direction), context.bytes(), text.into())
            .map_err(|_| SealError::NoRoom)?;
        seal.copy_from_slice(&tag);
        Ok(sealed)
    }

    /// Opens a sealed body in place, and gives its text.
    ///
    /// # Errors
    /// Where it does not open.
    pub fn open<'b>(
        &self,
        key: &DeviceKey,
        direction: Direction,
        sealed: &'b mut [u8],
    ) -> Result<&'b mut [u8], OpenError> {
        let len = sealed.len().checked_sub(SEAL_LEN).ok_or(OpenError)?;
        let context = Context::of(self).ok_or(OpenError)?;
        let (text, seal) = sealed.split_at_mut(len);
        let tag = Tag::try_from(&*seal).map_err(|_| OpenError)?;
        let nonce = self.nonce(direction);
        match cipher(key).decrypt_inout_detached(&nonce, context.bytes(), (&mut *text).into(), &tag)
        {
            Ok(()) => Ok(text),
            Err(_) => Err(OpenError),
        }
    }

    fn nonce(&self, direction: Direction) -> Nonce {
        let direction: u32 = match direction {
            Direction::ToServer => 0,
            Direction::ToDevice => 1,
        };
        let mut nonce = Nonce::default();
        let (high, low) = nonce.split_at_mut(4);
        high.copy_from_slice(&direction.to_be_bytes());
        low.copy_from_slice(&self.seq.to_be_bytes());
        nonce
    }
}

fn cipher(key: &DeviceKey) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&Key::from(*key.expose()))
}

/// `METHOD PATH\n<hardware_id>`, in one piece as the cipher takes it.
struct Context {
    bytes: [u8; CONTEXT_MAX],
    len: usize,
}

impl Context {
    fn of(envelope: &Envelope<'_>) -> Option<Self> {
        let mut context = Self {
            bytes: [0; CONTEXT_MAX],
            len: 0,
        };
        for part in [
            envelope.method,
            " ",
            envelope.path,
            "\n",
            envelope.hardware_id,
        ] {
            let end = context.len + part.len();
            context
                .bytes
                .get_mut(context.len..end)?
                .copy_from_slice(part.as_bytes());
            context.len = end;
        }
        Some(context)
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRoom => "the buffer has no room for the 16 bytes of the seal",
            Self::ContextTooLong => "method, path and hardware id are longer than 192 bytes",
        })
    }
}

impl core::error::Error for SealError {}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the sealed body does not open under this key, path, device and number")
    }
}

impl core::error::Error for OpenError {}

#[cfg(test)]
mod tests;
