//! Requests to the device, one connection each.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// Silence after which the device counts as hung, however busy the host is.
const SILENCE: Duration = Duration::from_secs(30);

/// How soon it is asked again that refused a connection.
const AGAIN: Duration = Duration::from_millis(100);

/// An answer as it came over the wire.
pub(super) struct Answer {
    pub(super) code: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The body as text, bad bytes replaced.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("no JSON: {}", self.text()))
    }
}

/// Sends a request, `GET / HTTP/1.1` and more lines of its head without their ends, to that port of
/// this machine. Where the device refuses, because all it has room for is in use, it is asked again.
pub(super) fn request(port: u16, head: &[&str], body: &str) -> Result<Answer> {
    let mut request = head.join("\r\n");
    if !body.is_empty() {
        request += &format!(
            "\r\nContent-Type: application/json\r\nContent-Length: {}",
            body.len()
        );
    }
    request += "\r\nConnection: close\r\n\r\n";
    request += body;
    let began = Instant::now();
    loop {
        match exchange(port, &request) {
            Ok(bytes) => return parse(bytes).context("no answer of HTTP"),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                ensure!(began.elapsed() < SILENCE, "refused again and again");
                std::thread::sleep(AGAIN);
            }
            Err(error) => return Err(error).context("asking the device"),
        }
    }
}

fn exchange(port: u16, request: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(SILENCE))?;
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn parse(mut bytes: Vec<u8>) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let body = bytes.split_off(end + 4);
    let head = String::from_utf8(bytes).ok()?;
    let code = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { code, head, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_falls_into_its_parts() {
        let answer = parse(b"HTTP/1.1 404 Not Found\r\nA: b\r\n\r\n\r\n\r\nx".to_vec());
        let answer = answer.expect("an answer");
        assert_eq!((answer.code, answer.text().as_str()), (404, "\r\n\r\nx"));
        assert!(parse(b"HTTP/1.1".to_vec()).is_none());
    }
}
