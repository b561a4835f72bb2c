//! The members of a heartbeat's object, taken out one by one.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::value::{Loose, Read, integer, read};
use super::{
    About, Applied, CAPACITY, DEVICE_ID_MAX, EVENTS_MAX, RSSI, Radio, Report, TEXT_MAX, Who,
};

/// The members of the object as they stand; of one that comes twice the last.
#[derive(Default)]
pub(super) struct Members<'a> {
    known: [Option<&'a RawValue>; FIELDS.len()],
}

/// The names that are looked at, in the order of [`Members::read`].
const FIELDS: [&str; 21] = [
    "hardware_id",
    "device_id",
    "boot_id",
    "seq",
    "uptime_ms",
    "state",
    "ssid",
    "rssi",
    "ip",
    "firmware",
    "chip",
    "config_version",
    "config_hash",
    "config_error",
    "ap_ssid",
    "rollout",
    "stations",
    "station_capacity",
    "free_heap",
    "events",
    "marks",
];

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Walk;
        impl<'de> Visitor<'de> for Walk {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Members::default();
                while let Some(name) = map.next_key::<Name<'de>>()? {
                    let place = FIELDS.iter().position(|field| *field == name.0);
                    match place.and_then(|at| members.known.get_mut(at)) {
                        Some(place) => *place = Some(map.next_value()?),
                        None => {
                            map.next_value::<de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(members)
            }
        }
        from.deserialize_map(Walk)
    }
}

/// A member's name, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Members<'a> {
    /// What they say.
    pub(super) fn read(&self) -> Report<'a> {
        let mut warnings = Vec::new();
        let mut take = Taker {
            members: self,
            warnings: &mut warnings,
        };
        let mut report = Report {
            who: Who {
                hardware_id: take.id("hardware_id"),
                device_id: take.id("device_id"),
                boot_id: take.text_or_number("boot_id"),
                seq: take.unsigned("seq"),
            },
            radio: Radio {
                state: take.text("state"),
                ssid: take.text("ssid"),
                rssi: take.number("rssi", RSSI).map(|n| n as i8),
                ip: take.text("ip"),
                ap_ssid: take.text("ap_ssid"),
                station_capacity: take.number("station_capacity", CAPACITY).map(|n| n as u16),
            },
            device: About {
                firmware: take.text("firmware"),
                chip: take.text("chip"),
                uptime_ms: take.unsigned("uptime_ms"),
                free_heap: take.unsigned("free_heap"),
            },
            applied: Applied {
                version: take.number("config_version", (0, i64::MAX)),
                hash: take.text("config_hash"),
                error: take.text("config_error"),
            },
            events: take.list("events", EVENTS_MAX).unwrap_or_default(),
            ..Report::default()
        };
        report.rollout = take.rollout();
        report.stations = take.stations();
        report.marks = take.marks();
        report.warnings = warnings;
        report
    }
}

/// Takes members out, and names those that it leaves.
pub(super) struct Taker<'m, 'a> {
    members: &'m Members<'a>,
    warnings: &'m mut Vec<String>,
}

impl<'a> Taker<'_, 'a> {
    pub(super) fn raw(&self, name: &str) -> Option<&'a str> {
        let at = FIELDS.iter().position(|field| *field == name)?;
        let raw = self.members.known.get(at).copied().flatten()?.get();
        (raw != "null").then_some(raw)
    }

    fn id(&mut self, name: &str) -> Option<Cow<'a, str>> {
        match read(self.raw(name)?) {
            Read::Text(text) if is_device_id(&text) => Some(text),
            Read::Text(_) | Read::Number(_) | Read::Other => None,
        }
    }

    fn text(&mut self, name: &str) -> Option<Cow<'a, str>> {
        match read(self.raw(name)?) {
            Read::Text(text) if text.len() <= TEXT_MAX => Some(text),
            Read::Text(_) | Read::Number(_) | Read::Other => self.leave(name),
        }
    }

    fn text_or_number(&mut self, name: &str) -> Option<Cow<'a, str>> {
        match read(self.raw(name)?) {
            Read::Text(text) if text.len() <= TEXT_MAX => Some(text),
            Read::Number(digits) if digits.len() <= TEXT_MAX => Some(digits.into()),
            Read::Text(_) | Read::Number(_) | Read::Other => self.leave(name),
        }
    }

    fn number(&mut self, name: &str, (min, max): (i64, i64)) -> Option<i64> {
        let raw = self.raw(name)?;
        match integer(raw).filter(|n| (i128::from(min)..=i128::from(max)).contains(n)) {
            Some(number) => i64::try_from(number).ok(),
            None => self.leave(name),
        }
    }

    fn unsigned(&mut self, name: &str) -> Option<u64> {
        let raw = self.raw(name)?;
        match integer(raw).and_then(|n| u64::try_from(n).ok()) {
            Some(number) => Some(number),
            None => self.leave(name),
        }
    }

    pub(super) fn list(&mut self, name: &str, max: usize) -> Option<Vec<&'a RawValue>> {
        let raw = self.raw(name)?;
        match serde_json::from_str::<Vec<&'a RawValue>>(raw) {
            Ok(mut list) => {
                list.truncate(max);
                Some(list)
            }
            Err(_) => self.leave(name),
        }
    }

    pub(super) fn leave<T>(&mut self, name: &str) -> Option<T> {
        self.warnings.push(name.to_owned());
        None
    }

    pub(super) fn object(&mut self, path: &str, raw: &'a str) -> Option<Loose<'a>> {
        match serde_json::from_str(raw) {
            Ok(object) => Some(object),
            Err(_) => self.leave(path),
        }
    }
}

fn is_device_id(text: &str) -> bool {
    // PostgreSQL has no text with U+0000.
    let fits = text.chars().count() <= DEVICE_ID_MAX && !text.contains('\0');
    fits && !text.trim().is_empty()
}
