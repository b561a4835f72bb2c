//! What the gateway has to tell the log.

use core::fmt;

use embedded_io_async::ErrorKind;
use minimq::{Error, PeerError, PubError, ReasonCode};

use crate::dial::DialError;

/// What happened between the gateway and its broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// The configuration names no broker, but something else.
    Malformed,
    /// The broker has everything.
    Connected,
    /// There is no connection; another attempt follows.
    Lost(Lost),
    /// The broker refused one thing, and the connection stays.
    Refused(ReasonCode),
}

/// Puts it into the log: for a [`Gateway`](super::Gateway) whose device has one.
pub fn log(news: News) {
    match news {
        News::Connected => log::info!("mqtt: {news}"),
        News::Malformed | News::Lost(_) | News::Refused(_) => log::warn!("mqtt: {news}"),
    }
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The broker's name leads nowhere.
    NoAddress,
    /// Nobody answers there.
    Unreachable,
    /// The URL wants TLS, which this device does not have. It is not tried again until the
    /// configuration is another one.
    NoTls,
    /// The broker's certificate is not one that the device trusts.
    Untrusted,
    /// The broker did not answer in time, or takes nothing any more.
    Silent,
    /// The broker lets nobody in by that name and password, or not now.
    Refused(ReasonCode),
    /// What came was not MQTT 5.
    Malformed,
    /// The connection ended.
    Closed,
}

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("mqtt.url: it names no broker"),
            Self::Connected => f.write_str("connected"),
            Self::Lost(lost) => lost.fmt(f),
            Self::Refused(code) => write!(f, "the broker refused a message: {code:?}"),
        }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAddress => f.write_str("the broker's name leads nowhere"),
            Self::Unreachable => f.write_str("nobody answers at the broker's address"),
            Self::NoTls => f.write_str(
                "mqtt.url: this device does not speak TLS: give it an mqtt:// URL, in a network that you trust",
            ),
            Self::Untrusted => f.write_str("the broker's certificate is not trusted"),
            Self::Silent => f.write_str("the broker does not answer"),
            Self::Refused(code) => write!(f, "the broker refused: {code:?}"),
            Self::Malformed => f.write_str("this is no MQTT 5 broker"),
            Self::Closed => f.write_str("the connection ended"),
        }
    }
}

impl From<DialError> for Lost {
    fn from(error: DialError) -> Self {
        match error {
            DialError::NoAddress => Self::NoAddress,
            DialError::Refused => Self::Unreachable,
            DialError::NoTls => Self::NoTls,
            DialError::Untrusted => Self::Untrusted,
        }
    }
}

impl<E: embedded_io_async::Error> From<Error<E>> for Lost {
    fn from(error: Error<E>) -> Self {
        match error {
            Error::Peer(PeerError::Rejected(code)) => Self::Refused(code),
            Error::Peer(_) | Error::Resource(_) => Self::Malformed,
            Error::Transport(why) if why.kind() == ErrorKind::TimedOut => Self::Silent,
            Error::NotReady
            | Error::Disconnected
            | Error::InvalidRequest
            | Error::Transport(_)
            | Error::WriteZero
            | _ => Self::Closed,
        }
    }
}

impl<P, E: embedded_io_async::Error> From<PubError<P, E>> for Lost {
    fn from(error: PubError<P, E>) -> Self {
        match error {
            PubError::Session(error) => error.into(),
            PubError::Payload(_) => Self::Malformed,
        }
    }
}
