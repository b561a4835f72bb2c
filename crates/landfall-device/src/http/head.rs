//! The head of a request: parsed in place, with the fields that any handler reads and nothing
//! else. Fields we do not know are skipped, however many there are.

use core::str;

/// Most bytes of the header fields of a request, without its request line.
pub const FIELDS_MAX: usize = 4096;
/// Room for the request line beside that. A longer one is taken as long as head and line together
/// fit [`HEAD_MAX`].
pub const REQUEST_LINE_ROOM: usize = 512;
/// Most bytes of a head, request line included.
pub const HEAD_MAX: usize = FIELDS_MAX + REQUEST_LINE_ROOM;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Read, but for the body.
    Head,
    /// Do.
    Post,
    /// Replace.
    Put,
    /// Remove.
    Delete,
    /// Any other: no path of ours takes it.
    Other,
}

impl Method {
    fn of(token: &str) -> Self {
        match token {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "DELETE" => Self::Delete,
            _ => Self::Other,
        }
    }

    /// Whether it asks to read.
    pub fn reads(self) -> bool {
        matches!(self, Self::Get | Self::Head)
    }
}

/// The head of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head<'b> {
    /// What is to be done.
    pub method: Method,
    /// With what, without the query.
    pub path: &'b str,
    /// What stands behind the `?`; empty where there is none.
    pub query: &'b str,
    /// Whom it is meant for: `Host`, or the authority of an absolute target. None: it did not say
    /// (HTTP/1.0 alone).
    pub host: Option<&'b str>,
    /// The site whose page sent it, as the browser says.
    pub origin: Option<&'b str>,
    /// The credentials, scheme included.
    pub authorization: Option<&'b str>,
    /// What the body is.
    pub content_type: Option<&'b str>,
    /// Bytes of the body.
    pub body_len: u64,
    /// The last event that a resumed event stream has seen.
    pub last_event_id: Option<u32>,
    /// The key of a client that wants a WebSocket (RFC 6455 §4.1).
    pub websocket_key: Option<&'b str>,
    /// Whether the client waits for `100 Continue` before it sends the body.
    pub expects_continue: bool,
    /// Whether the connection stays open afterwards.
    pub keep_alive: bool,
}

/// Why a head is refused. All of them close the connection: where the request ends is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadError {
    /// It is no HTTP/1 request.
    Malformed(&'static str),
    /// It has a body whose length is not said: send a `Content-Length`.
    LengthRequired,
    /// Its fields have more than [`FIELDS_MAX`] bytes.
    TooLarge,
    /// It expects something else than `100-continue`.
    Expectation,
}

/// Where the head ends that begins at the start of `bytes`: behind its empty line. None: not here
/// yet.
pub fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let mut at = leading_line_ends(bytes);
    loop {
        let len = bytes[at..].iter().position(|b| *b == b'\n')?;
        let line = &bytes[at..at + len];
        at += len + 1;
        if matches!(line, b"" | b"\r") {
            return Some(at);
        }
    }
}

/// Empty lines before a request are skipped (RFC 9112 §2.2): old clients send one behind a body.
fn leading_line_ends(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take_while(|b| matches!(b, b'\r' | b'\n'))
        .count()
}

/// Parses a whole head, as [`end_of_head`] has cut it out.
pub fn parse(block: &[u8]) -> Result<Head<'_>, HeadError> {
    let block = &block[leading_line_ends(block)..];
    let line_len = block.iter().position(|b| *b == b'\n').map_or(0, |n| n + 1);
    let (line, fields) = block.split_at(line_len);
    let mut head = request_line(line)?;
    if fields.len() > FIELDS_MAX {
        return Err(HeadError::TooLarge);
    }
    let mut seen = Seen {
        // HTTP/1.1 and only it keeps the connection unless told otherwise.
        http11: head.keep_alive,
        ..Seen::default()
    };
    let absolute = head.host;
    for line in fields.split_inclusive(|b| *b == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !line.is_empty() {
            field(&mut head, &mut seen, line)?;
        }
    }
    // An absolute target says whom it is meant for, whatever `Host` says (RFC 9112 §3.2.2).
    head.host = absolute.or(head.host);
    if seen.transfer_encoding {
        return Err(match seen.content_length {
            Some(_) => HeadError::Malformed("both Content-Length and Transfer-Encoding"),
            None => HeadError::LengthRequired,
        });
    }
    if seen.http11 && !seen.host {
        return Err(HeadError::Malformed("no Host"));
    }
    head.body_len = seen.content_length.unwrap_or(0);
    Ok(head)
}

/// What may stand once only, or decides together with something else.
#[derive(Default)]
struct Seen {
    http11: bool,
    host: bool,
    content_length: Option<u64>,
    transfer_encoding: bool,
}

fn request_line(line: &[u8]) -> Result<Head<'_>, HeadError> {
    const BAD: HeadError = HeadError::Malformed("the request line");
    let mut request = httparse::Request::new(&mut []);
    // The line alone is no whole head: `Partial` is what a right one gives.
    match request.parse(line) {
        Ok(_) => {}
        Err(_) => return Err(BAD),
    }
    let (Some(method), Some(target), Some(minor)) = (request.method, request.path, request.version)
    else {
        return Err(BAD);
    };
    let (host, target) = split_target(target).ok_or(BAD)?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Ok(Head {
        method: Method::of(method),
        path,
        query,
        host,
        origin: None,
        authorization: None,
        content_type: None,
        body_len: 0,
        last_event_id: None,
        websocket_key: None,
        expects_continue: false,
        keep_alive: minor == 1,
    })
}

/// Whom an absolute target names, and its path; an origin-form target names nobody.
fn split_target(target: &str) -> Option<(Option<&str>, &str)> {
    if target.starts_with('/') {
        return Some((None, target));
    }
    let (scheme, rest) = target.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    match rest.find('/') {
        Some(at) => Some((Some(&rest[..at]), &rest[at..])),
        None => Some((Some(rest), "/")),
    }
}

fn field<'b>(head: &mut Head<'b>, seen: &mut Seen, line: &'b [u8]) -> Result<(), HeadError> {
    const BAD: HeadError = HeadError::Malformed("a header field");
    let colon = line.iter().position(|b| *b == b':').ok_or(BAD)?;
    let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
    // A folded line begins with white space, which is no name either.
    if name.is_empty() || !name.iter().all(|b| is_token(*b)) {
        return Err(BAD);
    }
    if value.iter().any(|b| b.is_ascii_control() && *b != b'\t') {
        return Err(BAD);
    }
    // None of the fields we read has a meaning outside ASCII; in others strangers may stand.
    let text = str::from_utf8(value).ok();
    let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
    if is("host") {
        if core::mem::replace(&mut seen.host, true) {
            return Err(HeadError::Malformed("two Host fields"));
        }
        head.host = Some(text.ok_or(BAD)?);
    } else if is("origin") {
        head.origin = Some(text.unwrap_or("null"));
    } else if is("authorization") {
        head.authorization = Some(text.unwrap_or(""));
    } else if is("content-type") {
        head.content_type = Some(text.unwrap_or(""));
    } else if is("last-event-id") {
        head.last_event_id = text.and_then(|text| text.parse().ok());
    } else if is("sec-websocket-key") {
        head.websocket_key = text;
    } else if is("connection") {
        connection(head, text.unwrap_or(""));
    } else if is("transfer-encoding") {
        seen.transfer_encoding = true;
    } else if is("content-length") {
        content_length(seen, value)?;
    } else if is("expect") {
        if !value.eq_ignore_ascii_case(b"100-continue") {
            return Err(HeadError::Expectation);
        }
        head.expects_continue = seen.http11;
    }
    Ok(())
}

fn connection(head: &mut Head<'_>, value: &str) {
    for option in value.split(',').map(str::trim_ascii) {
        if option.eq_ignore_ascii_case("close") {
            head.keep_alive = false;
        } else if option.eq_ignore_ascii_case("keep-alive") {
            head.keep_alive = true;
        }
    }
}

/// Digits alone: a sign or a list would let two readers see two lengths.
fn content_length(seen: &mut Seen, value: &[u8]) -> Result<(), HeadError> {
    const BAD: HeadError = HeadError::Malformed("Content-Length");
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(BAD);
    }
    // A length beyond u64 is too large, not malformed.
    let len = str::from_utf8(value)
        .ok()
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(u64::MAX);
    match seen.content_length.replace(len) {
        Some(other) if other != len => Err(BAD),
        Some(_) | None => Ok(()),
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
