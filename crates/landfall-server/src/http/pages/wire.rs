//! What the pages read of the API's answers. What is absent there is empty here: a page shows what
//! there is.

use serde::Deserialize;
use serde_json::Value;

/// A list's first entries.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: serde::de::DeserializeOwned")]
pub(super) struct List<T> {
    pub(super) items: Vec<T>,
    #[serde(default)]
    pub(super) next: Option<String>,
}

/// How many devices there are.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Summary {
    pub(super) total: u64,
    pub(super) online: u64,
    pub(super) offline: u64,
    pub(super) available: u64,
    pub(super) pending: u64,
}

/// The devices, and how many there are.
#[derive(Debug, Deserialize)]
pub(super) struct Devices {
    pub(super) items: Vec<Device>,
    #[serde(default)]
    pub(super) next: Option<String>,
    #[serde(default)]
    pub(super) summary: Summary,
}

/// A device.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Device {
    pub(super) hardware_id: String,
    pub(super) device_id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) ssid: Option<String>,
    pub(super) ap_ssid: Option<String>,
    pub(super) location: Option<String>,
    pub(super) labels: Vec<String>,
    pub(super) room: Option<String>,
    pub(super) enrolment: String,
    pub(super) fingerprint: Option<String>,
    pub(super) enabled: bool,
    pub(super) presence: String,
    pub(super) never_seen: bool,
    pub(super) last_seen: Option<String>,
    pub(super) rssi: Option<i64>,
    pub(super) stations: Option<Value>,
    pub(super) station_capacity: Option<u64>,
    pub(super) firmware: Option<String>,
    pub(super) chip: Option<String>,
    pub(super) uptime_ms: Option<u64>,
    pub(super) free_heap: Option<u64>,
    pub(super) session_id: Option<i64>,
    pub(super) config: DeviceConfig,
    pub(super) keys: Vec<Key>,
    pub(super) alerts: Vec<Alert>,
}

/// Which configuration a device is to have, and has.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DeviceConfig {
    desired_version: Option<i64>,
    reported_version: Option<i64>,
    error: Option<String>,
}

/// A key of a device.
#[derive(Debug, Deserialize)]
pub(super) struct Key {
    pub(super) id: i64,
    #[serde(default)]
    pub(super) created_at: String,
    #[serde(default)]
    pub(super) revoked_at: Option<String>,
}

/// What is wrong with a device.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Alert {
    pub(super) at: String,
    pub(super) kind: String,
}

impl Device {
    /// What people call it.
    pub(super) fn title(&self) -> &str {
        let named = [&self.name, &self.device_id].into_iter().flatten();
        let mut named = named.filter(|name| !name.is_empty());
        named.next().unwrap_or(&self.hardware_id)
    }

    pub(super) fn seen(&self) -> String {
        self.last_seen.as_deref().map_or("never".to_owned(), time)
    }

    pub(super) fn signal(&self) -> String {
        self.rssi
            .map_or("–".to_owned(), |rssi| format!("{rssi} dBm"))
    }

    pub(super) fn phones(&self) -> String {
        let here = match &self.stations {
            Some(Value::Number(n)) => n.as_u64(),
            Some(Value::Array(stations)) => Some(stations.len() as u64),
            _ => None,
        };
        match (here, self.station_capacity) {
            (Some(here), Some(room)) => format!("{here} of {room}"),
            (Some(here), None) => here.to_string(),
            (None, Some(room)) => format!("room for {room}"),
            (None, None) => "–".to_owned(),
        }
    }

    pub(super) fn uptime(&self) -> String {
        let Some(ms) = self.uptime_ms else {
            return "–".to_owned();
        };
        let minutes = ms / 60_000;
        match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
            (0, 0, minutes) => format!("{minutes} min"),
            (0, hours, minutes) => format!("{hours} h {minutes} min"),
            (days, hours, _) => format!("{days} d {hours} h"),
        }
    }

    pub(super) fn heap(&self) -> String {
        self.free_heap
            .map_or("–".to_owned(), |bytes| format!("{} KiB", bytes / 1024))
    }
}

impl DeviceConfig {
    pub(super) fn standing(&self) -> String {
        let desired = self
            .desired_version
            .map_or("–".to_owned(), |v| v.to_string());
        if let Some(error) = &self.error {
            return format!("version {desired} was not taken: {error}");
        }
        match self.reported_version {
            Some(reported) if self.desired_version == Some(reported) => {
                format!("version {reported}, acknowledged")
            }
            Some(reported) => format!("version {reported}; {desired} is on its way"),
            None => format!("version {desired}, not acknowledged yet"),
        }
    }
}

/// A session.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Session {
    pub(super) id: i64,
    pub(super) state: String,
    pub(super) course: String,
    pub(super) title: String,
    pub(super) session: String,
    pub(super) semester: String,
    pub(super) lecturer: Option<String>,
    pub(super) ssid: String,
    pub(super) location: String,
    pub(super) started_at: String,
    pub(super) ends_at: Option<String>,
    pub(super) ended_at: Option<String>,
    pub(super) code: Option<Code>,
    pub(super) qr: Option<String>,
    pub(super) warnings: Vec<String>,
    pub(super) devices: Vec<Lease>,
    pub(super) choice: Choice,
    pub(super) counts: Counts,
    pub(super) capacity: u64,
}

impl Session {
    pub(super) fn is_active(&self) -> bool {
        self.state == "active"
    }

    /// The passphrase of its network, for phones that scan no code.
    pub(super) fn passphrase(&self) -> Option<String> {
        wifi_field(self.qr.as_deref()?, 'P')
    }
}

/// A field of the text in a Wi-Fi QR code: `WIFI:T:WPA;S:name;P:secret;;`, where a backslash stands
/// before a character that would else end something.
fn wifi_field(text: &str, wanted: char) -> Option<String> {
    let mut chars = text.strip_prefix("WIFI:")?.chars();
    loop {
        let (name, colon) = (chars.next()?, chars.next()?);
        let mut value = String::new();
        loop {
            match chars.next()? {
                ';' => break,
                '\\' => value.push(chars.next()?),
                other => value.push(other),
            }
        }
        if (name, colon) == (wanted, ':') {
            return Some(value);
        }
    }
}

/// The code of the moment.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Code {
    pub(super) value: String,
    pub(super) expires_at: String,
}

/// A device of a session.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Lease {
    pub(super) hardware_id: String,
    pub(super) state: String,
}

/// Which devices were picked, and why.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    pub(super) picked: Vec<Picked>,
    pub(super) passed_over: Vec<PassedOver>,
}

/// A device that was picked.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Picked {
    pub(super) hardware_id: String,
    pub(super) reasons: Vec<String>,
}

/// A device that was not.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PassedOver {
    pub(super) hardware_id: String,
    pub(super) reason: String,
}

/// How many are there.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Counts {
    pub(super) roster: u64,
    pub(super) present: u64,
    pub(super) late: u64,
    pub(super) excused: u64,
    pub(super) absent: u64,
}

impl Counts {
    pub(super) fn here(&self) -> u64 {
        self.present + self.late
    }
}

/// A student in a session.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Mark {
    pub(super) matric: String,
    pub(super) name: Option<String>,
    pub(super) status: String,
    pub(super) source: String,
    pub(super) reason: Option<String>,
    pub(super) marked_at: Option<String>,
    pub(super) by: Option<String>,
    pub(super) flags: Vec<String>,
}

impl Mark {
    pub(super) fn when(&self) -> String {
        self.marked_at.as_deref().map_or("–".to_owned(), time)
    }

    pub(super) fn remarks(&self) -> String {
        let reason = self.reason.iter().filter(|reason| !reason.is_empty());
        reason
            .chain(&self.flags)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// What a session would be.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SessionPreview {
    pub(super) ssid: String,
    pub(super) device_id: String,
    pub(super) device_name: String,
    pub(super) location: String,
    pub(super) choice: Choice,
    pub(super) roster: u64,
    pub(super) capacity: u64,
    pub(super) warnings: Vec<String>,
}

/// `2026-01-31T09:00:00Z` as people read it.
pub(super) fn time(rfc3339: &str) -> String {
    let seconds = rfc3339.split(['.', 'Z', '+']).next().unwrap_or(rfc3339);
    format!("{} UTC", seconds.replace('T', " "))
}

/// A text as a QR code, dark on light whatever the page's colours. The text comes from the server;
/// none: too long for a code.
pub(super) fn svg(text: &str) -> String {
    use std::fmt::Write as _;

    let Ok(code) = qrcodegen::QrCode::encode_text(text, qrcodegen::QrCodeEcc::Medium) else {
        return String::new();
    };
    let size = code.size();
    let mut path = String::new();
    for (x, y) in (0..size).flat_map(|y| (0..size).map(move |x| (x, y))) {
        if code.get_module(x, y) {
            // Writing to a string does not fail.
            let _ = write!(path, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    let side = size + 2 * QUIET;
    format!(
        r#"<svg class="qr" viewBox="0 0 {side} {side}" role="img" aria-label="QR code"><path d="{path}"/></svg>"#
    )
}

/// The light border that scanners need, in modules (ISO/IEC 18004).
const QUIET: i32 = 4;

#[cfg(test)]
mod tests {
    use super::wifi_field;

    #[test]
    fn the_fields_of_a_wifi_code() {
        let text = r"WIFI:T:WPA;S:a\;P:b;P:x\\y\;z;;";
        assert_eq!(wifi_field(text, 'S').as_deref(), Some("a;P:b"));
        assert_eq!(wifi_field(text, 'P').as_deref(), Some(r"x\y;z"));
        assert_eq!(wifi_field("WIFI:T:nopass;S:a;;", 'P'), None);
        for wrong in ["", "WIFI:", "WIFI:P", "WIFI:P:a", r"WIFI:P:a\"] {
            assert_eq!(wifi_field(wrong, 'P'), None, "{wrong}");
        }
    }
}
