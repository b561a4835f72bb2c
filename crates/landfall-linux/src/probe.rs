//! Whether there is internet behind the network joined: one request, whose answer is to be empty.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use async_io::Timer;
use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
use landfall_core::status::Internet;
use landfall_device::dial::{HTTP, Url};

use crate::sockets::connect;

/// Time for the answer.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of a status line that are looked at: `HTTP/1.1 204`.
const STATUS_LEN: usize = 12;

/// Asks that URL over that interface. An empty answer (204) means internet; any other means that
/// somebody on the way answered in its place.
pub async fn probe(interface: &str, url: &str) -> Internet {
    let late = async {
        Timer::after(PROBE_TIMEOUT).await;
        None
    };
    match future::or(status(interface, url), late).await.as_deref() {
        Some("204") => Internet::Yes,
        Some(_) => Internet::Captive,
        None => Internet::No,
    }
}

/// The status of its answer; none: there is no answer of HTTP.
async fn status(interface: &str, url: &str) -> Option<String> {
    // Without TLS: what redirects to a page of its own can do so to plain HTTP alone.
    let parsed = Url::parse(url, HTTP).ok().filter(|url| !url.tls)?;
    let path = url.split_once("://")?.1;
    let path = path.find('/').map_or("/", |at| &path[at..]).to_owned();
    let host = (parsed.host.to_owned(), parsed.port);
    let found = blocking::unblock(move || {
        let addresses = host.to_socket_addrs().ok()?;
        addresses.into_iter().find(SocketAddr::is_ipv4)
    });
    let mut stream = connect(interface, found.await?).await.ok()?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        parsed.authority
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut line = [0; STATUS_LEN];
    stream.read_exact(&mut line).await.ok()?;
    let line = std::str::from_utf8(&line).ok()?;
    let (version, status) = line.split_once(' ')?;
    let sound = version.starts_with("HTTP/1.") && status.bytes().all(|byte| byte.is_ascii_digit());
    sound.then(|| status.to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use async_io::block_on;

    use super::*;

    fn check(answer: &'static str, expected: Internet) {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/generate_204?x", server.local_addr().unwrap());
        let serve = std::thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let mut request = [0; 512];
            let len = stream.read(&mut request).unwrap();
            assert!(request[..len].starts_with(b"GET /generate_204?x HTTP/1.1\r\n"));
            stream.write_all(answer.as_bytes()).unwrap();
        });
        assert_eq!(block_on(probe("lo", &url)), expected, "{answer}");
        serve.join().unwrap();
    }

    #[test]
    fn answers_are_judged() {
        check("HTTP/1.1 204 No Content\r\n\r\n", Internet::Yes);
        check(
            "HTTP/1.0 302 Found\r\nLocation: /\r\n\r\n",
            Internet::Captive,
        );
        check("HTTP/1.1 200 OK\r\n\r\n<html>", Internet::Captive);
        check("220 mail.example\r\n", Internet::No);
        assert_eq!(block_on(probe("lo", "no url")), Internet::No);
    }
}
