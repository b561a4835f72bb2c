//! What a client asks.

use super::{Error, Frame, Kind, Verb};
use crate::net::{Hostname, Security, Ssid};

/// A request, its values valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Join this network; none: a name, a password or a length is out of its bounds, which a device
    /// that proves other credentials does not say.
    Settings(Option<Credentials>),
    /// Say how the device stands.
    State,
    /// Say what the device is.
    Info,
    /// Say what networks there are.
    Scan,
    /// Say the name of that verb, or change it.
    Name(Verb, Option<Hostname>),
}

/// A network, and how it lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Its name.
    pub ssid: Ssid,
    /// How it lets in.
    pub security: Security,
}

impl Request {
    /// What the frame asks.
    ///
    /// # Errors
    /// What the client is told, where that is nothing.
    pub fn read(frame: &Frame<'_>) -> Result<Self, Error> {
        let (&[verb, len], payload) = frame
            .data
            .split_first_chunk()
            .ok_or(Error::InvalidRequest)?;
        if !frame.intact
            || frame.kind != Kind::Request as u8
            || frame.len.checked_sub(2) != Some(len)
        {
            return Err(Error::InvalidRequest);
        }
        let verb = Verb::of(verb).ok_or(Error::UnknownRequest)?;
        let plain = |request| {
            if len == 0 {
                Ok(request)
            } else {
                Err(Error::InvalidRequest)
            }
        };
        match verb {
            // One that was not kept whole is longer than any that is right.
            Verb::Settings => Ok(Self::Settings(credentials(payload))),
            Verb::State => plain(Self::State),
            Verb::Info => plain(Self::Info),
            Verb::Scan => plain(Self::Scan),
            Verb::Hostname | Verb::DeviceName if len == 0 => Ok(Self::Name(verb, None)),
            Verb::Hostname | Verb::DeviceName => {
                name(payload, len).map(|name| Self::Name(verb, Some(name)))
            }
        }
    }
}

fn credentials(payload: &[u8]) -> Option<Credentials> {
    let (ssid, rest) = counted(payload)?;
    let (password, rest) = counted(rest)?;
    if !rest.is_empty() {
        return None;
    }
    Some(Credentials {
        ssid: Ssid::new(ssid).ok()?,
        security: Security::from_password(password).ok()?,
    })
}

/// A text with its length before it, and what follows.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(*len))
}

/// A name with its length before it, or without: the client of improv-wifi.com sends it bare. No
/// length of a right name is a character of one, so that each form is known from the other.
fn name(payload: &[u8], len: u8) -> Result<Hostname, Error> {
    let parse = |name| str::from_utf8(name).ok().and_then(Hostname::new);
    let Some((first, rest)) = payload.split_first() else {
        return Err(Error::BadHostname);
    };
    if *first == len - 1 {
        return parse(rest).ok_or(Error::BadHostname);
    }
    if !payload.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        return Err(Error::InvalidRequest);
    }
    parse(payload).ok_or(Error::BadHostname)
}
