//! The rows of `list` and `log`.

use alloc::string::{String, ToString};

use landfall_core::net::Mac;
use landfall_core::radio::{AuthMode, RadioOp, Reason};
use serde::Serialize;

use crate::air::access_point::{AccessPoint, InternetAccess};
use crate::air::log::{Entry, Outcome};
use crate::air::{Air, DeviceId};

impl Air {
    pub(super) fn router_list_row(&self, place: usize) -> RouterRow<'_> {
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

    pub(super) fn device_row(&self, device: DeviceId) -> DeviceRow {
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

    pub(super) fn log_row(&self, entry: &Entry) -> LogRow {
        let (bssid, channel) = match entry.op {
            RadioOp::Join { bssid, channel } => (bssid, channel),
            RadioOp::ApStart { channel } | RadioOp::ApMove { channel } => (None, Some(channel)),
            RadioOp::Scan | RadioOp::Leave | RadioOp::ApStop | RadioOp::Cancel | RadioOp::Query => {
                (None, None)
            }
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
pub(super) struct RouterRow<'a> {
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
pub(super) struct DeviceRow {
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
pub(super) struct LogRow {
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
        AuthMode::Other => "other",
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
