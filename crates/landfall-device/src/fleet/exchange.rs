//! One request over HTTP/1.1 and its answer: no more of a client than a device needs.
//!
//! Our own because a client of a library is made for its sockets: here a TLS stream of a host does as
//! well as a chip's socket. It sends one `POST` at a time with a `Content-Length`, keeps the
//! connection, and takes answers that say their length.

use core::fmt::{self, Write as _};

use embedded_io_async::{Read, Write};
use heapless::String;
use landfall_protocol::path::{DEVICE_HEADER, JSON_TYPE, SEALED_TYPE, SEQ_HEADER};

use crate::dial::Url;

/// Longest head of a request: the URL's parts, a key in hexadecimal digits, and our own names.
const HEAD_MAX: usize = 640;
/// Most header fields of an answer that are looked at.
const FIELDS_MAX: usize = 32;

/// What a request is, beside its body.
#[derive(Clone, Copy)]
pub(super) struct Post<'a> {
    pub(super) url: Url<'a>,
    pub(super) path: &'a str,
    pub(super) proof: Proof<'a>,
    /// For how many seconds the server may wait; 0: not at all.
    pub(super) wait_s: u8,
}

/// How the device shows who it is.
#[derive(Clone, Copy)]
pub(super) enum Proof<'a> {
    /// Not at all: it enrols.
    None,
    /// By its key, over TLS.
    Bearer(&'a str),
    /// By the seal of its body.
    Sealed { hardware_id: &'a str, seq: u64 },
}

/// An answer; its body stands at the front of the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) is_sealed: bool,
    pub(super) retry_after_s: u16,
    pub(super) body_len: usize,
    /// Whether another request may go over the connection.
    pub(super) keep_alive: bool,
}

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExchangeError {
    /// The connection broke before the first byte of an answer: a kept one may have been closed
    /// long ago, so that the request is worth another connection.
    Stale,
    /// It broke, or what came is no answer, or none that fits the buffer.
    Broken,
}

/// Sends the first `body_len` bytes of the buffer, and reads the answer into it.
pub(super) async fn post<C: Read + Write>(
    io: &mut C,
    request: &Post<'_>,
    buffer: &mut [u8],
    body_len: usize,
) -> Result<Reply, ExchangeError> {
    let head = head(request, body_len).map_err(|_| ExchangeError::Broken)?;
    let body = buffer.get(..body_len).ok_or(ExchangeError::Broken)?;
    let sent = async {
        io.write_all(head.as_bytes()).await?;
        io.write_all(body).await?;
        io.flush().await
    };
    sent.await.map_err(|_| ExchangeError::Stale)?;
    receive(io, buffer).await
}

fn head(request: &Post<'_>, body_len: usize) -> Result<String<HEAD_MAX>, fmt::Error> {
    let Post { url, path, .. } = request;
    let mut head = String::new();
    let kind = match request.proof {
        Proof::None | Proof::Bearer(_) => JSON_TYPE,
        Proof::Sealed { .. } => SEALED_TYPE,
    };
    write!(
        head,
        "POST {}{path} HTTP/1.1\r\nHost: {}\r\nContent-Type: {kind}\r\nContent-Length: {body_len}\r\n",
        url.prefix, url.authority
    )?;
    match request.proof {
        Proof::None => {}
        Proof::Bearer(key) => write!(head, "Authorization: Bearer {key}\r\n")?,
        Proof::Sealed { hardware_id, seq } => {
            write!(
                head,
                "{DEVICE_HEADER}: {hardware_id}\r\n{SEQ_HEADER}: {seq}\r\n"
            )?;
        }
    }
    if request.wait_s > 0 {
        write!(head, "Prefer: wait={}\r\n", request.wait_s)?;
    }
    head.write_str("\r\n")?;
    Ok(head)
}

async fn receive<C: Read>(io: &mut C, buffer: &mut [u8]) -> Result<Reply, ExchangeError> {
    let mut filled = 0;
    let (head_len, mut reply) = loop {
        let room = buffer.get_mut(filled..).unwrap_or_default();
        let read = match io.read(room).await {
            Ok(0) if filled == 0 => return Err(ExchangeError::Stale),
            Err(_) if filled == 0 => return Err(ExchangeError::Stale),
            Ok(0) | Err(_) => return Err(ExchangeError::Broken),
            Ok(read) => read,
        };
        filled += read;
        let seen = buffer.get(..filled).unwrap_or_default();
        if let Some(parsed) = parse(seen)? {
            break parsed;
        }
    };
    let whole = head_len.saturating_add(reply.body_len);
    while filled < whole {
        let room = buffer.get_mut(filled..whole).ok_or(ExchangeError::Broken)?;
        match io.read(room).await {
            Ok(0) | Err(_) => return Err(ExchangeError::Broken),
            Ok(read) => filled += read,
        }
    }
    if filled > whole {
        // Nobody asked for more.
        reply.keep_alive = false;
    }
    buffer.copy_within(head_len..whole, 0);
    Ok(reply)
}

/// The head of an answer and its length; none: it is not all there. Informational answers
/// (RFC 9110 §15.2) come before the real one, and are none we ask for.
fn parse(bytes: &[u8]) -> Result<Option<(usize, Reply)>, ExchangeError> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut head = httparse::Response::new(&mut fields);
    let len = match head.parse(bytes) {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(ExchangeError::Broken),
    };
    let mut body_len = None;
    let mut reply = Reply {
        status: head.code.unwrap_or(0),
        is_sealed: false,
        retry_after_s: 0,
        body_len: 0,
        keep_alive: head.version == Some(1),
    };
    for field in head.headers.iter() {
        let value = core::str::from_utf8(field.value).unwrap_or_default().trim();
        let is = |name: &str| field.name.eq_ignore_ascii_case(name);
        if is("content-length") {
            body_len = value.parse::<usize>().ok();
        } else if is("content-type") {
            reply.is_sealed = value.eq_ignore_ascii_case(SEALED_TYPE);
        } else if is("retry-after") {
            reply.retry_after_s = value.parse().unwrap_or(0);
        } else if is("connection") && value.eq_ignore_ascii_case("close") {
            reply.keep_alive = false;
        }
    }
    if reply.status == 204 {
        body_len = Some(0);
    }
    reply.body_len = body_len.ok_or(ExchangeError::Broken)?;
    Ok(Some((len, reply)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dial::HTTP;

    fn check(bytes: &[u8], expected: Result<Option<(usize, u16, usize, bool)>, ExchangeError>) {
        let seen = parse(bytes);
        let seen = seen.map(|s| s.map(|(n, r)| (n, r.status, r.body_len, r.keep_alive)));
        assert_eq!(seen, expected);
    }

    #[test]
    fn heads_of_answers() {
        check(b"HTTP/1.1 200 OK\r\nContent-Le", Ok(None));
        check(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            Ok(Some((38, 200, 2, true))),
        );
        check(
            b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
            Ok(Some((75, 503, 0, false))),
        );
        check(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            Err(ExchangeError::Broken),
        );
        check(b"SSH-2.0-OpenSSH\r\n", Err(ExchangeError::Broken));
    }

    #[test]
    fn head_of_a_request() {
        let post = Post {
            url: Url::parse("http://fleet.example:8000/x/", HTTP).unwrap(),
            path: "/api/v1/heartbeat",
            proof: Proof::Sealed {
                hardware_id: "lf-246f2856789a",
                seq: 7,
            },
            wait_s: 25,
        };
        expect_test::expect![[r#"
            POST /x/api/v1/heartbeat HTTP/1.1
            Host: fleet.example:8000
            Content-Type: application/landfall-sealed
            Content-Length: 3
            X-Landfall-Device: lf-246f2856789a
            X-Landfall-Seq: 7
            Prefer: wait=25

        "#]]
        .assert_eq(&head(&post, 3).unwrap().replace('\r', ""));
    }
}
