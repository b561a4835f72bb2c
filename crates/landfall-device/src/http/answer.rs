//! Answers as values: what a handler decided, holding everything its body is made of, so that it
//! can be measured first and written in pieces afterwards without a buffer of its size.

use core::fmt::{self, Write};
use core::net::Ipv4Addr;

use landfall_core::config::Mode;

use super::body::{
    ClientsBody, MetricsBody, NetworksBody, ResetBody, ScanBody, SessionText, StatusBody,
    write_session,
};
use super::mark_page::{MarkPage, Room};
use super::page::{NoticeBody, ResultBody};
use super::view::Unsaved;
use crate::{attendance, editor, portal, terminal};

/// A status code with its phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(pub u16);

impl Code {
    /// Whether what was asked is done.
    pub fn is_accepted(self) -> bool {
        self.0 < 400
    }

    /// What the code means (RFC 9110 §15).
    pub fn phrase(self) -> &'static str {
        match self.0 {
            200 => "OK",
            204 => "No Content",
            302 => "Found",
            303 => "See Other",
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            408 => "Request Timeout",
            409 => "Conflict",
            411 => "Length Required",
            413 => "Content Too Large",
            415 => "Unsupported Media Type",
            417 => "Expectation Failed",
            421 => "Misdirected Request",
            429 => "Too Many Requests",
            431 => "Request Header Fields Too Large",
            500 => "Internal Server Error",
            503 => "Service Unavailable",
            _ => "Unknown",
        }
    }
}

/// The one header field that some answers have beside the usual ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    /// None.
    None,
    /// What the path takes: the text of `Allow`.
    Allow(&'static str),
    /// Where to go, on this device's own address.
    Portal(Ipv4Addr),
    /// Where to go, a path on whatever name the client came by.
    Path(&'static str),
    /// Credentials are wanted.
    Authenticate,
    /// When to try again, in seconds.
    RetryAfter(u32),
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response<B = Body> {
    /// Its status.
    pub code: Code,
    /// Its own header field.
    pub extra: Extra,
    /// Its body.
    pub body: B,
}

/// A body that tells nothing of the device but its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixed {
    /// Nothing.
    Empty,
    /// Plain text.
    Text(&'static str),
    /// A page that never changes.
    Html(&'static str),
    /// A few words for those who were led to the portal.
    Redirect(Ipv4Addr),
    /// Why the form was refused.
    Notice(NoticeBody),
    /// A refusal, for programs.
    Error(Failure),
    /// The same for the config server's users, who are answered in plain text.
    Words(Failure),
}

/// What a body is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "the rows of a scan have to live somewhere, and there is no heap"
)]
pub enum Body {
    /// One that is fixed.
    Fixed(Fixed),
    /// The portal's page, gzipped.
    Page,
    /// The attendance page, gzipped.
    Attendance,
    /// The attendance page for a browser without script.
    MarkPage(MarkPage),
    /// How many phones are here, in words.
    Room(Room),
    /// What came of a mark.
    Marked(&'static str),
    /// The config server's page, gzipped.
    Editor,
    /// WebREPL's terminal, gzipped.
    Terminal,
    /// The configuration, secrets masked. Written from the device itself, a piece at a time: no
    /// answer is as large as that.
    Config,
    /// Why a configuration was not taken.
    Unsaved(Unsaved),
    /// What became of the form.
    Result(ResultBody),
    /// `GET /api/status`.
    Status(StatusBody),
    /// `GET /api/scan`.
    Scan(ScanBody),
    /// `POST /api/wifi`.
    Connecting,
    /// `POST /api/reset`.
    Reset(ResetBody),
    /// `GET /api/networks` and what changes them.
    Networks(NetworksBody),
    /// `GET /api/clients`.
    Clients(ClientsBody),
    /// `POST /api/mode`.
    Mode(Mode),
    /// `GET /api/session`; none: no session runs.
    Session(Option<SessionText>),
    /// `GET /metrics`.
    Metrics(MetricsBody),
}

/// A refusal as programs and people read it: `{"error": "<code>", "detail": "<path>: <reason>"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The code; part of the API.
    pub code: &'static str,
    /// What it is about: a member of the body, a header field, a path.
    pub path: &'static str,
    /// What is wrong with it, or what to do.
    pub reason: &'static str,
}

impl<B> Response<B> {
    /// An answer with that status code and no field of its own.
    pub fn new(code: u16, body: B) -> Self {
        Self {
            code: Code(code),
            extra: Extra::None,
            body,
        }
    }

    /// The same with that header field.
    #[must_use]
    pub fn with(self, extra: Extra) -> Self {
        Self { extra, ..self }
    }
}

impl Response<Fixed> {
    /// A refusal.
    pub fn error(code: u16, error: &'static str, path: &'static str, reason: &'static str) -> Self {
        let failure = Failure {
            code: error,
            path,
            reason,
        };
        Self::new(code, Fixed::Error(failure))
    }

    /// The same in plain text.
    #[must_use]
    pub(super) fn in_words(self) -> Self {
        match self.body {
            Fixed::Error(failure) => Self {
                body: Fixed::Words(failure),
                ..self
            },
            Fixed::Empty
            | Fixed::Text(_)
            | Fixed::Html(_)
            | Fixed::Redirect(_)
            | Fixed::Notice(_)
            | Fixed::Words(_) => self,
        }
    }
}

impl From<Response<Fixed>> for Response {
    fn from(fixed: Response<Fixed>) -> Self {
        Self {
            code: fixed.code,
            extra: fixed.extra,
            body: Body::Fixed(fixed.body),
        }
    }
}

impl Response {
    /// An answer of status 200.
    pub fn ok(body: Body) -> Self {
        Self::new(200, body)
    }

    /// Bytes of the body.
    pub fn body_len(&self) -> usize {
        if let Some(page) = self.body.page() {
            return page.len();
        }
        let mut count = Count(0);
        // Counting takes everything.
        let _ = self.body.write(&mut count);
        count.0
    }

    /// Writes the head, up to and with its empty line.
    pub fn write_head(&self, out: &mut dyn Write, keep_alive: bool) -> fmt::Result {
        self.write_head_for(self.body_len(), out, keep_alive)
    }

    /// The same for a body of that length.
    pub(crate) fn write_head_for(
        &self,
        body_len: usize,
        out: &mut dyn Write,
        keep_alive: bool,
    ) -> fmt::Result {
        write!(out, "HTTP/1.1 {} {}\r\n", self.code.0, self.code.phrase())?;
        // On a 204 too, against RFC 9110 §8.6: the servers that phones probe send it so.
        write!(out, "Content-Length: {body_len}\r\n")?;
        self.body.write_type(out)?;
        self.extra.write(out)?;
        write_fixed_fields(out, self.body.policy())?;
        let connection = if keep_alive { "keep-alive" } else { "close" };
        write!(out, "Connection: {connection}\r\n\r\n")
    }
}

/// Lets nothing run or load; forms may be sent to us alone.
pub(crate) const STRICT_POLICY: &str =
    "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The fields that every answer has.
pub(crate) fn write_fixed_fields(out: &mut dyn Write, policy: &str) -> fmt::Result {
    write!(
        out,
        "Cache-Control: no-store\r\n\
         Content-Security-Policy: {policy}\r\n\
         X-Content-Type-Options: nosniff\r\n\
         Referrer-Policy: no-referrer\r\n"
    )
}

impl Extra {
    fn write(self, out: &mut dyn Write) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Allow(methods) => write!(out, "Allow: {methods}\r\n"),
            Self::Portal(address) => write!(out, "Location: http://{address}/\r\n"),
            Self::Path(path) => write!(out, "Location: {path}\r\n"),
            Self::Authenticate => {
                write!(out, "WWW-Authenticate: Basic realm=\"WiFi Config\"\r\n")
            }
            Self::RetryAfter(seconds) => write!(out, "Retry-After: {seconds}\r\n"),
        }
    }
}

impl Body {
    fn write_type(&self, out: &mut dyn Write) -> fmt::Result {
        let kind = match self {
            Self::Fixed(fixed) => return fixed.write_type(out),
            Self::Metrics(_) => "text/plain; version=0.0.4; charset=utf-8",
            // It says its own character set, and every byte of the page counts.
            Self::Page | Self::Attendance | Self::Editor | Self::Terminal => {
                "text/html\r\nContent-Encoding: gzip"
            }
            Self::Result(_) | Self::MarkPage(_) => "text/html; charset=utf-8",
            Self::Room(_) | Self::Unsaved(_) => "text/plain; charset=utf-8",
            Self::Status(_)
            | Self::Scan(_)
            | Self::Connecting
            | Self::Reset(_)
            | Self::Networks(_)
            | Self::Clients(_)
            | Self::Mode(_)
            | Self::Session(_)
            | Self::Marked(_)
            | Self::Config => "application/json",
        };
        write!(out, "Content-Type: {kind}\r\n")
    }

    /// What the body may run and load.
    fn policy(&self) -> &'static str {
        self.built().map_or(STRICT_POLICY, |(_, policy)| policy)
    }

    /// The page that is sent as it is.
    pub(crate) fn page(&self) -> Option<&'static [u8]> {
        self.built().map(|(page, _)| page)
    }

    /// A page that the build made, and what it may run and load.
    fn built(&self) -> Option<(&'static [u8], &'static str)> {
        match self {
            Self::Page => Some((portal::PAGE, portal::CONTENT_SECURITY_POLICY)),
            Self::Attendance => Some((attendance::PAGE, attendance::CONTENT_SECURITY_POLICY)),
            Self::Editor => Some((editor::PAGE, editor::CONTENT_SECURITY_POLICY)),
            Self::Terminal => Some((terminal::PAGE, terminal::CONTENT_SECURITY_POLICY)),
            Self::Fixed(_)
            | Self::MarkPage(_)
            | Self::Room(_)
            | Self::Marked(_)
            | Self::Config
            | Self::Unsaved(_)
            | Self::Result(_)
            | Self::Status(_)
            | Self::Scan(_)
            | Self::Connecting
            | Self::Reset(_)
            | Self::Networks(_)
            | Self::Clients(_)
            | Self::Mode(_)
            | Self::Session(_)
            | Self::Metrics(_) => None,
        }
    }

    /// Writes the body; pages are no text and are sent as they are, the configuration is written
    /// where there is a device.
    pub fn write(&self, out: &mut dyn Write) -> fmt::Result {
        match self {
            Self::Page | Self::Attendance | Self::Editor | Self::Terminal | Self::Config => Ok(()),
            Self::Unsaved(why) => write!(out, "{why}"),
            Self::MarkPage(body) => body.write(out),
            Self::Room(body) => body.write(out),
            Self::Marked(result) => write!(out, r#"{{"result":"{result}"}}"#),
            Self::Fixed(body) => body.write(out),
            Self::Result(body) => body.write(out),
            Self::Status(body) => body.write(out),
            Self::Scan(body) => body.write(out),
            Self::Connecting => out.write_str(r#"{"status":"connecting","state":"CONNECTING"}"#),
            Self::Reset(body) => body.write(out),
            Self::Networks(body) => body.write(out),
            Self::Clients(body) => body.write(out),
            Self::Mode(mode) => write!(out, r#"{{"mode":"{mode}"}}"#),
            Self::Session(session) => write_session(out, session.as_ref()),
            Self::Metrics(body) => body.write(out),
        }
    }
}

impl Fixed {
    fn write_type(&self, out: &mut dyn Write) -> fmt::Result {
        let kind = match self {
            Self::Empty => return Ok(()),
            Self::Text(_) | Self::Words(_) => "text/plain; charset=utf-8",
            Self::Html(_) | Self::Redirect(_) | Self::Notice(_) => "text/html; charset=utf-8",
            Self::Error(_) => "application/json",
        };
        write!(out, "Content-Type: {kind}\r\n")
    }

    fn write(&self, out: &mut dyn Write) -> fmt::Result {
        match self {
            Self::Empty => Ok(()),
            Self::Text(text) | Self::Html(text) => out.write_str(text),
            Self::Redirect(address) => write!(
                out,
                "<!doctype html><title>Wi-Fi</title><a href=\"http://{address}/\">Set up Wi-Fi</a>"
            ),
            Self::Notice(body) => body.write(out),
            Self::Error(failure) => failure.write(out),
            Self::Words(Failure { path, reason, .. }) => write!(out, "{path}: {reason}"),
        }
    }
}

impl Failure {
    fn write(&self, out: &mut dyn Write) -> fmt::Result {
        let Self { code, path, reason } = self;
        // All three are our own words: nothing in them is special to JSON.
        write!(out, r#"{{"error":"{code}","detail":"{path}: {reason}"}}"#)
    }
}

/// Counts what is written.
pub(super) struct Count(pub(super) usize);

impl Write for Count {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

/// Keeps the part of what is written that begins at `skip` and fits `room`.
pub(crate) struct Window<'a> {
    skip: usize,
    room: &'a mut [u8],
    len: usize,
}

impl<'a> Window<'a> {
    pub(crate) fn new(skip: usize, room: &'a mut [u8]) -> Self {
        Self { skip, room, len: 0 }
    }

    /// Bytes kept.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

impl Write for Window<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let text = text.as_bytes();
        let skipped = text.len().min(self.skip);
        self.skip -= skipped;
        let room = &mut self.room[self.len..];
        let kept = room.len().min(text.len() - skipped);
        room[..kept].copy_from_slice(&text[skipped..skipped + kept]);
        self.len += kept;
        Ok(())
    }
}
