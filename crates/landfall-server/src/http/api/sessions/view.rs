//! A session as it is shown: what the database holds, the code of the moment, and what its devices
//! are doing.

use landfall_core::net::{Passphrase, Ssid};
use landfall_core::qr::WifiText;
use serde::Serialize;
use sqlx::AnyConnection;
use utoipa::ToSchema;

use crate::app::App;
use crate::database::DatabaseError;
use crate::http::time::Time;
use crate::marks::sheet;
use crate::sessions::store::{self, Lease};
use crate::sessions::{fleet, selection, start};

/// A session.
#[derive(Serialize, ToSchema)]
pub(crate) struct Session {
    id: i64,
    /// `active` or `ended`.
    #[schema(value_type = String, pattern = "^(active|ended)$")]
    state: &'static str,
    course: String,
    title: String,
    session: String,
    semester: String,
    /// The username of who holds it.
    lecturer: String,
    #[serde(flatten)]
    names: Names,
    #[serde(flatten)]
    times: Times,
    /// What students type at the moment; null where no code is asked for, or the session is over.
    #[schema(required)]
    code: Option<Code>,
    /// The text of the QR code that takes a phone onto its Wi-Fi.
    qr: String,
    /// What the lecturer should know.
    warnings: Vec<String>,
    devices: Vec<Device>,
    choice: Choice,
    counts: Counts,
    /// How many phones its devices hold at once.
    capacity: i64,
}

/// What a session is called on the air.
#[derive(Serialize, ToSchema)]
struct Names {
    ssid: String,
    device_id: String,
    device_name: String,
    location: String,
}

/// When a session is.
#[derive(Serialize, ToSchema)]
struct Times {
    started_at: Time,
    #[schema(required)]
    ends_at: Option<Time>,
    #[schema(required)]
    ended_at: Option<Time>,
    /// The IANA zone in which its times are shown.
    zone: String,
}

/// A rotating code.
#[derive(Serialize, ToSchema)]
struct Code {
    /// Six digits.
    value: String,
    /// When the next one takes its place.
    expires_at: Time,
}

/// A device of a session.
#[derive(Serialize, ToSchema)]
#[schema(as = SessionDevice)]
struct Device {
    hardware_id: String,
    device_id: String,
    /// The number of its lease; it only grows.
    fence: i64,
    #[schema(pattern = "^(active|replaced|released)$")]
    state: String,
}

/// Which devices were picked, and why.
#[derive(Serialize, ToSchema)]
struct Choice {
    picked: Vec<Picked>,
    passed_over: Vec<PassedOver>,
}

/// A device that was picked.
#[derive(Serialize, ToSchema)]
struct Picked {
    hardware_id: String,
    reasons: Vec<String>,
}

/// A device that was not.
#[derive(Serialize, ToSchema)]
struct PassedOver {
    hardware_id: String,
    /// `pending`, `disabled`, `never_seen`, `offline`, `in_session` or `ranked_lower: <what>`.
    reason: String,
}

/// How many students are what.
#[derive(Serialize, ToSchema)]
struct Counts {
    /// Enrolled.
    roster: i64,
    present: i64,
    late: i64,
    excused: i64,
    absent: i64,
}

/// What a session would be.
#[derive(Serialize, ToSchema)]
#[schema(as = SessionPreview)]
pub(super) struct Preview {
    #[serde(flatten)]
    names: Names,
    choice: Choice,
    /// How many are enrolled.
    roster: i64,
    /// How many phones the devices hold at once.
    capacity: i64,
    warnings: Vec<String>,
}

impl From<start::Preview> for Preview {
    fn from(preview: start::Preview) -> Self {
        Self {
            names: preview.names.into(),
            choice: preview.choice.into(),
            roster: preview.roster,
            capacity: preview.capacity,
            warnings: preview.warnings,
        }
    }
}

impl From<store::Names> for Names {
    fn from(names: store::Names) -> Self {
        let store::Names {
            ssid,
            device_id,
            device_name,
            location,
        } = names;
        Self {
            ssid,
            device_id,
            device_name,
            location,
        }
    }
}

impl From<store::Times> for Times {
    fn from(times: store::Times) -> Self {
        Self {
            started_at: Time(times.started_at),
            ends_at: times.ends_at.map(Time),
            ended_at: times.ended_at.map(Time),
            zone: times.zone,
        }
    }
}

impl From<selection::Choice> for Choice {
    fn from(choice: selection::Choice) -> Self {
        let picked = |one: selection::Picked| Picked {
            hardware_id: one.hardware_id,
            reasons: one.reasons,
        };
        let passed_over = |one: selection::PassedOver| PassedOver {
            hardware_id: one.hardware_id,
            reason: one.reason,
        };
        Self {
            picked: choice.picked.into_iter().map(picked).collect(),
            passed_over: choice.passed_over.into_iter().map(passed_over).collect(),
        }
    }
}

impl From<sheet::Counts> for Counts {
    fn from(counts: sheet::Counts) -> Self {
        let sheet::Counts {
            roster,
            present,
            late,
            excused,
            absent,
        } = counts;
        Self {
            roster,
            present,
            late,
            excused,
            absent,
        }
    }
}

impl Session {
    /// The session as it is now.
    pub(crate) async fn read(
        connection: &mut AnyConnection,
        app: &App,
        session: store::Session,
    ) -> Result<Self, DatabaseError> {
        let leases = store::leases(connection, session.id).await?;
        let counts = sheet::counts(connection, &session).await?;
        let code = session.secrets.code().filter(|_| session.is_active());
        let code = code.map(|code| code.shown_at(app.clock().now_ms()));
        Ok(Self {
            id: session.id,
            state: if session.is_active() {
                "active"
            } else {
                "ended"
            },
            qr: qr(&session),
            warnings: warnings(app, &session, &leases, counts.roster),
            capacity: capacity(&leases),
            choice: session.choice().into(),
            course: session.offering.course,
            title: session.title,
            session: session.offering.session,
            semester: session.offering.semester,
            lecturer: session.lecturer,
            names: session.names.into(),
            times: session.times.into(),
            code: code.map(|shown| Code {
                value: shown.value,
                expires_at: Time(shown.expires_at),
            }),
            devices: leases.into_iter().map(Device::from).collect(),
            counts: counts.into(),
        })
    }
}

impl From<Lease> for Device {
    fn from(lease: Lease) -> Self {
        Self {
            hardware_id: lease.hardware_id,
            device_id: lease.device_id,
            fence: lease.fence,
            state: lease.state,
        }
    }
}

/// The text of the session's QR code; none for a name that no access point can have.
fn qr(session: &store::Session) -> String {
    let Ok(ssid) = Ssid::new(session.names.ssid.as_bytes()) else {
        return String::new();
    };
    let passphrase = session.secrets.passphrase.as_deref();
    let key = passphrase.and_then(|text| Passphrase::new(text.as_bytes()).ok());
    let text = WifiText::new(&ssid, key.as_ref(), false);
    String::from_utf8_lossy(text.as_bytes()).into_owned()
}

/// Devices that take marks, or did to the end.
fn in_it(leases: &[Lease]) -> impl Iterator<Item = &Lease> {
    leases.iter().filter(|lease| lease.state != "replaced")
}

fn capacity(leases: &[Lease]) -> i64 {
    in_it(leases).map(|lease| lease.capacity).sum()
}

fn warnings(app: &App, session: &store::Session, leases: &[Lease], roster: i64) -> Vec<String> {
    let devices = i64::try_from(in_it(leases).count()).unwrap_or(i64::MAX);
    let mut warnings = start::warnings(session.wish.wanted, devices, (capacity(leases), roster));
    for lease in leases.iter().filter(|lease| lease.state == "replaced") {
        let gone = &lease.hardware_id;
        warnings.push(format!(
            "{gone} went offline, and another device took its place"
        ));
    }
    for (session_id, gone) in fleet::gone(app) {
        if session_id == session.id {
            warnings.push(format!("{gone} is offline, and no other device is free"));
        }
    }
    warnings
}
