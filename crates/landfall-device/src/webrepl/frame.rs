//! WebSocket frames as they come out of a connection, in whatever pieces it gives them (RFC 6455
//! §5). The header's own format is `edge-ws`'s; here are the rules about what may follow what.

use edge_ws::{Error, FrameHeader, FrameType};
use heapless::Vec;

/// Longest payload of a ping, pong or close frame (RFC 6455 §5.5).
pub(super) const CONTROL_MAX: usize = 125;

/// What a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text: what is typed.
    Text,
    /// Bytes: a file on its way.
    Binary,
}

/// What the next bytes of a connection mean.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'b> {
    /// Nothing yet.
    Incomplete,
    /// A piece of a message, unmasked.
    Data(Kind, &'b [u8]),
    /// It wants these bytes back.
    Ping(Vec<u8, CONTROL_MAX>),
    /// It ends the connection.
    Close,
}

/// What came is no WebSocket: close the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// Takes frames apart. Masked or not: one of the stock clients does not mask.
#[derive(Debug)]
pub(super) struct Frames {
    state: State,
    /// What continuation frames go on with.
    message: Option<Kind>,
}

#[derive(Debug)]
enum State {
    Header(Vec<u8, { FrameHeader::MAX_LEN }>),
    Data(Kind, Payload),
    Control(FrameType, Payload, Vec<u8, CONTROL_MAX>),
}

/// How far a payload has come.
#[derive(Clone, Copy, Debug)]
struct Payload {
    mask_key: Option<u32>,
    done: u64,
    len: u64,
}

impl Payload {
    /// Unmasks the next of its bytes among those that came.
    fn take<'b>(&mut self, bytes: &'b mut [u8]) -> &'b [u8] {
        let left = usize::try_from(self.len - self.done).unwrap_or(usize::MAX);
        let len = left.min(bytes.len());
        let bytes = &mut bytes[..len];
        FrameHeader::mask_with(bytes, self.mask_key, (self.done % 4) as usize);
        self.done += bytes.len() as u64;
        bytes
    }

    fn is_whole(self) -> bool {
        self.done == self.len
    }
}

impl Frames {
    /// At the beginning of a connection.
    pub(super) const fn new() -> Self {
        Self {
            state: State::Header(Vec::new()),
            message: None,
        }
    }

    /// Takes bytes, and says how many and what they mean; the rest is to be handed in again. With
    /// no bytes left it is [`Part::Incomplete`].
    pub(super) fn take<'b>(&mut self, bytes: &'b mut [u8]) -> Result<(usize, Part<'b>), Broken> {
        match &mut self.state {
            State::Header(header) => {
                let used = fill_header(header, bytes)?;
                if let Ok((header, _)) = FrameHeader::deserialize(header) {
                    self.state = self.begin(&header)?;
                }
                // A control frame without a payload is whole here.
                let part = self.ended_control().unwrap_or(Part::Incomplete);
                Ok((used, part))
            }
            State::Data(kind, payload) => {
                let (kind, piece) = (*kind, payload.take(bytes));
                if payload.is_whole() {
                    self.state = State::Header(Vec::new());
                }
                Ok((piece.len(), Part::Data(kind, piece)))
            }
            State::Control(_, payload, kept) => {
                let piece = payload.take(bytes);
                kept.extend_from_slice(piece).map_err(|_| Broken)?;
                let used = piece.len();
                Ok((used, self.ended_control().unwrap_or(Part::Incomplete)))
            }
        }
    }

    /// The state behind that header.
    fn begin(&mut self, header: &FrameHeader) -> Result<State, Broken> {
        let payload = Payload {
            mask_key: header.mask_key,
            done: 0,
            len: header.payload_len,
        };
        let kind = match header.frame_type {
            FrameType::Text(_) => Kind::Text,
            FrameType::Binary(_) => Kind::Binary,
            FrameType::Continue(_) => self.message.ok_or(Broken)?,
            kind @ (FrameType::Ping | FrameType::Pong | FrameType::Close) => {
                if payload.len > CONTROL_MAX as u64 {
                    return Err(Broken);
                }
                return Ok(State::Control(kind, payload, Vec::new()));
            }
        };
        self.message = (!header.frame_type.is_final()).then_some(kind);
        Ok(if payload.is_whole() {
            State::Header(Vec::new())
        } else {
            State::Data(kind, payload)
        })
    }

    /// What a control frame that is whole asks for.
    fn ended_control(&mut self) -> Option<Part<'static>> {
        let State::Control(kind, payload, kept) = &self.state else {
            return None;
        };
        if !payload.is_whole() {
            return None;
        }
        let part = match kind {
            FrameType::Close => Part::Close,
            FrameType::Ping => Part::Ping(kept.clone()),
            // An answer to a ping says no more than any other bytes: somebody is there.
            FrameType::Pong
            | FrameType::Text(_)
            | FrameType::Binary(_)
            | FrameType::Continue(_) => Part::Incomplete,
        };
        self.state = State::Header(Vec::new());
        Some(part)
    }
}

/// Adds bytes to a header until it is whole, and says how many it took.
fn fill_header(
    header: &mut Vec<u8, { FrameHeader::MAX_LEN }>,
    bytes: &[u8],
) -> Result<usize, Broken> {
    for (used, byte) in bytes.iter().enumerate() {
        match FrameHeader::deserialize(header) {
            Ok(_) => return Ok(used),
            Err(Error::Incomplete(_)) => header.push(*byte).map_err(|_| Broken)?,
            Err(_) => return Err(Broken),
        }
    }
    match FrameHeader::deserialize(header) {
        Ok(_) | Err(Error::Incomplete(_)) => Ok(bytes.len()),
        Err(_) => Err(Broken),
    }
}

/// Writes the header of a whole message of ours in front of `room`, and gives its length. Servers
/// do not mask (RFC 6455 §5.1).
pub(super) fn write_header(frame_type: FrameType, payload_len: usize, room: &mut [u8]) -> usize {
    let header = FrameHeader {
        frame_type,
        payload_len: payload_len as u64,
        mask_key: None,
    };
    // `room` is always longer than a header.
    header.serialize(room).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use std::fmt::Write as _;
    use std::string::String;

    use super::*;
    use crate::hex;

    /// Takes frames apart in pieces of each length, which must not change what comes out.
    fn check(frames: &str, expect: Expect) {
        let whole = story(&hex::bytes(frames), usize::MAX);
        for len in [1, 2, 3, 7] {
            assert_eq!(story(&hex::bytes(frames), len), whole, "in pieces of {len}");
        }
        expect.assert_eq(&whole);
    }

    fn story(frames: &[u8], piece_len: usize) -> String {
        let mut told = String::new();
        let mut taker = Frames::new();
        let mut before = None;
        for piece in frames.chunks(piece_len.min(frames.len())) {
            let mut piece = piece.to_vec();
            let mut bytes = &mut piece[..];
            while !bytes.is_empty() {
                let Ok((used, part)) = taker.take(bytes) else {
                    return told + " broken";
                };
                match part {
                    Part::Incomplete => {}
                    Part::Data(kind, data) => {
                        if before.replace(kind) != Some(kind) {
                            let _ = write!(told, " {kind:?} ");
                        }
                        told.push_str(&String::from_utf8_lossy(data));
                    }
                    Part::Ping(data) => _ = write!(told, " ping {data:?}"),
                    Part::Close => told.push_str(" close"),
                }
                bytes = &mut bytes[used..];
            }
        }
        told
    }

    #[test]
    fn frames_come_masked_or_not_and_in_any_pieces() {
        // The examples of RFC 6455 §5.7.
        check("810548656c6c6f", expect![" Text Hello"]);
        check("818537fa213d7f9f4d5158", expect![" Text Hello"]);
        check("010348656c 80026c6f", expect![" Text Hello"]);
        check(
            "890548656c6c6f 8a00 820141 8800",
            expect![" ping [72, 101, 108, 108, 111] Binary A close"],
        );
        check("8100 810141", expect![" Text A"]);
    }

    #[test]
    fn what_is_no_frame_breaks() {
        for frames in [
            "8048",                 // goes on with nothing
            "c10141",               // a reserved bit
            "830141",               // a reserved opcode
            "897e0080",             // a ping of 128 bytes
            "887fffffffffffffffff", // a close frame of 2^64 - 1 bytes
        ] {
            let told = story(&hex::bytes(frames), 1);
            assert!(told.ends_with(" broken"), "{frames}: {told}");
        }
    }
}
