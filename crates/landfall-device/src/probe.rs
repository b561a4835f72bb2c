//! Whether there is internet behind the network joined: one request, whose answer is to be empty.

use core::convert::Infallible;
use core::fmt::Write as _;

use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::RawMutex;
use embedded_io_async::{Read, Write};
use heapless::String;
use landfall_core::config::URL_MAX;
use landfall_core::status::Internet;

use crate::dial::{Dial, HTTP, Url};
use crate::runtime::{Clock, Device, Wifi};

/// Time for the answer, in milliseconds.
const PROBE_MS: u32 = 5_000;
/// Bytes of a status line that are looked at: `HTTP/1.1 204`.
const STATUS_LEN: usize = 12;
/// Bytes of a request: path and host are parts of the URL, and share its length.
const REQUEST_MAX: usize = URL_MAX + 64;

/// Answers the probe for internet, as often as the machine asks, by the configured URL.
pub async fn serve<C: Clock, M: RawMutex>(wifi: Wifi<C, M>, dialer: &impl Dial) -> Infallible {
    let shared = wifi.shared();
    loop {
        shared.probe_wanted().await;
        let url = |device: &mut Device| device.services.internet_probe_url.clone();
        let url = shared.look(url).unwrap_or_default();
        let clock = shared.clock();
        let late = clock.sleep_until(clock.now().plus_ms(PROBE_MS));
        let found = match select(probe(dialer, &url), late).await {
            Either::First(found) => found,
            Either::Second(()) => Internet::No,
        };
        shared.with(|device| device.internet(found));
    }
}

/// Asks that URL. An empty answer (204) means internet; any other means that somebody on the way
/// answered in its place.
async fn probe(dialer: &impl Dial, url: &str) -> Internet {
    match status(dialer, url).await {
        Some(204) => Internet::Yes,
        Some(_) => Internet::Captive,
        None => Internet::No,
    }
}

/// The status of its answer; none: there is no answer of HTTP.
async fn status(dialer: &impl Dial, url: &str) -> Option<u16> {
    // Without TLS: what redirects to a page of its own can do so to plain HTTP alone.
    let parsed = Url::parse(url, HTTP).ok().filter(|url| !url.tls)?;
    let (_, path) = url.split_once("://")?;
    let path = path.find('/').and_then(|at| path.get(at..)).unwrap_or("/");
    let mut request = String::<REQUEST_MAX>::new();
    let host = parsed.authority;
    write!(
        request,
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .ok()?;
    let mut io = dialer.dial(&parsed).await.ok()?;
    io.write_all(request.as_bytes()).await.ok()?;
    io.flush().await.ok()?;
    let mut line = [0; STATUS_LEN];
    io.read_exact(&mut line).await.ok()?;
    let (version, status) = core::str::from_utf8(&line).ok()?.split_once(' ')?;
    version
        .starts_with("HTTP/1.")
        .then(|| status.parse().ok())?
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::vec::Vec;

    use embassy_futures::block_on;
    use embedded_io_async::ErrorType;

    use super::*;
    use crate::dial::DialError;

    /// A server with one answer, and what it was asked.
    struct Server {
        answer: &'static [u8],
        asked: RefCell<Vec<u8>>,
    }

    struct Connection<'s> {
        server: &'s Server,
        left: &'static [u8],
    }

    impl Dial for Server {
        type Connection<'a> = Connection<'a>;

        async fn dial(&self, _: &Url<'_>) -> Result<Connection<'_>, DialError> {
            Ok(Connection {
                server: self,
                left: self.answer,
            })
        }
    }

    impl ErrorType for Connection<'_> {
        type Error = Infallible;
    }

    impl Read for Connection<'_> {
        async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Infallible> {
            // One byte at a time: a status line may come in pieces.
            let (Some(byte), Some(place)) = (self.left.split_off_first(), buf.first_mut()) else {
                return Ok(0);
            };
            *place = *byte;
            Ok(1)
        }
    }

    impl Write for Connection<'_> {
        async fn write(&mut self, buf: &[u8]) -> Result<usize, Infallible> {
            self.server.asked.borrow_mut().extend_from_slice(buf);
            Ok(buf.len())
        }

        async fn flush(&mut self) -> Result<(), Infallible> {
            Ok(())
        }
    }

    fn check(url: &str, answer: &'static str, expected: Internet, request: &str) {
        let server = Server {
            answer: answer.as_bytes(),
            asked: RefCell::default(),
        };
        assert_eq!(block_on(probe(&server, url)), expected, "{answer}");
        let asked = server.asked.into_inner();
        assert_eq!(str::from_utf8(&asked), Ok(request));
    }

    #[test]
    fn answers_are_judged() {
        let url = "http://probe.example:8000/generate_204?x";
        let request =
            "GET /generate_204?x HTTP/1.1\r\nHost: probe.example:8000\r\nConnection: close\r\n\r\n";
        let judged = |answer, expected| check(url, answer, expected, request);
        judged("HTTP/1.1 204 No Content\r\n\r\n", Internet::Yes);
        judged(
            "HTTP/1.0 302 Found\r\nLocation: /\r\n\r\n",
            Internet::Captive,
        );
        judged("HTTP/1.1 200 OK\r\n\r\n<html>", Internet::Captive);
        judged("220 mail.example\r\n", Internet::No);
        judged("HTTP/1.1", Internet::No);
    }

    #[test]
    fn the_root_is_asked_where_the_url_has_no_path_and_what_is_no_url_asks_nobody() {
        let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        check("http://a", "HTTP/1.1 204 ", Internet::Yes, request);
        check("no url", "HTTP/1.1 204 ", Internet::No, "");
        check("https://a", "HTTP/1.1 204 ", Internet::No, "");
    }
}
