//! The bodies of the API: what each holds of the view, and how it reads as JSON.
//!
//! A body owns what it tells, so that it can be measured and then written piece by piece while the
//! device goes on. Their bounds follow from the lists in them; the tests hold them to it.

use core::fmt::{self, Write};
use core::net::Ipv4Addr;

use heapless::{String, Vec};
use landfall_core::command::Verdict;
use landfall_core::config::{AP_CLIENTS_MAX, KnownNetwork, MAX_NETWORKS, Mode};
use landfall_core::json::JsonBytes;
use landfall_core::net::{Bssid, Channel, HOSTNAME_MAX, Mac, Ssid};
use landfall_core::radio::ScanRow;
use landfall_core::status::{Internet, State};
use landfall_core::time::Instant;

use super::json::{Hex, OrNull, SsidMember, array};
use super::view::{KeyText, Session, Side, View};

/// Most rows of a scan that are told.
pub const SCAN_ROWS_MAX: usize = 32;
/// Most bytes of `GET /api/status`.
pub const STATUS_BODY_MAX: usize = 1792;
/// Most bytes of `GET /api/scan`: a row has at most 364.
pub const SCAN_BODY_MAX: usize = SCAN_ROWS_MAX * 364 + 2;
/// Most bytes of `GET /api/networks`: a row has at most 395.
pub const NETWORKS_BODY_MAX: usize = MAX_NETWORKS * 395 + 2;
/// Most bytes of `GET /api/clients`: a row has at most 84.
pub const CLIENTS_BODY_MAX: usize = AP_CLIENTS_MAX as usize * 84 + 2;
/// Longest short name of a course that is told, in bytes.
pub const COURSE_CODE_MAX: usize = 32;
/// Longest title of a course that is told, in bytes.
pub const COURSE_TITLE_MAX: usize = 96;

/// How the device stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusBody {
    state: State,
    mode: Mode,
    ssid: Option<Ssid>,
    ip: Ipv4Addr,
    rssi: Option<i8>,
    mac: Mac,
    hostname: String<HOSTNAME_MAX>,
    ap: ResetBody,
    ap_ip: Ipv4Addr,
    ap_clients: usize,
    retrying: bool,
    candidate: Option<(Ssid, Verdict)>,
    internet: Option<Internet>,
    session: Option<SessionText>,
    safe_mode: bool,
    uptime_ms: u64,
}

impl StatusBody {
    /// As it is shown on that side.
    pub fn of(view: &View<'_>, side: Side) -> Self {
        let status = view.status;
        Self {
            state: status.state,
            mode: status.mode,
            ssid: status.ssid,
            ip: status.ip,
            rssi: status.rssi,
            mac: status.mac,
            hostname: view.hostname(),
            ap: ResetBody::of(view, side),
            ap_ip: status.ap_ip,
            ap_clients: view.clients.len(),
            retrying: status.retrying,
            candidate: status.candidate,
            internet: status.internet,
            session: view.session.map(SessionText::of),
            safe_mode: status.safe_mode,
            uptime_ms: view.now.as_ms(),
        }
    }

    /// Strength of the link in dBm.
    pub(crate) fn rssi(&self) -> Option<i8> {
        self.rssi
    }

    /// Whether it tells the same, but for the time and the strength of a link that stays.
    pub(crate) fn is_alike(&self, other: &Self) -> bool {
        let Self {
            rssi, uptime_ms, ..
        } = *other;
        let rssi = if self.rssi.is_some() && rssi.is_some() {
            rssi
        } else {
            self.rssi
        };
        let same_time = Self {
            rssi,
            uptime_ms,
            ..self.clone()
        };
        same_time == *other
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> fmt::Result {
        write!(
            out,
            r#"{{"state":"{}","mode":"{}",{},"ip":"{}","rssi":{},"mac":"{}","hostname":"{}","#,
            self.state.name(),
            self.mode,
            SsidMember("ssid", self.ssid.as_ref()),
            self.ip,
            OrNull(self.rssi),
            self.mac,
            self.hostname,
        )?;
        self.ap.write_members(out)?;
        write!(
            out,
            r#","ap_ip":"{}","ap_clients":{},"retrying":{},"candidate":"#,
            self.ap_ip, self.ap_clients, self.retrying
        )?;
        match &self.candidate {
            None => out.write_str("null")?,
            Some((ssid, verdict)) => write!(
                out,
                r#"{{{},"verdict":"{}"}}"#,
                SsidMember("ssid", Some(ssid)),
                verdict.name()
            )?,
        }
        write!(out, r#","internet":{},"session":"#, internet(self.internet))?;
        match &self.session {
            None => out.write_str("null")?,
            Some(session) => {
                out.write_char('{')?;
                session.write_members(out)?;
                out.write_char('}')?;
            }
        }
        write!(
            out,
            r#","safe_mode":{},"uptime_ms":{}}}"#,
            self.safe_mode, self.uptime_ms
        )
    }
}

fn internet(internet: Option<Internet>) -> &'static str {
    match internet {
        None => "null",
        Some(Internet::Yes) => "true",
        Some(Internet::No) => "false",
        Some(Internet::Captive) => "\"captive\"",
    }
}

/// How to come back to the access point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetBody {
    ap_ssid: Ssid,
    ap_key: Option<KeyText>,
}

impl ResetBody {
    /// As it is shown on that side.
    pub fn of(view: &View<'_>, side: Side) -> Self {
        Self {
            ap_ssid: view.status.ap_ssid,
            ap_key: view.shown_ap_key(side),
        }
    }

    /// As it is told to the one who may reset from that side. From the network that is left now
    /// that is the owner, unless everybody's writes are taken, and has to learn the way back in.
    pub fn after_reset(view: &View<'_>, side: Side) -> Self {
        let by_owner = side == Side::Station && !view.services.station_writes;
        let shown = Self::of(view, side);
        Self {
            ap_key: if by_owner && !view.ap_is_open() {
                Some(view.ap_key())
            } else {
                shown.ap_key
            },
            ..shown
        }
    }

    fn write_members(&self, out: &mut dyn Write) -> fmt::Result {
        let key = self
            .ap_key
            .as_ref()
            .map(|key| JsonBytes(key.expose().as_bytes()));
        write!(
            out,
            r#"{},"apPassword":{}"#,
            SsidMember("apSsid", Some(&self.ap_ssid)),
            OrNull(key)
        )
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> fmt::Result {
        out.write_str(r#"{"status":"reset","#)?;
        self.write_members(out)?;
        out.write_char('}')
    }
}

/// A session as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionText {
    course_code: String<COURSE_CODE_MAX>,
    course_title: String<COURSE_TITLE_MAX>,
    needs_code: bool,
}

impl SessionText {
    /// The session's own words, cut at their bounds.
    pub fn of(session: Session<'_>) -> Self {
        Self {
            course_code: cut(session.course_code),
            course_title: cut(session.course_title),
            needs_code: session.needs_code,
        }
    }

    /// Short name and title of the course.
    pub(crate) fn course(&self) -> (&str, &str) {
        (&self.course_code, &self.course_title)
    }

    /// Whether a mark takes the rotating code.
    pub(crate) fn needs_code(&self) -> bool {
        self.needs_code
    }

    fn write_members(&self, out: &mut dyn Write) -> fmt::Result {
        write!(
            out,
            r#""course_code":{},"course_title":{}"#,
            JsonBytes(self.course_code.as_bytes()),
            JsonBytes(self.course_title.as_bytes())
        )
    }
}

/// As much of the text as fits, whole characters.
fn cut<const N: usize>(text: &str) -> String<N> {
    let mut out = String::new();
    for c in text.chars() {
        if out.push(c).is_err() {
            break;
        }
    }
    out
}

/// `GET /api/session`.
pub(crate) fn write_session(out: &mut dyn Write, session: Option<&SessionText>) -> fmt::Result {
    match session {
        None => out
            .write_str(r#"{"active":false,"course_code":"","course_title":"","needs_code":false}"#),
        Some(session) => {
            out.write_str(r#"{"active":true,"#)?;
            session.write_members(out)?;
            write!(out, r#","needs_code":{}}}"#, session.needs_code)
        }
    }
}

/// What networks there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanBody(Vec<ScanRow, SCAN_ROWS_MAX>);

impl ScanBody {
    /// One row per name, the strongest; hidden ones left out.
    pub fn of(view: &View<'_>) -> Self {
        let mut rows = Vec::<ScanRow, SCAN_ROWS_MAX>::new();
        for row in view.scan_rows {
            let known = rows.iter().any(|other| other.ssid == row.ssid);
            // The rows come strongest first: whatever does not fit is weaker.
            if row.ssid.is_some() && !known && rows.push(*row).is_err() {
                break;
            }
        }
        Self(rows)
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> fmt::Result {
        array(out, &self.0, |out, row| {
            let name = row.ssid.as_ref().map_or(&[][..], Ssid::as_bytes);
            write!(
                out,
                r#"{{"ssid":{},"ssid_hex":"{}","rssi":{},"secure":{},"channel":{},"bssid":"{}"}}"#,
                JsonBytes(name),
                Hex(name),
                row.rssi,
                row.auth.is_secure(),
                row.channel.number(),
                row.bssid
            )
        })
    }
}

/// The known networks, without their keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworksBody(Vec<NetworkRow, MAX_NETWORKS>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NetworkRow {
    ssid: Ssid,
    secure: bool,
    enables_webrepl: bool,
    bssid: Option<Bssid>,
    hidden: bool,
}

impl NetworksBody {
    /// In order of preference.
    pub fn of(view: &View<'_>) -> Self {
        let row = |network: &KnownNetwork| NetworkRow {
            ssid: network.ssid,
            secure: network.security.is_secure(),
            enables_webrepl: network.enables_webrepl,
            bssid: network.bssid,
            hidden: network.hidden,
        };
        Self(view.wifi.networks.iter().map(row).collect())
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> fmt::Result {
        array(out, self.0.iter().enumerate(), |out, (n, row)| {
            let name = row.ssid.as_bytes();
            write!(
                out,
                r#"{{"n":{n},"ssid":{},"ssid_hex":"{}","secure":{},"enables_webrepl":{},"bssid":"#,
                JsonBytes(name),
                Hex(name),
                row.secure,
                row.enables_webrepl
            )?;
            match row.bssid {
                Some(bssid) => write!(out, "\"{bssid}\"")?,
                None => out.write_str("null")?,
            }
            write!(out, r#","hidden":{}}}"#, row.hidden)
        })
    }
}

/// Who is on the access point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientsBody {
    clients: Vec<super::view::Client, { AP_CLIENTS_MAX as usize }>,
    now: Instant,
}

impl ClientsBody {
    /// The clients; `since_ms` is for how long each has been there.
    pub fn of(view: &View<'_>) -> Self {
        Self {
            clients: view
                .clients
                .iter()
                .take(AP_CLIENTS_MAX.into())
                .copied()
                .collect(),
            now: view.now,
        }
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> fmt::Result {
        array(out, &self.clients, |out, client| {
            write!(
                out,
                r#"{{"mac":"{}","rssi":{},"since_ms":{}}}"#,
                client.mac,
                OrNull(client.rssi),
                self.now.ms_since(client.since)
            )
        })
    }
}

/// What is measured, for Prometheus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricsBody {
    state: State,
    rssi: Option<i8>,
    ap_up: bool,
    ap_channel: Option<Channel>,
    ap_clients: usize,
    networks: usize,
    retrying: bool,
    safe_mode: bool,
    uptime_ms: u64,
    unpublished_lost: Option<u32>,
}

impl MetricsBody {
    /// As things stand.
    pub fn of(view: &View<'_>) -> Self {
        let status = view.status;
        Self {
            state: status.state,
            rssi: status.rssi,
            ap_up: status.ap_up,
            ap_channel: status.ap_channel,
            ap_clients: view.clients.len(),
            networks: view.wifi.networks.len(),
            retrying: status.retrying,
            safe_mode: status.safe_mode,
            uptime_ms: view.now.as_ms(),
            unpublished_lost: view.unpublished_lost,
        }
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> fmt::Result {
        let mut gauge = |name, help, value: i64| {
            write!(
                out,
                "# HELP landfall_{name} {help}\n# TYPE landfall_{name} gauge\n\
                 landfall_{name} {value}\n"
            )
        };
        gauge(
            "connected",
            "Whether an address is held.",
            (self.state == State::Connected).into(),
        )?;
        gauge(
            "ap_up",
            "Whether the access point is up.",
            self.ap_up.into(),
        )?;
        gauge(
            "ap_clients",
            "Clients of the access point.",
            self.ap_clients as i64,
        )?;
        gauge(
            "known_networks",
            "Networks that are known.",
            self.networks as i64,
        )?;
        gauge(
            "retrying",
            "Whether rounds go on beside the access point.",
            self.retrying.into(),
        )?;
        gauge(
            "safe_mode",
            "Whether it started in safe mode.",
            self.safe_mode.into(),
        )?;
        if let Some(rssi) = self.rssi {
            gauge("rssi_dbm", "Strength of the link.", rssi.into())?;
        }
        if let Some(channel) = self.ap_channel {
            gauge(
                "ap_channel",
                "Channel of the access point.",
                channel.number().into(),
            )?;
        }
        if let Some(lost) = self.unpublished_lost {
            write!(
                out,
                "# HELP landfall_mqtt_events_dropped_total Events that waited for the broker and \
                 had to make room.\n# TYPE landfall_mqtt_events_dropped_total counter\n\
                 landfall_mqtt_events_dropped_total {lost}\n"
            )?;
        }
        let (s, ms) = (self.uptime_ms / 1000, self.uptime_ms % 1000);
        write!(
            out,
            "# HELP landfall_uptime_seconds Time since boot.\n\
             # TYPE landfall_uptime_seconds gauge\nlandfall_uptime_seconds {s}.{ms:03}\n"
        )
    }
}
