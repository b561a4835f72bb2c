//! Who is let in: connections, the upgrade to a WebSocket (RFC 6455 §4), one client at a time.

use core::convert::Infallible;
use core::net::IpAddr;

use base64ct::{Base64, Encoding};
use edge_nal::TcpAccept;
use embassy_futures::join::join_array;
use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::mutex::Mutex;
use embedded_io_async::{Read, Write};
use heapless::String;
use sha1::{Digest, Sha1};
use zeroize::Zeroize;

use super::Device;
use super::guard::Guard;
use super::session::FILE_MAX;
use super::talk::Talk;
use crate::http::head::{self, Head, HeadError, Method};
use crate::http::receive::{NoHead, read_head, refusal};
use crate::http::{
    Body, Buffer, Extra, Fixed, REQUEST_MS, Response, Timer, WRITE_MS, finish, send,
};

/// Fewest connections that are served at a time: one that is let in, and one that is told why not.
pub const CONNECTIONS_MIN: usize = 2;
/// Time before an accept is tried again that failed for want of something.
const ACCEPT_RETRY_MS: u32 = 100;
/// What a server appends to a client's key (RFC 6455 §1.3).
const KEY_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// Longest key that is answered: theirs are of 24 characters.
const KEY_MAX: usize = 64;
/// Characters of the answer to a key: SHA-1 in base64.
const ACCEPT_LEN: usize = 28;

/// What outlives the server's runs: the count of wrong passwords, and the one place for a client,
/// with its room for a file.
#[derive(Debug)]
pub struct Shared {
    guard: Guard,
    place: Mutex<NoopRawMutex, [u8; FILE_MAX]>,
}

impl Shared {
    /// Before the first client.
    pub const fn new() -> Self {
        Self {
            guard: Guard::new(),
            place: Mutex::new([0; FILE_MAX]),
        }
    }
}

impl Default for Shared {
    fn default() -> Self {
        Self::new()
    }
}

/// The WebREPL server of one device.
#[derive(Debug)]
pub struct Server<'a, D, T> {
    /// Whom it speaks for.
    pub device: &'a D,
    /// Lets time pass.
    pub timer: &'a T,
    /// What outlives it.
    pub shared: &'a Shared,
}

/// What a client came for.
enum Knock {
    /// It went away, or was too slow.
    Gone,
    /// The terminal's page, with its body or without.
    Page(bool),
    /// A refusal.
    Refused(Response<Fixed>),
    /// A WebSocket, with this answer to its key.
    Upgrade(String<ACCEPT_LEN>),
}

impl<D: Device, T: Timer> Server<'_, D, T> {
    /// Serves `N` connections at a time, at least [`CONNECTIONS_MIN`], until it is dropped.
    pub async fn serve<A: TcpAccept, const N: usize>(
        &self,
        acceptor: &A,
        buffers: &mut [Buffer; N],
    ) -> Infallible {
        const { assert!(N >= CONNECTIONS_MIN) };
        let workers = buffers.each_mut().map(|buffer| self.work(acceptor, buffer));
        join_array(workers).await;
        // No worker ends.
        core::future::pending().await
    }

    /// Serves one connection after the other, one of at least [`CONNECTIONS_MIN`] that do so at a time.
    pub async fn work<A: TcpAccept>(&self, acceptor: &A, buffer: &mut Buffer) -> Infallible {
        loop {
            match acceptor.accept().await {
                Ok((peer, mut io)) => {
                    self.connection(&mut io, peer.ip(), buffer).await;
                    finish(&mut io, self.timer, buffer).await;
                }
                Err(_) => self.timer.sleep_ms(ACCEPT_RETRY_MS).await,
            }
        }
    }

    async fn connection<S>(&self, io: &mut S, peer: IpAddr, buffer: &mut Buffer)
    where
        S: Read + Write,
    {
        let patience = self.timer.sleep_ms(REQUEST_MS);
        let (knock, left) = match select(receive(io, buffer), patience).await {
            Either::First(knock) => knock,
            Either::Second(()) => (Knock::Gone, 0),
        };
        match knock {
            Knock::Gone => {}
            Knock::Page(is_head) => {
                let page = Response::ok(Body::Terminal);
                self.answer(io, &page, is_head, buffer).await;
            }
            Knock::Refused(response) => self.answer(io, &response.into(), false, buffer).await,
            Knock::Upgrade(accept) => {
                let now = self.device.with_view(|view| view.now);
                if let Some(seconds) = self.shared.guard.shut_for_s(now) {
                    let wait = unavailable("too many wrong passwords");
                    let wait = wait.with(Extra::RetryAfter(seconds));
                    return self.answer(io, &wait, false, buffer).await;
                }
                let Ok(mut room) = self.shared.place.try_lock() else {
                    let taken = unavailable("another client is here");
                    return self.answer(io, &taken, false, buffer).await;
                };
                if upgrade(io, &accept).await.is_ok() {
                    let talk = Talk::new(self.device, self.timer, &self.shared.guard, peer);
                    talk.run(io, buffer, left, &mut room).await;
                }
                room.zeroize();
            }
        }
    }

    async fn answer<S: Write>(
        &self,
        io: &mut S,
        response: &Response,
        is_head: bool,
        buffer: &mut Buffer,
    ) {
        let sending = send(io, response, is_head, false, buffer);
        // The connection is closed whether it arrived or not.
        let _ = select(sending, self.timer.sleep_ms(WRITE_MS)).await;
    }
}

fn unavailable(reason: &'static str) -> Response {
    Response::error(503, "unavailable", "webrepl", reason).into()
}

/// Reads a request; gives what is wanted, and how many bytes that came behind it begin the buffer.
async fn receive<S: Read>(io: &mut S, buffer: &mut Buffer) -> (Knock, usize) {
    let mut filled = 0;
    let head_len = match read_head(io, buffer, &mut filled).await {
        Ok(len) => len,
        Err(NoHead::TooLarge) => return (Knock::Refused(refusal(HeadError::TooLarge)), 0),
        Err(NoHead::Gone) => return (Knock::Gone, 0),
    };
    let knock = match head::parse(&buffer[..head_len]) {
        Ok(head) => judge(&head),
        Err(error) => Knock::Refused(refusal(error)),
    };
    buffer.copy_within(head_len..filled, 0);
    (knock, filled - head_len)
}

/// A WebSocket at any path, since clients differ; the terminal's page at `/` alone.
fn judge(head: &Head<'_>) -> Knock {
    if !head.method.reads() {
        let error = Response::error(405, "method-not-allowed", "method", "GET and HEAD");
        let error = error.with(Extra::Allow("GET, HEAD"));
        return Knock::Refused(error);
    }
    match head.websocket_key {
        Some(key) if head.method == Method::Get && key.len() <= KEY_MAX => {
            Knock::Upgrade(accept(key))
        }
        Some(_) => {
            let error = Response::error(400, "bad-request", "Sec-WebSocket-Key", "too long");
            Knock::Refused(error)
        }
        None if matches!(head.path, "/" | "/index.html") => {
            Knock::Page(head.method == Method::Head)
        }
        None => {
            let error = Response::error(404, "not-found", "path", "the terminal is at /");
            Knock::Refused(error)
        }
    }
}

/// The answer to a client's key.
fn accept(key: &str) -> String<ACCEPT_LEN> {
    let hash = Sha1::new().chain_update(key).chain_update(KEY_SUFFIX);
    let mut room = [0; ACCEPT_LEN];
    // 20 bytes give 28 characters.
    let text = Base64::encode(&hash.finalize(), &mut room).unwrap_or_default();
    String::try_from(text).unwrap_or_default()
}

async fn upgrade<S: Write>(io: &mut S, accept: &str) -> Result<(), S::Error> {
    io.write_all(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Accept: ",
    )
    .await?;
    io.write_all(accept.as_bytes()).await?;
    io.write_all(b"\r\n\r\n").await?;
    io.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_answered_as_the_standard_does() {
        // RFC 6455 §1.3.
        let accept = accept("dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
