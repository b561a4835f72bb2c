//! Takes a request from its socket: the head, then, once it is clear who answers, the body, in
//! however many segments they come.

use core::net::IpAddr;

use embedded_io_async::{Read, Write};

use super::answer::{Fixed, Response};
use super::call::Call;
use super::config;
use super::head::{self, HEAD_MAX, Head, HeadError, Method};
use super::route::{self, BODY_MAX};
use super::server::{BUFFER_LEN, Server};
use super::view::{Device, Service, Timer};

// A whole body has to fit where the head was.
const _: () = assert!(BODY_MAX <= BUFFER_LEN);

/// What came.
pub(super) enum Received {
    /// The client went away.
    Gone,
    /// A request that is answered without its handler. What is left of the buffer begins at its
    /// start.
    Refused(Frame, Response<Fixed>),
    /// A whole request: its body begins the buffer, what is left follows.
    Whole(Frame, Call),
}

/// What is kept of a head once its bytes made room.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Whether the answer goes without its body.
    pub(super) is_head: bool,
    /// Whether the connection stays open.
    pub(super) keep_alive: bool,
    /// Where an event stream goes on.
    pub(super) last_event_id: Option<u32>,
    /// Bytes of the body.
    pub(super) body_len: usize,
    /// Bytes of the next request that came already.
    pub(super) left: usize,
}

impl Frame {
    /// That of a request that was not understood: nothing can follow it.
    pub(super) fn closing() -> Self {
        Self {
            is_head: false,
            keep_alive: false,
            last_event_id: None,
            body_len: 0,
            left: 0,
        }
    }

    fn of(head: &Head<'_>) -> Self {
        Self {
            is_head: head.method == Method::Head,
            keep_alive: head.keep_alive,
            last_event_id: head.last_event_id,
            // What is longer than a buffer is refused before this is looked at.
            body_len: usize::try_from(head.body_len).unwrap_or(usize::MAX),
            left: 0,
        }
    }
}

impl<D: Device, T: Timer> Server<'_, D, T> {
    /// Takes a request, of which the first `filled` bytes are in the buffer.
    pub(super) async fn receive<S>(
        &self,
        io: &mut S,
        peer: IpAddr,
        buffer: &mut [u8],
        mut filled: usize,
    ) -> Received
    where
        S: Read + Write,
    {
        let head_len = match read_head(io, buffer, &mut filled).await {
            Ok(len) => len,
            Err(NoHead::TooLarge) => return not_understood(HeadError::TooLarge),
            Err(NoHead::Gone) => return Received::Gone,
        };
        let (mut frame, opened, waits) = match head::parse(&buffer[..head_len]) {
            Err(error) => return not_understood(error),
            Ok(head) => {
                let opened = self.device.with_view(|view| {
                    let door = self.door.at(view);
                    route::open(&head, door, peer, view, &self.shared.limiter)
                });
                if self.door.service == Service::Config && config::is_owners(&opened) {
                    self.device.confirm_config();
                }
                (Frame::of(&head), opened, head.expects_continue)
            }
        };
        buffer.copy_within(head_len..filled, 0);
        filled -= head_len;
        let call = match opened {
            Ok(call) => call,
            Err(response) => {
                // The body of a refused request is not waited for, so nothing can follow it.
                frame.keep_alive &= frame.body_len == 0;
                frame.left = if frame.keep_alive { filled } else { 0 };
                return Received::Refused(frame, response);
            }
        };
        if waits && filled < frame.body_len && go_on(io).await.is_err() {
            return Received::Gone;
        }
        while filled < frame.body_len {
            match io.read(&mut buffer[filled..]).await {
                Ok(n) if n > 0 => filled += n,
                Ok(_) | Err(_) => return Received::Gone,
            }
        }
        frame.left = filled - frame.body_len;
        Received::Whole(frame, call)
    }
}

/// Why there is no head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoHead {
    /// The client went away.
    Gone,
    /// It is longer than a head may be.
    TooLarge,
}

/// Reads until a head is whole, and gives its length. The first `filled` bytes are in the buffer
/// before and after; behind the head stands what came with it.
pub(crate) async fn read_head<S: Read>(
    io: &mut S,
    buffer: &mut [u8],
    filled: &mut usize,
) -> Result<usize, NoHead> {
    loop {
        let begun = (*filled).min(HEAD_MAX);
        if let Some(len) = head::end_of_head(&buffer[..begun]) {
            return Ok(len);
        }
        // A longer buffer is for a body.
        let room = buffer.get_mut(*filled..).filter(|_| begun < HEAD_MAX);
        let Some(room @ [_, ..]) = room else {
            return Err(NoHead::TooLarge);
        };
        match io.read(room).await {
            Ok(n) if n > 0 => *filled += n,
            Ok(_) | Err(_) => return Err(NoHead::Gone),
        }
    }
}

/// Tells a client that waits for it to send the body (RFC 9110 §10.1.1).
async fn go_on<S: Write>(io: &mut S) -> Result<(), S::Error> {
    io.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    io.flush().await
}

fn not_understood(error: HeadError) -> Received {
    Received::Refused(Frame::closing(), refusal(error))
}

/// What is said to a head that was not understood.
pub(crate) fn refusal(error: HeadError) -> Response<Fixed> {
    match error {
        HeadError::Malformed(what) => Response::error(400, "bad-request", "request", what),
        HeadError::LengthRequired => Response::error(
            411,
            "length-required",
            "Transfer-Encoding",
            "send a Content-Length instead",
        ),
        HeadError::TooLarge => {
            Response::error(431, "header-too-large", "header", "more than 4096 bytes")
        }
        HeadError::Expectation => Response::error(
            417,
            "expectation-failed",
            "Expect",
            "only 100-continue is met",
        ),
    }
}

/// The answer to a request that was not whole in time.
pub(super) fn timed_out() -> Response<Fixed> {
    Response::error(408, "timeout", "request", "not whole within 5 s")
}
