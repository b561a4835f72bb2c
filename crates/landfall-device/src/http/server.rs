//! Carries requests and answers over sockets: several connections at a time, each with its own
//! buffer and its own deadline, so that nobody waits for somebody else's slowness.

use core::cell::Cell;
use core::convert::Infallible;
use core::net::IpAddr;

use edge_nal::{Close, TcpAccept, TcpShutdown};
use embassy_futures::join::join_array;
use embassy_futures::select::{Either, select};
use embassy_futures::yield_now;
use embedded_io_async::{Read, Write};
use landfall_core::command::{Command, Refusal, Reply};
use zeroize::Zeroize;

use super::answer::{Body, Response, Window};
use super::head::HEAD_MAX;
use super::limiter::Limiter;
use super::receive::{Frame, Received, timed_out};
use super::reply::Then;
use super::route::{Answer, Call};
use super::view::{Device, Door, Timer};

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
/// Time for a scan: the radio may be at work for somebody else first.
const SCAN_MS: u32 = 5_000;
/// Time before a scan is asked for again that could not be.
const SCAN_RETRY_MS: u32 = 50;
/// Time for a client to hear the last of an answer before its connection goes.
const LINGER_MS: u32 = 1_000;
/// Time before an accept is tried again that failed for want of something.
const ACCEPT_RETRY_MS: u32 = 100;
/// Least room for pieces of an answer beside what came early of the next request.
const WINDOW_MIN: usize = 1024;

/// Event streams at one time on a chip.
pub const STREAMS_ON_CHIP: u8 = 1;
/// Event streams at one time elsewhere.
pub const STREAMS_ON_HOST: u8 = 8;
pub use super::stream::STREAM_BEAT_MS;

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

impl<D: Device, T: Timer> Server<'_, D, T> {
    /// Serves `N` connections at a time, until it is dropped. Each takes a worker, an event stream
    /// included; a chip wants at least five, so that four are left beside its stream.
    pub async fn serve<A: TcpAccept, const N: usize, const LEN: usize>(
        &self,
        acceptor: &A,
        buffers: &mut [[u8; LEN]; N],
    ) -> Infallible {
        // Every worker accepts for itself: stacks without a queue of their own (smoltcp) take a
        // connection only while somebody is waiting for it.
        let workers = buffers.each_mut().map(|buffer| self.work(acceptor, buffer));
        join_array(workers).await;
        // No worker ends.
        core::future::pending().await
    }

    async fn work<A: TcpAccept>(&self, acceptor: &A, buffer: &mut [u8]) -> Infallible {
        loop {
            match acceptor.accept().await {
                Ok((peer, mut io)) => self.connection(&mut io, peer.ip(), buffer).await,
                Err(_) => self.timer.sleep_ms(ACCEPT_RETRY_MS).await,
            }
        }
    }

    /// Serves one connection to its end.
    pub async fn connection<S>(&self, io: &mut S, peer: IpAddr, buffer: &mut [u8])
    where
        S: Read + Write + TcpShutdown,
    {
        let mut filled = 0;
        let mut kept = false;
        loop {
            if kept && filled == 0 {
                match self.next_bytes(io, buffer).await {
                    Some(n) => filled = n,
                    None => break,
                }
            }
            match self.exchange(io, peer, buffer, filled).await {
                Some(left) => filled = left,
                None => break,
            }
            kept = true;
        }
        finish(io, self.timer, buffer).await;
    }

    /// The first bytes of another request; none: there is none.
    async fn next_bytes<S: Read>(&self, io: &mut S, buffer: &mut [u8]) -> Option<usize> {
        match select(io.read(buffer), self.timer.sleep_ms(KEEP_ALIVE_MS)).await {
            Either::First(Ok(n)) if n > 0 => Some(n),
            Either::First(_) | Either::Second(()) => None,
        }
    }

    /// Takes one request and answers it. Gives how much of the next one is in the buffer; none:
    /// the connection is to be closed.
    async fn exchange<S>(
        &self,
        io: &mut S,
        peer: IpAddr,
        buffer: &mut [u8],
        filled: usize,
    ) -> Option<usize>
    where
        S: Read + Write,
    {
        let deadline = self.timer.sleep_ms(REQUEST_MS);
        let received = match select(self.receive(io, peer, buffer, filled), deadline).await {
            Either::First(received) => received,
            Either::Second(()) => Received::Refused(Frame::closing(), timed_out()),
        };
        let (frame, response) = match received {
            Received::Gone => return None,
            Received::Refused(frame, response) => (frame, response.into()),
            Received::Whole(frame, call) => {
                let answer = self.answer(&call, &buffer[..frame.body_len]).await;
                // What came early of the next request moves to the front.
                buffer.copy_within(frame.body_len..frame.body_len + frame.left, 0);
                match answer {
                    Some(response) => (frame, response),
                    None => {
                        self.stream(io, &frame, buffer).await;
                        return None;
                    }
                }
            }
        };
        let (early, window) = buffer.split_at_mut(frame.left);
        let keep_alive = frame.keep_alive && window.len() >= WINDOW_MIN;
        let sending = async {
            if response.body == Body::Config {
                self.send_config(io, &response, frame.is_head, keep_alive, window)
                    .await
            } else {
                let sent = send(io, &response, frame.is_head, keep_alive, window).await;
                sent.is_ok()
            }
        };
        let sent = match select(sending, self.timer.sleep_ms(WRITE_MS)).await {
            Either::First(sent) => sent,
            Either::Second(()) => false,
        };
        // Request and answer may have held a password.
        window.zeroize();
        (sent && keep_alive).then_some(early.len())
    }

    /// The answer to a whole request; none: it is the event stream.
    async fn answer(&self, call: &Call, body: &[u8]) -> Option<Response> {
        if let Some(used) = call.use_on_entry() {
            self.device.portal_use(used);
            // The machine hears of it before the client is answered: a phone's next probe counts
            // on that.
            yield_now().await;
        }
        let response = match self.device.with_view(|view| call.answer(body, view)) {
            Answer::Ready(response) => response,
            Answer::Events => return None,
            Answer::Mark(mark, form) => self.attend(mark, form).await,
            Answer::Configure => super::config::saved(self.device.put_config(body).await),
            Answer::Ask(command, then) => {
                let reply = match then {
                    Then::Scan => self.scan().await,
                    Then::Join | Then::JoinForm | Then::Reset | Then::Mode(_) | Then::Networks => {
                        self.device.submit(command).await
                    }
                };
                self.device
                    .with_view(|view| then.answer(reply, call.door, view))
            }
        };
        if let Some(used) = call.use_on_answer(response.code) {
            self.device.portal_use(used);
        }
        Some(response)
    }

    /// A scan where the rows are old, one for all who ask: those whom the machine has no room to
    /// remember look again until it is done.
    async fn scan(&self) -> Reply {
        let asking = async {
            while !self.device.with_view(|view| view.has_fresh_rows()) {
                let reply = self.device.submit(Command::Scan).await;
                if !matches!(
                    reply,
                    Reply::Refused(Refusal::TooManyAskers | Refusal::Busy)
                ) {
                    return reply;
                }
                self.timer.sleep_ms(SCAN_RETRY_MS).await;
            }
            Reply::Scanned
        };
        match select(asking, self.timer.sleep_ms(SCAN_MS)).await {
            Either::First(reply) => reply,
            Either::Second(()) => Reply::Refused(Refusal::ScanFailed),
        }
    }
}

/// Closes a connection so that its last answer arrives: closing with unread bytes around would
/// reset it, and the client might never see why.
pub(crate) async fn finish<S, T: Timer>(io: &mut S, timer: &T, scratch: &mut [u8])
where
    S: Read + TcpShutdown,
{
    let closing = async {
        io.close(Close::Write).await.is_ok()
            && loop {
                match io.read(scratch).await {
                    Ok(0) => break true,
                    Ok(_) => {}
                    Err(_) => break false,
                }
            }
    };
    let closed = select(closing, timer.sleep_ms(LINGER_MS)).await;
    if !matches!(closed, Either::First(true)) {
        // Nothing is left to be done where even that fails.
        let _ = io.abort().await;
    }
    scratch.zeroize();
}

/// Writes an answer, as much at a time as fits `window`.
pub(crate) async fn send<S: Write>(
    io: &mut S,
    response: &Response,
    is_head: bool,
    keep_alive: bool,
    window: &mut [u8],
) -> Result<(), S::Error> {
    let mut sent = 0;
    loop {
        let mut piece = Window::new(sent, window);
        // A window takes everything and keeps its part.
        let _ = response.write_head(&mut piece, keep_alive);
        if !is_head {
            let _ = response.body.write(&mut piece);
        }
        let len = piece.len();
        io.write_all(&window[..len]).await?;
        sent += len;
        if len < window.len() {
            break;
        }
    }
    if let Some(page) = response.body.page().filter(|_| !is_head) {
        io.write_all(page).await?;
    }
    io.flush().await
}
