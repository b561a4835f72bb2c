//! A client that says exactly what a test wants, and holds every answer to what all have in common.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::sim::{Door, Sim};

/// Longer than any answer takes: a request that is never whole gets its own after 5 s.
const READ_TIMEOUT: Duration = Duration::from_secs(15);

/// A whole answer that keeps the rules for all of them.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Sim {
    /// Opens a connection; none: the door is closed.
    pub(crate) fn connect(&self, door: Door) -> Option<TcpStream> {
        let stream = TcpStream::connect(self.address(door)).ok()?;
        stream.set_read_timeout(Some(READ_TIMEOUT)).unwrap();
        stream.set_nodelay(true).unwrap();
        Some(stream)
    }

    /// Sends these bytes, and gives what comes back until the device closes.
    pub(crate) fn raw(&self, door: Door, request: impl AsRef<[u8]>) -> Vec<u8> {
        let mut stream = self.connect(door).expect("the door is open");
        stream.write_all(request.as_ref()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    }

    /// Asks by one line: `METHOD /path [Field: value; …] body`. `Host`, `Content-Length` and for a
    /// body `Content-Type: application/json` are added where the line does not give them.
    pub(crate) fn ask(&self, door: Door, line: &str) -> Answer {
        self.try_ask(door, line).expect("the door is open")
    }

    /// The same, where the door may be closed.
    pub(crate) fn try_ask(&self, door: Door, line: &str) -> Option<Answer> {
        let mut stream = self.connect(door)?;
        stream.write_all(&self.request(door, line)).ok()?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).ok()?;
        (!bytes.is_empty()).then(|| Answer::of(&bytes, line))
    }

    /// The bytes of a request, as [`Sim::ask`] reads its line.
    pub(crate) fn request(&self, door: Door, line: &str) -> Vec<u8> {
        let (method, rest) = line.split_once(' ').unwrap();
        let (path, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let (fields, body) = match rest.strip_prefix('[') {
            Some(rest) => rest.split_once(']').unwrap(),
            None => ("", rest),
        };
        let body = body.trim_start();
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        for field in fields.split("; ").filter(|field| !field.is_empty()) {
            head += &format!("{field}\r\n");
        }
        let mut add = |name: &str, value: &str| {
            if !fields.contains(&format!("{name}:")) {
                head += &format!("{name}: {value}\r\n");
            }
        };
        add("Host", self.address(door));
        if !body.is_empty() {
            add("Content-Type", "application/json");
            add("Content-Length", &body.len().to_string());
        }
        format!("{head}\r\n{body}").into_bytes()
    }
}

impl Answer {
    /// Takes an answer apart.
    pub(crate) fn of(bytes: &[u8], asked: &str) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("{asked}: no head"));
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let code = head.strip_prefix("HTTP/1.1 ").unwrap()[..3]
            .parse()
            .unwrap();
        let body = bytes[end + 4..].to_vec();
        let answer = Self { code, head, body };
        answer.keeps_the_rules(asked);
        answer
    }

    fn keeps_the_rules(&self, asked: &str) {
        let is = |name, value: &str| assert_eq!(self.field(name), Some(value), "{asked}: {name}");
        if !asked.starts_with("HEAD") {
            is("Content-Length", &self.body.len().to_string());
        }
        is("Cache-Control", "no-store");
        is("X-Content-Type-Options", "nosniff");
        is("Referrer-Policy", "no-referrer");
        let policy = self.field("Content-Security-Policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none';"),
            "{asked}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{asked}: {policy}");
        assert!(!self.head.contains("Access-Control"), "{asked}: no CORS");
        let is_json = self.field("Content-Type") == Some("application/json");
        if self.code >= 400 && is_json && !self.body.is_empty() {
            let error = self.json();
            assert_eq!(error.as_object().unwrap().len(), 2, "{asked}: {error}");
            for member in ["error", "detail"] {
                assert!(
                    error[member].as_str().is_some_and(|text| !text.is_empty()),
                    "{asked}"
                );
            }
        }
    }

    /// A field of the head.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}
