//! Why a call on the handle failed: one small enum for each operation, each saying what to do.

use core::fmt;

use landfall_core::command::{Refusal, Verdict};
use landfall_core::config;
use landfall_core::net::{PassphraseError, SsidError};
use landfall_core::radio::FailureClass;

/// Why a command did not get an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// No device was built, or its runner is gone: build it and run the runner.
    NotRunning,
    /// Eight calls wait already: await one of them first.
    TooManyCalls,
    /// No answer within the call's bound: see that the runner is polled.
    TimedOut,
}

/// Why a network was not joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinError {
    /// The command did not get through.
    Call(CallError),
    /// The machine did not take the credentials; nothing changed.
    Refused(Refusal),
    /// The network did not let the device in; the credentials before are in use again.
    Failed(FailureClass),
    /// The device restarted, or other credentials came, in the middle of the proof.
    Interrupted,
    /// It gave an address, but the store did not take it: look at the flash.
    SaveFailed,
}

/// Why credentials were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetError {
    /// The command did not get through.
    Call(CallError),
    /// The name is empty or over 32 bytes.
    Ssid(SsidError),
    /// The password is neither empty, nor 8 to 63 printable characters, nor 64 hexadecimal digits.
    Password(PassphraseError),
    /// The machine did not take them; nothing changed.
    Refused(Refusal),
}

/// Why there are no scan rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanError {
    /// The command did not get through.
    Call(CallError),
    /// The machine does not scan now.
    Refused(Refusal),
}

/// Why the access point did not come up or go down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApError {
    /// The command did not get through.
    Call(CallError),
    /// The machine does not change it.
    Refused(Refusal),
    /// The radio did not bring it up.
    Failed(FailureClass),
}

/// Why the configuration was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveError {
    /// The command did not get through.
    Call(CallError),
    /// The store did not take it: look at the flash or the file.
    StoreFailed,
}

/// Why the configuration was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// The command did not get through.
    Call(CallError),
    /// The store could not be read at all: look at the flash or the file.
    StoreFailed,
}

/// Why a whole configuration was not taken; nothing changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PutError {
    /// It did not get through.
    Call(CallError),
    /// Credentials are being proved, or another configuration is on its way: ask again.
    Busy,
    /// It is no configuration: line and column, or path and reason.
    Invalid(config::SaveError),
    /// The store did not take it: look at the flash or the file.
    StoreFailed,
}

/// Why the config server was not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerError {
    /// It has no password: give one of 8 to 64 characters.
    NoPassword,
    /// The password has not 8 to 64 characters.
    BadPassword,
    /// No device was built.
    NotRunning,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotRunning => "the device is not running: build it and run its runner",
            Self::TooManyCalls => "too many calls wait already: await one of them first",
            Self::TimedOut => "no answer in time: see that the runner is polled",
        })
    }
}

/// The words for a refusal.
fn refusal(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Busy => "busy with a network: ask again in a moment",
        Refusal::ListFull => "sixteen networks are known: forget one first",
        Refusal::SaveFailed => "the store did not take it: look at the flash",
        Refusal::UnknownNetwork => "no known network has that name or place",
        Refusal::ScanApOnly => "scanning needs the access point: bring it up first",
        Refusal::ScanFailed => "the radio could not scan: ask again",
        Refusal::TooManyAskers => "too many wait for a scan: ask again",
        Refusal::Forbidden => "the mode or the policy forbids it",
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => error.fmt(f),
            Self::Refused(why) => f.write_str(refusal(*why)),
            Self::Failed(class) => write!(f, "not joined: {class}"),
            Self::Interrupted => {
                f.write_str("interrupted before the network was proved: try again")
            }
            Self::SaveFailed => f.write_str("joined, but not stored: look at the flash"),
        }
    }
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => error.fmt(f),
            Self::Ssid(_) => f.write_str("a network name has 1 to 32 bytes"),
            Self::Password(PassphraseError::TooShort) => {
                f.write_str("a password has at least 8 characters, or none at all")
            }
            Self::Password(PassphraseError::TooLong) => {
                f.write_str("a password has at most 63 characters, or is 64 hexadecimal digits")
            }
            Self::Password(PassphraseError::NotPrintable) => {
                f.write_str("a password is of printable ASCII characters")
            }
            Self::Refused(why) => f.write_str(refusal(*why)),
        }
    }
}

impl fmt::Display for ScanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => error.fmt(f),
            Self::Refused(why) => f.write_str(refusal(*why)),
        }
    }
}

impl fmt::Display for ApError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => error.fmt(f),
            Self::Refused(why) => f.write_str(refusal(*why)),
            Self::Failed(class) => write!(f, "the access point did not come up: {class}"),
        }
    }
}

impl fmt::Display for SaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => error.fmt(f),
            Self::StoreFailed => {
                f.write_str("the store did not take it: look at the flash or file")
            }
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => error.fmt(f),
            Self::StoreFailed => f.write_str("the store cannot be read: look at the flash or file"),
        }
    }
}

impl fmt::Display for PutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => error.fmt(f),
            Self::Busy => f.write_str("credentials or a configuration are being tried: ask again"),
            Self::Invalid(error) => error.fmt(f),
            Self::StoreFailed => f.write_str("the store did not take it: look at the flash"),
        }
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoPassword => "the config server needs a password of 8 to 64 characters",
            Self::BadPassword => "a config server's password has 8 to 64 characters",
            Self::NotRunning => "the device is not running: build it first",
        })
    }
}

impl core::error::Error for CallError {}
impl core::error::Error for JoinError {}
impl core::error::Error for SetError {}
impl core::error::Error for ScanError {}
impl core::error::Error for ApError {}
impl core::error::Error for SaveError {}
impl core::error::Error for LoadError {}
impl core::error::Error for PutError {}
impl core::error::Error for ServerError {}

impl JoinError {
    /// What a verdict means for the one who asked; none while it is tried, or where it is well.
    pub fn of(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::Trying | Verdict::Ok => None,
            Verdict::Failed(class) => Some(Self::Failed(class)),
            Verdict::Interrupted => Some(Self::Interrupted),
            Verdict::SaveFailed => Some(Self::SaveFailed),
        }
    }
}

macro_rules! from_call {
    ($($error:ident)*) => {$(
        impl From<CallError> for $error {
            fn from(error: CallError) -> Self {
                Self::Call(error)
            }
        }
    )*};
}
from_call!(JoinError SetError ScanError ApError SaveError LoadError PutError);
