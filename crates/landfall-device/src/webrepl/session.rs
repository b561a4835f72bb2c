//! What is said over a WebREPL connection once it is a WebSocket: login, then a terminal in text
//! messages and files in binary ones. Bytes in, [`Step`]s out; no socket and no clock.
//!
//! ```text
//!           right                 request           data whole
//! Login ───────────► Ready ─────────────────► Put ─────────────► Ready
//!   │ wrong            ▲ │   82 bytes          │
//!   └──────► closed    │ └───────────────────► Get ──┐ a byte 0: a piece
//!                      └──────────────────────────┴──┘ nothing left
//! ```

use heapless::Vec;
use zeroize::Zeroize;

use super::frame::Kind;

/// Longest password that is compared; a longer one is wrong.
pub(super) const PASSWORD_MAX: usize = 64;
/// Bytes of a request for a file: `WA`, operation, a zero, u64 offset, u32 size, u16 length of the
/// name, the name; little endian.
pub(super) const REQUEST_LEN: usize = 82;
/// Longest name of a file.
const NAME_MAX: usize = 64;
/// Most bytes of a file: a configuration as the config server takes it.
pub const FILE_MAX: usize = 8 * 1024;

/// How a request for a file ended, as a number of `errno.h`: what MicroPython's programs know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Status {
    /// As asked.
    Ok = 0,
    /// No file of that name.
    NotFound = 2,
    /// The file cannot be read to its end, or the client said what makes no sense now.
    Broken = 5,
    /// Credentials or a configuration are being tried: ask again.
    Busy = 16,
    /// The file cannot be written.
    ReadOnly = 13,
    /// No such operation, or what was put is no configuration.
    Invalid = 22,
    /// Longer than [`FILE_MAX`].
    TooLarge = 27,
}

/// The files there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum File {
    /// `networks.json`: the configuration, secrets masked. It can be put.
    Networks,
    /// `status.json`: what `GET /api/status` answers.
    Status,
    /// `events.json`: the events kept, an array.
    Events,
}

impl File {
    /// The file of that name, with or without a `/` before it.
    fn named(name: &[u8]) -> Option<Self> {
        match name.strip_prefix(b"/").unwrap_or(name) {
            b"networks.json" => Some(Self::Networks),
            b"status.json" => Some(Self::Status),
            b"events.json" => Some(Self::Events),
            _ => None,
        }
    }
}

/// What is to be done about bytes that came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<'b> {
    /// Nothing yet.
    Rest,
    /// Compare this password, then [`Session::admit`] or close. None: one that is too long to be
    /// right.
    Login(Option<Password>),
    /// Type this into the console.
    Type(&'b [u8]),
    /// Answer a request.
    Answer(Status),
    /// Say the version.
    Version,
    /// Begin to send that file from that offset, or say why not; then [`Step::Answer`].
    Open(File, u64),
    /// Send the next piece of the file; none left: [`Session::ended`].
    Piece,
    /// These bytes go to that place of the file being put.
    Store(usize, &'b [u8]),
    /// The file is whole and so long: keep it, then answer.
    Save(usize),
}

/// A password as it was typed; zeroed on drop.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Password(Vec<u8, PASSWORD_MAX>);

impl Password {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Password {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

/// One connection's.
#[derive(Debug)]
pub(super) struct Session {
    state: State,
}

#[derive(Debug)]
enum State {
    /// Until the end of a line. `too_long`: bytes came that had no room.
    Login {
        typed: Password,
        too_long: bool,
    },
    /// A request may begin, or has.
    Ready(Vec<u8, REQUEST_LEN>),
    Put {
        len: usize,
        done: usize,
    },
    Get,
}

impl Session {
    /// Before the login.
    pub(super) fn new() -> Self {
        Self {
            state: State::Login {
                typed: Password::default(),
                too_long: false,
            },
        }
    }

    /// The password was right.
    pub(super) fn admit(&mut self) {
        self.ended();
    }

    /// Whether it was.
    pub(super) fn is_admitted(&self) -> bool {
        !matches!(self.state, State::Login { .. })
    }

    /// The file is sent, or will not be.
    pub(super) fn ended(&mut self) {
        self.state = State::Ready(Vec::new());
    }

    /// Takes a piece of a message; gives how many bytes it used (at least one where there are any)
    /// and what to do. The rest is to be handed in when that is done.
    pub(super) fn take<'b>(&mut self, kind: Kind, bytes: &'b [u8]) -> (usize, Step<'b>) {
        match (&mut self.state, kind) {
            (State::Login { typed, too_long }, Kind::Text | Kind::Binary) => {
                take_password(typed, too_long, bytes)
            }
            (State::Ready(_) | State::Put { .. } | State::Get, Kind::Text) => {
                (bytes.len(), Step::Type(bytes))
            }
            (State::Ready(request), Kind::Binary) => {
                let used = bytes.len().min(REQUEST_LEN - request.len());
                // There is room for as many.
                let _ = request.extend_from_slice(&bytes[..used]);
                let step = match request.as_slice().try_into() {
                    Ok(whole) => self.begin(whole),
                    Err(_) => Step::Rest,
                };
                (used, step)
            }
            (State::Put { len, done }, Kind::Binary) => {
                let (at, piece) = (*done, &bytes[..bytes.len().min(*len - *done)]);
                *done += piece.len();
                (piece.len(), Step::Store(at, piece))
            }
            (State::Get, Kind::Binary) => match bytes {
                [] => (0, Step::Rest),
                [0, ..] => (1, Step::Piece),
                // It gave up, or never asked for this file.
                _ => {
                    self.ended();
                    (bytes.len(), Step::Answer(Status::Broken))
                }
            },
        }
    }

    /// The file being put, once it is whole: to be asked after each [`Step::Store`].
    pub(super) fn whole(&mut self) -> Option<usize> {
        let State::Put { len, done } = self.state else {
            return None;
        };
        (len == done).then(|| {
            self.ended();
            len
        })
    }

    fn begin(&mut self, request: [u8; REQUEST_LEN]) -> Step<'static> {
        self.ended();
        let request = match Request::read(&request) {
            Ok(request) => request,
            Err(status) => return Step::Answer(status),
        };
        match request {
            Request::Version => Step::Version,
            Request::Get(file, offset) => {
                self.state = State::Get;
                Step::Open(file, offset)
            }
            Request::Put(File::Status | File::Events, _) => Step::Answer(Status::ReadOnly),
            Request::Put(File::Networks, len) => match usize::try_from(len) {
                // Nothing more will come.
                Ok(0) => Step::Save(0),
                Ok(len) if len <= FILE_MAX => {
                    self.state = State::Put { len, done: 0 };
                    Step::Answer(Status::Ok)
                }
                _ => Step::Answer(Status::TooLarge),
            },
        }
    }
}

fn take_password<'b>(typed: &mut Password, too_long: &mut bool, bytes: &[u8]) -> (usize, Step<'b>) {
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(byte, b'\r' | b'\n') {
            let typed = core::mem::take(typed);
            let password = (!core::mem::take(too_long)).then_some(typed);
            return (at + 1, Step::Login(password));
        }
        *too_long |= typed.0.push(*byte).is_err();
    }
    (bytes.len(), Step::Rest)
}

/// What a client wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    /// To put a file of that length.
    Put(File, u32),
    /// A file from that offset on.
    Get(File, u64),
    /// To know what version this is.
    Version,
}

impl Request {
    fn read(bytes: &[u8; REQUEST_LEN]) -> Result<Self, Status> {
        let (magic, rest) = bytes.split_at(2);
        let ([op, _], rest) = rest.split_first_chunk().ok_or(Status::Invalid)?;
        let (offset, rest) = rest.split_first_chunk().ok_or(Status::Invalid)?;
        let (size, rest) = rest.split_first_chunk().ok_or(Status::Invalid)?;
        let (name_len, name) = rest.split_first_chunk().ok_or(Status::Invalid)?;
        let name_len = usize::from(u16::from_le_bytes(*name_len));
        let offset = u64::from_le_bytes(*offset);
        if magic != b"WA" || name_len > NAME_MAX {
            return Err(Status::Invalid);
        }
        let file = || File::named(&name[..name_len]).ok_or(Status::NotFound);
        match op {
            // Files are put whole.
            1 if offset != 0 => Err(Status::Invalid),
            1 => Ok(Self::Put(file()?, u32::from_le_bytes(*size))),
            2 => Ok(Self::Get(file()?, offset)),
            3 => Ok(Self::Version),
            _ => Err(Status::Invalid),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use std::fmt::Write as _;
    use std::string::String;
    use std::vec;

    use super::*;

    /// Plays lines `text …`, `put|get|version NAME [SIZE]`, `raw HEX`, `bytes N`, `zero`.
    fn check(script: &str, expect: Expect) {
        let mut session = Session::new();
        let mut told = String::new();
        for line in script
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
        {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let _ = writeln!(told, "{line}");
            let (kind, bytes) = match word {
                "text" => (
                    Kind::Text,
                    rest.replace("\\r", "\r").replace("\\n", "\n").into_bytes(),
                ),
                "bytes" => (Kind::Binary, vec![b'x'; rest.parse().expect("a number")]),
                "zero" => (Kind::Binary, vec![0]),
                "raw" => (Kind::Binary, crate::hex::bytes(rest)),
                op => (Kind::Binary, request(op, rest)),
            };
            play(&mut session, kind, &bytes, &mut told);
        }
        expect.assert_eq(&told);
    }

    fn play(session: &mut Session, kind: Kind, mut bytes: &[u8], told: &mut String) {
        while !bytes.is_empty() {
            let (used, step) = session.take(kind, bytes);
            let stored = matches!(step, Step::Store(..));
            match step {
                Step::Rest => {}
                Step::Login(password) => {
                    let password = password
                        .as_ref()
                        .map(|p| String::from_utf8_lossy(p.as_bytes()));
                    let _ = writeln!(told, "  login {password:?}");
                    session.admit();
                }
                Step::Type(text) => {
                    let _ = writeln!(told, "  type {:?}", String::from_utf8_lossy(text));
                }
                Step::Store(at, piece) => {
                    let _ = writeln!(told, "  store {} at {at}", piece.len());
                }
                Step::Answer(_) | Step::Version | Step::Open(..) | Step::Piece | Step::Save(_) => {
                    let _ = writeln!(told, "  {step:?}");
                }
            }
            if stored && let Some(len) = session.whole() {
                let _ = writeln!(told, "  save {len}");
            }
            bytes = &bytes[used..];
        }
    }

    fn request(op: &str, rest: &str) -> vec::Vec<u8> {
        let (name, size) = rest.split_once(' ').unwrap_or((rest, "0"));
        let size: u32 = size.parse().expect("a number");
        let op = ["put", "get", "version"].iter().position(|o| *o == op);
        let mut bytes = vec![b'W', b'A', op.map_or(9, |op| op as u8 + 1), 0];
        bytes.extend([0; 8]);
        bytes.extend(size.to_le_bytes());
        bytes.extend((name.len() as u16).to_le_bytes());
        bytes.extend(name.as_bytes());
        bytes.resize(REQUEST_LEN, 0);
        bytes
    }

    #[test]
    fn the_password_ends_with_its_line_whatever_it_came_in() {
        check(
            r"
            text sec
            raw 726574 0a
            text NET:STATUS\r
            ",
            expect![[r#"
                text sec
                raw 726574 0a
                  login Some("secret")
                text NET:STATUS\r
                  type "NET:STATUS\r"
            "#]],
        );
        check(
            r"text 1234567890123456789012345678901234567890123456789012345678901234567890\r",
            expect![[r#"
                text 1234567890123456789012345678901234567890123456789012345678901234567890\r
                  login None
            "#]],
        );
    }

    #[test]
    fn files_are_put_and_got_in_pieces() {
        check(
            r"
            text p\r
            put /networks.json 1500
            bytes 1024
            text typed meanwhile
            bytes 476
            get status.json
            zero
            version
            ",
            expect![[r#"
                text p\r
                  login Some("p")
                put /networks.json 1500
                  Answer(Ok)
                bytes 1024
                  store 1024 at 0
                text typed meanwhile
                  type "typed meanwhile"
                bytes 476
                  store 476 at 1024
                  save 1500
                get status.json
                  Open(Status, 0)
                zero
                  Piece
                version
                  Answer(Broken)
            "#]],
        );
    }

    #[test]
    fn what_makes_no_sense_is_answered_and_forgotten() {
        check(
            r"
            text p\r
            put status.json 10
            put networks.json 8193
            put networks.json 0
            get boot.py
            other networks.json
            get events.json
            raw 0001
            version
            ",
            expect![[r#"
                text p\r
                  login Some("p")
                put status.json 10
                  Answer(ReadOnly)
                put networks.json 8193
                  Answer(TooLarge)
                put networks.json 0
                  Save(0)
                get boot.py
                  Answer(NotFound)
                other networks.json
                  Answer(Invalid)
                get events.json
                  Open(Events, 0)
                raw 0001
                  Piece
                  Answer(Broken)
                version
                  Version
            "#]],
        );
    }

    #[test]
    fn a_request_may_come_in_two_frames_and_lie_about_its_name() {
        check(
            r"
            text p\r
            raw 57410200 000000000000
            raw 0000 00000000 4100 000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
            ",
            expect![[r#"
                text p\r
                  login Some("p")
                raw 57410200 000000000000
                raw 0000 00000000 4100 000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
                  Answer(Invalid)
            "#]],
        );
    }
}
