//! Carries requests and answers over sockets: several connections at a time, each with its own
//! buffer and its own deadline, so that nobody waits for somebody else's slowness.

use core::convert::Infallible;
use core::net::{IpAddr, SocketAddr};

use edge_nal::{TcpAccept, TcpShutdown};
use embassy_futures::join::join_array;
use embassy_futures::select::{Either, select};
use embassy_futures::yield_now;
use embedded_io_async::{Read, Write};
use landfall_core::command::{Command, Refusal, Reply};
use zeroize::Zeroize;

use super::answer::{Body, Response};
use super::call::{Answer, Call};
use super::config;
use super::receive::{Frame, Received, timed_out};
use super::reply::Then;
use super::send::{finish, send};
use super::server::{KEEP_ALIVE_MS, REQUEST_MS, Server, WRITE_MS};
use super::view::{Device, Service, Timer};

/// Time for a scan: the radio may be at work for somebody else first.
const SCAN_MS: u32 = 5_000;
/// Time before a scan is asked for again that could not be.
const SCAN_RETRY_MS: u32 = 50;
/// Time before an accept is tried again that failed for want of something.
const ACCEPT_RETRY_MS: u32 = 100;
/// Least room for pieces of an answer beside what came early of the next request.
const WINDOW_MIN: usize = 1024;

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
            let accepted = acceptor.accept().await;
            self.take(accepted, buffer).await;
        }
    }

    /// Serves one connection to its end, or waits a moment where there is none.
    async fn take<S, E>(&self, accepted: Result<(SocketAddr, S), E>, buffer: &mut [u8])
    where
        S: Read + Write + TcpShutdown,
    {
        match accepted {
            Ok((peer, mut io)) => self.connection(&mut io, peer.ip(), buffer).await,
            Err(_) => self.timer.sleep_ms(ACCEPT_RETRY_MS).await,
        }
    }

    /// Serves one connection to its end.
    pub(crate) async fn connection<S>(&self, io: &mut S, peer: IpAddr, buffer: &mut [u8])
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
            Received::Refused(frame, response) => match self.door.service {
                Service::Portal => (frame, response.into()),
                Service::Config => (frame, response.in_words().into()),
            },
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
            if matches!(response.body, Body::Config) {
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
            Answer::Configure => config::saved(self.device.put_config(body).await),
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

/// Serves one connection after the other, from whichever of two ports the next one comes, as that
/// port's server.
pub(crate) async fn serve_either<D: Device, T: Timer, A: TcpAccept>(
    one: (&Server<'_, D, T>, &A),
    other: (&Server<'_, D, T>, &A),
    buffer: &mut [u8],
) -> Infallible {
    loop {
        let (server, accepted) = match select(one.1.accept(), other.1.accept()).await {
            Either::First(accepted) => (one.0, accepted),
            Either::Second(accepted) => (other.0, accepted),
        };
        server.take(accepted, buffer).await;
    }
}
