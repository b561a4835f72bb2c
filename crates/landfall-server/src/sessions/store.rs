//! Sessions as they are kept: reading them, and what every device in one is told of it.

use sqlx::AnyConnection;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::code::CodeSecret;
use super::courses::Offering;
use super::selection::Choice;
use crate::database::DatabaseError;
use crate::fleet::SessionSettings;

/// A session.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Session {
    pub(crate) id: i64,
    pub(crate) course_id: i64,
    #[sqlx(flatten)]
    pub(crate) offering: Offering,
    pub(crate) title: String,
    /// The username.
    pub(crate) lecturer: String,
    #[sqlx(flatten)]
    pub(crate) names: Names,
    #[sqlx(flatten)]
    pub(crate) times: Times,
    #[sqlx(flatten)]
    pub(crate) secrets: Secrets,
    #[sqlx(flatten)]
    pub(crate) wish: Wish,
    /// [`Choice`] as JSON.
    choice: String,
}

/// What a session is called on the air.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Names {
    pub(crate) ssid: String,
    /// The first device's.
    pub(crate) device_id: String,
    pub(crate) device_name: String,
    pub(crate) location: String,
}

/// When a session is, in ms since 1970.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Times {
    pub(crate) started_at: i64,
    /// When it is to end by itself.
    pub(crate) ends_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
    /// Lateness begins so many seconds after the start.
    pub(crate) late_after_s: i64,
    /// The IANA zone in which its times are shown.
    pub(crate) zone: String,
}

/// What is not for everybody's eyes.
#[derive(Clone, sqlx::FromRow, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Secrets {
    /// The access point's; without one it is open.
    pub(crate) passphrase: Option<String>,
    code_secret: Option<String>,
}

/// Which devices were asked for.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Wish {
    pub(crate) wanted: i64,
    pub(crate) room: Option<String>,
}

/// A lease: a device in a session, now or before.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Lease {
    /// It only grows: of two devices the one with the larger number is right.
    pub(crate) fence: i64,
    pub(crate) hardware_id: String,
    pub(crate) device_id: String,
    /// `active`, `replaced` or `released`.
    pub(crate) state: String,
    /// How many stations the device holds.
    pub(crate) capacity: i64,
    pub(crate) held_from: i64,
    pub(crate) held_until: Option<i64>,
}

/// Which sessions are listed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// Running ones, or ended ones.
    pub(crate) active: Option<bool>,
    /// One lecturer's.
    pub(crate) lecturer: Option<String>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Secrets(***)")
    }
}

impl Secrets {
    pub(crate) fn new(passphrase: Option<String>, code: Option<&CodeSecret>) -> Self {
        Self {
            passphrase,
            code_secret: code.map(CodeSecret::to_hex),
        }
    }

    /// What its codes are made from, as it is stored.
    pub(super) fn stored_code(&self) -> Option<&str> {
        self.code_secret.as_deref()
    }

    /// What its codes are made from, where it asks for them.
    pub(crate) fn code(&self) -> Option<CodeSecret> {
        self.code_secret.as_deref().and_then(CodeSecret::from_hex)
    }
}

impl Session {
    pub(crate) fn is_active(&self) -> bool {
        self.times.ended_at.is_none()
    }

    /// Why its devices were picked when it started.
    pub(crate) fn choice(&self) -> Choice {
        // Written by this program; a text that is not says nothing of the choice.
        serde_json::from_str::<StoredChoice>(&self.choice)
            .map(Choice::from)
            .unwrap_or_default()
    }
}

/// The columns of a [`Session`], with what follows.
macro_rules! select_session {
    ($rest:literal) => {
        concat!(
            "SELECT s.id, s.course_id, c.code AS course, s.session, s.semester, c.title, \
             s.lecturer, s.ssid, s.device_id, s.device_name, s.location, s.started_at, s.ends_at, \
             s.ended_at, s.late_after_s, s.zone, s.passphrase, s.code_secret, s.wanted, s.room, \
             s.choice FROM sessions s JOIN courses c ON c.id = s.course_id ",
            $rest
        )
    };
}

/// The session of that id.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    id: i64,
) -> Result<Option<Session>, DatabaseError> {
    let query = sqlx::query_as(select_session!("WHERE s.id = $1")).bind(id);
    Ok(query.fetch_optional(connection).await?)
}

/// Sessions before that id, the newest first.
pub(crate) async fn list(
    connection: &mut AnyConnection,
    filter: &Filter,
    before: i64,
    limit: i64,
) -> Result<Vec<Session>, DatabaseError> {
    let sql = select_session!(
        "WHERE s.id < $1 AND ($2 IS NULL OR s.lecturer = $2) \
         AND ($3 IS NULL OR $3 = CASE WHEN s.ended_at IS NULL THEN 1 ELSE 0 END) \
         ORDER BY s.id DESC LIMIT $4"
    );
    let query = sqlx::query_as(sql)
        .bind(before)
        .bind(&filter.lecturer)
        .bind(filter.active.map(i64::from))
        .bind(limit);
    Ok(query.fetch_all(connection).await?)
}

/// A session's leases, the first one first.
pub(crate) async fn leases(
    connection: &mut AnyConnection,
    session_id: i64,
) -> Result<Vec<Lease>, DatabaseError> {
    let sql = "SELECT id AS fence, hardware_id, device_id, state, capacity, held_from, held_until \
               FROM session_devices WHERE session_id = $1 ORDER BY id";
    Ok(sqlx::query_as(sql)
        .bind(session_id)
        .fetch_all(connection)
        .await?)
}

/// Who is in a running session, and what each device is told of it: devices with hardware ids from the
/// first up to and with the last.
pub(crate) async fn settings_of(
    connection: &mut AnyConnection,
    (first, last): (&str, &str),
) -> Result<Vec<(String, SessionSettings)>, DatabaseError> {
    let sql = "SELECT session_id, id AS fence, hardware_id, device_id, state, capacity, held_from, \
               held_until FROM session_devices WHERE held_until IS NULL \
               AND hardware_id BETWEEN $1 AND $2 ORDER BY session_id";
    let held: Vec<HeldLease> = sqlx::query_as(sql)
        .bind(first)
        .bind(last)
        .fetch_all(&mut *connection)
        .await?;
    let mut devices = Vec::with_capacity(held.len());
    let mut session: Option<Session> = None;
    for HeldLease { session_id, lease } in held {
        if session
            .as_ref()
            .is_none_or(|session| session.id != session_id)
        {
            session = find(connection, session_id).await?;
        }
        if let Some(session) = &session {
            devices.push((lease.hardware_id.clone(), told(session, lease)));
        }
    }
    Ok(devices)
}

/// A lease with its session.
#[derive(sqlx::FromRow)]
struct HeldLease {
    session_id: i64,
    #[sqlx(flatten)]
    lease: Lease,
}

fn told(session: &Session, lease: Lease) -> SessionSettings {
    SessionSettings {
        session_id: session.id,
        course_code: session.offering.course.clone(),
        course_title: session.title.clone(),
        session: session.offering.session.clone(),
        semester: session.offering.semester.clone(),
        device_id: lease.device_id,
        device_name: session.names.device_name.clone(),
        location: session.names.location.clone(),
        ssid: session.names.ssid.clone(),
        password: session.secrets.passphrase.clone().unwrap_or_default(),
        lecturer: session.lecturer.clone(),
        needs_code: session.secrets.code_secret.is_some(),
        fence: lease.fence,
    }
}

/// [`Choice`] in its stored form.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct StoredChoice {
    picked: Vec<(String, Vec<String>)>,
    passed_over: Vec<(String, String)>,
}

impl From<&Choice> for StoredChoice {
    fn from(choice: &Choice) -> Self {
        let picked = choice.picked.iter();
        let passed_over = choice.passed_over.iter();
        Self {
            picked: picked
                .map(|one| (one.hardware_id.clone(), one.reasons.clone()))
                .collect(),
            passed_over: passed_over
                .map(|one| (one.hardware_id.clone(), one.reason.clone()))
                .collect(),
        }
    }
}

impl From<StoredChoice> for Choice {
    fn from(stored: StoredChoice) -> Self {
        use super::selection::{PassedOver, Picked};
        let picked = stored.picked.into_iter();
        let passed_over = stored.passed_over.into_iter();
        Self {
            picked: picked
                .map(|(hardware_id, reasons)| Picked {
                    hardware_id,
                    reasons,
                })
                .collect(),
            passed_over: passed_over
                .map(|(hardware_id, reason)| PassedOver {
                    hardware_id,
                    reason,
                })
                .collect(),
        }
    }
}
