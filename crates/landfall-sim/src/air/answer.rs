//! Answers to commands: rows of JSON for programs and people, and a last line that says whether
//! it went well.

use landfall_core::led::Pattern;
use landfall_core::net::Mac;
use landfall_core::radio::{AuthMode, RadioOp, Reason};
use serde::{Deserialize, Serialize};

use super::access_point::{AccessPoint, InternetAccess};
use super::command::AirCommand;
use super::log::{Entry, Outcome};
use super::{Air, DeviceId};

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Rows for standard output, each a line of JSON.
    pub rows: Vec<String>,
    /// What went wrong; none: nothing did.
    pub error: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Verdict {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    error: Option<String>,
}

impl Answer {
    /// It is done, and there is nothing to say.
    pub fn done() -> Self {
        Self::default()
    }

    /// It went wrong; says what and what to do.
    pub fn error(error: impl ToString) -> Self {
        Self {
            rows: Vec::new(),
            error: Some(error.to_string()),
        }
    }

    /// It is done, and this is to be shown.
    pub fn row(row: &impl Serialize) -> Self {
        Self {
            rows: vec![line(row)],
            error: None,
        }
    }

    /// As it goes over the socket, each line with its end.
    pub fn to_wire(&self) -> String {
        let verdict = line(&Verdict {
            ok: self.error.is_none(),
            error: self.error.clone(),
        });
        let lines = self.rows.iter().chain([&verdict]);
        lines.flat_map(|line| [line.as_str(), "\n"]).collect()
    }

    /// From what came over the socket; none: it is cut off.
    pub fn from_wire(text: &str) -> Option<Self> {
        let mut rows: Vec<String> = text.lines().map(str::to_owned).collect();
        let verdict: Verdict = serde_json::from_str(&rows.pop()?).ok()?;
        let error = verdict.error.filter(|_| !verdict.ok);
        Some(Self { rows, error })
    }
}

/// How an LED is: `{"pattern":"fast","on":true}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LedRow {
    /// `fast`, `slow`, `solid` or `off`.
    pub pattern: &'static str,
    /// Whether it is lit at the moment.
    pub on: bool,
}

/// Blinks of at most this half-period are fast ones, in milliseconds: between the 125 of an access
/// point and the 400 of connecting.
const FAST_UP_TO_MS: u16 = 250;

impl LedRow {
    /// The row of a pattern that began `shown_ms` ago; patterns begin with the LED lit.
    pub fn of(pattern: Pattern, shown_ms: u64) -> Self {
        match pattern {
            Pattern::Dark => Self {
                pattern: "off",
                on: false,
            },
            Pattern::Solid => Self {
                pattern: "solid",
                on: true,
            },
            Pattern::Blink { half_period_ms } => Self {
                pattern: if half_period_ms <= FAST_UP_TO_MS {
                    "fast"
                } else {
                    "slow"
                },
                on: (shown_ms / u64::from(half_period_ms.max(1))).is_multiple_of(2),
            },
        }
    }
}

impl Air {
    /// Carries out a command.
    pub fn obey(&mut self, command: &AirCommand, now_ms: u64) -> Answer {
        match command {
            AirCommand::Ap(name, change) => {
                if self.change(name, change, now_ms) {
                    Answer::done()
                } else {
                    Answer::error(format_args!(
                        "no access point has the name {name:?}; see `list`"
                    ))
                }
            }
            AirCommand::PhoneJoin { ssid, password } => {
                match self.phone_join(ssid, password, now_ms) {
                    Ok(()) => Answer::done(),
                    Err(error) => Answer::error(error),
                }
            }
            AirCommand::PhoneLeave => {
                if self.phone_leave(now_ms) {
                    Answer::done()
                } else {
                    Answer::error("the phone has joined no access point")
                }
            }
            AirCommand::Log => {
                self.advance(now_ms);
                let rows = self.log().map(|entry| line(&self.log_row(entry)));
                Answer {
                    rows: rows.collect(),
                    error: None,
                }
            }
            AirCommand::List => {
                self.advance(now_ms);
                let routers = (0..self.aps.len()).map(|place| line(&self.router_list_row(place)));
                let devices = self.devices().map(|device| line(&self.device_row(device)));
                Answer {
                    rows: routers.chain(devices).collect(),
                    error: None,
                }
            }
        }
    }

    fn router_list_row(&self, place: usize) -> RouterRow<'_> {
        let ap = &self.aps[place];
        RouterRow {
            ap: &ap.spec.name,
            ssid: ap.spec.ssid.to_string(),
            ssid_hex: hex(ap.spec.ssid.as_bytes()),
            bssid: ap.bssid.to_string(),
            security: auth_name(ap.spec.admission.auth.mode()),
            on: ap.spec.signal.on,
            channel: ap.spec.signal.channel.number(),
            rssi: ap.spec.signal.rssi,
            hidden: ap.spec.signal.hidden,
            dhcp: ap.spec.uplink.dhcp,
            internet: internet(ap),
            clients: usize::from(ap.spec.admission.clients) + self.linked_to(place),
            max_clients: ap.spec.admission.max_clients,
        }
    }

    fn device_row(&self, device: DeviceId) -> DeviceRow {
        let radio = self.radio(device);
        let link = self.link(device);
        DeviceRow {
            device: hardware_id(radio.mac),
            mac: radio.mac.to_string(),
            joined: link.map(|link| link.ap.spec.ssid.to_string()),
            bssid: link.map(|link| link.ap.bssid.to_string()),
            ip: link.and_then(|l| l.address).map(|net| net.addr.to_string()),
            ap_ssid: radio.ap.as_ref().map(|ap| ap.ssid.to_string()),
            ap_channel: radio.ap.as_ref().map(|ap| ap.channel.number()),
            phone: self.phone_at == Some(device),
        }
    }

    fn log_row(&self, entry: &Entry) -> LogRow {
        let (bssid, channel) = match entry.op {
            RadioOp::Join { bssid, channel } => (bssid, channel),
            RadioOp::ApStart { channel } | RadioOp::ApMove { channel } => (None, Some(channel)),
            RadioOp::Scan
            | RadioOp::Leave
            | RadioOp::ApStop
            | RadioOp::Cancel
            | RadioOp::Query => (None, None),
        };
        LogRow {
            ms: entry.at_ms,
            device: hardware_id(self.radio(entry.device).mac),
            op: op_name(entry.op),
            ssid: entry.ssid.map(|ssid| ssid.to_string()),
            bssid: bssid.map(|bssid| bssid.to_string()),
            channel: channel.map(|channel| channel.number()),
            end_ms: entry.end.map(|(at_ms, _)| at_ms),
            result: entry.end.map(|(_, outcome)| outcome_name(outcome)),
            reason: entry.end.and_then(|(_, outcome)| reason_number(outcome)),
        }
    }
}

#[derive(Serialize)]
struct RouterRow<'a> {
    ap: &'a str,
    ssid: String,
    ssid_hex: String,
    bssid: String,
    security: &'static str,
    on: bool,
    channel: u8,
    rssi: i8,
    hidden: bool,
    dhcp: bool,
    internet: serde_json::Value,
    clients: usize,
    max_clients: u16,
}

#[derive(Serialize)]
struct DeviceRow {
    device: String,
    mac: String,
    joined: Option<String>,
    bssid: Option<String>,
    ip: Option<String>,
    ap_ssid: Option<String>,
    ap_channel: Option<u8>,
    phone: bool,
}

#[derive(Serialize)]
struct LogRow {
    ms: u64,
    device: String,
    op: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ssid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bssid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<u8>,
    end_ms: Option<u64>,
    result: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<u16>,
}

/// Rows hold nothing but text, numbers and booleans, of which serialization cannot fail.
fn line(row: &impl Serialize) -> String {
    serde_json::to_string(row).unwrap_or_default()
}

fn internet(ap: &AccessPoint) -> serde_json::Value {
    match ap.spec.uplink.internet {
        InternetAccess::Yes => true.into(),
        InternetAccess::No => false.into(),
        InternetAccess::Captive => "captive".into(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The name a device goes by everywhere: `lf-246f2856789a`.
fn hardware_id(mac: Mac) -> String {
    format!("lf-{}", hex(&mac.0))
}

fn auth_name(auth: AuthMode) -> &'static str {
    match auth {
        AuthMode::Open => "open",
        AuthMode::Wpa2 => "wpa2",
        AuthMode::Wpa3 => "wpa3",
        AuthMode::Wpa2Wpa3 => "wpa2-wpa3",
        AuthMode::Enterprise => "enterprise",
        AuthMode::Unknown(_) => "unknown",
    }
}

fn op_name(op: RadioOp) -> &'static str {
    match op {
        RadioOp::Scan => "scan",
        RadioOp::Join { .. } => "join",
        RadioOp::Leave => "leave",
        RadioOp::ApStart { .. } => "ap_start",
        RadioOp::ApStop => "ap_stop",
        RadioOp::ApMove { .. } => "ap_move",
        RadioOp::Cancel => "cancel",
        RadioOp::Query => "query",
    }
}

fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Failed(_) | Outcome::ScanFailed => "failed",
        Outcome::Cancelled => "cancelled",
        Outcome::Refused => "refused",
        Outcome::PowerLost => "power_lost",
    }
}

fn reason_number(outcome: Outcome) -> Option<u16> {
    match outcome {
        Outcome::Failed(reason) => Some(Reason::number(reason)),
        Outcome::Done
        | Outcome::ScanFailed
        | Outcome::Cancelled
        | Outcome::Refused
        | Outcome::PowerLost => None,
    }
}
