//! Improv Wi-Fi over serial: frames among the text of a console, and what they ask.
//!
//! The protocol is that of <https://www.improv-wifi.com/serial/>:
//!
//! ```text
//! I M P R O V 01 | type | length | data … | sum of all bytes before it | LF
//! ```
//!
//! A [`Reader`] parts the bytes of a port into text for the console and frames; a frame from a
//! client is a [`Request`], and an [`Answer`] is what goes back. Nothing in here knows the machine:
//! what a request leads to is for the port's own loop to say.

mod answer;
mod reader;
mod request;
#[cfg(test)]
mod tests;

use crate::net::{PSK_HEX_LEN, SSID_MAX};

pub use answer::{ANSWER_MAX, Answer, RESULT_MAX};
pub use reader::{Frame, Reader, Step, Text};
pub use request::{Credentials, Request};

/// What every frame begins with: the name, and the version of the protocol.
pub const MAGIC: &[u8; 7] = b"IMPROV\x01";
/// Silence on the port that ends a frame begun, in milliseconds of our time, whatever the speed of
/// the device's own.
pub const SILENCE_MS: u32 = 100;
/// Bound of an answer, in milliseconds: what takes longer is an error.
pub const ANSWER_MS: u32 = 25_000;
/// Age up to which the rows of a scan are told again, in milliseconds.
pub const ROWS_MS: u64 = 5_000;
/// Longest data of a request that can be right: the longest name and password. What a frame has
/// beyond that is counted and not kept.
pub const REQUEST_MAX: usize = 2 + (1 + SSID_MAX) + (1 + PSK_HEX_LEN);

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// The device tells its [`State`].
    State = 1,
    /// The device tells an [`Error`]; [`Error::None`] takes the last one back.
    Error = 2,
    /// The client asks.
    Request = 3,
    /// The device answers.
    Result = 4,
}

/// How the device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// Improv is not to be had.
    Stopped = 0,
    /// Somebody has to press a button first; over Bluetooth alone.
    AwaitingAuthorization = 1,
    /// Settings can be sent.
    Ready = 2,
    /// Settings are being tried.
    Provisioning = 3,
    /// A network is joined.
    Provisioned = 4,
}

impl State {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::Stopped,
        Self::AwaitingAuthorization,
        Self::Ready,
        Self::Provisioning,
        Self::Provisioned,
    ];
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Error {
    /// Nothing.
    None = 0,
    /// The frame, a length or a value in it is wrong.
    InvalidRequest = 1,
    /// There is no such command.
    UnknownRequest = 2,
    /// The network was not joined, or something else did not come to an end in time.
    UnableToConnect = 3,
    /// Somebody has to press a button first; over Bluetooth alone.
    NotAuthorized = 4,
    /// That is no host name.
    BadHostname = 5,
    /// Anything else.
    Unknown = 0xff,
}

impl Error {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::InvalidRequest,
        Self::UnknownRequest,
        Self::UnableToConnect,
        Self::NotAuthorized,
        Self::BadHostname,
        Self::Unknown,
    ];
}

/// What a client can ask, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Verb {
    /// Join a network.
    Settings = 1,
    /// Say how the device stands.
    State = 2,
    /// Say what the device is.
    Info = 3,
    /// Say what networks there are.
    Scan = 4,
    /// Say or change the host name.
    Hostname = 5,
    /// Say or change the device's name.
    DeviceName = 6,
}

impl Verb {
    /// All of them, in the order of their numbers, which begin at 1.
    pub const ALL: [Self; 6] = [
        Self::Settings,
        Self::State,
        Self::Info,
        Self::Scan,
        Self::Hostname,
        Self::DeviceName,
    ];

    /// The one of that number.
    pub fn of(number: u8) -> Option<Self> {
        let place = usize::from(number).checked_sub(1)?;
        Self::ALL.get(place).copied()
    }
}

/// Sum of the bytes as a frame carries it.
const fn sum(bytes: &[u8]) -> u8 {
    let (mut sum, mut n) = (0_u8, 0);
    while n < bytes.len() {
        sum = sum.wrapping_add(bytes[n]);
        n += 1;
    }
    sum
}
