//! Starting a session: what is refused in which order, what it would be called, which devices it
//! takes. The preview goes the same way and changes nothing.

use sqlx::AnyConnection;

use super::assignments::{self, NOT_ASSIGNED};
use super::code::CodeSecret;
use super::courses::{self, Course, Offering};
use super::fleet::Fleet;
use super::selection::{self, Candidate, Choice, Nobody};
use super::store::{Lease, Names, Secrets, StoredChoice, Wish};
use super::{leases, roster};
use crate::change::Change;
use crate::config::template::{Occasion, distinct_ssid};
use crate::database::{DatabaseError, Tx};

/// What somebody wants to start.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) offering: Offering,
    pub(crate) wish: Wish,
    /// In ms since 1970.
    pub(crate) ends_at: Option<i64>,
    pub(crate) late_after_s: i64,
    /// A known IANA zone.
    pub(crate) zone: String,
    pub(crate) require_code: bool,
    pub(crate) passphrase: Option<String>,
    /// The username of the lecturer who holds it.
    pub(crate) lecturer: String,
    pub(crate) by: Starter,
}

/// Who starts a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Starter {
    /// May start any, for anybody.
    Admin,
    /// Starts what is assigned.
    Lecturer,
    /// May not start for another one.
    LecturerForAnother,
}

/// Why no session starts, in the order in which it is looked at.
#[derive(Debug)]
pub(crate) enum Refusal {
    UnknownCourse,
    UnknownLecturer,
    EndsInThePast,
    NotAssigned,
    Nobody(Nobody),
    /// No secret could be made.
    Random(getrandom::Error),
    Database(DatabaseError),
}

/// What a start would give.
#[derive(Debug)]
pub(crate) struct Preview {
    pub(crate) names: Names,
    pub(crate) choice: Choice,
    pub(crate) roster: i64,
    pub(crate) capacity: i64,
    pub(crate) warnings: Vec<String>,
}

impl From<DatabaseError> for Refusal {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownCourse => out.write_str("is not a known course"),
            Self::UnknownLecturer => out.write_str("is not a known lecturer"),
            Self::EndsInThePast => out.write_str("has to be in the future"),
            Self::NotAssigned => out.write_str(NOT_ASSIGNED),
            Self::Nobody(nobody) => out.write_str(nobody.detail()),
            Self::Random(error) => write!(out, "no secret could be made: {error}"),
            Self::Database(error) => write!(out, "{error}"),
        }
    }
}

/// What a start would give now.
pub(crate) async fn preview(
    connection: &mut AnyConnection,
    wanted: &Wanted,
    fleet: &Fleet,
) -> Result<Preview, Refusal> {
    let course = admit(connection, wanted, fleet.now).await?;
    let (room, count) = (wanted.wish.room.as_deref(), device_count(&wanted.wish));
    let choice = selection::choose(&fleet.candidates, room, count, fleet.now);
    let choice = choice.map_err(Refusal::Nobody)?;
    let (mut names, _) = free_names(connection, &course, wanted, fleet).await?;
    if let Some(first) = choice.picked.first() {
        let base = names.device_id;
        names.device_id = leases::next_id(connection, &base, &first.hardware_id).await?;
    }
    let roster = roster::size(connection, (course.id, &wanted.offering)).await?;
    let picked = |one: &&Candidate| {
        choice
            .picked
            .iter()
            .any(|picked| picked.hardware_id == one.hardware_id)
    };
    let taken = fleet.candidates.iter().filter(picked);
    let capacity = taken.map(|one| i64::from(one.capacity())).sum();
    let devices = i64::try_from(choice.picked.len()).unwrap_or(i64::MAX);
    Ok(Preview {
        warnings: warnings(wanted.wish.wanted, devices, (capacity, roster)),
        names,
        choice,
        roster,
        capacity,
    })
}

/// Starts a session and returns its id.
pub(crate) async fn start(tx: &mut Tx, wanted: &Wanted, fleet: &Fleet) -> Result<i64, Refusal> {
    leases::take_turns(tx).await?;
    let course = admit(tx, wanted, fleet.now).await?;
    let room = wanted.wish.room.as_deref();
    let ranked = selection::rank(&fleet.candidates, room);
    if ranked.is_empty() {
        return Err(Refusal::Nobody(selection::nobody(&fleet.candidates)));
    }
    let (names, whole_ssid) = free_names(tx, &course, wanted, fleet).await?;
    let base = names.device_id.clone();
    let session_id = insert(tx, &course, wanted, (names, &whole_ssid, fleet.now)).await?;
    let (mut picked, mut leased): (Vec<&Candidate>, Vec<Lease>) = (Vec::new(), Vec::new());
    for device in ranked {
        if picked.len() == device_count(&wanted.wish) {
            break;
        }
        if let Some(lease) = leases::take(tx, session_id, device, (&base, fleet.now)).await? {
            picked.push(device);
            leased.push(lease);
        }
    }
    let Some(first) = leased.first() else {
        // Every one that memory held for free was leased a moment ago.
        return Err(Refusal::Nobody(Nobody::AllTaken));
    };
    let choice = selection::explain(&fleet.candidates, &picked, room, fleet.now);
    let sql = "UPDATE sessions SET device_id = $1, choice = $2 WHERE id = $3";
    let stored = serde_json::to_string(&StoredChoice::from(&choice)).unwrap_or_default();
    sqlx::query(sql)
        .bind(&first.device_id)
        .bind(stored)
        .bind(session_id)
        .execute(&mut **tx)
        .await?;
    tx.changed(Change::Session { session_id });
    Ok(session_id)
}

/// The course, where this may be started by who asks.
async fn admit(
    connection: &mut AnyConnection,
    wanted: &Wanted,
    now: i64,
) -> Result<Course, Refusal> {
    let course = courses::find(connection, &wanted.offering.course).await?;
    let course = course.ok_or(Refusal::UnknownCourse)?;
    if wanted.ends_at.is_some_and(|ends_at| ends_at <= now) {
        return Err(Refusal::EndsInThePast);
    }
    let allowed = match wanted.by {
        Starter::Admin => {
            let sql = "SELECT COUNT(*) FROM users WHERE username = $1 AND role <> 'student'";
            let query = sqlx::query_scalar::<_, i64>(sql).bind(&wanted.lecturer);
            if query.fetch_one(connection).await? == 0 {
                return Err(Refusal::UnknownLecturer);
            }
            true
        }
        Starter::Lecturer => {
            assignments::is_assigned(connection, &wanted.lecturer, &wanted.offering).await?
        }
        Starter::LecturerForAnother => false,
    };
    if allowed {
        Ok(course)
    } else {
        Err(Refusal::NotAssigned)
    }
}

fn device_count(wish: &Wish) -> usize {
    usize::try_from(wish.wanted).unwrap_or(1)
}

/// What the session is called, by an SSID that no running one has, and that SSID before it was cut.
async fn free_names(
    connection: &mut AnyConnection,
    course: &Course,
    wanted: &Wanted,
    fleet: &Fleet,
) -> Result<(Names, String), DatabaseError> {
    let names = fleet.templates.names(&Occasion {
        course: &course.code,
        title: &course.title,
        session: &wanted.offering.session,
        semester: &wanted.offering.semester,
    });
    let running = "SELECT ssid FROM sessions WHERE ended_at IS NULL";
    let running: Vec<String> = sqlx::query_scalar(running).fetch_all(connection).await?;
    let ssid = distinct_ssid(&names.whole_ssid, |ssid| {
        running.iter().any(|one| one == ssid)
    });
    let free = Names {
        ssid,
        device_id: names.device_id,
        device_name: names.device_name,
        location: names.location,
    };
    Ok((free, names.whole_ssid))
}

/// Writes the session under the first SSID that is free: another process may have taken the one
/// that was when it looked.
async fn insert(
    tx: &mut Tx,
    course: &Course,
    wanted: &Wanted,
    (mut names, whole_ssid, now): (Names, &str, i64),
) -> Result<i64, Refusal> {
    let code = wanted.require_code.then(CodeSecret::random).transpose();
    let code = code.map_err(Refusal::Random)?;
    let secrets = Secrets::new(wanted.passphrase.clone(), code.as_ref());
    let mut taken = Vec::new();
    loop {
        let id = insert_as(tx, course, wanted, (&names, &secrets, now)).await?;
        if let Some(id) = id {
            return Ok(id);
        }
        taken.push(std::mem::take(&mut names.ssid));
        names.ssid = distinct_ssid(whole_ssid, |ssid| taken.iter().any(|one| one == ssid));
        if taken.contains(&names.ssid) {
            // Every suffix there is was tried.
            return Err(Refusal::Database(DatabaseError::Taken));
        }
    }
}

async fn insert_as(
    connection: &mut AnyConnection,
    course: &Course,
    wanted: &Wanted,
    (names, secrets, now): (&Names, &Secrets, i64),
) -> Result<Option<i64>, DatabaseError> {
    let sql = "INSERT INTO sessions (course_id, session, semester, lecturer, ssid, device_id, \
               device_name, location, started_at, ends_at, zone, late_after_s, code_secret, \
               passphrase, wanted, room, choice) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, '') \
               ON CONFLICT DO NOTHING RETURNING id";
    let insert = sqlx::query_scalar(sql)
        .bind(course.id)
        .bind(&wanted.offering.session)
        .bind(&wanted.offering.semester)
        .bind(&wanted.lecturer)
        .bind(&names.ssid)
        .bind(&names.device_id)
        .bind(&names.device_name)
        .bind(&names.location)
        .bind(now)
        .bind(wanted.ends_at)
        .bind(&wanted.zone)
        .bind(wanted.late_after_s)
        .bind(secrets.stored_code())
        .bind(&secrets.passphrase)
        .bind(wanted.wish.wanted)
        .bind(&wanted.wish.room);
    Ok(insert.fetch_optional(connection).await?)
}

/// What the lecturer should know of a session with so many devices.
pub(crate) fn warnings(wanted: i64, devices: i64, (capacity, roster): (i64, i64)) -> Vec<String> {
    let mut warnings = Vec::new();
    if devices < wanted {
        warnings.push(format!(
            "{devices} of {wanted} devices: fewer were free than wanted"
        ));
    }
    if capacity < roster {
        warnings.push(format!(
            "{roster} students are enrolled, and {capacity} phones fit at once: they take turns"
        ));
    }
    warnings
}
