//! A client that was let in: bytes of its socket to the session, what the session wants to the
//! device, and what the console prints back to the socket.

use core::convert::Infallible;
use core::net::IpAddr;
use core::str;

use edge_ws::{FrameHeader, FrameType};
use embassy_futures::select::{Either, Either3, select, select3};
use embedded_io_async::{Read, Write};
use landfall_core::config::DOOR_PASSWORD_MAX;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::Device;
use super::content::{PIECE_MAX, Reading};
use super::frame::{Frames, Kind, Part, write_header};
use super::guard::Guard;
use super::session::{FILE_MAX, Password, Session, Status, Step};
use crate::http::{Buffer, Timer, Unsaved, WRITE_MS};

/// Time to log in: meanwhile nobody else can.
pub const LOGIN_MS: u32 = 60_000;
/// Time after which a quiet client is asked for a sign of life. It need not answer: its side of the
/// connection does, or the connection ends.
pub const PING_MS: u32 = 30_000;
const PROMPT: &[u8] = b"Password: ";
const WELCOME: &[u8] = b"\r\nWebREPL connected\r\n>>> ";
const DENIED: &[u8] = b"\r\nAccess denied\r\n";
/// Most bytes of the console in one message.
const PRINTED_MAX: usize = 512;
/// Time before a byte is typed again that the console had no room for.
const TYPE_RETRY_MS: u32 = 20;
/// Most bytes of the words beside the status of a file that was put.
const WORDS_MAX: usize = 256;

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The client went, does not take what it is sent, or sends what is no WebSocket.
    Gone,
    /// It ended the WebSocket, or was denied: it is told so.
    Closed,
}

/// One client's connection.
pub(super) struct Talk<'a, D: Device, T> {
    device: &'a D,
    timer: &'a T,
    guard: &'a Guard,
    peer: IpAddr,
    frames: Frames,
    session: Session,
    reading: Option<Reading>,
    /// Bytes of a character that the console has not printed whole.
    kept: heapless::Vec<u8, 3>,
}

impl<D: Device, T> Drop for Talk<'_, D, T> {
    fn drop(&mut self) {
        if self.session.is_admitted() {
            self.device.close_console();
        }
    }
}

impl<'a, D: Device, T: Timer> Talk<'a, D, T> {
    pub(super) fn new(device: &'a D, timer: &'a T, guard: &'a Guard, peer: IpAddr) -> Self {
        Self {
            device,
            timer,
            guard,
            peer,
            frames: Frames::new(),
            session: Session::new(),
            reading: None,
            kept: heapless::Vec::new(),
        }
    }

    /// Until the connection is to be closed. `left` bytes of the buffer came already.
    pub(super) async fn run<S: Read + Write>(
        mut self,
        io: &mut S,
        buffer: &mut Buffer,
        left: usize,
        room: &mut [u8; FILE_MAX],
    ) {
        let Err(end) = self.converse(io, buffer, left, room).await;
        if end == End::Closed {
            // It may be gone already.
            let _ = self.send(io, FrameType::Close, &[]).await;
        }
    }

    async fn converse<S: Read + Write>(
        &mut self,
        io: &mut S,
        buffer: &mut Buffer,
        left: usize,
        room: &mut [u8; FILE_MAX],
    ) -> Result<Infallible, End> {
        self.send(io, FrameType::Text(false), PROMPT).await?;
        self.take(io, &mut buffer[..left], room).await?;
        let mut patience = core::pin::pin!(self.timer.sleep_ms(LOGIN_MS));
        while !self.session.is_admitted() {
            let Either::First(read) = select(io.read(buffer), patience.as_mut()).await else {
                return Err(End::Closed);
            };
            let len = some(read)?;
            self.take(io, &mut buffer[..len], room).await?;
        }
        loop {
            let mut printed = [0; PRINTED_MAX];
            let print = self.device.printed(&mut printed);
            match select3(io.read(buffer), print, self.timer.sleep_ms(PING_MS)).await {
                Either3::First(read) => {
                    let len = some(read)?;
                    self.take(io, &mut buffer[..len], room).await?;
                }
                Either3::Second(len) => self.print(io, &printed[..len]).await?,
                Either3::Third(()) => self.send(io, FrameType::Ping, &[]).await?,
            }
        }
    }

    /// Takes what came.
    async fn take<S: Read + Write>(
        &mut self,
        io: &mut S,
        bytes: &mut [u8],
        room: &mut [u8; FILE_MAX],
    ) -> Result<(), End> {
        let mut at = 0;
        while at < bytes.len() {
            let (used, part) = self.frames.take(&mut bytes[at..]).map_err(|_| End::Gone)?;
            at += used;
            match part {
                Part::Incomplete => {}
                Part::Data(kind, data) => self.hear(io, kind, data, room).await?,
                Part::Ping(data) => self.send(io, FrameType::Pong, &data).await?,
                Part::Close => return Err(End::Closed),
            }
        }
        Ok(())
    }

    /// Does what a piece of a message asks for.
    async fn hear<S: Write>(
        &mut self,
        io: &mut S,
        kind: Kind,
        mut data: &[u8],
        room: &mut [u8; FILE_MAX],
    ) -> Result<(), End> {
        while !data.is_empty() {
            let (used, step) = self.session.take(kind, data);
            data = &data[used..];
            match step {
                Step::Rest => {}
                Step::Login(password) => self.log_in(io, password).await?,
                Step::Type(text) => self.type_in(io, text).await?,
                Step::Answer(status) => self.answer(io, status).await?,
                Step::Version => self.send(io, FrameType::Binary(false), &VERSION).await?,
                Step::Open(file, offset) => {
                    let opened = Reading::open(self.device, file, offset, room);
                    let status = opened.map_or_else(|status| status, |_| Status::Ok);
                    self.reading = opened.ok();
                    if self.reading.is_none() {
                        self.session.ended();
                    }
                    self.answer(io, status).await?;
                }
                Step::Piece => self.send_piece(io, room).await?,
                Step::Store(at, piece) => {
                    room[at..at + piece.len()].copy_from_slice(piece);
                    if let Some(len) = self.session.whole() {
                        self.save(io, &mut room[..len]).await?;
                    }
                }
                Step::Save(len) => self.save(io, &mut room[..len]).await?,
            }
        }
        Ok(())
    }

    async fn log_in<S: Write>(
        &mut self,
        io: &mut S,
        password: Option<Password>,
    ) -> Result<(), End> {
        if !self.is_right(password.as_ref()) {
            let now = self.device.with_view(|view| view.now);
            self.guard.failed(now);
            log::warn!("webrepl: wrong password from {}", self.peer);
            self.send(io, FrameType::Text(false), DENIED).await?;
            return Err(End::Closed);
        }
        if !self.device.open_console() {
            return Err(End::Closed);
        }
        self.session.admit();
        self.send(io, FrameType::Text(false), WELCOME).await
    }

    /// Compares as many bytes whatever was typed, so that the time taken tells nothing.
    fn is_right(&self, password: Option<&Password>) -> bool {
        let mut typed = Zeroizing::new([0; DOOR_PASSWORD_MAX + 1]);
        let mut right = Zeroizing::new([0; DOOR_PASSWORD_MAX + 1]);
        let typed_bytes = password.map_or(&[][..], Password::as_bytes);
        fill(&mut typed, typed_bytes);
        let is_set = self.device.with_view(|view| {
            let secret = view.services.webrepl_secret();
            fill(
                &mut right,
                secret.map_or(&[][..], |secret| secret.expose().as_bytes()),
            );
            secret.is_some()
        });
        bool::from(typed.ct_eq(&*right)) && is_set && password.is_some()
    }

    /// Types; where the console has no room, what it prints is sent meanwhile.
    async fn type_in<S: Write>(&mut self, io: &mut S, mut text: &[u8]) -> Result<(), End> {
        loop {
            let took = self.device.type_in(text);
            text = &text[took..];
            if text.is_empty() {
                return Ok(());
            }
            let mut printed = [0; PRINTED_MAX];
            let print = self.device.printed(&mut printed);
            if let Either::First(len) = select(print, self.timer.sleep_ms(TYPE_RETRY_MS)).await {
                self.print(io, &printed[..len]).await?;
            }
        }
    }

    /// Sends what the console printed, in whole characters: a text message is UTF-8, or browsers
    /// end the connection.
    async fn print<S: Write>(&mut self, io: &mut S, printed: &[u8]) -> Result<(), End> {
        let mut text = heapless::Vec::<u8, { PRINTED_MAX + 3 }>::new();
        // Both fit.
        let _ = text.extend_from_slice(&self.kept);
        let _ = text.extend_from_slice(printed);
        let whole = match str::from_utf8(&text) {
            Ok(text) => text.len(),
            // At most three bytes of a character are missing the rest.
            Err(error) => match text.len() - error.valid_up_to() {
                0..=3 => error.valid_up_to(),
                _ => text.len(),
            },
        };
        self.kept.clear();
        let _ = self.kept.extend_from_slice(&text[whole..]);
        if whole == 0 {
            return Ok(());
        }
        self.send(io, FrameType::Text(false), &text[..whole]).await
    }

    /// The next piece of the file: its length, little endian, and its bytes. Behind the last, of no
    /// length, how it went.
    async fn send_piece<S: Write>(&mut self, io: &mut S, room: &[u8; FILE_MAX]) -> Result<(), End> {
        let mut piece = [0; PIECE_MAX];
        let read = match &mut self.reading {
            Some(reading) => reading.piece(self.device, room, &mut piece),
            None => Err(Status::Broken),
        };
        let len = read.unwrap_or(0);
        let mut message = [0; 2 + PIECE_MAX];
        // At most 256.
        message[..2].copy_from_slice(&(len as u16).to_le_bytes());
        message[2..2 + len].copy_from_slice(&piece[..len]);
        self.send(io, FrameType::Binary(false), &message[..2 + len])
            .await?;
        if len > 0 {
            return Ok(());
        }
        self.reading = None;
        self.session.ended();
        let status = read.map_or_else(|status| status, |_| Status::Ok);
        self.answer(io, status).await
    }

    /// Saves the configuration that was put, answers, and says in words what came of it: behind the
    /// answer, which is what a client of files waits for.
    async fn save<S: Write>(&mut self, io: &mut S, json: &mut [u8]) -> Result<(), End> {
        let saved = self.device.save_config(json).await;
        json.zeroize();
        let mut words = heapless::String::<WORDS_MAX>::new();
        // What has no room is left out: the status says the rest.
        let _ = match &saved {
            Ok(()) => words.push_str("Configuration updated successfully").is_ok(),
            Err(why) => core::fmt::Write::write_fmt(&mut words, format_args!("{why}")).is_ok(),
        };
        let _ = words.push_str("\r\n");
        let status = match saved {
            Ok(()) => Status::Ok,
            Err(Unsaved::Busy) => Status::Busy,
            Err(Unsaved::Invalid(_)) => Status::Invalid,
            Err(Unsaved::StoreFailed) => Status::Broken,
        };
        self.answer(io, status).await?;
        self.send(io, FrameType::Text(false), words.as_bytes())
            .await
    }

    /// `WB` and how it went.
    async fn answer<S: Write>(&self, io: &mut S, status: Status) -> Result<(), End> {
        let [low, high] = (status as u16).to_le_bytes();
        let answer = [b'W', b'B', low, high];
        self.send(io, FrameType::Binary(false), &answer).await
    }

    async fn send<S: Write>(
        &self,
        io: &mut S,
        frame_type: FrameType,
        payload: &[u8],
    ) -> Result<(), End> {
        let mut header = [0; FrameHeader::MAX_LEN];
        let header_len = write_header(frame_type, payload.len(), &mut header);
        let writing = async {
            io.write_all(&header[..header_len]).await?;
            io.write_all(payload).await?;
            io.flush().await
        };
        match select(writing, self.timer.sleep_ms(WRITE_MS)).await {
            Either::First(Ok(())) => Ok(()),
            Either::First(Err(_)) | Either::Second(()) => Err(End::Gone),
        }
    }
}

/// What a version request is answered with: that of this crate.
const VERSION: [u8; 3] = [
    number(env!("CARGO_PKG_VERSION_MAJOR")),
    number(env!("CARGO_PKG_VERSION_MINOR")),
    number(env!("CARGO_PKG_VERSION_PATCH")),
];

const fn number(digits: &str) -> u8 {
    match u8::from_str_radix(digits, 10) {
        Ok(number) => number,
        Err(_) => 0,
    }
}

/// How many bytes were read; none: the client went.
fn some<E>(read: Result<usize, E>) -> Result<usize, End> {
    match read {
        Ok(len) if len > 0 => Ok(len),
        Ok(_) | Err(_) => Err(End::Gone),
    }
}

/// Its length, then the password: what begins with another password is another.
fn fill(room: &mut [u8; DOOR_PASSWORD_MAX + 1], password: &[u8]) {
    let len = password.len().min(DOOR_PASSWORD_MAX);
    room[0] = len as u8;
    room[1..=len].copy_from_slice(&password[..len]);
}
