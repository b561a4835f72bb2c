//! A client as a script: its segments one after the other. When there are no more it either stalls,
//! and every timer runs out at once, or has closed its half.

use core::convert::Infallible;
use edge_nal::{Close, TcpShutdown};
use embassy_futures::block_on;
use embedded_io_async::{ErrorType, Read, Write};
use std::collections::VecDeque;
use std::vec::Vec;

use super::{AP, PEER, World};
use crate::http::{BUFFER_LEN, Door, Server, Shared, Timer};

/// Runs out as soon as it is looked at: what could be done without waiting is done by then.
struct Impatient;

impl Timer for Impatient {
    async fn sleep_ms(&self, _: u32) {}
}

/// What a client reads before it stops, unless told otherwise: an event stream would go on for ever.
const TAKES: usize = 64 * 1024;

pub(super) struct Script {
    segments: VecDeque<Vec<u8>>,
    /// Whether the client closes its half after the last segment.
    ends: bool,
    written: Vec<u8>,
    /// Bytes that the client takes before it stops reading.
    pub(super) takes: usize,
}

impl Script {
    pub(super) fn new(segments: &[&[u8]], ends: bool) -> Self {
        Self {
            segments: segments.iter().map(|s| s.to_vec()).collect(),
            ends,
            written: Vec::new(),
            takes: TAKES,
        }
    }
}

impl ErrorType for Script {
    type Error = Infallible;
}

impl Read for Script {
    async fn read(&mut self, room: &mut [u8]) -> Result<usize, Infallible> {
        let Some(mut segment) = self.segments.pop_front() else {
            if self.ends {
                return Ok(0);
            }
            return core::future::pending().await;
        };
        let len = segment.len().min(room.len());
        room[..len].copy_from_slice(&segment[..len]);
        if len < segment.len() {
            self.segments.push_front(segment.split_off(len));
        }
        Ok(len)
    }
}

impl Write for Script {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let len = bytes.len().min(self.takes - self.written.len());
        if len == 0 && !bytes.is_empty() {
            return core::future::pending().await;
        }
        self.written.extend_from_slice(&bytes[..len]);
        Ok(len)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl TcpShutdown for Script {
    async fn close(&mut self, _: Close) -> Result<(), Infallible> {
        Ok(())
    }

    async fn abort(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Serves the client to its end, and gives what was sent to it.
pub(super) fn serve(world: &World, script: Script) -> Vec<u8> {
    serve_at::<BUFFER_LEN>(world, AP, script)
}

/// The same at another door, from a buffer of that length.
pub(super) fn serve_at<const LEN: usize>(world: &World, door: Door, mut script: Script) -> Vec<u8> {
    let shared = Shared::new(1);
    let server = Server {
        device: world,
        timer: &Impatient,
        shared: &shared,
        door,
    };
    let mut buffer = [0; LEN];
    block_on(server.connection(&mut script, PEER, &mut buffer));
    assert!(
        buffer.iter().all(|b| *b == 0),
        "the buffer may hold a secret"
    );
    script.written
}

/// Bytes of the future that serves a connection.
pub(super) fn future_len(world: &World) -> usize {
    let shared = Shared::new(1);
    let server = Server {
        device: world,
        timer: &Impatient,
        shared: &shared,
        door: AP,
    };
    let mut buffer = [0; BUFFER_LEN];
    let mut script = Script::new(&[], true);
    size_of_val(&server.connection(&mut script, PEER, &mut buffer))
}
