//! What a heartbeat says, read leniently: only the id is needed, and what is out of its range or of
//! another kind is left out and named, never refused.
//!
//! Members are read as the pieces of text they stand in, so that a number too large for any type
//! is a number out of range and no fault of the form.

mod lists;
mod members;
mod value;

use std::borrow::Cow;

use serde_json::value::RawValue;

use members::Members;

/// Most marks that are looked at in one heartbeat; more stay with the device.
pub const MARKS_MAX: usize = 32;
/// Most events that are kept of one heartbeat.
pub const EVENTS_MAX: usize = 64;
/// Most stations that are looked at.
pub const STATIONS_MAX: usize = 64;
/// Longest id of a device, in characters.
pub const DEVICE_ID_MAX: usize = 64;
/// Longest text of any other member, in bytes; a longer one is left out.
pub const TEXT_MAX: usize = 128;
/// Weakest and strongest signal a radio tells, in dBm.
const RSSI: (i64, i64) = (-127, 0);
/// How many phones an access point is said to take.
const CAPACITY: (i64, i64) = (0, 1024);
/// Longest id of a mark, in characters.
const MARK_ID_MAX: usize = 64;

/// Why there is no report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadForm {
    /// It is no JSON object.
    Json,
    /// It names no device.
    DeviceId,
}

/// What a device reports.
#[derive(Clone, Debug, Default)]
pub struct Report<'a> {
    /// Who it says it is.
    pub who: Who<'a>,
    /// How its radio does.
    pub radio: Radio<'a>,
    /// What it is and how it does.
    pub device: About<'a>,
    /// The configuration that it goes by.
    pub applied: Applied<'a>,
    /// What became of a roll-out's network.
    pub rollout: Option<RolloutResult>,
    /// Who is with its access point; none: it does not say.
    pub stations: Option<Vec<Station>>,
    /// What happened, each as it stands.
    pub events: Vec<&'a RawValue>,
    /// Marks of attendance.
    pub marks: Vec<ReportedMark>,
    /// Members that were left out.
    pub warnings: Vec<String>,
}

/// Who a device says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who<'a> {
    /// What it is for ever.
    pub hardware_id: Option<Cow<'a, str>>,
    /// The id it goes by at the moment.
    pub device_id: Option<Cow<'a, str>>,
    /// Which boot of the device it is.
    pub boot_id: Option<Cow<'a, str>>,
    /// The request's number.
    pub seq: Option<u64>,
}

/// How a device's radio does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Radio<'a> {
    /// The state of its connection.
    pub state: Option<Cow<'a, str>>,
    /// The network it is in.
    pub ssid: Option<Cow<'a, str>>,
    /// How strongly it hears that, in dBm.
    pub rssi: Option<i8>,
    /// Its address.
    pub ip: Option<Cow<'a, str>>,
    /// The name of its access point.
    pub ap_ssid: Option<Cow<'a, str>>,
    /// How many phones its access point takes.
    pub station_capacity: Option<u16>,
}

/// What a device is, and how it does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About<'a> {
    /// What it runs.
    pub firmware: Option<Cow<'a, str>>,
    /// What it is.
    pub chip: Option<Cow<'a, str>>,
    /// Time since boot.
    pub uptime_ms: Option<u64>,
    /// Free memory, in bytes.
    pub free_heap: Option<u64>,
}

/// The configuration that a device goes by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied<'a> {
    /// Its version.
    pub version: Option<i64>,
    /// Its hash.
    pub hash: Option<Cow<'a, str>>,
    /// Why the last one could not be applied.
    pub error: Option<Cow<'a, str>>,
}

/// A verdict on a roll-out's network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolloutResult {
    /// The roll-out.
    pub id: i64,
    /// Whether the device keeps the network.
    pub proven: bool,
    /// The class of failure where it does not.
    pub class: Option<String>,
}

/// A phone that is with the access point of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Station {
    /// A salted hash of its address.
    pub station: String,
    /// How long it has been there.
    pub since_ms: Option<u64>,
    /// How strongly it is heard, in dBm.
    pub rssi: Option<i8>,
}

/// A mark of attendance as a device reports it, not judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportedMark {
    /// Its id, unique in the device, 1 to 64 characters.
    pub id: String,
    /// The session it is for.
    pub session_id: Option<i64>,
    /// Whose it is.
    pub matric: Option<String>,
    /// The code that was typed.
    pub code: Option<String>,
    /// When it was taken, in time since the device's boot.
    pub taken_uptime_ms: Option<u64>,
    /// In which boot.
    pub boot_id: Option<String>,
    /// The phone it came from, as a salted hash.
    pub station: Option<String>,
}

impl<'a> Report<'a> {
    /// Reads the body of a heartbeat.
    ///
    /// # Errors
    /// Where it is no JSON object.
    pub fn parse(body: &'a [u8]) -> Result<Self, BadForm> {
        let members: Members<'a> = serde_json::from_slice(body).map_err(|_| BadForm::Json)?;
        Ok(members.read())
    }

    /// The id by which the report names its device: its hardware id, or what it goes by.
    ///
    /// # Errors
    /// Where neither is a text of 1 to [`DEVICE_ID_MAX`] characters that are not all blank.
    pub fn id(&self) -> Result<&str, BadForm> {
        let id = self.who.hardware_id.as_deref();
        let id = id.or(self.who.device_id.as_deref());
        id.ok_or(BadForm::DeviceId)
    }

    /// The id that the answer is to repeat.
    pub fn named_id(&self) -> Option<&str> {
        let who = &self.who;
        who.device_id.as_deref().or(who.hardware_id.as_deref())
    }
}

#[cfg(test)]
mod tests;
