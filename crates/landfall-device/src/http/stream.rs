//! The event stream: `GET /api/events` as Server-Sent Events, from the oldest event kept, or behind
//! the one named by `Last-Event-ID`.

use core::cell::Cell;

use embassy_futures::select::{Either, Either3, select, select3};
use embedded_io_async::{Read, Write};

use super::answer::{Response, STRICT_POLICY, Window, write_fixed_fields};
use super::event::{EVENT_MAX, write_sse};
use super::receive::Frame;
use super::send::send;
use super::server::{BUFFER_LEN, Server, Shared, WRITE_MS};
use super::view::{Device, Timer};

/// Time after which a quiet stream says that it is alive.
pub const STREAM_BEAT_MS: u32 = 15_000;

// An event is written in one piece.
const _: () = assert!(EVENT_MAX <= BUFFER_LEN);

impl<D: Device, T: Timer> Server<'_, D, T> {
    /// Serves the stream until the client goes, or does not take what it is sent.
    pub(super) async fn stream<S>(&self, io: &mut S, frame: &Frame, buffer: &mut [u8])
    where
        S: Read + Write,
    {
        let Some(_slot) = Slot::take(self.shared) else {
            let full = Response::error(503, "too-many-streams", "events", "close another one");
            let full = full.into();
            let sending = send(io, &full, frame.is_head, false, buffer);
            // The connection is closed whether it arrived or not.
            let _ = select(sending, self.timer.sleep_ms(WRITE_MS)).await;
            return;
        };
        let mut head = Window::new(0, buffer);
        // The head is far smaller than a buffer.
        let _ = write_head(&mut head);
        let mut len = head.len();
        let mut next = frame.last_event_id.map_or(0, |id| id.saturating_add(1));
        while self.write_in_time(io, &buffer[..len]).await && !frame.is_head {
            len = match self.next_piece(io, &mut next, buffer).await {
                Some(len) => len,
                None => return,
            };
        }
    }

    /// Puts what is to be sent next into the buffer; none: the client went away.
    async fn next_piece<S: Read>(
        &self,
        io: &mut S,
        next: &mut u32,
        buffer: &mut [u8],
    ) -> Option<usize> {
        loop {
            let mut heard = [0; 16];
            let event = self.device.next_event(*next);
            let beat = self.timer.sleep_ms(STREAM_BEAT_MS);
            match select3(event, io.read(&mut heard), beat).await {
                Either3::First(record) => {
                    *next = record.seq.saturating_add(1);
                    return Some(self.device.with_view(|view| {
                        let mut piece = Window::new(0, buffer);
                        let _ = write_sse(&mut piece, &record, view.wifi);
                        piece.len()
                    }));
                }
                // Nothing that a client says on a stream means anything.
                Either3::Second(Ok(n)) if n > 0 => {}
                Either3::Second(_) => return None,
                Either3::Third(()) => {
                    buffer[..BEAT.len()].copy_from_slice(BEAT);
                    return Some(BEAT.len());
                }
            }
        }
    }

    async fn write_in_time<S: Write>(&self, io: &mut S, bytes: &[u8]) -> bool {
        let writing = async {
            io.write_all(bytes).await?;
            io.flush().await
        };
        match select(writing, self.timer.sleep_ms(WRITE_MS)).await {
            Either::First(written) => written.is_ok(),
            Either::Second(()) => false,
        }
    }
}

/// A comment, which readers of a stream skip.
const BEAT: &[u8] = b":\n\n";

fn write_head(out: &mut dyn core::fmt::Write) -> core::fmt::Result {
    out.write_str("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")?;
    write_fixed_fields(out, STRICT_POLICY)?;
    out.write_str("Connection: close\r\n\r\n")
}

/// One of the streams that may run at a time; given back on drop.
struct Slot<'a>(&'a Cell<u8>);

impl<'a> Slot<'a> {
    fn take(shared: &'a Shared) -> Option<Self> {
        let left = &shared.streams_left;
        left.set(left.get().checked_sub(1)?);
        Some(Self(left))
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}
