//! Entries: what was said about a student in a session. They are added and never changed; the
//! newest one counts.

use sqlx::AnyConnection;

use super::matric::Matric;
use crate::database::DatabaseError;

/// What a student is in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Present,
    Late,
    Excused,
    Absent,
}

impl Status {
    pub(crate) const ALL: [Self; 4] = [Self::Present, Self::Late, Self::Excused, Self::Absent];

    /// The word it is kept and shown by.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Late => "late",
            Self::Excused => "excused",
            Self::Absent => "absent",
        }
    }

    /// The status of that word.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// What a lecturer should know of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    /// The phone marked for another student too.
    SharedPhone,
    /// The device could not tell when the mark was taken.
    Clock,
    /// It came after the session's end.
    AfterClose,
}

impl Flag {
    pub(crate) const ALL: [Self; 3] = [Self::SharedPhone, Self::Clock, Self::AfterClose];

    /// The word it is kept and shown by.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SharedPhone => "shared_phone",
            Self::Clock => "clock",
            Self::AfterClose => "after_close",
        }
    }

    /// The flags of words with spaces between them.
    fn all_of(words: &str) -> Vec<Self> {
        let named = |word| Self::ALL.into_iter().find(|flag| flag.name() == word);
        words.split_whitespace().filter_map(named).collect()
    }
}

/// Who said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A phone, over a device.
    Device {
        hardware_id: String,
        /// The phone's address as the device's salted hash.
        station: Option<String>,
        flags: Vec<Flag>,
    },
    /// A person.
    Manual { by: String, reason: String },
}

impl Source {
    fn name(&self) -> &'static str {
        match self {
            Self::Device { .. } => "device",
            Self::Manual { .. } => "manual",
        }
    }
}

/// An entry to be.
#[derive(Clone, Debug)]
pub(crate) struct NewEntry {
    pub(crate) session_id: i64,
    pub(crate) matric: Matric,
    pub(crate) status: Status,
    /// When it was taken, in ms since 1970.
    pub(crate) marked_at: i64,
    pub(crate) recorded_at: i64,
    pub(crate) source: Source,
}

/// An entry as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: i64,
    pub(crate) session_id: i64,
    pub(crate) matric: String,
    pub(crate) matric_key: String,
    pub(crate) status: Status,
    pub(crate) marked_at: i64,
    pub(crate) source: Source,
}

/// A row of an entry.
#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    session_id: i64,
    matric: String,
    matric_key: String,
    status: String,
    source: String,
    reason: String,
    marked_at: i64,
    hardware_id: Option<String>,
    entered_by: Option<String>,
    flags: String,
    shared: i64,
    station: Option<String>,
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        let source = if row.source == "manual" {
            Source::Manual {
                by: row.entered_by.unwrap_or_default(),
                reason: row.reason,
            }
        } else {
            let shared = (row.shared != 0).then_some(Flag::SharedPhone);
            Source::Device {
                hardware_id: row.hardware_id.unwrap_or_default(),
                station: row.station,
                flags: shared.into_iter().chain(Flag::all_of(&row.flags)).collect(),
            }
        };
        Self {
            id: row.id,
            session_id: row.session_id,
            matric: row.matric,
            matric_key: row.matric_key,
            // This program writes no other word.
            status: Status::of(&row.status).unwrap_or(Status::Absent),
            marked_at: row.marked_at,
            source,
        }
    }
}

/// Adds an entry and returns its id; nothing where the student's phone has marked in this session
/// before.
pub(crate) async fn add(
    connection: &mut AnyConnection,
    entry: &NewEntry,
) -> Result<Option<i64>, DatabaseError> {
    let sql = "INSERT INTO mark_entries (session_id, matric, matric_key, status, source, reason, \
               marked_at, recorded_at, hardware_id, entered_by, flags, station) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
               ON CONFLICT DO NOTHING RETURNING id";
    let (device, station, flags, by, reason) = match &entry.source {
        Source::Device {
            hardware_id,
            station,
            flags,
        } => (
            Some(hardware_id),
            station.as_ref(),
            flags.as_slice(),
            None,
            "",
        ),
        Source::Manual { by, reason } => (None, None, &[][..], Some(by), reason.as_str()),
    };
    let flags: Vec<_> = flags.iter().map(|flag| flag.name()).collect();
    let insert = sqlx::query_scalar(sql)
        .bind(entry.session_id)
        .bind(entry.matric.as_str())
        .bind(entry.matric.key())
        .bind(entry.status.name())
        .bind(entry.source.name())
        .bind(reason)
        .bind(entry.marked_at)
        .bind(entry.recorded_at)
        .bind(device)
        .bind(by)
        .bind(flags.join(" "))
        .bind(station);
    let id = insert.fetch_optional(&mut *connection).await?;
    if let (Some(_), Some(station)) = (id, station) {
        note_shared(connection, entry.session_id, station).await?;
    }
    Ok(id)
}

/// Notes everybody whose mark came from that phone, where there are several.
async fn note_shared(
    connection: &mut AnyConnection,
    session_id: i64,
    station: &str,
) -> Result<(), DatabaseError> {
    let sql = "SELECT DISTINCT matric_key FROM mark_entries WHERE session_id = $1 AND station = $2";
    let query = sqlx::query_scalar::<_, String>(sql)
        .bind(session_id)
        .bind(station);
    let students = query.fetch_all(&mut *connection).await?;
    if students.len() < 2 {
        return Ok(());
    }
    for student in students {
        let sql = "INSERT INTO shared_phones (session_id, matric_key) VALUES ($1, $2) \
                   ON CONFLICT DO NOTHING";
        sqlx::query(sql)
            .bind(session_id)
            .bind(student)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// The columns of a [`Row`], with what follows.
macro_rules! select_entry {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.session_id, m.matric, m.matric_key, m.status, m.source, m.reason, \
             m.marked_at, m.hardware_id, m.entered_by, m.flags, m.station, \
             CASE WHEN p.matric_key IS NULL THEN 0 ELSE 1 END AS shared \
             FROM mark_entries m LEFT JOIN shared_phones p \
             ON p.session_id = m.session_id AND p.matric_key = m.matric_key ",
            $rest
        )
    };
}

/// All entries of a session, the oldest first.
pub(crate) async fn of_session(
    connection: &mut AnyConnection,
    session_id: i64,
) -> Result<Vec<Entry>, DatabaseError> {
    let sql = select_entry!("WHERE m.session_id = $1 ORDER BY m.id");
    let query = sqlx::query_as::<_, Row>(sql).bind(session_id);
    Ok(query
        .fetch_all(connection)
        .await?
        .into_iter()
        .map(Entry::from)
        .collect())
}

/// So many entries of a session before one of that id, the newest first.
pub(crate) async fn before(
    connection: &mut AnyConnection,
    session_id: i64,
    (before, limit): (i64, i64),
) -> Result<Vec<Entry>, DatabaseError> {
    let sql = select_entry!("WHERE m.session_id = $1 AND m.id < $2 ORDER BY m.id DESC LIMIT $3");
    let query = sqlx::query_as::<_, Row>(sql)
        .bind(session_id)
        .bind(before)
        .bind(limit);
    Ok(query
        .fetch_all(connection)
        .await?
        .into_iter()
        .map(Entry::from)
        .collect())
}

/// All entries about a student, the oldest first.
pub(crate) async fn of_student(
    connection: &mut AnyConnection,
    matric_key: &str,
) -> Result<Vec<Entry>, DatabaseError> {
    let sql = select_entry!("WHERE m.matric_key = $1 ORDER BY m.id");
    let query = sqlx::query_as::<_, Row>(sql).bind(matric_key);
    Ok(query
        .fetch_all(connection)
        .await?
        .into_iter()
        .map(Entry::from)
        .collect())
}
