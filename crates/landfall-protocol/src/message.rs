//! What a device sends, written as JSON without a heap: a message is a value that prints itself.
//!
//! What the server answers is read by each side with the reader it has; its form is that of the
//! files in `golden/`, which are tested on both.

use core::fmt::{self, Display, Formatter, Write};

use crate::claim::{Nonce, Proof};
use crate::hardware_id::HardwareId;
use crate::key::DeviceKey;

/// Most marks in one heartbeat.
pub const MARKS_PER_BEAT: usize = 32;
/// Longest id of a mark, in characters.
pub const MARK_ID_MAX: usize = 64;
/// Longest `config_hash`, in characters. What is in it is the server's business.
pub const CONFIG_HASH_MAX: usize = 64;

/// A request to enrol by a claim. Nothing in it opens anything.
#[derive(Clone, Copy, Debug)]
pub struct EnrollByClaim<'a> {
    /// Who asks.
    pub hardware_id: &'a HardwareId,
    /// Which claim.
    pub claim_id: &'a str,
    /// The device's random number. The same one again gets the same answer for ten minutes.
    pub device_nonce: Nonce,
    /// What shows that the device knows the claim's secret.
    pub proof: &'a Proof,
}

impl Display for EnrollByClaim<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut object = Object::begin(f)?;
        object.text("hardware_id", Some(self.hardware_id.as_str()))?;
        object.text("claim_id", Some(self.claim_id))?;
        object.text("device_nonce", Some(self.device_nonce.to_hex().as_str()))?;
        object.text("proof", Some(self.proof.to_hex().as_str()))?;
        object.end()
    }
}

/// A request to enrol with a key of the device's own making: over TLS or to loopback alone, since
/// the key is in it.
#[derive(Clone, Copy, Debug)]
pub struct EnrollPending<'a> {
    /// Who asks.
    pub hardware_id: &'a HardwareId,
    /// Its key.
    pub device_key: &'a DeviceKey,
}

impl Display for EnrollPending<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut object = Object::begin(f)?;
        object.text("hardware_id", Some(self.hardware_id.as_str()))?;
        object.text("device_key", Some(self.device_key.to_hex().as_str()))?;
        object.end()
    }
}

/// A heartbeat. Everything but the id may be absent, and is left out then.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heartbeat<'a, L = Nothing> {
    /// `hardware_id`.
    pub hardware_id: &'a str,
    /// `device_id`: the name that a session or the fleet gave it.
    pub device_id: Option<&'a str>,
    /// `boot_id`: differs from boot to boot.
    pub boot_id: Option<&'a str>,
    /// `seq`, as in the header of a sealed request.
    pub seq: Option<u64>,
    /// `uptime_ms`.
    pub uptime_ms: Option<u64>,
    /// `state`: `AP_ACTIVE`, `CONNECTING`, `CONNECTED`, `OFF`.
    pub state: Option<&'a str>,
    /// `ssid`: the network that the station has joined, where it is UTF-8.
    pub ssid: Option<&'a str>,
    /// `rssi`, in dBm.
    pub rssi: Option<i8>,
    /// `ip`: the station's address.
    pub ip: Option<core::net::Ipv4Addr>,
    /// `firmware`: name and version.
    pub firmware: Option<&'a str>,
    /// `chip`.
    pub chip: Option<&'a str>,
    /// `config_version`: what is in force.
    pub config_version: Option<u32>,
    /// `config_hash`: as the server gave it.
    pub config_hash: Option<&'a str>,
    /// `config_error`: what of the last configuration was not taken; path and reason.
    pub config_error: Option<&'a str>,
    /// `ap_ssid`: the access point's name.
    pub ap_ssid: Option<&'a str>,
    /// `rollout`: what became of a network that was rolled out.
    pub rollout: Option<Rollout<'a>>,
    /// `station_capacity`: how many phones fit on the access point.
    pub station_capacity: Option<u8>,
    /// `free_heap`, in bytes.
    pub free_heap: Option<u32>,
    /// `stations`, `events` and `marks`.
    pub lists: L,
}

/// What became of a network that was rolled out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rollout<'a> {
    /// Which roll-out, as the configuration named it.
    pub id: u32,
    /// Why the device went back; none: the network is proven.
    pub rolled_back: Option<&'a str>,
}

impl Display for Rollout<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let result = self.rolled_back.map_or("proven", |_| "rolled_back");
        let mut object = Object::begin(f)?;
        object.number("id", Some(self.id))?;
        object.text("result", Some(result))?;
        object.text("class", self.rolled_back)?;
        object.end()
    }
}

/// The lists of a heartbeat: each writes its elements, or says that it has none.
pub trait Lists {
    /// Writes the elements of the list of that name through `element`, each as JSON.
    fn list(&self, name: List, element: &mut dyn FnMut(&dyn Display) -> fmt::Result)
    -> fmt::Result;
}

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// `stations`: who is on the access point, [`Station`]s.
    Stations,
    /// `events`: what happened since the last heartbeat, as the device's event stream writes it.
    Events,
    /// `marks`: attendance that was not acknowledged yet, at most [`MARKS_PER_BEAT`] [`Mark`]s.
    Marks,
}

/// No lists.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Lists for Nothing {
    fn list(&self, _: List, _: &mut dyn FnMut(&dyn Display) -> fmt::Result) -> fmt::Result {
        Ok(())
    }
}

impl<L: Lists> Display for Heartbeat<'_, L> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut object = Object::begin(f)?;
        object.text("hardware_id", Some(self.hardware_id))?;
        object.text("device_id", self.device_id)?;
        object.text("boot_id", self.boot_id)?;
        object.number("seq", self.seq)?;
        object.number("uptime_ms", self.uptime_ms)?;
        object.text("state", self.state)?;
        object.text("ssid", self.ssid)?;
        object.number("rssi", self.rssi)?;
        if let Some(ip) = self.ip {
            // An address prints nothing that JSON escapes.
            write!(object.name("ip")?, "\"{ip}\"")?;
        }
        object.text("firmware", self.firmware)?;
        object.text("chip", self.chip)?;
        object.number("config_version", self.config_version)?;
        object.text("config_hash", self.config_hash)?;
        object.text("config_error", self.config_error)?;
        object.text("ap_ssid", self.ap_ssid)?;
        object.number("rollout", self.rollout)?;
        object.list(
            "stations",
            &self.lists,
            List::Stations,
            self.station_capacity.is_some(),
        )?;
        object.number("station_capacity", self.station_capacity)?;
        object.number("free_heap", self.free_heap)?;
        object.list("events", &self.lists, List::Events, false)?;
        object.list("marks", &self.lists, List::Marks, false)?;
        object.end()
    }
}

/// A phone on the access point.
#[derive(Clone, Copy, Debug)]
pub struct Station<'a> {
    /// The phone: a hash in a session, its hardware address else.
    pub station: &'a str,
    /// When it joined, by the device's uptime.
    pub since_ms: u64,
    /// How strongly it is heard, in dBm.
    pub rssi: Option<i8>,
}

impl Display for Station<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut object = Object::begin(f)?;
        object.text("station", Some(self.station))?;
        object.number("since_ms", Some(self.since_ms))?;
        object.number("rssi", self.rssi)?;
        object.end()
    }
}

/// An attendance mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark<'a> {
    /// Its id, unique in the device: it is sent until an answer names it.
    pub id: &'a str,
    /// The session it was taken in.
    pub session_id: u32,
    /// The student's number, as typed.
    pub matric: &'a str,
    /// The rotating code, as typed.
    pub code: Option<&'a str>,
    /// When it was taken, by the uptime of the boot that `boot_id` names.
    pub taken_uptime_ms: u64,
    /// The boot it was taken in.
    pub boot_id: &'a str,
    /// The phone, as a hash for this session.
    pub station: Option<&'a str>,
}

impl Display for Mark<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut object = Object::begin(f)?;
        object.text("id", Some(self.id))?;
        object.number("session_id", Some(self.session_id))?;
        object.text("matric", Some(self.matric))?;
        object.text("code", self.code)?;
        object.number("taken_uptime_ms", Some(self.taken_uptime_ms))?;
        object.text("boot_id", Some(self.boot_id))?;
        object.text("station", self.station)?;
        object.end()
    }
}

/// What the server made of a mark. Every one of them acknowledges it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkResult {
    /// It counts.
    Recorded,
    /// The student was marked before.
    AlreadyRecorded,
    /// The number is on no list of this course.
    NotEnrolled,
    /// No session of that number takes it.
    NoActiveSession,
    /// The code was not the one of its time.
    WrongCode,
    /// It is no mark.
    Invalid,
}

impl MarkResult {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Recorded,
        Self::AlreadyRecorded,
        Self::NotEnrolled,
        Self::NoActiveSession,
        Self::WrongCode,
        Self::Invalid,
    ];

    /// The word for it in `mark_results`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::AlreadyRecorded => "already_recorded",
            Self::NotEnrolled => "not_enrolled",
            Self::NoActiveSession => "no_active_session",
            Self::WrongCode => "wrong_code",
            Self::Invalid => "invalid",
        }
    }

    /// From the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.name() == word)
    }
}

/// Writes an object; members without a value are left out.
struct Object<'w, 'f> {
    out: &'w mut Formatter<'f>,
    first: bool,
}

impl<'w, 'f> Object<'w, 'f> {
    fn begin(out: &'w mut Formatter<'f>) -> Result<Self, fmt::Error> {
        out.write_char('{')?;
        Ok(Self { out, first: true })
    }

    /// The name of a member; its value is to be written to what this gives.
    fn name(&mut self, name: &str) -> Result<&mut Formatter<'f>, fmt::Error> {
        if !core::mem::take(&mut self.first) {
            self.out.write_char(',')?;
        }
        write!(self.out, "\"{name}\":")?;
        Ok(self.out)
    }

    /// A member whose value prints as JSON.
    fn number(&mut self, name: &str, value: Option<impl Display>) -> fmt::Result {
        match value {
            Some(value) => write!(self.name(name)?, "{value}"),
            None => Ok(()),
        }
    }

    fn text(&mut self, name: &str, value: Option<&str>) -> fmt::Result {
        match value {
            Some(value) => write_text(self.name(name)?, value),
            None => Ok(()),
        }
    }

    /// A list; one without elements is left out, unless that tells something.
    fn list(
        &mut self,
        name: &str,
        lists: &impl Lists,
        which: List,
        empty_too: bool,
    ) -> fmt::Result {
        let mut count = 0_usize;
        lists.list(which, &mut |element| {
            if count == 0 {
                write!(self.name(name)?, "[{element}")?;
            } else {
                write!(self.out, ",{element}")?;
            }
            count += 1;
            Ok(())
        })?;
        match count {
            0 if empty_too => self.name(name)?.write_str("[]"),
            0 => Ok(()),
            _ => self.out.write_char(']'),
        }
    }

    fn end(self) -> fmt::Result {
        self.out.write_char('}')
    }
}

/// A text in quotes, escaped (RFC 8259 §7).
fn write_text(out: &mut Formatter<'_>, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(out, "\\{character}")?,
            '\0'..='\u{1f}' => write!(out, "\\u{:04x}", u32::from(character))?,
            _ => out.write_char(character)?,
        }
    }
    out.write_char('"')
}

#[cfg(test)]
mod tests;
