//! The HTTP server of one door: whom it speaks for, and its bounds.

use core::cell::Cell;

use super::head::HEAD_MAX;
use super::limiter::Limiter;
use super::view::Door;

/// Bytes of a connection's buffer: a whole head, a whole body, or a piece of an answer.
pub const BUFFER_LEN: usize = HEAD_MAX;
/// What one connection is served from.
pub type Buffer = [u8; BUFFER_LEN];
/// Time for a request to be whole, from its first byte; for the first of a connection from when
/// it was taken.
pub const REQUEST_MS: u32 = 5_000;
/// Time for an answer to be taken by a client that reads slowly.
pub const WRITE_MS: u32 = 5_000;
/// Time between two requests of a connection. Short, since an open page asks every 2 s and would
/// hold the place of somebody else meanwhile.
pub const KEEP_ALIVE_MS: u32 = 1_000;

/// Event streams at one time on a chip.
pub const STREAMS_ON_CHIP: u8 = 1;
/// Event streams at one time elsewhere.
pub const STREAMS_ON_HOST: u8 = 8;

/// What the doors of one device have in common.
#[derive(Debug)]
pub struct Shared {
    /// Who failed to log in.
    pub limiter: Limiter,
    /// Who sent wrong codes.
    pub(super) codes: Limiter,
    pub(super) streams_left: Cell<u8>,
}

impl Shared {
    /// For a device that serves so many event streams at one time.
    pub const fn new(streams: u8) -> Self {
        Self {
            limiter: Limiter::new(),
            codes: Limiter::new(),
            streams_left: Cell::new(streams),
        }
    }
}

/// The HTTP server of one door.
#[derive(Debug)]
pub struct Server<'a, D, T> {
    /// Whom it speaks for.
    pub device: &'a D,
    /// Lets time pass.
    pub timer: &'a T,
    /// What it has in common with the device's other doors.
    pub shared: &'a Shared,
    /// Which door it is.
    pub door: Door,
}
